import type { Account, Session } from '../kernel/entities'
import type { Writes } from '../kernel/ports'
import { accountEvent } from '../log/events'
import { type Actor, accountOf } from './actor'

/**
 * Appends the events of sessions that were deleted, so that their streams close on all servers, and deletes the Matrix
 * devices that have no session any more.
 */
export async function noteEnded(
  tx: Writes,
  actor: Actor | null,
  account: Account,
  sessions: readonly Session[],
): Promise<void> {
  for (const { uuid } of sessions)
    await tx.append(
      accountEvent('account.session_ended', account, { session_id: uuid }),
      actor && accountOf(actor),
    )
  await deleteDevices(tx, sessions)
}

/** Deletes the Matrix devices of sessions that were deleted, unless another session has them. */
export async function deleteDevices(tx: Writes, sessions: readonly Session[]): Promise<void> {
  const devices = sessions.flatMap(({ device }) => device ?? [])
  if (devices.length > 0) await tx.matrix().deleteDevices(devices)
}

/** Deletes a session, and the others of its Matrix device, with their events. Returns whether it still existed. */
export async function endSession(
  tx: Writes,
  actor: Actor,
  account: Account,
  session: Session,
): Promise<boolean> {
  const ended = await tx.deleteSessions({ id: session.id })
  if (ended.length === 0) return false
  const siblings = session.device === null ? [] : await tx.matrix().sessionsOfDevice(session.device)
  for (const { id } of siblings) ended.push(...(await tx.deleteSessions({ id })))
  await noteEnded(tx, actor, account, ended)
  return true
}

import type { Directory } from '../access/directory'
import type { ApprovalRow } from '../kernel/approval-ports'
import type { Message } from '../kernel/entities'
import type { Seq } from '../kernel/ids'
import type { Store, Writes } from '../kernel/ports'
import { messageEvent } from '../log/events'
import { viewMessages } from '../messages/views'

/** Decisions handled in one transaction. */
const SLICE = 50
const BEFORE_NOTE = '\n\n'

/** Returns the text by which a thread is told of a decision. A label has one line. */
export function decisionText(handle: string, label: string, note: string | null): string {
  const decision = `Decision by @${handle}: ${label}`
  return note === null || note === '' ? decision : `${decision}${BEFORE_NOTE}${note}`
}

/**
 * Erases the notes of an account's decisions after a position, except in channels under a legal hold. Returns the position of
 * the last decision examined; undefined after the last one.
 */
export function eraseNotes(
  { store, directory }: { readonly store: Store; readonly directory: Directory },
  accountId: number,
  after: Seq,
): Promise<Seq | undefined> {
  return directory.retryUntilLoaded(() =>
    store.transact(async (tx) => {
      const rows = await tx.approvalsDecidedBy(accountId, { after, limit: SLICE })
      const channels = await tx.channelsByIds([...new Set(rows.map(({ channelId }) => channelId))])
      const held = new Set(channels.filter(({ settings }) => settings.legalHold).map(({ id }) => id))
      const changed = await withoutNotes(
        tx,
        rows.filter(({ channelId }) => !held.has(channelId)),
      )
      const views = viewMessages(directory, changed)
      for (const message of changed) await tx.updateMessage(message)
      await tx.appendAll(
        views.map((view) => ({
          body: messageEvent('message.edited', view, { mentions_added: [], mentions_removed: [] }),
          actor: null,
        })),
      )
      return rows.at(-1)?.seq
    }),
  )
}

/** Returns the messages that have a note of these decisions, without it. */
async function withoutNotes(tx: Writes, rows: readonly ApprovalRow[]): Promise<Message[]> {
  const asked = await tx.messagesBySeq(
    rows.map(({ seq }) => seq),
    {},
  )
  const told = await tx.messagesBySeq(
    rows.flatMap(({ replySeq }) => replySeq ?? []),
    {},
  )
  return [
    ...asked.flatMap((message): Message[] => {
      const { approval } = message
      if (!approval?.decision?.note) return []
      return [{ ...message, approval: { ...approval, decision: { ...approval.decision, note: null } } }]
    }),
    ...told.flatMap((message): Message[] => {
      const [decision = '', ...note] = message.body.split(BEFORE_NOTE)
      return note.length === 0 ? [] : [{ ...message, body: decision }]
    }),
  ]
}

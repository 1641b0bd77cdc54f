import type { Directory } from '../access/directory'
import type { Account, Channel } from '../kernel/entities'
import type { Pause } from '../kernel/pause-ports'

/** A pause with the names shown to readers. */
export interface PauseView extends Pause {
  readonly channel: Channel | null
  readonly account: Account | null
  /** Null: the operator. */
  readonly by: Account | null
}

/** Returns pauses with their names, in order. Synchronous over the directory. */
export function viewPauses(directory: Directory, pauses: readonly Pause[]): PauseView[] {
  if (pauses.length === 0) return []
  const named = pauses.flatMap(({ accountId, byId }) => [accountId ?? [], byId ?? []].flat())
  directory.requireAccounts(named)
  directory.requireChannels(new Set(pauses.flatMap(({ channelId }) => channelId ?? [])))
  return pauses.map((pause) => ({
    ...pause,
    channel: pause.channelId === null ? null : directory.channel(pause.channelId),
    account: pause.accountId === null ? null : directory.account(pause.accountId),
    by: pause.byId === null ? null : directory.account(pause.byId),
  }))
}

/**
 * What happens on Matrix and is stored nowhere: who types, and who is there. It is kept in memory; a process counts its
 * changes, and a token of `/sync` has the number of the last one that its reader was sent. Processes of one deployment
 * tell each other over the bus. Imports only the core.
 * Start reading here, then typing.ts and presences.ts.
 */
import type { Core } from '../..'
import { slices } from '../../kernel/paged-reads'
import type { Ephemeral, EphemeralNews } from '../sync/additions'
import type { EphemeralPosition } from '../sync/tokens'
import type { Changes } from './changes'
import type { Presences } from './presences'
import type { Typing } from './typing'

/** Accounts of which it is judged together whether they share a room with a reader. */
const JUDGED_ROWS = 50

/** Who reads. */
interface EphemeralReader {
  readonly accountId: number
  readonly ignored: ReadonlySet<string>
}

export interface EphemeralDeps {
  readonly core: Pick<Core, 'directory' | 'pace'>
  readonly changes: Changes
  readonly typing: Typing
  readonly presences: Presences
}

/** What of it readers have not been sent. */
export class EphemeralReads implements Ephemeral {
  constructor(private readonly deps: EphemeralDeps) {}

  get position(): EphemeralPosition {
    return this.deps.changes.position
  }

  /**
   * Returns what is new for a reader since a token. A token of another process, or one that is too old, does not say what
   * its reader knows: it is told what is so now.
   */
  async news(
    reader: EphemeralReader,
    since: EphemeralPosition | undefined,
    isInitial: boolean,
  ): Promise<EphemeralNews> {
    const { changes, typing, presences } = this.deps
    const place = changes.placeOf(since)
    const position = changes.position
    const changed = place === undefined ? undefined : changes.since(place)
    const typingChannels = changed?.channels ?? typing.channels({ endedToo: !isInitial })
    const joined = changed?.joins.get(reader.accountId) ?? []
    const met = joined.length === 0 ? [] : await this.present(joined)
    const accounts = changed === undefined ? presences.present : new Set([...changed.accounts, ...met])
    const shown = await this.peersAmong(reader, accounts)
    const { ignored } = reader
    const presence = shown
      .map((accountId) => presences.event(accountId, ignored))
      .filter((event) => event !== undefined)
    return {
      position,
      typingChannels,
      typingIn: (channelId) => (typingChannels.has(channelId) ? [typing.event(channelId, ignored)] : []),
      presence,
      isLoud: presence.length > 0 && shown.some((id) => changed?.loud.has(id) ?? true),
    }
  }

  /** Returns who is there of the members of channels. */
  private async present(channelIds: readonly number[]): Promise<number[]> {
    const { core, presences } = this.deps
    const members = await core.directory.retryUntilLoaded(() =>
      channelIds.map((id) => core.directory.membersOf(id)),
    )
    return [...presences.present].filter((id) => members.some((ofChannel) => ofChannel.has(id)))
  }

  /** Returns those accounts that share a room with the reader, and the reader. */
  private async peersAmong({ accountId }: EphemeralReader, accounts: ReadonlySet<number>): Promise<number[]> {
    if (accounts.size === 0) return []
    const { directory, pace } = this.deps.core
    const loop = pace.loop()
    const peers: number[] = []
    for (const ids of slices([...accounts], JUDGED_ROWS)) {
      await loop.turn()
      const some = await directory.retryUntilLoaded(() => {
        directory.requireChannelsOf([accountId, ...ids])
        const own = directory.channelsOf(accountId)
        return ids.filter((id) => id === accountId || own.meets(directory.channelsOf(id)))
      })
      peers.push(...some)
      loop.did(ids.length)
    }
    return peers
  }
}

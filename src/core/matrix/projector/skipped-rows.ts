import type { Seq } from '../../kernel/ids'
import type { Reads, Writes } from '../../kernel/ports'
import type { LogRows } from './rows'

/** The name under which the first row is noted that a channel without a room left out. */
const nameOf = (channelId: number) => `matrix:${channelId}`

/**
 * The rows of channels that are kept out of Matrix. The first one of each channel is noted, so that the events are made
 * from there when the channel comes back.
 */
export class SkippedRows {
  constructor(private readonly reads: Pick<Reads, 'projectionPosition'>) {}

  /** Notes the first rows of channels that are kept out, where none is noted yet. */
  async note(tx: Writes, first: ReadonlyMap<number, Seq>): Promise<void> {
    for (const [channelId, seq] of first)
      if ((await tx.projectionPosition(nameOf(channelId))) === 0)
        await tx.moveProjection(nameOf(channelId), 0, seq)
  }

  /**
   * Returns the channels that come back with these rows, with their first row that was left out; where all of them are
   * projected by now, the row after them.
   */
  async returning({ records, channels, after }: LogRows): Promise<{ channelId: number; from: Seq }[]> {
    const found = new Map<number, Seq>()
    for (const { type, channelId, facts } of records) {
      const changed = facts?.['changed']
      const mayReturn = type === 'channel.updated' && Array.isArray(changed) && changed.includes('settings')
      if (!mayReturn || channelId === null || channels.get(channelId)?.settings.matrix === false) continue
      const from = await this.reads.projectionPosition(nameOf(channelId))
      if (from > 0 && from <= after + 1) found.set(channelId, from)
    }
    return [...found].map(([channelId, from]) => ({ channelId, from }))
  }

  /** Moves the note of a channel; 0 removes it. */
  async move(tx: Writes, channelId: number, to: Seq): Promise<void> {
    const name = nameOf(channelId)
    await tx.moveProjection(name, await tx.projectionPosition(name), to)
  }
}

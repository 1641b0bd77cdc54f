import { refusal } from '../kernel/errors'
import { parseUuid, type Seq } from '../kernel/ids'
import type { Reads } from '../kernel/ports'

/**
 * Returns the root of the thread that a message id names, if it is in one of these channels. `hiddenUpTo` has the seq up
 * to which the messages of a channel are hidden from the reader. A hidden root still names its thread while a later
 * reply can be seen.
 * @throws invalid_thread_id, thread_not_found
 */
export async function threadRoot(
  reads: Reads,
  text: string,
  channelIds: ReadonlySet<number>,
  hiddenUpTo: ReadonlyMap<number, Seq>,
): Promise<Seq> {
  const uuid = parseUuid(text)
  if (!uuid) throw refusal('invalid_thread_id')
  const message = await reads.message({ uuid })
  if (!message || !channelIds.has(message.channelId)) throw refusal('thread_not_found')
  const root = message.thread?.seq ?? message.seq
  const hidden = hiddenUpTo.get(message.channelId) ?? 0
  if (message.seq > hidden) return root
  const rest = { after: hidden, before: Number.MAX_SAFE_INTEGER, order: 'asc', limit: 1 } as const
  const isOver =
    message.seq !== root || (await reads.messagePositions({ of: { threadRoot: root }, ...rest })).length === 0
  if (isOver) throw refusal('thread_not_found')
  return root
}

import { refusal } from '../kernel/errors'
import { parseUuid, type Seq } from '../kernel/ids'
import type { Reads } from '../kernel/ports'

/**
 * Returns the root of the thread that a message id names, if it is in one of these channels.
 * @throws invalid_thread_id, thread_not_found
 */
export async function threadRoot(reads: Reads, text: string, channelIds: ReadonlySet<number>): Promise<Seq> {
  const uuid = parseUuid(text)
  if (!uuid) throw refusal('invalid_thread_id')
  const message = await reads.message({ uuid })
  if (!message || !channelIds.has(message.channelId)) throw refusal('thread_not_found')
  return message.thread?.seq ?? message.seq
}

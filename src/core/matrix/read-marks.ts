import type { ReadMark } from '../channels/channel-rooms'
import type { Account, Channel } from '../kernel/entities'
import type { Writes } from '../kernel/ports'
import { EVENTS_PER_ROW } from '../log/marks'
import type { MatrixWrites } from './ports'

/** The account data of a room that its user has marked as unread. */
const MARKED_UNREAD = 'm.marked_unread'
const MICROS_PER_MILLISECOND = 1000

/**
 * Notes how far an account has read on /v1, as its private receipt: that of the thread, or of what is outside of threads.
 * A position that went back marks the room as unread, because receipts go forward alone. A channel without a room gets the
 * receipts when its room begins.
 */
export async function markRead(
  tx: Writes,
  { id: accountId }: Account,
  { id: channelId }: Channel,
  { root, upTo, isRewound }: ReadMark,
): Promise<void> {
  const matrix = tx.matrix()
  if (!(await matrix.room({ channelId }))) return
  if (isRewound) return setUnread(matrix, accountId, channelId, true)
  const place = await placeOf(matrix, channelId, root, (upTo + 1) * EVENTS_PER_ROW)
  if (!place) return
  const of = { channelId, accountId, kind: 'm.read.private' } as const
  for (const thread of new Set([place.thread, '']))
    for (const kind of ['m.read.private', 'm.read'] as const) {
      const known = await matrix.receipt({ ...of, kind, thread })
      if (known && known.pos >= place.pos) return
    }
  const mx = await matrix.nextMx(`a${accountId}`)
  const ts = Math.floor(tx.now() / MICROS_PER_MILLISECOND)
  await matrix.putReceipt({ ...of, ...place, ts, mx })
  if (root === null) await setUnread(matrix, accountId, channelId, false)
}

/** Returns the thread and the position of a receipt; undefined for a thread that is not in the room yet. */
async function placeOf(
  matrix: MatrixWrites,
  channelId: number,
  root: number | null,
  before: number,
): Promise<{ readonly thread: string; readonly pos: number } | undefined> {
  // The newest event up to there counts, also one that is not made yet.
  if (root === null) return { thread: 'main', pos: before - 1 }
  const [first] = await matrix.eventsOwnedBy([{ channelId, seq: root }])
  if (!first) return undefined
  const page = { after: first.pos, before, order: 'desc', limit: 1, relType: 'm.thread' } as const
  const [newest] = await matrix.eventsRelatedTo(first.pos, page)
  return { thread: first.eventId, pos: newest?.pos ?? first.pos }
}

async function setUnread(
  matrix: MatrixWrites,
  accountId: number,
  channelId: number,
  unread: boolean,
): Promise<void> {
  const known = await matrix.accountDatum(accountId, channelId, MARKED_UNREAD)
  const json = JSON.stringify({ unread })
  if (known === json || (known === undefined && !unread)) return
  const mx = await matrix.nextMx(`a${accountId}`)
  await matrix.setAccountDatum({ accountId, channelId, type: MARKED_UNREAD, json, mx })
}

import type { JsonObject } from '../canonical'
import type { Reader, RoomView } from '../reading/readers'
import type { ShownReceipt } from '../receipt-ports'
import type { MxSpan } from '../sync-ports'

type ByUser = Record<string, JsonObject>
type Content = Record<string, Record<string, ByUser>>

/** The receipts of a room that changed. */
interface RoomReceipts {
  readonly ephemeral: readonly JsonObject[]
  readonly accountData: readonly JsonObject[]
  /** Whether the reader has read further, which changes what it has not read. */
  readonly isOwn: boolean
}

/** The receipts of a room in an answer of `/sync`. */
export class ReceiptEvents {
  constructor(private readonly serverName: string) {}

  /** Returns those that changed in a stretch: receipts of all, and the reader's marker. */
  async changed({ reader, source }: RoomView, mx: MxSpan): Promise<RoomReceipts> {
    if (mx.after >= mx.upTo) return { ephemeral: [], accountData: [], isOwn: false }
    const receipts = await source.receiptsIn(mx)
    const idOf = (localpart: string) => `@${localpart}:${this.serverName}`
    return {
      ephemeral: receiptEvents(receipts, reader, idOf),
      accountData: fullyReadData(receipts, reader),
      isOwn: receipts.some(({ accountId }) => accountId === reader.accountId),
    }
  }
}

/**
 * Returns receipts as events of a room. A user with receipts for several threads at one event needs several, because an
 * event has one for each user.
 */
function receiptEvents(
  receipts: readonly ShownReceipt[],
  reader: Pick<Reader, 'accountId'>,
  idOf: (localpart: string) => string,
): JsonObject[] {
  const contents: Content[] = []
  for (const { kind, accountId, localpart, eventId, thread, ts } of receipts) {
    if (kind === 'm.fully_read' || (kind === 'm.read.private' && accountId !== reader.accountId)) continue
    const userId = idOf(localpart)
    let content = contents.find((one) => one[eventId]?.[kind]?.[userId] === undefined)
    if (!content) {
      content = {}
      contents.push(content)
    }
    const kinds = content[eventId] ?? {}
    const users = kinds[kind] ?? {}
    users[userId] = thread === '' ? { ts } : { ts, thread_id: thread }
    kinds[kind] = users
    content[eventId] = kinds
  }
  return contents.map((content) => ({ type: 'm.receipt', content }))
}

/** Returns the marker up to which the reader has read a room, as account data. */
function fullyReadData(receipts: readonly ShownReceipt[], reader: Pick<Reader, 'accountId'>): JsonObject[] {
  const own = receipts.find(
    ({ kind, accountId }) => kind === 'm.fully_read' && accountId === reader.accountId,
  )
  return own ? [{ type: 'm.fully_read', content: { event_id: own.eventId } }] : []
}

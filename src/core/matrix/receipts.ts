import type { Core } from '..'
import type { Person } from '../identity/actor'
import { rowOf } from './acts/room-acts'
import { matrixRefusal } from './errors'
import type { StoredEvent } from './event-ports'
import type { RoomHistory } from './reading/messages'
import type { Positions } from './reading/positions'
import type { Readers, RoomView } from './reading/readers'
import { RECEIPT_KINDS, type ReceiptKind } from './receipt-ports'

const MICROS_PER_MILLISECOND = 1000
const MAX_THREAD_BYTES = 255
/** How many relations are followed from an event, such as a reaction to an edit, to one in a thread. */
const MAX_RELATIONS = 3

/** An event up to which somebody has read, as it asks to note. */
export interface NewReceipt {
  readonly kind: string
  readonly eventId: string
  /** `main`, or the event id of a root; undefined: without a thread. */
  readonly thread?: string | undefined
}

export interface ReceiptsDeps {
  readonly core: Pick<Core, 'transactions' | 'reads' | 'readPositions'>
  readonly readers: Readers
  readonly positions: Positions
  readonly history: RoomHistory
}

/** Notes up to where people have read (spec.matrix.org, client-server API, "Receipts"). */
export class Receipts {
  constructor(private readonly deps: ReceiptsDeps) {}

  /**
   * Notes receipts. One that goes back in the history changes nothing.
   * @throws channel_not_found unless the actor is in the room; m_not_found; m_invalid_param
   */
  async note(actor: Person, roomId: string, receipts: readonly NewReceipt[]): Promise<void> {
    const kinds = receipts.map(({ kind }) => kindOf(kind))
    for (const receipt of receipts) requireThread(receipt)
    await this.deps.positions.now()
    const view = await this.deps.readers.view(actor, roomId)
    if (view.sight.membership !== 'join') throw matrixRefusal('M_FORBIDDEN', 'You are not in this room')
    const events: StoredEvent[] = []
    for (const { eventId, thread } of receipts) {
      const event = await this.deps.history.seenEvent(view, eventId)
      if (thread !== undefined && thread !== 'main') await this.requireInThread(view, event, thread)
      events.push(event)
    }
    const wanted = receipts.flatMap(({ thread = '' }, i) => {
      const [kind, event] = [kinds[i], events[i]]
      return kind && event ? [{ kind, thread, pos: event.pos }] : []
    })
    const ahead = await this.ahead(view, wanted)
    if (ahead.length === 0) return
    await this.write(actor, view, ahead)
    await this.advance(actor, view, ahead)
  }

  /** An event is in a thread as a reply, as its root, or because it is about one of these. @throws m_invalid_param */
  private async requireInThread({ room }: RoomView, event: StoredEvent, thread: string): Promise<void> {
    const reads = this.deps.core.reads.matrix()
    const at = async (pos: number) => (await reads.eventsAtPositions(room.channelId, [pos]))[0]
    let about: StoredEvent | undefined = event
    for (let step = 0; about && step <= MAX_RELATIONS; step++) {
      const root: StoredEvent | undefined = about.threadPos === null ? about : await at(about.threadPos)
      if (root?.eventId === thread) {
        const types = await reads.relationTypes([root.pos])
        if (types.some(({ relType }) => relType === 'm.thread')) return
      }
      about = about.threadPos === null && about.relPos !== null ? await at(about.relPos) : undefined
    }
    throw matrixRefusal('M_INVALID_PARAM', 'The event is not in the thread that thread_id names')
  }

  /** Moves the position of the reader on /v1 to where its receipts are. */
  private async advance(actor: Person, { room }: RoomView, receipts: readonly Wanted[]): Promise<void> {
    const { reads, readPositions } = this.deps.core
    const [channel] = await reads.channelsByIds([room.channelId])
    // What is archived has no position on /v1 any more.
    if (!channel || channel.archivedAt !== null) return
    for (const { kind, thread, pos } of receipts) {
      if (kind === 'm.fully_read') continue
      const upTo = rowOf({ pos })
      if (thread === '' || thread === 'main') {
        await readPositions.advance(actor, channel, { upTo, of: thread === '' ? 'everything' : 'top level' })
        continue
      }
      const root = await reads.matrix().event({ eventId: thread })
      if (root?.channelId === channel.id)
        await readPositions.advance(actor, channel, { upTo, of: rowOf(root) })
    }
  }

  /** Leaves out those that would not go forward. */
  private async ahead(view: RoomView, wanted: readonly Wanted[]): Promise<readonly Wanted[]> {
    const reads = this.deps.core.reads.matrix()
    const { channelId } = view.room
    const { accountId } = view.reader
    const found = await Promise.all(
      wanted.map(({ kind, thread }) => reads.receipt({ channelId, accountId, kind, thread })),
    )
    return wanted.filter(({ pos }, i) => pos > (found[i]?.pos ?? Number.NEGATIVE_INFINITY))
  }

  private async write(actor: Person, { room, reader }: RoomView, wanted: readonly Wanted[]): Promise<void> {
    const { channelId } = room
    const { accountId } = reader
    await this.deps.core.transactions.run(actor, async (tx) => {
      const matrix = tx.matrix()
      const ts = Math.floor(tx.now() / MICROS_PER_MILLISECOND)
      for (const { kind, thread, pos } of wanted) {
        const of = { channelId, accountId, kind, thread }
        const known = await matrix.receipt(of)
        if (known && known.pos >= pos) continue
        const mx = await matrix.nextMx(kind === 'm.read' ? `c${channelId}` : `a${accountId}`)
        await matrix.putReceipt({ ...of, pos, ts, mx })
      }
    })
  }
}

interface Wanted {
  readonly kind: ReceiptKind
  readonly thread: string
  readonly pos: number
}

function kindOf(kind: string): ReceiptKind {
  const known = RECEIPT_KINDS.find((one) => one === kind)
  if (known) return known
  throw matrixRefusal('M_INVALID_PARAM', `The receipt type is one of: ${RECEIPT_KINDS.join(', ')}`)
}

function requireThread({ kind, thread }: NewReceipt): void {
  if (thread === undefined) return
  if (kind === 'm.fully_read')
    throw matrixRefusal('M_INVALID_PARAM', 'A receipt m.fully_read has no thread_id')
  const isThread = thread === 'main' || (thread.startsWith('$') && thread.length <= MAX_THREAD_BYTES)
  if (!isThread) throw matrixRefusal('M_INVALID_PARAM', 'thread_id is main or the id of an event')
}

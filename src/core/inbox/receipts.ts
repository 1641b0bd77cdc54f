import type { Seq } from '../kernel/ids'
import type { InboxReads, InboxRow } from '../kernel/inbox-ports'
import type { Store, Writes } from '../kernel/ports'
import type { DeliveryFrames } from './delivery-frames'
import { type DeliveryState, stateNumber } from './items'
import { DIRECT_REASONS } from './reasons'

/** The states of a receipt. */
type Receipt = Extract<DeliveryState, 'notified' | 'seen'>

/** How long notes are gathered before they are written. */
const GATHER_MILLISECONDS = 500
/** Notes that may wait; beyond that new ones are dropped, and their items stay as they are until they are read again. */
const CAPACITY = 20_000
/** Items that one transaction writes. */
const SLICE = 500

interface Note {
  readonly accountId: number
  readonly message: Seq
  /** The item, where it is known; else it is looked up, and there may be none. */
  readonly item: InboxRow | undefined
  readonly state: Receipt
}

/**
 * Notes that items were sent to an open stream (`notified`) or read by their account (`seen`). The notes are written in
 * batches (docs/contract/inbox.md#deliveries). A crash loses those of the last second, and their items are seen again when
 * they are read again.
 */
export class Receipts {
  private readonly notes = new Map<string, Note>()
  private since: number | undefined
  private wake: () => void = () => {}

  constructor(
    private readonly deps: {
      readonly store: Pick<Store, 'transact'>
      readonly clock: { steady(): number }
      readonly deliveryFrames: Pick<DeliveryFrames, 'changed'>
    },
  ) {}

  /** Sets what is called when there is something to write. */
  onNote(wake: () => void): void {
    this.wake = wake
  }

  /** Notes items that an account has read. */
  seenItems(accountId: number, items: readonly InboxRow[]): void {
    const seen = stateNumber('seen')
    for (const item of items)
      if (item.state < seen) this.add({ accountId, message: item.messageSeq, item, state: 'seen' })
  }

  /** Reports whether an item was noted as seen and is not yet written. */
  isSeen(accountId: number, item: InboxRow): boolean {
    const isNoted = (key: string) => this.notes.get(key)?.state === 'seen'
    return isNoted(keyOf(accountId, item.messageSeq, item)) || isNoted(keyOf(accountId, item.messageSeq))
  }

  /** Notes messages that an account has read or that were sent to it. They need not have notified it. */
  messages(accountId: number, messages: readonly Seq[], state: Receipt): void {
    for (const message of messages) this.add({ accountId, message, item: undefined, state })
  }

  /** Milliseconds until there is something to write; undefined while there is nothing. */
  get dueIn(): number | undefined {
    if (this.since === undefined) return undefined
    return Math.max(0, this.since + GATHER_MILLISECONDS - this.deps.clock.steady())
  }

  /** Writes what was noted. What cannot be written is kept for the next time. */
  async flush(): Promise<void> {
    const notes = [...this.notes.values()]
    this.notes.clear()
    this.since = undefined
    let written = 0
    try {
      for (; written < notes.length; written += SLICE) {
        const slice = notes.slice(written, written + SLICE)
        const changed = await this.deps.store.transact((tx) => write(tx, slice))
        this.deps.deliveryFrames.changed(changed)
      }
    } finally {
      for (const note of notes.slice(written)) this.add(note)
    }
  }

  private add(note: Note): void {
    const key = keyOf(note.accountId, note.message, note.item)
    const known = this.notes.get(key)
    if (known && stateNumber(known.state) >= stateNumber(note.state)) return
    if (!known && this.notes.size >= CAPACITY) return
    this.notes.set(key, note)
    if (this.since !== undefined) return
    this.since = this.deps.clock.steady()
    this.wake()
  }
}

function keyOf(accountId: number, message: Seq, item?: InboxRow): string {
  return `${accountId} ${item?.seq ?? `m${message}`}`
}

/** Returns the messages that notified an account directly, and of which the state has changed. */
async function write(tx: Writes, notes: readonly Note[]): Promise<readonly Seq[]> {
  const at = tx.now()
  const told = new Set<Seq>()
  for (const [accountId, own] of Map.groupBy(notes, (note) => note.accountId)) {
    const mark = (await tx.inboxMark(accountId))?.ackedSeq ?? 0
    const stored = await itemsOf(tx, accountId, own)
    for (const state of ['notified', 'seen'] as const) {
      const number = stateNumber(state)
      const noted = own.filter((note) => note.state === state)
      const items = noted.flatMap(({ message, item }) => stored.get(message) ?? (item ? [item] : []))
      const changed = items.filter((item) => item.state < number && item.seq > mark)
      if (changed.length > 0) await tx.setItemStates(accountId, changed, { state: number, at, note: null })
      for (const { messageSeq, reasons } of changed)
        if ((reasons & DIRECT_REASONS) !== 0) told.add(messageSeq)
    }
  }
  return [...told]
}

/** Returns the stored items of an account about the noted messages, by message. */
async function itemsOf(tx: InboxReads, accountId: number, notes: readonly Note[]) {
  const rows = await tx.inboxRowsOf(accountId, [...new Set(notes.map(({ message }) => message))])
  return Map.groupBy(rows, ({ messageSeq }) => messageSeq)
}

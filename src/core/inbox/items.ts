import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import type { Person } from '../identity/actor'
import type { Approval } from '../kernel/approval-ports'
import type { Message } from '../kernel/entities'
import type { Seq } from '../kernel/ids'
import type {
  Broadcast,
  InboxMark,
  InboxRange,
  InboxReads,
  InboxRow,
  OpenRequest,
} from '../kernel/inbox-ports'
import { SCAN_LIMIT } from '../kernel/limits'
import type { Micros } from '../kernel/time'
import { type Pace, type PacedLoop, TURN_ROWS } from '../kernel/turns'
import { type ForMembers, reasonsByMembership, reasonsForMembers } from './notified'
import { type Reasons, reasonSet } from './reasons'

/** How far a notification got. A later state replaces an earlier one; `failed` may become `acked`. */
export const DELIVERY_STATES = ['queued', 'unreachable', 'notified', 'seen', 'acked', 'failed'] as const
export type DeliveryState = (typeof DELIVERY_STATES)[number]

export function stateNumber(state: DeliveryState): number {
  return DELIVERY_STATES.indexOf(state)
}

/** A count of open items ends here. */
const MAX_PENDING = 1000

const QUEUED = stateNumber('queued')
const ACKED = stateNumber('acked')
const FAILED = stateNumber('failed')
const BROADCAST = reasonSet('broadcast')
const APPROVAL = reasonSet('approval')

/** An inbox, and who reads it. */
export interface InboxOf {
  readonly ownerId: number
  readonly reader: Person
  readonly mark: InboxMark | undefined
  /** Whether it is read in a transaction, which must not wait for anything else. */
  readonly isInTransaction?: boolean
}

/** For a transaction, which keeps its turn. */
const UNPACED: PacedLoop = { turn: async () => false, did: () => {} }

/** Reports whether an item is neither acknowledged nor failed. */
export function isOpen({ state }: InboxRow): boolean {
  return state < ACKED
}

/** Reads the items of an inbox in the order of the log: those stored, and those that follow from memberships. */
export class InboxItems {
  constructor(
    private readonly deps: { readonly directory: Directory; readonly policy: Policy; readonly pace: Pace },
  ) {}

  /**
   * Returns up to `wanted` items of a range that pass the test and whose messages the reader may read, and how far it
   * read. Examines about SCAN_LIMIT rows at most.
   */
  async collect(
    reads: InboxReads,
    of: InboxOf,
    range: Omit<InboxRange, 'limit'>,
    wanted: number,
    passes: (item: InboxRow) => boolean,
  ): Promise<{ readonly items: InboxRow[]; readonly read: { readonly after: Seq; readonly before: Seq } }> {
    const loop = of.isInTransaction ? UNPACED : this.deps.pace.loop()
    // In a transaction each statement is a round trip, and others wait meanwhile.
    const size = of.isInTransaction ? MAX_PENDING + 1 : TURN_ROWS
    const rights = new Rights(this.deps, of)
    const items: InboxRow[] = []
    const isAscending = range.order === 'asc'
    let rest = range
    for (let looked = 0; looked < SCAN_LIMIT; ) {
      await loop.turn()
      const page = { ...rest, limit: size }
      const rows = await reads.inboxRows(of.ownerId, page)
      const broadcasts = await reads.broadcasts(page)
      const requests = await reads.openRequests(page)
      const lists = [rows, broadcasts, requests]
      const count = rows.length + broadcasts.length + requests.length
      loop.did(count)
      looked += count
      const isLast = lists.every((list) => list.length < size)
      // All lists are complete up to the nearest end of those that are full.
      const ends = lists.flatMap((list) => (list.length < size ? [] : (list.at(-1)?.seq ?? [])))
      const end = isAscending ? Math.min(...ends) : Math.max(...ends)
      const isWithin = ({ seq }: { readonly seq: Seq }) => isLast || (isAscending ? seq <= end : seq >= end)
      const stored = new Set(rows.map(({ seq }) => seq))
      const implied = impliedItems(broadcasts, requests, of.ownerId).filter(({ seq }) => !stored.has(seq))
      const ended = new Map(requests.map(({ seq, endedAt }) => [seq, endedAt]))
      const all = [...rows, ...implied].filter(isWithin).map((item) => withEnd(item, ended.get(item.seq)))
      const merged = all.sort((one, other) => one.seq - other.seq)
      const visible = await rights.visible(isAscending ? merged : merged.reverse(), stored)
      for (const row of visible) {
        const item = withMark(row, of.mark)
        if (!passes(item)) continue
        if (items.push(item) === wanted) return { items, read: range }
      }
      if (isLast) return { items, read: range }
      rest = isAscending ? { ...rest, after: end } : { ...rest, before: end }
    }
    const { after, before } = rest
    return {
      items,
      read: isAscending
        ? { after: range.after, before: after + 1 }
        : { after: before - 1, before: range.before },
    }
  }

  /** Counts the open items after a position, up to another one and to MAX_PENDING. */
  async countOpen(reads: InboxReads, of: InboxOf, after: Seq, upTo: Seq): Promise<number> {
    const from = Math.max(after, of.mark?.ackedSeq ?? 0, await reads.inboxFrom())
    const range = { after: from, before: upTo + 1, order: 'asc' } as const
    return (await this.collect(reads, of, range, MAX_PENDING, isOpen)).items.length
  }

  /** Returns the items of an inbox about these messages, those that follow from memberships included. */
  async about(reads: InboxReads, of: InboxOf, messages: readonly Message[]): Promise<InboxRow[]> {
    const rows = await reads.inboxRowsOf(
      of.ownerId,
      messages.map(({ seq }) => seq),
    )
    const stored = new Set(rows.map(({ seq }) => seq))
    const implied = messages.flatMap((message) =>
      message.senderId === of.ownerId || stored.has(message.seq) ? [] : (impliedItemOf(message) ?? []),
    )
    const visible = await new Rights(this.deps, of).visible([...rows, ...implied], stored)
    return visible.map((row) => withMark(row, of.mark))
  }
}

/** What the reader of an inbox may see, by current rights. */
class Rights {
  /** Seq by channel up to which its messages are hidden; undefined if the reader may not read it. */
  private readonly hidden = new Map<number, Seq | undefined>()

  constructor(
    private readonly deps: { readonly directory: Directory; readonly policy: Policy },
    private readonly of: InboxOf,
  ) {}

  /** Returns the items that the reader may see. One that is not stored needs a membership from before its message. */
  async visible(items: readonly InboxRow[], stored: ReadonlySet<Seq>): Promise<InboxRow[]> {
    const { directory } = this.deps
    const { ownerId, isInTransaction } = this.of
    const judge = () => {
      this.load(items)
      const isImplied = ({ seq }: InboxRow) => !stored.has(seq)
      const owner = items.some(isImplied)
        ? { memberships: directory.channelsOf(ownerId), account: directory.account(ownerId) }
        : undefined
      return items.flatMap((item) => {
        const { channelId, messageSeq } = item
        const hidden = this.hidden.get(channelId)
        if (hidden === undefined || messageSeq <= hidden) return []
        if (!owner || !isImplied(item)) return item
        const member = owner.memberships.get(channelId)
        const reasons = reasonsByMembership(item, messageSeq, owner.account, member)
        return reasons === 0 ? [] : { ...item, reasons }
      })
    }
    // A transaction runs again after what it missed was loaded.
    return isInTransaction ? judge() : directory.retryUntilLoaded(judge)
  }

  private load(items: readonly InboxRow[]): void {
    const { directory, policy } = this.deps
    const missing = new Set(items.map(({ channelId }) => channelId).filter((id) => !this.hidden.has(id)))
    if (missing.size === 0) return
    const reader = policy.current(this.of.reader)
    const channels = directory.requireChannels(missing)
    policy.prepare(reader, channels)
    const found = channels.map((channel): [number, Seq | undefined] => [
      channel.id,
      policy.mayRead(reader, channel) ? policy.hiddenUpTo(reader, channel) : undefined,
    ])
    for (const [id, hidden] of found) this.hidden.set(id, hidden)
  }
}

/** Returns the items of a range that may follow from memberships. */
export function impliedItems(
  broadcasts: readonly Broadcast[],
  requests: readonly OpenRequest[],
  ownerId: number,
): InboxRow[] {
  const found = new Map<Seq, ForMembers & { readonly channelId: number }>()
  const add = (list: readonly Broadcast[], reason: Reasons) => {
    for (const { seq, channelId, senderId, dormant } of list) {
      const known = found.get(seq)
      if (senderId !== ownerId)
        found.set(seq, {
          channelId,
          reasons: (known?.reasons ?? 0) | reason,
          dormant: known?.dormant ?? dormant,
        })
    }
  }
  add(broadcasts, BROADCAST)
  add(requests, APPROVAL)
  return [...found].map(([seq, { channelId, ...asked }]) => impliedItem(seq, channelId, asked))
}

/** Returns the item that a message may be for members of its channel that it does not name. */
export function impliedItemOf(message: Message): InboxRow | undefined {
  const reasons = reasonsForMembers(message)
  if (reasons === 0) return undefined
  const { seq, channelId, approval, mentions } = message
  const hasEnded = approval !== undefined && approval.state !== 'pending'
  const item = impliedItem(seq, channelId, { reasons, dormant: mentions.dormant })
  return withEnd(item, hasEnded ? endOf(approval) : null)
}

/** Returns when an approval that is not pending ended, as far as its message tells. */
function endOf({ decision, expiresAt }: Approval): Micros {
  return decision?.at ?? expiresAt
}

function impliedItem(seq: Seq, channelId: number, asked: ForMembers): InboxRow {
  const item = { seq, messageSeq: seq, channelId, ...asked, state: QUEUED, stateAt: null, note: null }
  return { ...item, isImplied: true }
}

/** Returns an item as it counts: one that asked for a decision is acknowledged once there is nothing to decide. */
function withEnd(item: InboxRow, endedAt: Micros | null | undefined): InboxRow {
  if (endedAt == null || item.state >= ACKED || (item.reasons & APPROVAL) === 0) return item
  return { ...item, state: ACKED, stateAt: endedAt }
}

/** Returns an item as it counts: everything up to the mark is acknowledged, unless it failed. */
function withMark(item: InboxRow, mark: InboxMark | undefined): InboxRow {
  if (!mark || item.seq > mark.ackedSeq || item.state === FAILED || item.state === ACKED) return item
  return { ...item, state: ACKED, stateAt: mark.ackedAt satisfies Micros }
}

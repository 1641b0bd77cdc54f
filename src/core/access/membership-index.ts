import type { FirstMember, MemberCount } from '../kernel/channel-ports'
import type { Member, Role } from '../kernel/entities'
import type { Seq } from '../kernel/ids'
import { MAX_DIRECT_MENTIONS, MAX_LISTED_MENTIONS } from '../kernel/limits'
import type { MembershipEvent } from '../log/events'
import type { MemberTable } from './member-table'
import { type Pins, RecentlyUsed } from './recent'

/** The capacity in memberships, for each of the two directions. A table adds its own weight. */
const CAPACITY = 500_000
const TABLE_WEIGHT = 16
const COUNTS = 20_000
/** The capacity for first members, over all channels. */
const FIRSTS = 100_000

/** The most members that an expansion examines: those it lists, one more, the sender, and those already named. */
const FIRST_NEEDED = MAX_LISTED_MENTIONS + MAX_DIRECT_MENTIONS + 2
/** Members read at once. Some may leave before they must be read again. */
export const FIRST_READ = FIRST_NEEDED + 50

interface Count {
  members: number
  /** Seq of the last event included in the count. */
  asOf: Seq
}

/** The first active members of a channel by handle: all of them, or at least FIRST_NEEDED. */
interface First {
  readonly members: FirstMember[]
  isComplete: boolean
}

/**
 * The memberships as of the last committed change, in memory: the channels of an account, the members of a channel,
 * their number, and the first of them by handle. The directory loads it; the events of joins, leaves and roles update
 * it in order. A loaded value may be newer than the next event applied. That does no harm: an event states the new
 * value, not a difference.
 */
export class MembershipIndex {
  private readonly byAccount: RecentlyUsed<number, MemberTable>
  private readonly byChannel: RecentlyUsed<number, MemberTable>
  private readonly counts: RecentlyUsed<number, Count>
  private readonly firsts: RecentlyUsed<number, First>

  constructor(pins: Pins) {
    const weigh = (table: MemberTable) => table.size + TABLE_WEIGHT
    this.byAccount = new RecentlyUsed(CAPACITY, pins, weigh)
    this.byChannel = new RecentlyUsed(CAPACITY, pins, weigh)
    this.counts = new RecentlyUsed(COUNTS, pins)
    this.firsts = new RecentlyUsed(FIRSTS, pins, ({ members }) => members.length + TABLE_WEIGHT)
  }

  channelsOf(accountId: number): MemberTable | undefined {
    return this.byAccount.get(accountId)
  }

  membersOf(channelId: number): MemberTable | undefined {
    return this.byChannel.get(channelId)
  }

  /** Returns null if the account is not in the channel, and undefined if that is not in memory. */
  find(accountId: number, channelId: number): Member | null | undefined {
    const own = this.byAccount.get(accountId)
    if (own) return own.get(channelId) ?? null
    const members = this.byChannel.get(channelId)
    return members && (members.get(accountId) ?? null)
  }

  /** Returns the number of active members of the channel. */
  count(channelId: number): number | undefined {
    return this.counts.get(channelId)?.members
  }

  first(channelId: number): readonly FirstMember[] | undefined {
    return this.firsts.get(channelId)?.members
  }

  keepChannelsOf(accountId: number, table: MemberTable): void {
    this.byAccount.set(accountId, table)
  }

  keepMembersOf(channelId: number, table: MemberTable): void {
    this.byChannel.set(channelId, table)
  }

  keepCount({ channelId, members, asOf }: MemberCount): void {
    this.counts.set(channelId, { members, asOf })
  }

  /** `members`: the first FIRST_READ by handle, or all if there are fewer. */
  keepFirst(channelId: number, members: readonly FirstMember[]): void {
    this.firsts.set(channelId, { members: [...members], isComplete: members.length < FIRST_READ })
  }

  /** Applies a join, a leave or a change of role. */
  apply(event: MembershipEvent): void {
    const { type, channel, account, facts } = event
    if (type === 'member.left') this.remove(account.id, channel.id)
    else if (!isRole(facts.role)) this.forget(account.id, channel.id)
    else if (type === 'member.joined') this.put(account.id, channel.id, facts.role, event.seq)
    else this.put(account.id, channel.id, facts.role)
    if (type === 'member.role' || account.archivedAt !== null) return
    const isJoin = type === 'member.joined'
    this.recount(channel.id, isJoin ? 1 : -1, event.seq)
    if (isJoin) this.insertFirst(channel.id, { id: account.id, handle: account.handle })
    else this.deleteFirst(channel.id, account.id)
  }

  /** An account became active or inactive, which affects the counts and first members of all its channels. */
  forgetActive(): void {
    this.counts.clear()
    this.firsts.clear()
  }

  clear(): void {
    for (const cache of [this.byAccount, this.byChannel]) cache.clear()
    this.forgetActive()
  }

  trim(): void {
    for (const cache of [this.byAccount, this.byChannel]) cache.trim()
    this.counts.trim()
    this.firsts.trim()
  }

  /** Without `joinedSeq` only the member's role changes. */
  private put(accountId: number, channelId: number, role: Role, joinedSeq?: Seq): void {
    for (const [tables, key, id] of this.tablesOf(accountId, channelId)) {
      const table = tables.get(key)
      const since = joinedSeq ?? table?.get(id)?.joinedSeq
      if (table && since !== undefined && table.set(id, { role, joinedSeq: since })) tables.grow(1)
    }
  }

  private remove(accountId: number, channelId: number): void {
    for (const [tables, key, id] of this.tablesOf(accountId, channelId))
      if (tables.get(key)?.delete(id)) tables.grow(-1)
  }

  /** Drops what an event leaves undetermined; it is read again. */
  private forget(accountId: number, channelId: number): void {
    for (const [tables, key] of this.tablesOf(accountId, channelId)) tables.delete(key)
  }

  private tablesOf(accountId: number, channelId: number) {
    return [
      [this.byAccount, accountId, channelId],
      [this.byChannel, channelId, accountId],
    ] as const
  }

  private recount(channelId: number, by: 1 | -1, seq: Seq): void {
    const count = this.counts.get(channelId)
    // A count is a sum, so an event that it already includes must not be applied again.
    if (!count || seq <= count.asOf) return
    count.members += by
    count.asOf = seq
  }

  private insertFirst(channelId: number, member: FirstMember): void {
    const first = this.firsts.get(channelId)
    if (!first || first.members.some(({ id }) => id === member.id)) return
    const place = first.members.findIndex(({ handle }) => handle > member.handle)
    if (place < 0 && !first.isComplete) return
    first.members.splice(place < 0 ? first.members.length : place, 0, member)
    this.firsts.grow(1)
    if (first.members.length <= FIRST_READ) return
    first.members.pop()
    first.isComplete = false
    this.firsts.grow(-1)
  }

  private deleteFirst(channelId: number, accountId: number): void {
    const first = this.firsts.get(channelId)
    const place = first?.members.findIndex(({ id }) => id === accountId) ?? -1
    if (!first || place < 0) return
    first.members.splice(place, 1)
    this.firsts.grow(-1)
    if (!first.isComplete && first.members.length < FIRST_NEEDED) this.firsts.delete(channelId)
  }
}

function isRole(word: unknown): word is Role {
  return word === 'admin' || word === 'member' || word === 'read_only'
}

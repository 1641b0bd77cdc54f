import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import type { PauseView } from '../coordination/pause-view'
import type { Pauses } from '../coordination/pauses'
import { type Person, principalOf } from '../identity/actor'
import type { MentionCounts } from '../inbox/mention-counts'
import type { OwnMembership } from '../kernel/channel-ports'
import type { Account, Channel, Notify, Role } from '../kernel/entities'
import { refusal } from '../kernel/errors'
import type { Seq } from '../kernel/ids'
import { slices } from '../kernel/paged-reads'
import type { NewestMessage, Store } from '../kernel/ports'
import { type Pace, TURN_ROWS } from '../kernel/turns'
import type { Log } from '../log/log'
import type { ChannelRooms } from './channel-rooms'
import type { UnreadCounts } from './unread-counts'

/** Above this many channels, unread messages are counted off the serving thread. */
const COUNTED_HERE = 16
/** Slices of a list that are read at the same time, because their counts are made by two threads. */
const AT_ONCE = 2

/** A channel as its member or a visitor (`role` null) sees it. */
export interface ChannelListing {
  readonly channel: Channel
  readonly role: Role | null
  readonly canRead: boolean
  readonly canPost: boolean
  /** Whether a visitor was invited to it over another protocol. */
  readonly isInvited: boolean
  /** The other member of a direct channel. */
  readonly peer: Account | null
  readonly memberCount: number
  readonly newest: NewestMessage | null
  /** Null for visitors. */
  readonly notify: Notify | null
  /** Seq up to which the member has read; null = nothing since it joined. */
  readonly readSeq: Seq | null
  /** Null if they are not counted. */
  readonly unread: number | null
  /** What notified the member there and it has not seen; null if it is not counted. */
  readonly mentions: number | null
  /** The pause that holds for all agents in the channel. */
  readonly pause: PauseView | null
}

/** Shows channels to those who read them. */
export class ChannelListings {
  constructor(
    private readonly deps: {
      readonly store: Pick<Store, 'reads' | 'slow'>
      readonly directory: Directory
      readonly policy: Policy
      readonly log: Log
      readonly unreadCounts: UnreadCounts
      readonly mentionCounts: MentionCounts
      readonly pauses: Pick<Pauses, 'ofChannel'>
      readonly pace: Pace
      readonly rooms: Pick<ChannelRooms, 'invitedTo'>
    },
  ) {}

  /**
   * Lists the active channels of the actor for which it has a scope, by slug. With `discoverable`, also public ones
   * that it could join, those to which it was invited, and those that it reads as an observer, except direct ones. With `unread`, counts messages that
   * it has not read; for people always.
   */
  async mine(
    actor: Person,
    { discoverable, unread }: { readonly discoverable: boolean; readonly unread: boolean },
  ): Promise<ChannelListing[]> {
    const { directory, policy, pace } = this.deps
    const invited = discoverable ? await this.deps.rooms.invitedTo(actor.account) : nowhere
    const ids = await directory.retryUntilLoaded(() => {
      const now = policy.current(actor)
      const mine = directory.channelsOf(now.account.id)
      if (!discoverable) return mine.keys()
      const found = [...directory.channelsOfKind('public'), ...policy.observedBy(now), ...invited]
      return [...new Set([...mine.keys(), ...found])]
    })
    const isCounted = unread || actor.account.kind === 'human'
    const mentions = isCounted ? await this.deps.mentionCounts.of(actor) : null
    // Each slice is judged and rendered at once: other work runs in between, and rights may change.
    const loop = pace.loop()
    const which = discoverable ? 'discoverable' : 'own'
    const slice = async (some: readonly number[]) => {
      await loop.turn()
      loop.did(some.length)
      return this.listings(actor, some, { which, invited }, mentions)
    }
    const listings: ChannelListing[] = []
    for (const some of slices([...slices(ids, TURN_ROWS)], AT_ONCE))
      for (const found of await Promise.all(some.map(slice))) listings.push(...found)
    return pace.sorted(listings, (one, other) => (one.channel.slug < other.channel.slug ? -1 : 1))
  }

  /** Returns one channel as its reader sees it. @throws the access errors of reading */
  async get(actor: Person, slug: string): Promise<ChannelListing> {
    const { directory, policy } = this.deps
    const { id } = await directory.retryUntilLoaded(() => policy.read(policy.current(actor), slug).channel)
    const [listing] = await this.listings(actor, [id], { which: 'readable', invited: nowhere }, null)
    // Rights may have changed since.
    if (!listing?.canRead) throw refusal('channel_not_found', { channel: slug })
    return listing
  }

  /**
   * Counts all that the actor has not read in a channel, as MAX_UNREAD_TOTAL says. Undefined if it is no member.
   * @throws the access errors of reading
   */
  async unreadTotal(actor: Person, slug: string): Promise<number | undefined> {
    const { channel } = await this.get(actor, slug)
    return await this.deps.store.slow.countAllUnread(actor.account.id, channel.id)
  }

  private async listings(
    actor: Person,
    ids: readonly number[],
    others: Others,
    /** By channel; null if nothing is counted. */
    mentions: ReadonlyMap<number, number> | null,
  ): Promise<ChannelListing[]> {
    const { directory, policy, log, store } = this.deps
    const judge = () => {
      const judged = this.judged(policy.current(actor), ids, others)
      return { judged, version: directory.version }
    }
    const first = await directory.retryUntilLoaded(judge)
    const readable = first.judged.filter(({ canRead }) => canRead).map(({ channel }) => channel.id)
    const newest = await log.newestIn(readable)
    const newestOf = new Map(readable.map((id, i) => [id, newest[i]]))
    const own = await store.reads.ownMemberships(actor.account.id, ids)
    const unread = mentions ? await this.unread(actor, first.judged, newestOf, own) : undefined
    // Rights may have changed during the reads.
    const { judged, counts, pauseOf } = await directory.retryUntilLoaded(() => {
      const { judged } = first.version === directory.version ? first : judge()
      const shown = judged.map(({ channel }) => channel.id)
      const pauseOf = new Map(shown.map((id) => [id, this.deps.pauses.ofChannel(id)]))
      return { judged, counts: directory.memberCounts(shown), pauseOf }
    })
    return judged.map(({ joinedSeq, hiddenUpTo, ...listing }) => {
      const { id } = listing.channel
      const last = newestOf.get(id)
      const isCounted = listing.role !== null && listing.canRead
      return {
        ...listing,
        memberCount: counts.get(id) ?? 0,
        // Only those who may read the message see how far the channel has advanced.
        newest: listing.canRead && last && last.seq > hiddenUpTo ? last : null,
        notify: listing.role === null ? null : (own.get(id)?.notify ?? 'all'),
        readSeq: own.get(id)?.readSeq ?? null,
        unread: unread && isCounted ? (unread.get(id) ?? 0) : null,
        mentions: mentions && isCounted ? (mentions.get(id) ?? 0) : null,
        pause: listing.canRead ? (pauseOf.get(id) ?? null) : null,
      }
    })
  }

  /** Counts the unread messages of those channels that have newer messages than the member has read. */
  private async unread(
    actor: Person,
    judged: readonly Judged[],
    newestOf: ReadonlyMap<number, NewestMessage | undefined>,
    own: ReadonlyMap<number, OwnMembership>,
  ): Promise<ReadonlyMap<number, number>> {
    const { store, log, unreadCounts } = this.deps
    const { id: accountId } = actor.account
    const asOf = log.head
    const counts = new Map<number, number>()
    const uncounted: number[] = []
    for (const { channel, joinedSeq, canRead } of judged) {
      const { id } = channel
      const after = Math.max(own.get(id)?.readSeq ?? 0, joinedSeq ?? 0)
      if (!canRead || joinedSeq === null || (newestOf.get(id)?.seq ?? 0) <= after) continue
      const known = unreadCounts.get(accountId, id, after)
      if (known === undefined) uncounted.push(id)
      else counts.set(id, known)
    }
    if (uncounted.length === 0) return counts
    const reads = uncounted.length > COUNTED_HERE ? store.slow : store.reads
    for (const [id, count] of await reads.countUnread(accountId, uncounted)) {
      counts.set(id, count.unread)
      unreadCounts.keep(accountId, id, { ...count, asOf })
    }
    return counts
  }

  private judged(actor: Person, ids: readonly number[], { which, invited }: Others): Judged[] {
    const { directory, policy } = this.deps
    const mine = directory.channelsOf(actor.account.id)
    const channels = directory.requireChannels(ids)
    const own = channels.filter(({ id }) => mine.has(id))
    policy.prepare(actor, own)
    const direct = own.filter(({ kind }) => kind === 'dm').map(({ id }) => id)
    directory.requireMembersOf(direct)
    directory.requireAccounts(direct.flatMap((id) => directory.membersOf(id).keys()))
    const isToken = principalOf(actor).via === 'token'
    const judged: Judged[] = []
    for (const channel of channels) {
      if (channel.archivedAt !== null || (channel.hidden && which !== 'readable')) continue
      const member = mine.get(channel.id)
      if (member === undefined) {
        const canRead = policy.observes(actor, channel)
        const isInvited = invited.has(channel.id)
        const isFound = isInvited || channel.kind === 'public' || (canRead && channel.kind !== 'dm')
        if ((which === 'discoverable' && isFound) || (which === 'readable' && canRead))
          judged.push({ ...{ channel, role: null, canRead, isInvited }, ...visitor })
        continue
      }
      if (isToken && !policy.touches(actor, channel)) continue
      const { role, joinedSeq } = member
      const canRead = policy.hasScope(actor, channel, 'read')
      const canPost = role !== 'read_only' && policy.hasScope(actor, channel, 'post')
      const [peer = null] = policy.othersIn(actor, channel)
      const hiddenUpTo = policy.hiddenUpTo(actor, channel)
      judged.push({ ...{ channel, role, canRead, canPost, joinedSeq, hiddenUpTo, peer }, isInvited: false })
    }
    return judged
  }
}

/** Which channels are listed besides those of the actor: none, those that it may find, or those that it may read. */
type Listed = 'own' | 'discoverable' | 'readable'

interface Others {
  readonly which: Listed
  /** Channels to which the actor was invited. */
  readonly invited: ReadonlySet<number>
}

const nowhere: ReadonlySet<number> = new Set()

/** The parts of a listing that depend on the actor's rights. `joinedSeq` is null for visitors. */
type Judged = Pick<ChannelListing, 'channel' | 'role' | 'canRead' | 'canPost' | 'isInvited' | 'peer'> & {
  readonly joinedSeq: Seq | null
  readonly hiddenUpTo: Seq
}

const visitor = { canPost: false, joinedSeq: null, hiddenUpTo: 0, peer: null }

import type { FoundThread } from '../chain/chain'
import type { LogEvent } from '../log/events'
import type {
  Account,
  Channel,
  ChannelAliases,
  ChannelKind,
  ChannelSettings,
  Member,
  MemberPreferences,
  Notify,
  Role,
} from './entities'
import type { Seq, Uuid } from './ids'
import type { KeyPage, ListPage } from './ports'
import type { Micros } from './time'

/** The part of the store's ports that concerns channels, their members and their threads. */

export interface NewChannel {
  readonly slug: string
  readonly name: string
  readonly description: string | null
  readonly kind: ChannelKind
  /** Absent: a new one. */
  readonly uuid?: Uuid
  readonly settings?: ChannelSettings
  /** Of a room made over Matrix. Absent: false. */
  readonly direct?: boolean
  readonly hidden?: boolean
}

export type ChannelChange = Partial<
  Pick<Channel, 'archivedAt' | 'name' | 'description' | 'kind' | 'settings' | 'floorSeq'>
>

export interface MembershipView {
  readonly account: Pick<Account, 'id' | 'uuid' | 'handle'>
  readonly channel: Pick<Channel, 'id' | 'uuid' | 'slug'>
  readonly role: Role
  readonly joinedAt: Micros
}

/** The unread messages of a channel. */
export interface UnreadCount {
  readonly unread: number
  /** Where the member has joined, or up to where it has read: later messages were counted. */
  readonly after: Seq
}

/** What only the member itself sees of its membership. */
export interface OwnMembership {
  readonly notify: Notify
  /** Seq up to which it has read the channel; null = nothing since it joined. */
  readonly readSeq: Seq | null
}

/** A membership. `id` is that of the channel or the account, whichever varies within the page. */
export interface MembershipRow extends Member {
  readonly id: number
  /** Its key in page order. */
  readonly key: number
}

/** A position in a list of memberships: a slug and a handle. */
export type MembershipKey = readonly [slug: string, handle: string]

export interface FirstMember {
  readonly id: number
  readonly handle: string
}

export interface MemberCount {
  readonly channelId: number
  readonly members: number
  /** Whether the channel has more members that were not counted. */
  readonly isPart: boolean
  /** Seq of the last event of the log when it was counted. */
  readonly asOf: Seq
}

/** A message of a channel, and the last reply of its thread if it is itself a reply. */
export interface ThreadPosition {
  readonly seq: Seq
  readonly rootSeq: Seq | null
  readonly lastReplySeq: Seq | null
}

/** An account's part in a thread. */
export interface ThreadMember {
  /** Its last reply; null if there is none. The root is no reply. */
  readonly last: { readonly seq: Seq; readonly at: Micros } | null
  /** Whether it chose to follow the thread; null = it did not choose. */
  readonly follow: boolean | null
}

/** Reads of channels and memberships. */
export interface ChannelReads {
  channel(by: { id: number } | { uuid: Uuid } | { slug: string }): Promise<Channel | undefined>
  channelsByIds(ids: readonly number[]): Promise<Channel[]>
  listChannels(page: ListPage): Promise<Channel[]>
  /** Ids of the channels of a kind, archived ones included, in ascending order. */
  channelIds(kind: ChannelKind, page: KeyPage): Promise<number[]>
  channelAliases(channelId: number): Promise<ChannelAliases>
  /** The direct channel of two accounts, archived or not. */
  directChannel(one: number, other: number): Promise<Channel | undefined>
  /** Counts the channels that are not direct ones. */
  countChannels(): Promise<number>
  countMembers(channelIds: readonly number[]): Promise<ReadonlyMap<number, number>>
  /**
   * Counts the active members of each channel. A count that would block the serving thread for long is partial
   * (`isPart`): finish it with `countActiveIn`, page by page.
   */
  countActive(channelIds: readonly number[]): Promise<MemberCount[]>
  /** Counts the active members in the next page of members. `last` is undefined after the last page. */
  countActiveIn(channelId: number, page: KeyPage): Promise<MemberCount & { last: number | undefined }>
  /** The memberships of an account, ordered by key. */
  membershipsOf(accountId: number, page: KeyPage): Promise<MembershipRow[]>
  /** The memberships of a channel, ordered by account. */
  membershipsIn(channelId: number, page: KeyPage): Promise<MembershipRow[]>
  /** At most `limit` active members, ordered by handle in code points. */
  firstMembers(channelId: number, limit: number): Promise<FirstMember[]>
  /** What these members want of a channel, where it is not the usual. */
  preferencesIn(
    channelId: number,
    accountIds: readonly number[],
  ): Promise<ReadonlyMap<number, MemberPreferences>>
  /** Ordered by channel, then handle; `after` is the last pair of the previous page. */
  listMemberships(
    filter: { accountId?: number; channelId?: number },
    page: { after: MembershipKey | null; limit: number },
  ): Promise<MembershipView[]>

  /** Reports whether the channel has another active member than this account, with this role if one is given. */
  hasOther(channelId: number, accountId: number, role?: Role): Promise<boolean>

  /** The account's memberships in these channels, by channel, except those where everything has its default. */
  ownMemberships(
    accountId: number,
    channelIds: readonly number[],
  ): Promise<ReadonlyMap<number, OwnMembership>>
  /**
   * Counts what a member has not read in each of these channels: top-level messages of others, without deleted and
   * system messages. Examines the newest MAX_UNREAD_SCAN messages of each, and counts to MAX_UNREAD.
   */
  countUnread(accountId: number, channelIds: readonly number[]): Promise<ReadonlyMap<number, UnreadCount>>
  /**
   * The same for one channel, to MAX_UNREAD_TOTAL, among the newest MAX_UNREAD_TOTAL_SCAN messages. Undefined if the account
   * is no member.
   */
  countAllUnread(accountId: number, channelId: number): Promise<number | undefined>
}

/** Reads of threads. */
export interface ThreadReads {
  /** The messages of a channel between two positions, both exclusive, newest first, at most `limit`. */
  threadPositions(
    channelId: number,
    page: { readonly after: Seq; readonly before: Seq; readonly limit: number },
  ): Promise<ThreadPosition[]>
  /** The accounts that replied in each thread, at most `limit` of each, in no particular order. */
  threadParticipants(roots: readonly Seq[], limit: number): Promise<ReadonlyMap<Seq, readonly number[]>>
  /** The thread of a root, as a post in it finds it. */
  foundThread(root: Seq): Promise<FoundThread>
  /** The account's part in these threads, where it has one. */
  threadMember(accountId: number, roots: readonly Seq[]): Promise<ReadonlyMap<Seq, ThreadMember>>
}

/** Writes of channels, memberships and threads. */
export interface ChannelWrites {
  insertChannel(channel: NewChannel): Promise<Channel>
  updateChannel(id: number, change: ChannelChange): Promise<Channel>
  /** Replaces all aliases of a channel. */
  setAliases(channelId: number, aliases: ChannelAliases): Promise<void>
  /** `joined` is the member.joined event appended for it. */
  insertMembership(accountId: number, channelId: number, role: Role, joined: LogEvent): Promise<void>
  deleteMembership(accountId: number, channelId: number): Promise<void>
  updateMembership(accountId: number, channelId: number, role: Role): Promise<void>
  updatePreferences(
    accountId: number,
    channelId: number,
    change: Partial<MemberPreferences>,
  ): Promise<MemberPreferences>
  /** Notes whether an account follows a thread. */
  followThread(root: Seq, accountId: number, follow: boolean): Promise<void>
  /** Sets how far a member has read a channel. */
  updatePosition(accountId: number, channelId: number, readSeq: Seq): Promise<void>
}

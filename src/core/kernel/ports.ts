import type { ConfigSyncReads, ConfigSyncWrites } from '../configsync/ports'
import type { AuditEntry, AuditRecord } from '../governance/audit'
import type { NewPairCode, PairCode, PairState } from '../identity/pair-codes'
import type { EventBody, EventRecord, LogEvent, MessageEvent } from '../log/events'
import type { SharedLog } from '../log/shared-log'
import type { MatrixReads, MatrixWrites } from '../matrix/ports'
import type { PostDraft, PostPlan } from '../messages/post-plan'
import type { IndexQuery } from '../search/index-words'
import type { ActivityReads, ActivityWrites } from './activity-ports'
import type { Announcements } from './announcements'
import type { ApprovalReads, ApprovalWrites } from './approval-ports'
import type { AttachmentReads, AttachmentWrites } from './attachment-ports'
import type { ChainReads, ChainWrites } from './chain-ports'
import type { ChannelReads, ChannelWrites, ThreadReads } from './channel-ports'
import type { ClaimReads, ClaimWrites, PresenceReads, PresenceWrites } from './coordination-ports'
import type { Account, AccountKind, Message, MessageKind, Session, SettingChange, Token } from './entities'
import type { ErasureReads, ErasureWrites } from './erasure-ports'
import type { Seq, Uuid } from './ids'
import type { DeliveryReads, DeliveryWrites, InboxReads, InboxWrites } from './inbox-ports'
import type { PauseReads, PauseWrites } from './pause-ports'
import type { RemovalReads, RemovalWrites } from './removal-ports'
import type { RetryKeyReads, RetryKeyWrites } from './retry-key-ports'
import type { TaskReads } from './task-ports'
import type { Micros } from './time'
import type { WebhookReads, WebhookWrites } from './webhook-ports'

/** The ports of the core. `store/` and `platform/` implement them. */

export interface NewAccount {
  readonly kind: AccountKind
  readonly handle: string
  readonly displayName: string
  readonly email: string | null
  readonly passwordHash: string | null
  readonly isAdmin: boolean
}

export type AccountChange = Partial<
  Pick<
    Account,
    | 'handle'
    | 'displayName'
    | 'email'
    | 'isAdmin'
    | 'chainLimit'
    | 'about'
    | 'capabilities'
    | 'residency'
    | 'archivedAt'
    | 'erasedAt'
  >
> & { readonly passwordHash?: string | null }

export interface NewToken {
  readonly accountId: number
  readonly hash: string
  readonly name: string | null
  readonly scopes: readonly string[]
  readonly expiresAt: Micros | null
  readonly actors?: readonly string[] | null
  readonly device?: string | null
}

export interface NewSession {
  readonly accountId: number
  readonly hash: string
  readonly expiresAt: Micros
  readonly ip: string | null
  readonly userAgent: string | null
  /** A given id; absent = a new one. */
  readonly uuid?: Uuid
  readonly device?: number
  readonly refreshHash?: string
  readonly refreshBefore?: string
}

/** A pair code with its account and the token that it was redeemed for. */
export interface PairCodeView {
  readonly code: PairCode
  readonly account: Account
  readonly token: Token | null
}

/** The range of the log that a reader examines. Both ends are exclusive. */
export interface MessageStretch {
  /** The messages of some channels, at most MAX_CHANNEL_FILTER; of a thread, root included; or of every channel. */
  readonly of: { readonly channelIds: readonly number[] } | { readonly threadRoot: Seq } | 'everything'
  readonly after: Seq
  readonly before: Seq
  readonly order: 'asc' | 'desc'
  readonly limit: number
}

/** The position of a message, deleted or not. */
export interface MessagePosition {
  readonly seq: Seq
  readonly channelId: number
}

/** The position and time of the newest message of a channel. */
export interface NewestMessage {
  readonly seq: Seq
  readonly at: Micros
}

/** A message as the index of words finds it. */
export interface IndexedMessage extends MessagePosition {
  readonly body: string
}

/** Absent filters match everything, except that deleted messages are excluded unless requested. */
export interface MessageFilter {
  readonly senderId?: number
  readonly notSenderId?: number
  readonly kind?: MessageKind
  readonly withMentions?: boolean
  readonly includeDeleted?: boolean
  /** Only messages outside of a thread, and roots. */
  readonly topLevel?: boolean
}

/** An epoch of the log; it begins at `firstSeq`. */
export interface Epoch {
  readonly epoch: string
  readonly firstSeq: Seq
  /** The position of the companion stream when it began. */
  readonly mx: number
}

/** A page of a list in key order; `after` is the last key of the previous page. */
export interface ListPage {
  readonly after: string
  readonly limit: number
}

/** A page of rows in the order of a number; `after` is the last one of the previous page. */
export interface KeyPage {
  readonly after: number
  readonly limit: number
}

export type AccountName = Pick<Account, 'id' | 'handle' | 'displayName' | 'kind'>

/** Reads. Each result is from one committed state that is at least as new as the last announced event. */
export interface Reads
  extends ChannelReads,
    ThreadReads,
    AttachmentReads,
    RemovalReads,
    ErasureReads,
    InboxReads,
    DeliveryReads,
    ClaimReads,
    PauseReads,
    ChainReads,
    ApprovalReads,
    ActivityReads,
    RetryKeyReads,
    PresenceReads,
    TaskReads,
    WebhookReads {
  /** The encrypted snapshot store. */
  readonly configsync: ConfigSyncReads
  /** The Matrix homeserver. Its statements are built at the first call. */
  matrix(): MatrixReads
  account(by: { id: number } | { uuid: Uuid } | { handle: string }): Promise<Account | undefined>
  /** A person with this e-mail address, in lower case; undefined if several have it. */
  humanWithEmail(email: string): Promise<Account | undefined>
  accountsByIds(ids: readonly number[]): Promise<Account[]>
  accountsByHandles(handles: readonly string[]): Promise<Account[]>
  listAccounts(page: ListPage): Promise<Account[]>
  /** The names of active accounts, by handle. */
  accountNames(page: ListPage): Promise<AccountName[]>
  countAccounts(): Promise<number>
  passwordHash(accountId: number): Promise<string | null>
  lastSeen(accountIds: readonly number[]): Promise<ReadonlyMap<number, Micros>>
  tokensUsed(accountIds: readonly number[]): Promise<ReadonlyMap<number, Micros>>
  /** In how many channels each account is: neither archived ones nor direct conversations. Accounts in none are absent. */
  channelCounts(accountIds: readonly number[]): Promise<ReadonlyMap<number, number>>
  /** The active agents that were made before this and had neither a use of a token nor a stream since. */
  agentsUnseenSince(since: Micros): Promise<readonly number[]>

  token(by: { id: number } | { hash: string } | { uuid: Uuid }): Promise<Token | undefined>
  listTokens(accountId: number, page: ListPage): Promise<Token[]>
  /** Counts tokens that are neither revoked nor expired at `now`. */
  countLiveTokens(accountId: number, now: Micros): Promise<number>
  /** Returns the active accounts that have a token with `admin:*` that is valid at `now`. */
  accountsWithAdminToken(now: Micros): Promise<number[]>
  humansWithPassword(): Promise<Account[]>
  hasHumanWithPassword(): Promise<boolean>
  session(by: { hash: string } | { uuid: Uuid }): Promise<Session | undefined>
  /** Sessions that expire after `now` or can be renewed, newest first. */
  listSessions(accountId: number, now: Micros): Promise<Session[]>

  /** Newest first. */
  pairCodes(by: { uuid: Uuid } | { codeHash: string } | { selector: string }): Promise<PairCode[]>
  /** `accountId`: only those of an account. */
  listPairCodes(page: ListPage, accountId?: number): Promise<PairCodeView[]>

  /** The positions of the next messages of a stretch, at most `limit`. */
  messagePositions(stretch: MessageStretch): Promise<MessagePosition[]>
  message(by: { seq: Seq } | { uuid: Uuid }): Promise<Message | undefined>
  /**
   * The messages at these positions that pass the filter, in no order. Excludes deleted ones unless the filter requests
   * them.
   */
  messagesBySeq(seqs: readonly Seq[], filter?: MessageFilter): Promise<Message[]>
  /** The messages that the index of words finds between two positions, newest first. */
  messagesWithWords(
    query: IndexQuery,
    page: { readonly after: Seq; readonly before: Seq; readonly limit: number },
  ): Promise<IndexedMessage[]>
  /** The emoji with which an account reacted to a message. */
  emojiOf(message: Seq, accountId: number): Promise<string[]>
  /** The accounts that used an emoji on a message first, in order. */
  firstReactors(message: Seq, emoji: string, limit: number): Promise<number[]>
  newestIn(channelIds: readonly number[]): Promise<ReadonlyMap<number, NewestMessage>>
  /** Highest seq whose message was created at or before the pair (created_at, id); 0 if none. */
  seqOfMoment(at: Micros, message: Uuid): Promise<Seq>

  /** The changes of settings at these positions; or the newest change of each key. */
  settingChanges(which: { readonly seqs: readonly Seq[] } | 'newest'): Promise<SettingChange[]>
  /** Changes before a position, newest first, at most `limit`; of one key, or of all if `key` is null. */
  settingHistory(key: string | null, page: { before: Seq; limit: number }): Promise<SettingChange[]>

  /**
   * Entries of the audit log that match every filter, between two ids, newest first. `action` may be a prefix. With a
   * filter, all entries between the two ids are examined.
   */
  auditEntries(
    filter: {
      readonly actorId: number | null
      readonly action: string | null
      readonly targetId: string | null
      readonly since: Micros | null
    },
    page: { after: number; before: number; limit: number },
  ): Promise<AuditRecord[]>
  /** Entries after an id, oldest first. */
  auditChain(after: number, limit: number): Promise<AuditRecord[]>

  /** Names of the endpoints that have rows in the outbox. */
  outboxEndpoints(): Promise<string[]>
  /** Seqs of the next events to deliver to an endpoint, in order. */
  outbox(endpoint: string, limit: number): Promise<Seq[]>
  /** Seq of the last event that a projection applied; 0 before the first. */
  projectionPosition(name: string): Promise<Seq>

  /** Events after `after`, oldest first, at most `limit`. */
  events(after: Seq, limit: number): Promise<EventRecord[]>
  /** The events at these positions, oldest first, at most 200. */
  eventsAt(seqs: readonly Seq[]): Promise<EventRecord[]>
  /** Events after `after` up to `upTo`, except these types. */
  eventsExcept(types: readonly string[], after: Seq, upTo: Seq, limit: number): Promise<EventRecord[]>
  epochs(): Promise<Epoch[]>
  head(): Promise<Seq>
}

/** An event to append, or a message to post, as a part of an act. */
export type Appended =
  | { readonly body: EventBody; readonly actor: Account | null }
  | { readonly draft: PostDraft }

/** Reads and writes inside one transaction. Appended events are announced only after the commit. */
export interface Writes
  extends Reads,
    ChannelWrites,
    AttachmentWrites,
    RemovalWrites,
    ErasureWrites,
    InboxWrites,
    DeliveryWrites,
    ClaimWrites,
    PauseWrites,
    ChainWrites,
    ApprovalWrites,
    ActivityWrites,
    RetryKeyWrites,
    PresenceWrites,
    WebhookWrites {
  readonly configsync: ConfigSyncWrites
  matrix(): MatrixWrites
  /** Appends the event with the next seq and instant. */
  append(event: EventBody, actor: Account | null): Promise<LogEvent>
  /** Appends events and posts messages in this order, in a few statements for many. */
  appendAll(given: readonly Appended[]): Promise<void>
  /** Posts a message that is part of an act, with the next seq and instant. */
  insertMessage(draft: PostDraft): Promise<MessageEvent>
  /** Calls `effect` once, when this transaction is committed and announced, before the next group. It must not wait or throw. */
  afterCommit(effect: () => void): void
  /** Ends the group: later writes are judged after the effects of this one. */
  endGroup(): void
  /** The instant of the next event. */
  now(): Micros
  /** The seq of the next event. */
  nextSeq(): Seq
  insertAccount(account: NewAccount): Promise<Account>
  updateAccount(id: number, change: AccountChange): Promise<Account>
  insertToken(token: NewToken): Promise<Token>
  revokeToken(id: number): Promise<Token>
  /** Sets the expiry of a token. */
  limitToken(id: number, expiresAt: Micros): Promise<void>
  insertSession(session: NewSession): Promise<Session>
  extendSession(id: number, expiresAt: Micros): Promise<void>
  /** `not`: the id of a session to keep. */
  deleteSessions(by: { id: number } | { accountId: number; not?: number | undefined }): Promise<Session[]>
  insertPairCode(code: NewPairCode): Promise<PairCode>
  /** Marks a code as redeemed; false if it was no longer active. `tokenId`: the token that it was redeemed for, if any. */
  redeemPairCode(id: number, tokenId: number | null, now: Micros): Promise<boolean>
  updatePairCode(id: number, change: { attempts?: number; state?: PairState }): Promise<void>
  /**
   * Stores the body, format, metadata, mentions, reactions and time of an edit of a message. What it no longer says
   * leaves the index of words.
   */
  updateMessage(message: Message): Promise<void>
  /** Replaces the bodies of messages, in the index of words, too. */
  updateBodies(messages: readonly Pick<Message, 'seq' | 'body'>[]): Promise<void>
  /** Adds the messages at these positions to the index of words, except deleted ones. */
  indexWords(seqs: readonly Seq[]): Promise<void>
  insertReaction(message: Seq, accountId: number, emoji: string, at: Micros): Promise<void>
  deleteReaction(message: Seq, accountId: number, emoji: string): Promise<void>
  insertSettingChange(change: SettingChange): Promise<void>
  /** Replaces the value of a past change, from which a name is erased. */
  updateSettingChange(seq: Seq, value: string): Promise<void>
  /** Appends entries to the audit log, each chained to the previous one, in one statement. */
  audit(...entries: readonly AuditEntry[]): Promise<void>
  /** Returns the time of the `n`th latest login attempt of the key within a span of time. */
  nthAttempt(key: string, span: { after: Micros; upTo: Micros }, n: number): Promise<Micros | undefined>
  /** Records a login attempt for each key. */
  insertAttempts(keys: readonly string[], at: Micros): Promise<void>
  /** Deletes up to `limit` attempts outside a span of time; returns how many. */
  forgetAttemptsBeyond(span: { after: Micros; upTo: Micros }, limit: number): Promise<number>
  /** Deletes the latest attempt of each key. */
  forgetAttempts(keys: readonly string[]): Promise<void>

  /** Puts an event, appended by this transaction, into the outbox of an endpoint. */
  enqueue(endpoint: string, seq: Seq): Promise<void>
  /** Removes a delivered event from the outbox. */
  dequeue(endpoint: string, seq: Seq): Promise<void>
  /** Moves the position of a projection. Returns false and writes nothing if the position is not `from`. */
  moveProjection(name: string, from: Seq, to: Seq): Promise<boolean>

  /** Records when tokens or sessions were last used, by id, in one statement. */
  noteUses(of: 'tokens' | 'sessions', uses: ReadonlyMap<number, Micros>): Promise<void>
  /**
   * Examines up to `limit` sessions after an id and deletes those that expired before `before` and cannot be renewed.
   * Returns the last id examined, or undefined after the last session.
   */
  forgetSessions(before: Micros, page: KeyPage): Promise<number | undefined>
}

export type PostOutcome =
  | { readonly replayed: false; readonly event: MessageEvent }
  /** The key was used before for the same request; `seq` is the message it made. */
  | { readonly replayed: true; readonly seq: Seq }

export interface Store extends Announcements {
  readonly reads: Reads
  /**
   * The same reads, off the serving thread, for statements that may look at thousands of rows. A few run at once.
   * @throws unavailable if too many wait
   */
  readonly slow: Reads
  /**
   * Writes one message in the next group commit. Resolves when it is durable and announced.
   * @throws what `decide` throws, idempotency_conflict, storage_full, unavailable
   */
  post(plan: PostPlan): Promise<PostOutcome>
  /**
   * Runs the work in a transaction of the single writer. The work may run again after the failure of another work in
   * its group, so it must have no effects outside the transaction but by `afterCommit`, await only its own queries, and
   * refuse before its first write. With `isUrgent` at most one group of posts goes before it.
   */
  transact<Result>(
    work: (tx: Writes) => Promise<Result>,
    options?: { readonly isUrgent: boolean },
  ): Promise<Result>
  /** Present if several processes write to the log. */
  readonly shared?: SharedLog
}

/** Decides which process does a job that only one should do. */
export interface Leases {
  /**
   * Acquires or renews the named lease for `seconds`; false while another process holds it. Always true with a single
   * process.
   */
  lease(name: string, seconds: number): Promise<boolean>
  /** Releases a lease. */
  release(name: string): Promise<void>
}

/** Password hashing. Slow on purpose, and off the serving thread. */
export interface Passwords {
  hash(password: string): Promise<string>
  /** False for a wrong password and for a null `hash`; both take the same time. */
  verify(password: string, hash: string | null): Promise<boolean>
  /** Reports whether the hash was made with weaker parameters than the current ones. */
  isWeak(hash: string): boolean
}

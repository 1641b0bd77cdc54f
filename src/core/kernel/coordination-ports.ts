import type { MessageRef } from './entities'
import type { Seq, Uuid } from './ids'
import type { Micros } from './time'

/** The part of the store's ports that concerns leases: who works on what. */

export const CLAIM_OUTCOMES = ['done', 'declined', 'failed'] as const
export type ClaimOutcome = (typeof CLAIM_OUTCOMES)[number]

/** A lease on a resource. Accounts and channels are given by their inner ids. */
export interface Claim {
  /** Seq of its claim.acquired event: the fencing number, and its inner id. */
  readonly epoch: Seq
  readonly uuid: Uuid
  /** Null for a claim of no channel. */
  readonly channelId: number | null
  /** In canonical form. */
  readonly resource: string
  /** The message that it is about, if any. */
  readonly message: MessageRef | null
  readonly accountId: number
  /** Which of the programs of the account holds it. */
  readonly instance: string
  /** The instance that its credential has when it names none. */
  readonly credential: string
  readonly note: string | null
  readonly acquiredAt: Micros
  readonly renewedAt: Micros
  readonly expiresAt: Micros
  /** When its end was recorded. One that has expired may still have none. */
  readonly endedAt: Micros | null
  /** Null if it was not released. */
  readonly releasedAt: Micros | null
  readonly outcome: ClaimOutcome | null
}

/** What a claim can overlap: the resources themselves, and everything that begins with a directory. */
export interface Overlap {
  readonly resources: readonly string[]
  readonly below: string | null
}

export interface ClaimFilter {
  readonly channelId?: number
  readonly accountId?: number
  readonly resource?: string
  /** The beginning of the resource. */
  readonly prefix?: string
  /** Only claims without an end that expire after this. */
  readonly liveAt?: Micros
}

export interface ClaimReads {
  claim(uuid: Uuid): Promise<Claim | undefined>
  claimsByEpoch(epochs: readonly Seq[]): Promise<Claim[]>
  /** The claims of a channel, or of none, that overlap and have no recorded end. */
  overlappingClaims(channelId: number | null, overlap: Overlap): Promise<Claim[]>
  /** The claims of an account that have no recorded end. */
  openClaimsOf(accountId: number): Promise<Claim[]>
  /** The claims of these accounts without a recorded end that expire after `now`. */
  liveClaimsOf(accountIds: readonly number[], now: Micros): Promise<Claim[]>
  /** Counts the claims of an account without a recorded end that expire after `now`. */
  countLiveClaims(accountId: number, now: Micros): Promise<number>
  /** Claims with an epoch below `before`, newest first, at most `limit`. */
  listClaims(filter: ClaimFilter, page: { readonly before: Seq; readonly limit: number }): Promise<Claim[]>
  /** The claims of an account between two epochs, oldest first, at most `limit`. */
  claimsOf(
    accountId: number,
    page: { readonly after: Seq; readonly before: Seq; readonly limit: number },
  ): Promise<Claim[]>
  /** When the first claim without a recorded end expires. */
  nextClaimExpiry(): Promise<Micros | null>
  /** Claims that have expired by `now` and have no recorded end, at most `limit`. */
  expiredClaims(now: Micros, limit: number): Promise<Claim[]>
}

export interface ClaimWrites {
  insertClaim(claim: Claim): Promise<void>
  renewClaim(epoch: Seq, change: Pick<Claim, 'note' | 'renewedAt' | 'expiresAt'>): Promise<void>
  releaseClaim(epoch: Seq, change: Pick<Claim, 'note' | 'outcome'> & { readonly at: Micros }): Promise<void>
  /** Records that these claims have expired. */
  endClaims(epochs: readonly Seq[], at: Micros): Promise<void>
  /** Moves the renewal and expiry of all claims without a recorded end. */
  shiftClaims(micros: number): Promise<void>
  /** Deletes up to `limit` claims that ended before a time. Returns how many. */
  forgetClaims(before: Micros, limit: number): Promise<number>
  /** Deletes up to `limit` claims of an account. Returns how many. */
  forgetClaimsOf(accountId: number, limit: number): Promise<number>
}

export const PRESENCE_STATES = ['working', 'waiting', 'blocked', 'idle'] as const
export type PresenceState = (typeof PRESENCE_STATES)[number]

/** What an instance of an account does, until it expires. */
export interface PresenceLease {
  readonly accountId: number
  readonly instance: string
  readonly state: PresenceState
  readonly note: string | null
  /** Since when it has this state. */
  readonly since: Micros
  readonly expiresAt: Micros
}

/** The last read of an account, and its usual interval in seconds; null while there is none. */
export interface Observation {
  readonly lastReadAt: Micros
  readonly readInterval: number | null
}

export interface StoredObservation {
  readonly reads: Observation | null
  /** Until when a stream of the account counts as open in some process. */
  readonly streamUntil: Micros | null
}

export interface PresenceReads {
  /** The leases of accounts, expired ones included. */
  presenceOf(accountIds: readonly number[]): Promise<PresenceLease[]>
  /** When the first lease expires. */
  nextPresenceExpiry(): Promise<Micros | null>
  /** Leases that have expired by `now`, at most `limit`. */
  expiredPresence(now: Micros, limit: number): Promise<PresenceLease[]>
  /** The accounts with a lease that expires after `now`, or with an open stream that a process has noted. */
  presentAccounts(now: Micros): Promise<number[]>
  /** The accounts that have read something after this time. */
  readersSince(since: Micros): Promise<number[]>
  observations(accountIds: readonly number[]): Promise<ReadonlyMap<number, StoredObservation>>
}

export interface PresenceWrites {
  /** Stores a lease in place of an earlier one of its instance. */
  putPresence(lease: PresenceLease): Promise<void>
  /** Deletes the lease of an instance, or all of an account. */
  deletePresence(accountId: number, instance: string | null): Promise<void>
  /** Moves all leases, and when accounts have read. */
  shiftPresence(micros: number): Promise<void>
  /** Notes reads, unless later ones are noted or the account is erased. */
  noteReads(reads: ReadonlyMap<number, Observation>): Promise<void>
  /** Notes until when streams of accounts count as open. Erased accounts are left out. */
  noteStreams(accountIds: readonly number[], until: Micros): Promise<void>
  deleteObservations(accountId: number): Promise<void>
}

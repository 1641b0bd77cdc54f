import type { Rate, Settings } from '../core/governance/settings'
import type { Actor, Person } from '../core/identity/actor'
import type { Token } from '../core/kernel/entities'
import { AppError } from '../core/kernel/errors'
import type { Clock } from '../core/kernel/time'
import { TokenBuckets } from '../core/kernel/token-bucket'

/** The rate classes with a setting: a message, a read, another write, a search, or a file of Matrix. */
type SettableClass = 'post' | 'read' | 'write' | 'search' | 'media' | 'crypto'
/** The rate class of a request. Those of the encrypted snapshot store are fixed. */
export type RateClass = SettableClass | keyof typeof fixedRates

/** Its clients make hundreds of requests for one command, and end at the first refusal. */
const fixedRates = {
  sync: { perMinute: 3000, burst: 1000 },
  sync_blob_read: { perMinute: 600, burst: 600 },
  sync_blob_write: { perMinute: 60, burst: 100 },
} as const

const MINUTE = 60_000

/** A rate and its header values, rendered once for each setting. */
export class RatePolicy {
  readonly perMs: number
  readonly header: string
  readonly limit: string

  constructor(
    readonly name: RateClass,
    readonly rate: Rate,
  ) {
    this.perMs = rate.perMinute / MINUTE
    this.header = `"${name}";q=${rate.perMinute};w=60`
    this.limit = String(rate.perMinute)
  }

  seconds(tokens: number): number {
    return Math.ceil(tokens / this.perMs / 1000)
  }
}

/** The buckets of one class. */
class Class {
  private readonly buckets = new TokenBuckets()
  private policy: RatePolicy | undefined

  constructor(
    private readonly name: RateClass,
    private readonly rateOf: () => Rate | null,
  ) {}

  /** Returns the current policy; null if the class is not limited. */
  now(): RatePolicy | null {
    const rate = this.rateOf()
    if (rate === null) return null
    // The setting is the same object until it changes.
    if (this.policy?.rate !== rate) this.policy = new RatePolicy(this.name, rate)
    return this.policy
  }

  /** Returns the bucket of a caller, refilled up to now. */
  bucket(caller: number, { perMs, rate }: RatePolicy, now: number) {
    return this.buckets.of(caller, { perMs, burst: rate.burst }, now)
  }

  /** Copies the remaining tokens of one caller to another. */
  passOn(from: number, to: number, now: number): void {
    const policy = this.now()
    const left = this.buckets.find(from)
    if (policy === null || !left) return
    // Goes through `bucket`, which limits the number of buckets.
    const bucket = this.bucket(to, policy, now)
    bucket.tokens = left.tokens
    bucket.at = left.at
  }
}

/**
 * Rate limits: a token bucket for each token, and for each account on a session, in each class
 * (docs/contract/limits.md#rates). Each process counts its own requests; the local operator is not counted.
 */
export class RateLimits {
  private readonly classes: Readonly<Record<RateClass, Class>>

  constructor(
    settings: Settings,
    private readonly clock: Clock,
  ) {
    const settable = (name: SettableClass) => new Class(name, () => settings.get(`rate.${name}`))
    const fixed = (name: keyof typeof fixedRates) => new Class(name, () => fixedRates[name])
    this.classes = {
      post: settable('post'),
      read: settable('read'),
      write: settable('write'),
      search: settable('search'),
      media: settable('media'),
      crypto: settable('crypto'),
      sync: fixed('sync'),
      sync_blob_read: fixed('sync_blob_read'),
      sync_blob_write: fixed('sync_blob_write'),
    }
  }

  /**
   * Takes one token from the caller's bucket and tells `request` what remains. @throws rate_limited with `retry_after`
   */
  take(actor: Actor, name: RateClass, request?: { tell(policy: RatePolicy, tokens: number): void }): void {
    if (actor.via === 'operator') return
    const policy = this.classes[name].now()
    if (policy === null) return
    const caller = callerOf(actor)
    const bucket = this.classes[name].bucket(caller, policy, this.clock.steady())
    const isThere = bucket.tokens >= 1
    if (isThere) bucket.tokens -= 1
    request?.tell(policy, bucket.tokens)
    if (!isThere) throw tooMany(policy, bucket.tokens)
  }

  /**
   * A new token made by its own account starts with the maker's remaining tokens, so making tokens does not raise the
   * limit.
   */
  passOn(maker: Person, token: Token): void {
    const now = this.clock.steady()
    for (const each of Object.values(this.classes)) each.passOn(callerOf(maker), token.id, now)
  }
}

function callerOf(actor: Person): number {
  return actor.via === 'token' ? actor.token.id : -actor.account.id
}

function tooMany(policy: RatePolicy, tokens: number): AppError {
  const { name, rate } = policy
  const wait = Math.max(1, policy.seconds(1 - tokens))
  return new AppError(
    'rate_limited',
    'rate_limited',
    `At most ${rate.perMinute} a minute and ${rate.burst} at once of the class ${name}${name in fixedRates ? '' : ` (rate.${name})`}; wait and try again`,
    { retry_after: wait },
  )
}

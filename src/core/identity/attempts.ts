import type { Settings } from '../governance/settings'
import type { AppError } from '../kernel/errors'
import type { Store } from '../kernel/ports'
import { type Clock, later, MICROS_PER_MINUTE, MICROS_PER_SECOND, type Micros } from '../kernel/time'
import { networkOf } from './addresses'

/** The maximum number of attempts of a key in a window of time. */
export interface AttemptLimit {
  readonly key: string
  readonly count: number
}

/** The minimum time that attempts are kept: the longest window, apart from that of `rate.login`. */
const KEPT_MICROS = 60 * MICROS_PER_MINUTE

/**
 * Counts attempts to guess secrets. The counts are in the store, so that adding replicas does not allow more guesses.
 */
export class Attempts {
  constructor(
    private readonly store: Store,
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {}

  /**
   * Counts an attempt for each key. Call it before the secret is compared, so that parallel guesses count.
   * @throws the error that `refuse` makes from the seconds until the next attempt is allowed; nothing is counted then
   */
  async count(
    limits: readonly AttemptLimit[],
    seconds: number,
    refuse: (retryAfter: number) => AppError,
  ): Promise<readonly string[]> {
    const window = seconds * MICROS_PER_SECOND
    const keys = limits.map((limit) => limit.key)
    await this.store.transact(async (tx) => {
      const now = this.clock.now()
      // Attempts far in the future were counted before the clock was set back. Clocks of replicas differ by less.
      const span = { after: later(now, -window), upTo: later(now, window) }
      for (const { key, count } of limits) {
        const oldest = await tx.nthAttempt(key, span, count)
        if (oldest !== undefined) throw refuse(retryAfter(oldest, window, now))
      }
      await tx.insertAttempts(keys, now)
    })
    return keys
  }

  /**
   * Deletes up to `limit` attempts outside every window, and returns how many. Attempts far in the future were counted
   * before the clock was set back. Call it only when the date can be trusted.
   */
  forget(limit: number): Promise<number> {
    const login = (this.settings.get('rate.login')?.seconds ?? 0) * MICROS_PER_SECOND
    const kept = Math.max(login, KEPT_MICROS)
    const now = this.clock.now()
    const span = { after: later(now, -kept), upTo: later(now, kept) }
    return this.store.transact((tx) => tx.forgetAttemptsBeyond(span, limit))
  }
}

function retryAfter(oldest: Micros, window: number, now: Micros): number {
  return Math.max(1, Math.ceil((oldest + window - now) / MICROS_PER_SECOND))
}

/** The key under which the attempts of a client are counted. */
export function attemptsFrom({ address }: { readonly address: string | null }): string {
  return address === null ? 'local' : networkOf(address)
}

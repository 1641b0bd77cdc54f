import type { Settings } from '../governance/settings'
import type { AppError } from '../kernel/errors'
import type { Store } from '../kernel/ports'
import { type Clock, later, MICROS_PER_MINUTE, MICROS_PER_SECOND, type Micros } from '../kernel/time'
import { networkOf } from './addresses'

/** So many attempts of a key in a window of time. */
export interface AttemptLimit {
  readonly key: string
  readonly count: number
}

/** What is counted is kept at least so long: no window but that of `rate.login` is longer. */
const KEPT_MICROS = 60 * MICROS_PER_MINUTE

/** Attempts at secrets, counted in the store, so that more replicas give no more guesses. */
export class Attempts {
  constructor(
    private readonly store: Store,
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {}

  /**
   * Counts an attempt of each key, before the secret is looked at, so that parallel guesses count.
   * @throws what `refuse` makes of the seconds until there is room again, with nothing counted
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
      // What is further ahead was counted before the clock was set back; clocks of replicas differ by less.
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
   * Deletes up to so many attempts that no window reaches, and answers how many there were. What is far ahead was counted
   * before the clock was set back. The caller makes sure that the date may be believed.
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

/** Whom attempts of a client are counted against. */
export function attemptsFrom({ address }: { readonly address: string | null }): string {
  return address === null ? 'local' : networkOf(address)
}

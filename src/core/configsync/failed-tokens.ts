import { networkOf } from '../identity/addresses'
import { FailedLogins } from '../identity/failed-logins'
import { AppError } from '../kernel/errors'
import type { Clock } from '../kernel/time'

const MOST = 20
const WINDOW_MILLISECONDS = 60_000
/** The most addresses that are remembered. */
const CAPACITY = 10_000

/** The failures of an address since a moment of the steady clock. */
interface Failures {
  count: number
  readonly since: number
}

/**
 * Counts invalid tokens by the address of the client. The tokens themselves are neither kept nor shown: a client may
 * send a password by mistake (docs/contract/configsync.md#failed-tokens).
 */
export class FailedTokens {
  private readonly byNetwork = new Map<string, Failures>()
  private readonly audited: FailedLogins

  constructor(private readonly clock: Clock) {
    this.audited = new FailedLogins(clock)
  }

  /** Returns whether this failure is to be audited. Anyone can fail, so not all are. @throws rate_limited */
  count(address: string | null): boolean {
    const network = address === null ? 'local' : networkOf(address)
    const now = this.clock.steady()
    const failures = this.current(network, now)
    if (failures.count >= MOST) {
      const seconds = Math.ceil((failures.since + WINDOW_MILLISECONDS - now) / 1000)
      const message = 'too many invalid tokens from your address; wait and try again'
      throw new AppError('rate_limited', 'rate_limited', message, { retry_after: Math.max(1, seconds) })
    }
    failures.count++
    return this.audited.admit() !== undefined
  }

  private current(network: string, now: number): Failures {
    const known = this.byNetwork.get(network)
    if (known && now - known.since < WINDOW_MILLISECONDS) return known
    this.byNetwork.delete(network)
    if (this.byNetwork.size >= CAPACITY) this.makeRoom(now)
    const made = { count: 0, since: now }
    this.byNetwork.set(network, made)
    return made
  }

  /** Drops what is over, and the oldest if that is not enough. They are in order of their beginning. */
  private makeRoom(now: number): void {
    for (const [network, { since }] of this.byNetwork) {
      if (now - since < WINDOW_MILLISECONDS && this.byNetwork.size < CAPACITY) return
      this.byNetwork.delete(network)
    }
  }
}

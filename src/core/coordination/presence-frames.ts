import type { Directory } from '../access/directory'
import type { Account } from '../kernel/entities'
import type { LeaseClock } from '../kernel/lease-clock'
import type { Clock } from '../kernel/time'
import type { FrameBody, Frames } from '../log/frames'
import type { PresenceView } from './presence-view'
import { fingerprintOf, isPresent, type Observed, presenceAt } from './states'

/** The least time between two frames about one account. */
const QUIET_MILLISECONDS = 1000
/** Accounts whose last announced presence is remembered. */
const MAX_KNOWN = 10_000

/** The presence of an account that readers know. */
interface Known {
  /** Undefined if it is not known in detail. */
  readonly fingerprint?: string
  readonly isPresent: boolean
  /** When it was announced, by the steady clock; undefined if it was only read from the store. */
  readonly announcedAt?: number
}

/**
 * Announces changes of presence as frames: one when the fingerprint has changed, and at most one a second for each account.
 * Before a change, `learn` reads what readers know of the account; after the commit, `changed` has it compared.
 */
export class PresenceFrames {
  private readonly known = new Map<number, Known>()
  /** Accounts whose presence may have changed. */
  private readonly pending = new Set<number>()
  private wake: () => void = () => {}

  constructor(
    private readonly deps: {
      readonly view: Pick<PresenceView, 'ofOne'>
      readonly directory: Pick<Directory, 'retryUntilLoaded' | 'account'>
      readonly frames: Pick<Frames, 'source' | 'announce'>
      readonly clock: LeaseClock
      readonly steady: Pick<Clock, 'steady'>
    },
  ) {
    const { frames } = deps
    const source = ([accountId = 0]: readonly number[]) => this.frame(accountId)
    frames.source('presence.online', source)
    frames.source('presence.offline', source)
    frames.source('presence.updated', source)
  }

  /** Sets what is called when a frame may be due. */
  onChanged(wake: () => void): void {
    this.wake = wake
  }

  /** Reads the presence of an account before a change, unless it is known. `before`: what the change has replaced already. */
  async learn(account: Account, before: Partial<Observed> = {}): Promise<void> {
    if (this.known.has(account.id)) return
    const { observed, instances } = await this.deps.view.ofOne(account)
    const presence = presenceAt(this.deps.clock.now(), account, instances, { ...observed, ...before })
    if (!this.known.has(account.id))
      this.keep(account.id, { fingerprint: fingerprintOf(presence), isPresent: isPresent(presence) })
  }

  /** Call it after the commit of a change. */
  changed(accountId: number): void {
    this.pending.add(accountId)
    this.wake()
  }

  /** Call it after the commit of a change that ended a lease. An account that was never learned counts as present. */
  leaseEnded(accountId: number): void {
    if (!this.known.has(accountId)) this.keep(accountId, { isPresent: true })
    this.changed(accountId)
  }

  /** Milliseconds until a frame may be due; undefined if nothing has changed. */
  get untilNext(): number | undefined {
    let least: number | undefined
    for (const id of this.pending) least = Math.min(least ?? QUIET_MILLISECONDS, this.untilDue(id))
    return least
  }

  /** Announces what has changed of the accounts that are due. After a failure, these accounts stay due. */
  async announceDue(): Promise<void> {
    for (const id of [...this.pending]) {
      if (this.untilDue(id) > 0) continue
      // A change while the presence is read makes it due again.
      this.pending.delete(id)
      try {
        await this.announce(id)
      } catch (fault) {
        this.pending.add(id)
        throw fault
      }
    }
  }

  private async announce(id: number): Promise<void> {
    const { view, steady, frames } = this.deps
    const presence = await view.ofOne(await this.account(id))
    const fingerprint = fingerprintOf(presence)
    const before = this.known.get(id)
    if (before?.fingerprint === fingerprint) return
    const is = isPresent(presence)
    const was = before?.isPresent ?? false
    this.keep(id, { fingerprint, isPresent: is, announcedAt: steady.steady() })
    if (is === was) frames.announce('presence.updated', id)
    else frames.announce(is ? 'presence.online' : 'presence.offline', id)
  }

  private async frame(accountId: number): Promise<FrameBody<'presence.updated'>> {
    const account = await this.account(accountId)
    const presence = await this.deps.view.ofOne(account)
    return { channel: null, account, content: { presence } }
  }

  private account(id: number): Promise<Account> {
    const { directory } = this.deps
    return directory.retryUntilLoaded(() => directory.account(id))
  }

  private keep(accountId: number, known: Known): void {
    this.known.delete(accountId)
    this.known.set(accountId, known)
    const [oldest] = this.known.keys()
    if (this.known.size > MAX_KNOWN && oldest !== undefined) this.known.delete(oldest)
  }

  /** Milliseconds until the next frame about an account may follow. */
  private untilDue(accountId: number): number {
    const last = this.known.get(accountId)?.announcedAt
    if (last === undefined) return 0
    return Math.max(0, last + QUIET_MILLISECONDS - this.deps.steady.steady())
  }
}

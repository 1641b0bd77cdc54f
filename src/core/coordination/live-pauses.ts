import type { Account } from '../kernel/entities'
import type { LeaseClock } from '../kernel/lease-clock'
import type { Pause, PauseScope } from '../kernel/pause-ports'
import type { Reads, Store } from '../kernel/ports'
import { later } from '../kernel/time'
import type { LogEvent } from '../log/events'

/**
 * The pauses without a recorded end as of the last committed change, in memory, so that a post asks no statement. Changes
 * arrive as events, of this process and others, before a later post is judged.
 */
export class LivePauses {
  /** By scope: there is one pause for each. */
  private readonly byScope = new Map<string, Pause>()
  private changes = 0

  private constructor(
    private readonly reads: Pick<Reads, 'openPauses'>,
    private readonly clock: Pick<LeaseClock, 'now'>,
  ) {}

  static async open(store: Pick<Store, 'reads' | 'onCommit'>, clock: LeaseClock): Promise<LivePauses> {
    const pauses = new LivePauses(store.reads, clock)
    store.onCommit((events) => {
      for (const event of events) pauses.apply(event)
    })
    await pauses.load()
    return pauses
  }

  /** The pauses that hold now, oldest first. */
  get all(): readonly Pause[] {
    const now = this.clock.now()
    const live = [...this.byScope.values()].filter(({ until }) => until === null || until > now)
    return live.sort((one, other) => one.seq - other.seq)
  }

  /** Reports whether an account is paused in a channel: its posts and edits are refused, and what wakes it waits. */
  isPaused(account: Pick<Account, 'id' | 'kind'>, channelId: number): boolean {
    return this.holding(account, channelId) !== undefined
  }

  /** Returns the pause that holds for an account in a channel; of several the one that ends last. */
  holding({ id, kind }: Pick<Account, 'id' | 'kind'>, channelId: number): Pause | undefined {
    if (this.byScope.size === 0 || kind !== 'agent') return undefined
    return this.last([
      { channelId: null, accountId: null },
      { channelId: null, accountId: id },
      { channelId, accountId: null },
      { channelId, accountId: id },
    ])
  }

  /** Returns the pause that holds for every agent in a channel. */
  ofChannel(channelId: number): Pause | undefined {
    if (this.byScope.size === 0) return undefined
    return this.last([
      { channelId: null, accountId: null },
      { channelId, accountId: null },
    ])
  }

  private last(scopes: readonly PauseScope[]): Pause | undefined {
    const now = this.clock.now()
    let last: Pause | undefined
    for (const scope of scopes) {
      const pause = this.byScope.get(nameOf(scope))
      if (!pause || endOf(pause) <= now) continue
      if (!last || endOf(pause) > endOf(last)) last = pause
    }
    return last
  }

  private apply(event: LogEvent): void {
    if (event.about === 'account' && event.type === 'account.erased') this.forget(event.account.id)
    if (event.about !== 'pause') return
    this.changes++
    const { pause } = event
    const scope = nameOf(pause)
    if (pause.endedAt === null) this.byScope.set(scope, pause)
    else if (this.byScope.get(scope)?.seq === pause.seq) this.byScope.delete(scope)
  }

  private forget(accountId: number): void {
    this.changes++
    for (const [scope, pause] of this.byScope) {
      if (pause.accountId === accountId) this.byScope.delete(scope)
      else if (pause.byId === accountId) this.byScope.set(scope, { ...pause, note: null })
    }
  }

  /** Moves the ends of all pauses, as they were moved in the store. */
  shift(micros: number): void {
    this.changes++
    for (const [scope, pause] of this.byScope)
      if (pause.until !== null) this.byScope.set(scope, { ...pause, until: later(pause.until, micros) })
  }

  /** Reads all pauses again. */
  async load(): Promise<void> {
    for (;;) {
      const { changes } = this
      const open = await this.reads.openPauses()
      if (changes !== this.changes) continue
      this.byScope.clear()
      for (const pause of open) this.byScope.set(nameOf(pause), pause)
      return
    }
  }
}

function endOf({ until }: Pause): number {
  return until ?? Number.POSITIVE_INFINITY
}

function nameOf({ channelId, accountId }: PauseScope): string {
  return `${channelId ?? '*'} ${accountId ?? '*'}`
}

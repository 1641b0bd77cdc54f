import type { Settings } from '../governance/settings'
import type { Usage } from '../identity/usage'
import type { Store } from '../kernel/ports'
import { type Clock, later, MICROS_PER_DAY, MICROS_PER_SECOND, type Micros } from '../kernel/time'
import type { Streams } from '../log/streams'

/** How long a list counts. Shorter than the time for which `Usage` shows a use after it was written. */
const LISTED_SECONDS = 30

const nobody: readonly number[] = []

/** A list of dormant agents, as it was read. */
interface Listed {
  readonly at: Micros
  readonly days: number
  readonly ids: Promise<readonly number[]>
}

/**
 * The agents that nobody has seen for `accounts.dormant_after_days`. They are listed in memory. One that is active again in
 * this process leaves the list at once; one that is active in another process within about a minute and a half.
 */
export class DormantAgents {
  private listed: Listed | undefined

  constructor(
    private readonly deps: {
      readonly store: Pick<Store, 'slow'>
      readonly settings: Settings
      readonly usage: Pick<Usage, 'usedSince'>
      readonly streams: Pick<Streams, 'openAccounts'>
      readonly clock: Pick<Clock, 'now'>
    },
  ) {}

  get mayExist(): boolean {
    return this.deps.settings.get('accounts.dormant_after_days') > 0
  }

  async ids(): Promise<readonly number[]> {
    const { settings, usage, streams, clock } = this.deps
    const days = settings.get('accounts.dormant_after_days')
    if (days === 0) return nobody
    const now = clock.now()
    const before = later(now, -days * MICROS_PER_DAY)
    const ids = await this.list(now, days, before)
    if (ids.length === 0) return nobody
    const active = new Set([...usage.usedSince(before), ...streams.openAccounts()])
    return ids.filter((id) => !active.has(id))
  }

  private list(now: Micros, days: number, before: Micros): Listed['ids'] {
    const { listed } = this
    const isCurrent =
      listed?.days === days && now >= listed.at && now < later(listed.at, LISTED_SECONDS * MICROS_PER_SECOND)
    if (isCurrent) return listed.ids
    const ids = this.deps.store.slow.agentsUnseenSince(before)
    this.listed = { at: now, days, ids }
    // A list that could not be read is read anew.
    ids.catch(() => {
      if (this.listed?.ids === ids) this.listed = undefined
    })
    return ids
  }
}

import type { PresenceLease, PresenceState } from '../kernel/coordination-ports'
import type { Account } from '../kernel/entities'
import { MICROS_PER_DAY, MICROS_PER_SECOND, type Micros } from '../kernel/time'

/** Of several live instances the first of these counts. */
const ORDER: readonly PresenceState[] = ['blocked', 'waiting', 'working', 'idle']
/** How long after its last read an account without a usual interval is idle. */
const IDLE_MICROS = 60 * MICROS_PER_SECOND
/** So many of its usual intervals without a read make an account offline. */
const MISSED_READS = 3
/** How long after it was last seen an episodic account is called episodic. */
const EPISODIC_MICROS = MICROS_PER_DAY

export type ShownState = PresenceState | 'episodic' | 'offline'

/** What the server has observed of an account. */
export interface Observed {
  readonly hasStream: boolean
  readonly lastReadAt: Micros | null
  /** Usual interval between two reads, in seconds; null while there is none. */
  readonly readInterval: number | null
  readonly lastSeenAt: Micros | null
}

/** Whether and how an account is there. */
export interface Presence {
  readonly account: Account
  readonly state: ShownState
  readonly note: string | null
  /** Since when the lease has this state; null without a live lease. */
  readonly since: Micros | null
  readonly expiresAt: Micros | null
  readonly observed: Observed
  /** The live leases, the one that counts first. */
  readonly instances: readonly PresenceLease[]
}

/** Returns the presence of an account at an instant, from its leases and what was observed. */
export function presenceAt(
  now: Micros,
  account: Account,
  leases: readonly PresenceLease[],
  observed: Observed,
): Presence {
  const instances = leases
    .filter(({ expiresAt }) => expiresAt > now)
    .toSorted(
      (one, other) =>
        ORDER.indexOf(one.state) - ORDER.indexOf(other.state) ||
        other.since - one.since ||
        (one.instance < other.instance ? -1 : 1),
    )
  const [first] = instances
  return {
    account,
    state: first ? first.state : observedState(now, account, observed),
    note: first?.note ?? null,
    since: first?.since ?? null,
    expiresAt: first?.expiresAt ?? null,
    observed,
    instances,
  }
}

function observedState(now: Micros, account: Account, observed: Observed): ShownState {
  const { hasStream, lastReadAt, readInterval, lastSeenAt } = observed
  if (account.archivedAt !== null) return 'offline'
  const patience = Math.max(IDLE_MICROS, MISSED_READS * (readInterval ?? 0) * MICROS_PER_SECOND)
  if (hasStream || (lastReadAt !== null && now - lastReadAt < patience)) return 'idle'
  const isRecent = lastSeenAt !== null && now - lastSeenAt < EPISODIC_MICROS
  return account.residency === 'episodic' && isRecent ? 'episodic' : 'offline'
}

/** Reports whether the account is there at all. */
export function isPresent({ state }: Presence): boolean {
  return state !== 'offline' && state !== 'episodic'
}

/** Returns a text that differs when there is something to announce: a renewal or a read alone leaves it equal. */
export function fingerprintOf({ state, note, observed, instances }: Presence): string {
  const leases = instances.map((lease) => [lease.instance, lease.state, lease.note])
  return JSON.stringify([state, note, observed.hasStream, leases])
}

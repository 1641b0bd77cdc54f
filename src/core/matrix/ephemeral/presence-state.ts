/** Whether a user is there, as Matrix says it. */
export const PRESENCE_STATES = ['online', 'unavailable', 'offline'] as const
export type PresenceState = (typeof PRESENCE_STATES)[number]

/** A user online counts as idle so long after it last did something. */
const IDLE_MILLISECONDS = 300_000
/** So long after that it counts as active at this moment. */
const ACTIVE_MILLISECONDS = 60_000

/** What makes a user be there: a device that reads, another process that says so, or the lease of an agent. */
export interface PresenceSource {
  readonly state: PresenceState
  /** By the steady clock. */
  readonly until: number
}

/** What is known of the presence of a user. Times are of the steady clock. */
export interface KnownPresence {
  readonly sources: ReadonlyMap<string, PresenceSource>
  /** When it last did something; undefined: not since this process began. */
  readonly activeAt: number | undefined
  /** The text that the user has set. */
  readonly statusText: string | null
  /** What the account says of itself on /v1. */
  readonly lease: { readonly state: 'online' | 'unavailable'; readonly note: string | null } | undefined
}

/** The presence of a user, as it is shown. */
export interface ShownPresence {
  readonly state: PresenceState
  readonly statusText: string | null
  readonly activeAt: number | undefined
  readonly isActive: boolean
}

/** Returns the presence at an instant: the most present of what makes the user be there. */
export function presenceStateAt(now: number, known: KnownPresence): ShownPresence {
  const { sources, activeAt, lease } = known
  const states = new Set([...sources.values()].flatMap(({ state, until }) => (until > now ? [state] : [])))
  const sinceActive = activeAt === undefined ? Number.POSITIVE_INFINITY : now - activeAt
  const isOnline = (states.has('online') && sinceActive < IDLE_MILLISECONDS) || lease?.state === 'online'
  const isIdle = states.has('online') || states.has('unavailable') || lease !== undefined
  return {
    state: isOnline ? 'online' : isIdle ? 'unavailable' : 'offline',
    statusText: known.statusText ?? lease?.note ?? null,
    activeAt,
    isActive: isOnline && sinceActive < ACTIVE_MILLISECONDS,
  }
}

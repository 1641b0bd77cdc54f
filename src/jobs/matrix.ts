import type { Settings } from '../core/governance/settings'
import type { Clock } from '../core/kernel/time'
import type { UnreferencedMedia } from '../core/matrix/media/unreferenced'
import type { Projector } from '../core/matrix/projector/projector'
import { interval } from './interval'
import { FOLLOWER_LEASE, FOLLOWER_RETRY, type Job } from './job'
import { TrustedClock } from './trusted-clock'

/** How long rows are gathered before they are projected. */
const GATHER_MILLISECONDS = 100
/** While a client of Matrix waits for news, rows are projected at once, but no more often than this. */
const PAUSE_FOR_WAITERS = 5
/** So many rows are not gathered any longer. */
const ENOUGH_ROWS = 512

export interface MatrixJobDeps {
  readonly projector: Pick<Projector, 'begin' | 'step' | 'lag' | 'isWanted'>
  readonly clock: Pick<Clock, 'steady'>
  /** Whether clients of Matrix wait for news here. */
  readonly hasWaiters: () => boolean
}

/** The job that makes the events of rooms from the log, in one process for all. */
export function matrixJob({ projector, clock, hasWaiters }: MatrixJobDeps): Job {
  /** Since when rows wait, by the steady clock. */
  let since: number | undefined
  /** When rows were last projected. */
  let ended = Number.NEGATIVE_INFINITY
  let hasBegun = false
  return {
    name: 'matrix.projector',
    lease: FOLLOWER_LEASE,
    retry: FOLLOWER_RETRY,
    followsLog: true,
    wait: () => {
      const { lag, isWanted } = projector
      if (hasBegun && lag === 0) return undefined
      if (!hasBegun || isWanted || lag >= ENOUGH_ROWS) return 0
      since ??= clock.steady()
      const due = hasWaiters() ? ended + PAUSE_FOR_WAITERS : since + GATHER_MILLISECONDS
      return Math.max(0, due - clock.steady())
    },
    run: async (signal) => {
      since = undefined
      if (!hasBegun) await projector.begin()
      hasBegun = true
      while (projector.lag > 0 && !signal.aborted) {
        await projector.step()
        if (projector.lag < ENOUGH_ROWS && !projector.isWanted) break
      }
      ended = clock.steady()
    },
    elsewhere: () => {
      hasBegun = false
    },
  }
}

/** For the metrics. */
const COUNT_MILLISECONDS = 300_000

export interface MatrixCountDeps {
  readonly totals: { count(): Promise<void> }
  readonly settings: Pick<Settings, 'get'>
  readonly clock: Pick<Clock, 'steady'>
}

/** The job that counts what the homeserver has, while somebody may ask. */
export function matrixCountJob({ totals, settings, clock }: MatrixCountDeps): Job {
  return interval({
    name: 'matrix.count',
    every: COUNT_MILLISECONDS,
    atStart: true,
    clock,
    run: async () => {
      if (settings.get('metrics.enabled')) await totals.count()
    },
  })
}

/** How often files that nothing names are looked for. */
const MEDIA_MILLISECONDS = 2 * 3_600_000
/** How long the lease of a process that died during this delays another process. */
const MEDIA_LEASE_SECONDS = 60

export interface MatrixMediaDeps {
  readonly unreferencedMedia: Pick<UnreferencedMedia, 'forget'>
  readonly clock: Clock
}

/** The job that deletes files of the homeserver that nothing names and that are old enough, in one process for all. */
export function matrixMediaJob({ unreferencedMedia, clock }: MatrixMediaDeps): Job {
  const trusted = new TrustedClock(clock)
  return interval({
    name: 'matrix.media',
    every: MEDIA_MILLISECONDS,
    lease: { seconds: MEDIA_LEASE_SECONDS, isGivenBack: false },
    clock,
    run: async (signal) => {
      // Without a clock that can be trusted, nothing is old.
      if (trusted.isTrusted()) await unreferencedMedia.forget(signal)
    },
  })
}

import type { Settings } from '../core/governance/settings'
import type { Clock } from '../core/kernel/time'
import type { Erasures } from '../core/messages/erasures'
import type { Purges } from '../core/messages/purges'
import { interval } from './interval'
import type { Job } from './job'
import { lastTimeOfDay, scheduled } from './scheduled'
import { TrustedClock } from './trusted-clock'

const RESUME_MILLISECONDS = 60_000
const LEASE = { seconds: 30, isGivenBack: false } as const

export interface RetentionDeps {
  readonly purges: Purges
  readonly erasures: Erasures
  readonly settings: Settings
  readonly clock: Clock
  readonly report: (fault: unknown) => void
}

/** Returns the job that purges daily what the retention of the channels says, and those that finish purges and erasures. */
export function retentionJobs({ purges, erasures, settings, clock, report }: RetentionDeps): Job[] {
  const date = new TrustedClock(clock)
  return [
    scheduled({
      name: 'retention',
      // A wrong date would purge too much.
      lastDue: (now) => {
        const time = settings.get('retention.purge_at')
        return date.isTrusted() && time !== null ? lastTimeOfDay(time, now) : null
      },
      // Once more after each start, which finds nothing to do if it was done.
      lastDone: () => [],
      lease: LEASE,
      run: (signal) => purges.applyRetention(signal),
      clock,
      report,
    }),
    interval({
      name: 'purges',
      every: RESUME_MILLISECONDS,
      atStart: true,
      lease: LEASE,
      clock,
      run: (signal) => purges.resume(signal),
    }),
    interval({
      name: 'erasures',
      every: RESUME_MILLISECONDS,
      atStart: true,
      lease: LEASE,
      clock,
      run: (signal) => erasures.resume(signal),
    }),
  ]
}

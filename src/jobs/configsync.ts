import type { SyncAudit } from '../core/configsync/audit'
import type { Retention } from '../core/configsync/retention'
import type { Storage } from '../core/configsync/storage'
import type { Clock } from '../core/kernel/time'
import { interval } from './interval'
import type { Job } from './job'
import { TrustedClock } from './trusted-clock'

const AUDIT_MILLISECONDS = 30_000
/** For the metrics. */
const COUNT_MILLISECONDS = 300_000
const RETENTION_MILLISECONDS = 3_600_000

export interface ConfigSyncJobDeps {
  readonly configsync: {
    readonly audit: SyncAudit
    readonly retention: Retention
    readonly storage: Pick<Storage, 'count'>
  }
  readonly clock: Clock
}

/** Returns the jobs of the encrypted snapshot store. */
export function configSyncJobs({ configsync, clock }: ConfigSyncJobDeps): Job[] {
  const date = new TrustedClock(clock)
  return [
    interval({
      name: 'configsync-audit',
      every: AUDIT_MILLISECONDS,
      runsAtEnd: true,
      clock,
      run: () => configsync.audit.flush(),
    }),
    interval({
      name: 'configsync-count',
      every: COUNT_MILLISECONDS,
      atStart: true,
      clock,
      run: () => configsync.storage.count(),
    }),
    interval({
      name: 'configsync-retention',
      every: RETENTION_MILLISECONDS,
      lease: { seconds: 30, isGivenBack: false },
      clock,
      // A wrong date would delete too much.
      run: async (signal) => {
        if (!date.isTrusted()) return
        await configsync.retention.apply(signal)
        await configsync.audit.forget()
      },
    }),
  ]
}

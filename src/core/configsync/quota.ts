import type { Settings } from '../governance/settings'
import { AppError } from '../kernel/errors'
import type { Writes } from '../kernel/ports'
import type { ConfigSyncUser } from './ports'

/** What a row counts, besides its blob: each snapshot, version, entity and variable. */
export const ROW_BYTES = 4096

/** What a write adds to a user's data, or takes from it. */
export interface Charge {
  readonly rows: number
  /** Of blobs. */
  readonly bytes?: number
}

export interface QuotaDeps {
  readonly settings: Settings
}

/** How much each user may store: the bytes of blobs, and a fixed number for each row. */
export class Quota {
  constructor(private readonly deps: QuotaDeps) {}

  /** How many bytes a user may store. */
  limitOf({ quotaBytes }: Pick<ConfigSyncUser, 'quotaBytes'>): number {
    return quotaBytes ?? this.deps.settings.get('configsync.user_quota_bytes')
  }

  /** Checks that a charge fits. `user`: as read in the same transaction. @throws quota_exceeded */
  requireOf(user: ConfigSyncUser, { rows, bytes = 0 }: Charge): void {
    const { usedBytes } = user
    const limit = this.limitOf(user)
    if (usedBytes + bytes + rows * ROW_BYTES <= limit) return
    const message = `storage quota exceeded: ${usedBytes} of ${limit} bytes`
    throw new AppError('storage_full', 'quota_exceeded', message)
  }

  /** Adds a charge to what the user has stored. */
  async charge(tx: Writes, userId: number, { rows, bytes = 0 }: Charge): Promise<void> {
    await tx.configsync.addUsed(userId, bytes + rows * ROW_BYTES)
  }
}

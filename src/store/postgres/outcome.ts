import type { Uuid } from '../../core/kernel/ids'
import type { Clock } from '../../core/kernel/time'
import type { LogPosition } from '../../core/messages/post-plan'
import type { PostgresClient } from './client'
import { meaningOf } from './error'
import type { PgDatabase } from './open'
import { findPositions } from './posts'

/** How long to keep asking, and the pause between two attempts. */
const PATIENCE_MILLISECONDS = 5_000
const PAUSE_MILLISECONDS = 100

/**
 * Returns the positions of those messages of a group that were written before the connection broke: all of them or
 * none. Undefined if the database cannot be asked.
 */
export async function findOutcome(
  writer: PostgresClient<PgDatabase>,
  clock: Pick<Clock, 'steady'>,
  uuids: readonly Uuid[],
): Promise<ReadonlyMap<Uuid, LogPosition> | undefined> {
  const deadline = clock.steady() + PATIENCE_MILLISECONDS
  while (clock.steady() < deadline) {
    try {
      return await writer.run((_, sql) =>
        sql.begin(async (tx) => {
          // A statement that is still running holds the lock until it ends.
          await tx`SELECT 1 FROM log_head FOR UPDATE`
          return findPositions(tx, uuids)
        }),
      )
    } catch (error) {
      // A standby may lack the latest commits of the primary, so it is not asked.
      if (!['lost', 'read_only', 'crowded'].includes(meaningOf(error))) throw error
      await Bun.sleep(PAUSE_MILLISECONDS)
    }
  }
  return undefined
}

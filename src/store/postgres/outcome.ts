import type { Uuid } from '../../core/kernel/ids'
import type { Clock } from '../../core/kernel/time'
import type { LogPosition } from '../../core/messages/post-plan'
import type { PostgresClient } from './client'
import { meaningOf } from './error'
import type { PgDatabase } from './open'
import { findPlaces } from './posts'

/** How long it is asked for, and the pause between two attempts. */
const PATIENCE_MILLISECONDS = 5_000
const PAUSE_MILLISECONDS = 100

/**
 * What became of a group of messages whose connection broke on the way: the places of those that were written, which
 * are all or none. Undefined if the database cannot be asked.
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
          // The lock is held until a statement that is still on its way has ended.
          await tx`SELECT 1 FROM log_head FOR UPDATE`
          return findPlaces(tx, uuids)
        }),
      )
    } catch (error) {
      // A standby cannot say what the primary has.
      if (!['lost', 'read_only', 'crowded'].includes(meaningOf(error))) throw error
      await Bun.sleep(PAUSE_MILLISECONDS)
    }
  }
  return undefined
}

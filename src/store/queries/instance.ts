import { desc, eq, gt, inArray, sql } from 'drizzle-orm'
import type { Secrets, Seq } from '../../core/kernel/ids'
import type { Clock } from '../../core/kernel/time'
import { nextEpoch } from '../../core/log/epochs'
import { CLIENT_ID_TABLES, SKIPPED_IDS } from '../client-ids'
import type { Handle } from '../database'
import { OWN_FACTS, refuseMoved } from '../store-state'
import { findHead } from './log'

/**
 * Begins the log of a new store. Does nothing if it has begun.
 * @throws OperatorError moved_away, half_moved for a store that must not be served
 */
export async function beginLog(handle: Handle, clock: Clock, secrets: Secrets): Promise<void> {
  const { db, t } = handle
  await requireServable(handle)
  const epochs = await db.select().from(t.epochs).limit(1)
  if (epochs.length > 0) return
  await db.insert(t.logHead).values({ id: 1, seq: 0, accessSeq: 0, lastAt: clock.now() })
  await insertEpoch(handle, clock, secrets, { reason: 'created', from: undefined })
}

/** @throws OperatorError moved_away, half_moved for a store that must not be served */
export async function requireServable({ db, t }: Handle): Promise<void> {
  const own = await db
    .select()
    .from(t.instance)
    .where(inArray(t.instance.name, [...OWN_FACTS]))
  refuseMoved(new Map(own.map(({ name, value }) => [name, value])))
}

/** Every field is required, so that no store forgets one. */
interface NewEpoch {
  readonly reason: string
  /** Default: the next seq. */
  readonly from: Seq | undefined
}

/**
 * Begins an epoch at the next seq, or at an earlier one; the latter invalidates positions from there on that clients
 * hold, and deletes epochs that began later. Its ULID sorts after every former one, whatever the clock says. It
 * replaces an epoch in which nothing was written.
 */
async function insertEpoch(
  { db, t }: Handle,
  clock: Clock,
  secrets: Secrets,
  { reason, from }: NewEpoch,
): Promise<void> {
  const now = clock.now()
  const [last] = await db.select().from(t.epochs).orderBy(desc(t.epochs.firstSeq)).limit(1)
  const head = await findHead({ db, t })
  if (!head) throw new Error('the log has no head')
  const epoch = nextEpoch(last ? [last.epoch] : [], now, secrets.sha256(secrets.secret()))
  const begun = { epoch, startedAt: now, reason, mx: sql`(SELECT mx FROM log_head)` }
  const firstSeq = from ?? head.seq + 1
  await db
    .insert(t.epochs)
    .values({ firstSeq, ...begun })
    .onConflictDoUpdate({ target: t.epochs.firstSeq, set: begun })
  await db.delete(t.epochs).where(gt(t.epochs.firstSeq, firstSeq))
}

/**
 * Begins an epoch of a store that others know with later positions, such as a restored one. They know ids of ConfigSync,
 * too, which must not be given out again.
 */
export async function beginEpoch(
  handle: Handle,
  clock: Clock,
  secrets: Secrets,
  epoch: NewEpoch,
): Promise<void> {
  await insertEpoch(handle, clock, secrets, epoch)
  await handle.dialect.skipIds(handle.db, CLIENT_ID_TABLES, SKIPPED_IDS)
}

/** A fact about this instance, such as the DID of its key. */
export async function findFact({ db, t }: Handle, name: string): Promise<string | undefined> {
  const [row] = await db.select().from(t.instance).where(eq(t.instance.name, name))
  return row?.value
}

/** Notes a fact unless another process was faster. Returns the stored value. */
export async function noteFact(handle: Handle, name: string, value: string): Promise<string> {
  const { db, t } = handle
  await db.insert(t.instance).values({ name, value }).onConflictDoNothing()
  return (await findFact(handle, name)) ?? value
}

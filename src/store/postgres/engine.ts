/**
 * The engine for a Postgres database that several processes share. This folder may import what src/store may.
 * Start here: how a group becomes one statement, and an act a transaction. ../group-commit.ts says what a group is.
 */
import { eq } from 'drizzle-orm'
import { AppError } from '../../core/kernel/errors'
import type { Seq } from '../../core/kernel/ids'
import type { Clock } from '../../core/kernel/time'
import type { Found } from '../../core/messages/judge-post'
import type { LogPosition, PostPlan } from '../../core/messages/post-plan'
import type { Engine, Group, JudgedPost, Outcome, Transaction } from '../engine'
import { findHead, type LogHead } from '../queries/log'
import type { PostgresClient } from './client'
import { constraintOf, meaningOf, translate, wasSent } from './error'
import { handleOf, type PgDatabase } from './open'
import { findOutcome } from './outcome'
import { insertGroup, lookUp, needsLookUp, nothingFound } from './posts'

/** Another process changed rights, and this process has not read that event yet. */
class StaleRights extends Error {}

/**
 * Every write first locks the single row of log_head. So writers of all processes run one after another: seq has no
 * gaps and rises in commit order, and deadlocks cannot occur. The same step checks whether rights have changed since
 * the posts or acts were judged (`access_seq`); if so, nothing is written.
 */
export class PostgresEngine implements Engine {
  /** Posts are written by one statement. An act takes several, and posts do not wait for them. */
  readonly sharesCommits = false

  constructor(
    private readonly writer: PostgresClient<PgDatabase>,
    private readonly clock: Clock,
  ) {}

  async lookUp(plans: readonly PostPlan[]): Promise<Found> {
    return needsLookUp(plans) ? this.writer.ask((_, sql) => lookUp(sql, plans)) : nothingFound
  }

  async write({ posts, known }: Group): Promise<LogPosition | undefined> {
    try {
      return await this.writer.run((_, sql) => insertGroup(sql, posts, this.clock.now(), known))
    } catch (error) {
      // Another process used the same retry key after the look-up. The next look-up finds it.
      if (meaningOf(error) === 'duplicate' && constraintOf(error) === 'idempotency_key') return undefined
      if (meaningOf(error) === 'collision') return undefined
      throw error
    }
  }

  async transact<Result>(
    { known }: Group,
    run: (transaction: Transaction) => Promise<{ readonly head: LogHead; readonly result: Result }>,
  ): Promise<Result | undefined> {
    try {
      return await this.writer.run((writer) => writer.transaction((tx) => transactIn(tx, known, run)))
    } catch (error) {
      if (error instanceof StaleRights || meaningOf(error) === 'collision') return undefined
      throw error
    }
  }

  /** Looks for the ids of posts whose connection broke: they were written as a whole or not at all. */
  async outcome(posts: readonly JudgedPost[], error: unknown): Promise<Outcome> {
    const meaning = meaningOf(error)
    const isOpen = (meaning === 'lost' && wasSent(error)) || meaning === 'duplicate'
    if (posts.length > 0 && isOpen) {
      const uuids = posts.map(({ plan }) => plan.uuid)
      const positions = await findOutcome(this.writer, this.clock, uuids)
      const first = uuids[0] && positions?.get(uuids[0])
      if (first) return { kind: 'written', first }
      return { kind: positions && meaning === 'lost' ? 'retry' : 'failed' }
    }
    return { kind: meaning === 'other' && !(error instanceof AppError) ? 'split' : 'failed' }
  }

  translate(error: unknown): unknown {
    return translate(error)
  }
}

async function transactIn<Result>(
  tx: Pick<PgDatabase, 'select' | 'insert' | 'update' | 'delete' | '$count' | 'execute'>,
  known: Seq,
  run: (transaction: Transaction) => Promise<{ readonly head: LogHead; readonly result: Result }>,
): Promise<Result> {
  const handle = handleOf(tx)
  await tx.execute('SELECT 1 FROM log_head FOR UPDATE')
  const head = await findHead(handle)
  if (!head) throw new Error('the log has no head')
  if (head.accessSeq > known) throw new StaleRights()
  const done = await run({ handle, head, first: undefined })
  const { db, t } = handle
  const { seq, accessSeq, lastAt } = done.head
  if (seq !== head.seq) await db.update(t.logHead).set({ seq, accessSeq, lastAt }).where(eq(t.logHead.id, 1))
  return done.result
}

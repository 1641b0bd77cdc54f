// Postgres plans by statistics, which lag behind a table that grows at once, such as one that is imported.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import postgres from 'postgres'
import type { Reads, Writes } from '../../../src/core/kernel/ports'
import type { Micros } from '../../../src/core/kernel/time'
import type { PostPlan } from '../../../src/core/messages/post-plan'
import { systemSecrets } from '../../../src/platform'
import { drizzleOver, handleOf } from '../../../src/store/postgres/open'
import { lookUp } from '../../../src/store/postgres/posts'
import { createReads } from '../../../src/store/queries'
import { credentialWrites } from '../../../src/store/queries/credentials'
import { messageWrites } from '../../../src/store/queries/messages'
import { postgresMissing } from '../../support/postgres'
import { type Engine, openEngine } from '../engines'
import { annAndHerRooms, planOf, post } from '../scene'

// The first of these tests starts a server that all of them share.
setDefaultTimeout(120_000)

const ROWS = 5000
const SOME = [1, 2, 3]
const AT = 0 as Micros
const MANY = Array.from({ length: 300 }, (_, i) => i + 20)
const GROWN = ['messages', 'events', 'inbox', 'threads', 'thread_members', 'sessions']

interface Plan {
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly 'Rows Removed by Join Filter'?: number
  readonly Plans?: readonly Plan[]
}

/** The number of rows that the steps of a statement produced or discarded. */
function rowsOf(plan: Plan): number {
  const each =
    plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0) + (plan['Rows Removed by Join Filter'] ?? 0)
  return (plan.Plans ?? []).reduce((sum, part) => sum + rowsOf(part), each * plan['Actual Loops'])
}

describe.skipIf(postgresMissing)('tables that the planner takes for empty', () => {
  let engine: Engine
  let reads: Reads
  let connection: postgres.Sql
  let reply: PostPlan
  let writes: Pick<Writes, 'updateBodies' | 'noteUses'>
  let noted: { readonly text: string; readonly values: never[] }[] = []

  beforeAll(async () => {
    engine = await openEngine('postgres')
    const { ann, plans } = await annAndHerRooms(engine.store)
    const { seq, uuid } = await post(engine.store, { sender: ann, channel: plans, body: 'first' })
    reply = planOf({ sender: ann, channel: plans, body: 'reply', replyTo: uuid, threadId: uuid })
    const numbers = `generate_series(1, ${ROWS}) AS n`
    await engine.sql(
      `INSERT INTO messages (seq, uuid, channel_id, sender_id, at, flags, body)
       SELECT seq + n, gen_random_uuid(), channel_id, sender_id, at, flags, 'more'
       FROM messages, ${numbers} WHERE seq = ${seq}`,
    )
    await engine.sql(
      `INSERT INTO events (seq, at, type, channel_id, subject, actor_id)
       SELECT seq, at, 'message.created', channel_id, seq, sender_id FROM messages WHERE seq > ${seq}`,
    )
    await engine.sql(
      `INSERT INTO inbox (account_id, seq, message_seq, channel_id, reasons, state, state_at)
       SELECT sender_id, seq, seq, channel_id, 1, 0, at FROM messages`,
    )
    await engine.sql(`INSERT INTO thread_members (root_seq, account_id) SELECT seq, sender_id FROM messages`)
    await engine.sql(
      `INSERT INTO threads (root_seq, reply_count, last_reply_seq) SELECT seq, 1, seq FROM messages`,
    )
    await engine.sql(
      `INSERT INTO sessions (id, uuid, account_id, hash, created_at, expires_at)
       SELECT seq, uuid, sender_id, uuid::text, at, at FROM messages`,
    )
    // As it is after an ANALYZE while the rows are being written.
    const names = GROWN.map((name) => `'${name}'`).join()
    await engine.sql(
      `UPDATE pg_class SET reltuples = 1, relpages = pg_relation_size(oid) / 8192 WHERE relname IN (${names})`,
    )
    if (engine.location.kind !== 'postgres') throw new Error('this engine is not Postgres')
    connection = postgres(engine.location.url, {
      max: 1,
      fetch_types: false,
      debug: (_connection, text, values) => noted.push({ text, values: values as never[] }),
    })
    const handle = handleOf(drizzleOver(connection))
    reads = createReads(handle)
    const stamp = { ...systemSecrets, now: () => AT }
    writes = { ...messageWrites(handle), ...credentialWrites(handle, stamp) }
  })
  afterAll(async () => {
    await connection?.end()
    await engine?.[Symbol.asyncDispose]()
  })

  test.each<[string, (reads: Reads) => Promise<unknown>]>([
    ['messages that a post refers to', () => lookUp(connection, [reply])],
    ['texts that are replaced', () => writes.updateBodies(MANY.map((seq) => ({ seq, body: 'new' })))],
    ['uses that are noted', () => writes.noteUses('sessions', new Map(MANY.map((id) => [id, AT])))],
    ['messages', ({ messagesBySeq }) => messagesBySeq(SOME, { includeDeleted: false })],
    ['events', ({ eventsAt }) => eventsAt(SOME)],
    ['items of the inbox', ({ inboxRowsOf }) => inboxRowsOf(1, SOME)],
    ['members of threads', ({ threadMember }) => threadMember(1, SOME)],
  ])('%s are found without comparing each row with every other', async (_, read) => {
    noted = []
    await read(reads)
    const asked = [...noted]
    expect(asked.length).toBeGreaterThan(0)
    for (const { text, values } of asked) {
      const [row] = await connection.unsafe<{ 'QUERY PLAN': [{ Plan: Plan }] }[]>(
        `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`,
        values,
      )
      if (!row) throw new Error('the statement has no plan')
      expect(rowsOf(row['QUERY PLAN'][0].Plan)).toBeLessThan(10 * ROWS)
    }
  })

  test('the budget by which a reply was judged is compared without reading the budgets of other threads', async () => {
    // Statements before this one may not have been counted yet.
    const countOf = async (sql: postgres.TransactionSql): Promise<number[]> => {
      const rows = await sql<{ rows: string }[]>`
        SELECT coalesce(idx_tup_fetch, 0) + seq_tup_read AS rows FROM pg_stat_xact_user_tables
        WHERE relname IN ('threads', 'thread_members') ORDER BY relname`
      return rows.map(({ rows }) => Number(rows))
    }
    const [before, after] = await connection.begin(async (tx) => {
      const [root] = await tx`SELECT seq, channel_id, sender_id FROM messages ORDER BY seq LIMIT 1`
      const { seq, channel_id, sender_id } = root ?? {}
      const text = { uuid: '0197a1b2-c3d4-7e5f-8a6b-0c1d2e3f4a5b', flags: 0, body: 'reply' }
      const given = [{ i: 1, ...text, channel_id, sender_id, thread_seq: seq, spent: 1, corrected: false }]
      const judged = [{ root_seq: seq, account_id: sender_id, reset: 0, spent: 0 }]
      const values = [JSON.stringify(given), JSON.stringify(judged), Number.MAX_SAFE_INTEGER]
      const before = await countOf(tx)
      const append = 'SELECT base FROM append_posts($1, NULL, NULL, $2, now(), $3)'
      expect(await tx.unsafe(append, values)).toHaveLength(1)
      return [before, await countOf(tx)] as const
    })
    const read = after.map((rows, i) => rows - (before[i] ?? 0))
    expect(read).toHaveLength(2)
    expect(Math.max(...read)).toBeLessThan(10)
  })
})

/** Moves of whole stores within this process: what arrives, and what is refused. */

import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { OperatorError } from '../../src/core/kernel/operator-error'
import { systemClock, systemSecrets } from '../../src/platform'
import {
  moveStore,
  openPostgresAdapter,
  openSqliteAdapter,
  type Progress,
  type StoreAdapter,
} from '../../src/transfer'
import { Checksum } from '../../src/transfer/canonical'
import { pagesOf } from '../../src/transfer/pages'
import { rowOf, type Value, valueIn } from '../../src/transfer/store-adapter'
import { type ColumnKind, TABLES, type TableMeta, tableNamed } from '../../src/transfer/table-meta'
import { rejectionOf } from '../home/temporary'
import { fastDirectory } from '../support/fast-directory'
import { postgresMissing, sharedPostgres } from '../support/postgres'

const ROWS = 3

/** A different value of each kind for every row; the first row holds difficult values. */
function sample(kind: ColumnKind, table: TableMeta, column: string, n: number): Value {
  switch (kind) {
    case 'integer':
      return n
    case 'boolean':
      return n % 2 === 0
    case 'uuid':
      return `0197a1b2-c3d4-7e5f-8a6b-${table.name.length.toString(16).padStart(4, '0')}${String(n).padStart(8, '0')}`
    case 'instant':
      return 1_778_169_376_123_456 + n
    case 'json':
      return n === 1 ? '{"a":[1,2.5,null,"ü 💬"],"zoë":{"b":true,"c":""}}' : '[]'
    case 'text':
      return n === 1 ? `${column} "quoted" \\ ü 💬\n\ttab ${'x'.repeat(20_000)}` : `${column} ${n}`
  }
}

/** Adds rows to every table; in the last row every nullable column is null. */
async function fill(adapter: StoreAdapter, nullable: ReadonlySet<string>): Promise<void> {
  await adapter.transact(async (write) => {
    for (const table of TABLES)
      for (let n = 1; n <= ROWS; n++) {
        const values = table.columns.map(({ name, kind }) => [
          name,
          n === ROWS && nullable.has(`${table.name}.${name}`) ? null : sample(kind, table, name, n),
        ])
        await write.insert(table, [rowOf(table, Object.fromEntries(values))])
      }
  })
}

/** Checksums of the rows of `fill`: a move adds an entry of its own to the audit log. */
async function checksums(adapter: StoreAdapter): Promise<Record<string, string>> {
  const sums: Record<string, string> = {}
  for (const table of TABLES) {
    const sum = new Checksum()
    for await (const page of pagesOf(adapter, table))
      sum.add(table.name === 'audit' ? page.slice(0, ROWS) : page)
    sums[table.name] = `${sum.rows} ${sum.digest()}`
  }
  return sums
}

/** The nullable columns of the schema. */
const nullable = new Set([
  ...['accounts.email', 'accounts.password_hash', 'accounts.chain_limit', 'accounts.archived_at'],
  ...['tokens.name', 'tokens.last_used_at', 'tokens.expires_at', 'tokens.revoked_at', 'channels.description'],
  ...['sessions.ip', 'sessions.user_agent', 'messages.thread_seq', 'messages.reply_seq', 'messages.extra'],
  ...['messages.edited_at', 'messages.deleted_at', 'events.channel_id', 'events.actor_id', 'events.data'],
  ...['webhooks.uuid', 'webhooks.url', 'webhooks.secret_sealed', 'webhooks.former_secret_sealed'],
  ...['attachments.message_seq', 'attachments.width', 'attachments.height'],
])

const ignore = () => {}
const move = (from: StoreAdapter, to: StoreAdapter, onProgress: (progress: Progress) => void = ignore) =>
  moveStore({ from, to, target: 'elsewhere', clock: systemClock, secrets: systemSecrets, onProgress })

/** The audit entries after the rows of `fill`. */
async function writtenDown(adapter: StoreAdapter): Promise<unknown[]> {
  const audit = tableNamed('audit')
  const rows = await adapter.page(audit, [ROWS], 100)
  return rows.map((row) => ['id', 'action', 'via'].map((column) => valueIn(audit, row, column)))
}
const moveNumber = (n: number) => [ROWS + n, 'migrate', 'operator']

describe('a store', () => {
  test.skipIf(postgresMissing)('every table is identical after a move to Postgres and back', async () => {
    using directory = fastDirectory()
    const server = await sharedPostgres()
    await using first = openSqliteAdapter(join(directory.path, 'first.db'))
    await fill(first, nullable)
    const before = await checksums(first)
    expect(Object.values(before).filter((sum) => sum.startsWith(`${ROWS} `))).toHaveLength(TABLES.length)

    await using second = await openPostgresAdapter(await server.createDatabase())
    const moved = await move(first, second)
    expect(moved).toMatchObject({ epoch: 'epoch 3', headSeq: 1 })
    expect(moved.rows).toEqual(Object.fromEntries(TABLES.map(({ name }) => [name, ROWS])))
    expect(await checksums(second)).toEqual(before)

    await using third = await openPostgresAdapter(await server.createDatabase())
    await move(second, third)
    await using fourth = openSqliteAdapter(join(directory.path, 'fourth.db'))
    await move(third, fourth)
    expect(await checksums(fourth)).toEqual(before)
    // The target of each move records it once, and the source stays unchanged.
    expect(await writtenDown(first)).toEqual([])
    expect(await writtenDown(second)).toEqual([moveNumber(1)])
    expect(await writtenDown(fourth)).toEqual([moveNumber(1), moveNumber(2), moveNumber(3)])
  })

  test('a move reports its progress up to the last row', async () => {
    using directory = fastDirectory()
    await using from = openSqliteAdapter(join(directory.path, 'from.db'))
    await using to = openSqliteAdapter(join(directory.path, 'to.db'))
    await fill(from, nullable)
    const steps: Progress[] = []
    await move(from, to, (step) => steps.push(step))
    const total = TABLES.length * ROWS
    for (const phase of ['copying', 'verifying'] as const) {
      const done = steps.filter((step) => step.phase === phase).map((step) => step.done)
      expect(done).toEqual(done.toSorted((a, b) => a - b))
      expect(done.at(-1)).toBe(total)
    }
  })

  test('a row that arrives changed fails the move, and the source stays in service', async () => {
    using directory = fastDirectory()
    await using from = openSqliteAdapter(join(directory.path, 'from.db'))
    await using to = openSqliteAdapter(join(directory.path, 'to.db'))
    await fill(from, nullable)
    const careless: StoreAdapter = {
      ...to,
      transact: (work) =>
        to.transact((write) =>
          work({
            ...write,
            insert: (table, rows) =>
              write.insert(
                table,
                rows.map((row) => row.map((value) => (value === 'body 2' ? 'body 3' : value))),
              ),
          }),
        ),
    }
    const error = await rejectionOf(move(from, careless))
    expect(error).toMatchObject({
      kind: 'failed',
      problem: expect.stringContaining('table messages differs'),
    })
    expect((await from.facts()).has('retired_to')).toBeFalse()
    expect((await to.facts()).has('moving_in')).toBeTrue()
  })

  test('a text that Postgres cannot store fails the move with the reason', async () => {
    if (postgresMissing) return
    using directory = fastDirectory()
    await using from = openSqliteAdapter(join(directory.path, 'from.db'))
    await fill(from, nullable)
    await from.transact((write) =>
      write.run("UPDATE messages SET body = 'a' || char(0) || 'b' WHERE seq = 2"),
    )
    await using to = await openPostgresAdapter(await (await sharedPostgres()).createDatabase())
    expect(await rejectionOf(move(from, to))).toMatchObject({
      kind: 'failed',
      problem: expect.stringContaining('NUL'),
    })
    expect((await from.facts()).has('retired_to')).toBeFalse()
  })
})

describe('continuing a move', () => {
  /** A target that fails at one transaction, as if the process had ended there. */
  const failing = (to: StoreAdapter, at: number): StoreAdapter => {
    let transactions = 0
    return {
      ...to,
      transact: async (work) => {
        if (++transactions === at) throw new Error('the end')
        await to.transact(work)
      },
    }
  }

  test('a move can continue wherever it was interrupted', async () => {
    using directory = fastDirectory()
    let ended = false
    for (let at = 1; !ended; at++) {
      await using from = openSqliteAdapter(join(directory.path, `from-${at}.db`))
      await using to = openSqliteAdapter(join(directory.path, `to-${at}.db`))
      await fill(from, nullable)
      const before = await checksums(from)
      const first = await move(from, failing(to, at)).catch((error: Error) => error.message)
      ended = first !== 'the end'
      // A finished move cannot be repeated.
      if (ended)
        expect((await rejectionOf(move(from, to))) as OperatorError).toMatchObject({ kind: 'conflict' })
      else expect(await move(from, to)).toMatchObject({ epoch: 'epoch 3' })
      expect(await checksums(to)).toEqual(before)
      expect(await writtenDown(to)).toEqual([moveNumber(1)])
      expect((await from.facts()).get('retired_to')).toBe('elsewhere')
      expect((await to.facts()).has('moving_in')).toBeFalse()
    }
  })

  test('a move does not continue if the source has changed since or is another store', async () => {
    using directory = fastDirectory()
    await using from = openSqliteAdapter(join(directory.path, 'from.db'))
    await using to = openSqliteAdapter(join(directory.path, 'to.db'))
    await using other = openSqliteAdapter(join(directory.path, 'other.db'))
    await fill(from, nullable)
    await fill(other, nullable)
    await other.transact((write) => write.run("UPDATE epochs SET epoch = 'another' WHERE first_seq = 3"))
    await rejectionOf(move(from, failing(to, 6)))
    expect(await rejectionOf(move(other, to))).toMatchObject({
      kind: 'conflict',
      problem: expect.stringContaining('another store'),
    })
    await from.transact((write) => write.run('UPDATE log_head SET seq = 9 WHERE id = 1'))
    expect(await rejectionOf(move(from, to))).toMatchObject({
      kind: 'conflict',
      problem: expect.stringContaining('the source has changed'),
    })
  })
})

test('a move needs a source with a log and an empty target', async () => {
  using directory = fastDirectory()
  await using empty = openSqliteAdapter(join(directory.path, 'empty.db'))
  await using full = openSqliteAdapter(join(directory.path, 'full.db'))
  await using from = openSqliteAdapter(join(directory.path, 'from.db'))
  await fill(full, nullable)
  await fill(from, nullable)
  const before = await checksums(full)
  expect(await rejectionOf(move(empty, full))).toBeInstanceOf(OperatorError)
  expect(await rejectionOf(move(from, full))).toMatchObject({
    kind: 'conflict',
    problem: expect.stringContaining('not empty'),
  })
  expect(await checksums(full)).toEqual(before)
})

import { expect, test } from 'bun:test'
import postgres from 'postgres'
import { PostgresClient } from '../../../src/store/postgres/client'
import { rejectionOf } from '../../home/temporary'
import { postgresMissing, sharedPostgres } from '../../support/postgres'

/** A client with one connection, and the number of connections opened so far. */
async function scene(patienceMs = 5000) {
  const url = await (await sharedPostgres()).createDatabase()
  let opened = 0
  const client = new PostgresClient(
    () => {
      opened++
      return postgres(url, { max: 1, onnotice: () => {} })
    },
    (sql) => sql,
    patienceMs,
    0,
  )
  return { client, opened: () => opened, [Symbol.asyncDispose]: () => client.close() }
}

const one = (sql: postgres.Sql) => sql`SELECT 1 AS n`

test.skipIf(postgresMissing)(
  'a connection that breaks in a transaction is replaced, and the next operation succeeds',
  async () => {
    await using s = await scene()
    const broken = s.client.run((sql) =>
      sql.begin(async (tx) => {
        await tx`SELECT pg_terminate_backend(pg_backend_pid())`
        await tx`SELECT 1`
      }),
    )
    expect(await rejectionOf(broken)).toBeInstanceOf(Error)
    expect([...(await s.client.run(one))]).toEqual([{ n: 1 }])
    expect(s.opened()).toBe(2)
  },
)

test.skipIf(postgresMissing)('a connection is given up when an answer takes too long', async () => {
  await using s = await scene(200)
  expect(await rejectionOf(s.client.run((sql) => sql`SELECT pg_sleep(5)`))).toMatchObject({
    code: 'ETIMEDOUT',
  })
  expect([...(await s.client.run(one))]).toEqual([{ n: 1 }])
  expect(s.opened()).toBe(2)
})

test.skipIf(postgresMissing)('an invalid statement does not cost the connection', async () => {
  await using s = await scene()
  expect(await rejectionOf(s.client.run((sql) => sql`SELECT nonsense`))).toMatchObject({ code: '42703' })
  expect([...(await s.client.run(one))]).toEqual([{ n: 1 }])
  expect(s.opened()).toBe(1)
})

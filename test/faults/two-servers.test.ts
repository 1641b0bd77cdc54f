// Two servers compete for the same home or database: one gets it, the other names the first and ends with 5.
import { expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { Site } from '../support/site'

setDefaultTimeout(120_000)

const anyPort = ['--port', '0'] as const

test('a second server on the same home ends with 5 and names the first', async () => {
  await using site = new Site()
  const server = await site.serve()
  const { code, stderr } = await site.run('serve', ...anyPort)
  expect(code).toBe(5)
  expect(stderr).toContain(`already running on ${site.home}`)
  expect(stderr).toContain(`pid ${server.pid}`)
  expect((await server.operator.get('/readyz')).status).toBe(200)
  // The files that a killed server leaves behind do not stop the next start.
  await server.kill()
  const next = await site.serve()
  expect((await next.operator.get('/readyz')).status).toBe(200)
})

test('a second server on the same database from another home ends with 5 and names the file', async () => {
  await using one = new Site()
  await using other = new Site()
  const path = join(one.directory, 'shared.db')
  const settings = { SYNAPSE_DATABASE_URL: `sqlite:${path}` }
  const server = await one.serveWith(settings)
  const inHome = await other.serve()
  const [outside, inside] = await Promise.all([
    other.run('serve', ...anyPort, '--home', `${other.home}-2`, '--database-url', `sqlite:${path}`),
    // The same holds when the database is in the home of one of them.
    one.run(
      'serve',
      ...anyPort,
      '--home',
      `${one.home}-2`,
      '--database-url',
      `sqlite:${other.paths.database}`,
    ),
  ])
  for (const { code, stderr } of [outside, inside]) {
    expect(code).toBe(5)
    expect(stderr).toContain('another synapse process uses this database')
  }
  expect(outside.stderr).toContain(path)
  for (const { operator } of [server, inHome]) expect((await operator.get('/readyz')).status).toBe(200)
})

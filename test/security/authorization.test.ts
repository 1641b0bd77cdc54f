import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { undeployedEndpoints } from '../../scripts/offline-endpoints'
import { Cast, mayRead } from './cast'
import { Judge } from './judge'
import { administrates, isListed, observes } from './rules'
import { living, names } from './scene'
import { table } from './table'

/*
 * The access matrix: table.ts has the calls, rules.ts the contract, scene.ts the callers and the state, things.ts the
 * subjects of the calls. Every combination is tested.
 */
setDefaultTimeout(120_000)

let cast: Cast
beforeAll(async () => {
  cast = await Cast.open()
})
afterAll(() => cast[Symbol.asyncDispose]())

const shapeOf = (call: string) => call.replace(/\?.*/, '').replace(/\{\w+\}/g, '{}')

test('every endpoint has a rule in the table', () => {
  // Every endpoint of ConfigSync has the same rule (test/configsync/door.test.ts); the tools of MCP have those of the
  // endpoints that they call (test/mcp/access.test.ts). The console's pages are public (test/http/console.test.ts). What
  // administers the homeserver exists only with one (test/matrix/administration.test.ts).
  const elsewhere = ['Console', 'ConfigSync', 'MCP', 'Matrix administration']
  const judged = undeployedEndpoints().filter(({ tag }) => !elsewhere.includes(tag))
  const there = new Set(
    judged.map(({ method, path }) => shapeOf(`${method} ${path.replace(/\/:(\w+)/g, '/{$1}')}`)),
  )
  expect([...new Set(table.map(([call]) => shapeOf(call)))].toSorted()).toEqual([...there].toSorted())
})

test.each(names)(
  '%s gets from every endpoint what the contract says, and a refusal leaves no trace',
  async (name) => {
    const judge = new Judge(cast)
    for (const row of table) await judge.judge(cast.who(name), row)
    expect(judge.wrong).toEqual([])
  },
)

describe.each(living)('answers that depend on the caller: %s', (name) => {
  test('every way of reading shows exactly the messages of the channels that the caller may read', async () => {
    const who = cast.who(name)
    const places = [...cast.places.values()]
    const expected = places.filter((room) => mayRead(who, room)).map(({ slug }) => slug)
    // A broadcast mentions members, and not observers.
    const mentioning = expected.filter((slug) => slug in who.rooms)
    for (const path of [
      '/v1/messages?channel=*&since=oldest&limit=200',
      '/v1/messages?channel=*&mentions_me=true&since=oldest&limit=200',
      '/v1/events?type=message.created&since=oldest&limit=500',
    ]) {
      const { text } = await who.caller.get(path)
      const found = places.filter(({ message }) => text.includes(`"id":"${message}"`))
      const wanted = path.includes('mentions_me') ? mentioning : expected
      expect({ path, found: found.map(({ slug }) => slug) }).toEqual({ path, found: wanted })
    }
  })

  test('the channel list shows the channels of the caller, and public ones on request', async () => {
    const who = cast.who(name)
    const listed = [...cast.places.values()].filter((room) => isListed(who, room)).map(({ slug }) => slug)
    const slugs = async (query: string) => {
      const { body } = await who.caller.get<{ channels: { slug: string }[] }>(`/v1/channels${query}`)
      return body.channels.map(({ slug }) => slug)
    }
    expect(await slugs('')).toEqual(listed.toSorted())
    const found = [...cast.places.values()].filter(
      (room) => !room.isArchived && room.kind === 'private' && observes(who, room),
    )
    const discovered = new Set([...listed, 'plaza', ...found.map(({ slug }) => slug)])
    expect(await slugs('?include=discoverable')).toEqual([...discovered].toSorted())
  })

  test('only administrators see the full health report', async () => {
    const who = cast.who(name)
    const { body } = await who.caller.get('/v1/health')
    expect('epoch' in body).toBe(administrates(who))
  })
})

test('no text of a user is in the log, the metrics, the audit log or the settings', async () => {
  const operator = cast.who('operator')
  const judge = new Judge(cast)
  for (const row of table.filter(([call]) => call.includes('/messages')))
    await judge.judge(cast.who('human-session'), row)
  const texts = ['/metrics', '/v1/admin/audit?limit=500', '/v1/config', '/v1/config-history', '/v1/health']
  const answers = await Promise.all(texts.map((path) => operator.caller.get(path)))
  expect(answers.map(({ status }) => status)).toEqual(texts.map(() => 200))
  // The log is complete once the server has ended.
  await cast.w.restart()
  expect(cast.w.log).toContain('"route":"POST /v1/messages"')
  for (const text of [cast.w.log, ...answers.map((answer) => answer.text)])
    expect(cast.canaries.in(text)).toEqual([])
})

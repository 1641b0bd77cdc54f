import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { PASSWORD, type Person, type World, world } from '../support/world'
import { leavesNoTrace } from './refusals'
import { cases, rowsOf } from './retry-keys'

let w: World
let ann: Person
let bob: Person
let chief: Person

beforeAll(async () => {
  w = await world({ settings: { SYNAPSE_DRAIN: 'on' } })
  await w.channel('general')
  ann = await w.agent('ann', { channels: { general: 'member' } })
  bob = await w.human('bob', { channels: { general: 'member' } })
  chief = await w.human('chief', { isAdmin: true })
})
afterAll(() => w[Symbol.asyncDispose]())

describe('while the server drains', () => {
  test('every write is refused with 503 and Retry-After, and nothing is stored', async () => {
    const writes = [
      () => ann.post('/v1/messages', { channel: 'general', body: 'hi' }),
      () => bob.post('/v1/messages', { channel: 'general', body: 'hi' }),
      () => chief.post('/v1/admin/channels', { slug: 'other', name: 'Other' }),
      () => chief.post('/v1/admin/accounts', { kind: 'agent', handle: 'eve' }),
    ]
    for (const write of writes)
      await leavesNoTrace(w, async () => {
        const { status, body, headers } = await write()
        expect({ status, body, wait: headers.get('retry-after') }).toMatchObject({
          status: 503,
          body: { code: 'draining', retry_after: 30 },
          wait: '30',
        })
      })
  })

  test('a missing credential is refused before the drain is', async () => {
    expect((await w.guest.post('/v1/messages', {})).status).toBe(401)
  })

  test('reads, sign-in, sign-out, long polls and streams keep working', async () => {
    expect((await ann.get('/v1/messages?channel=general')).status).toBe(200)
    expect((await ann.get('/v1/messages?channel=general&wait=0')).status).toBe(200)
    const login = await w.guest.post('/v1/auth/login', { handle: 'bob', password: PASSWORD })
    expect(login.status).toBe(200)
    const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? ''
    expect((await w.caller({ cookie }).post('/v1/auth/logout')).status).toBe(200)
    const stream = await fetch(`${w.url}/v1/events`, {
      headers: { ...ann.credential, accept: 'text/event-stream' },
    })
    const first = await stream.body?.getReader().read()
    expect(new TextDecoder().decode(first?.value)).toContain('event: hello')
  })

  test('the operator can still write', async () => {
    expect((await w.operator.post('/v1/admin/channels', { slug: 'rescue', name: 'Rescue' })).status).toBe(201)
  })

  test('the server is alive and not ready', async () => {
    expect((await w.guest.get('/healthz')).status).toBe(200)
    const { status, body } = await w.guest.get('/readyz')
    expect({ status, body }).toEqual({
      status: 503,
      body: { status: 'draining', checks: { db: 'ok', migrations: 'ok', disk: 'ok' } },
    })
    expect((await w.operator.get('/v1/health')).body).toMatchObject({ draining: true })
  })

  test('administrators can see what is still in progress', async () => {
    expect((await chief.get('/v1/admin/drain')).body).toEqual({
      draining: true,
      in_flight: 0,
      outbox_pending: 0,
      pairs_behind: 0,
    })
    expect((await ann.get('/v1/admin/drain')).status).toBe(403)
  })
})

test('a draining server refuses every POST of an account except sign-out', async () => {
  await using own = await world()
  const samples = []
  for (const [i, { post, sample, isLocal }] of cases.entries())
    if (!isLocal) samples.push({ post, ...(await sample(own, `n${i}`)) })
  await own.operator.put('/v1/config/drain', { value: true })
  const before = await rowsOf(own)
  const answered: string[] = []
  for (const { post, by, path, body } of samples)
    if ((await by(own).post(path, body)).status !== 503) answered.push(post)
  // In an answer of MCP, the result of the tool says it.
  expect(answered).toEqual(['/mcp', '/v1/auth/logout'])
  const { sessions = 0, events = 0, audit = 0 } = before
  expect(await rowsOf(own)).toEqual({
    ...before,
    sessions: sessions - 1,
    events: events + 1,
    audit: audit + 1,
  })
})

test.each(['prune', 'gc'])(
  'a draining server refuses %s of ConfigSync, also when it would only count',
  async (what) => {
    for (const dry_run of [true, false]) {
      const { status, body } = await chief.post(`/v1/admin/configsync/${what}`, { dry_run })
      expect({ status, body }).toMatchObject({ status: 503, body: { code: 'draining' } })
    }
  },
)

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Person, type World, world } from '../support/world'
import { expectRefusal, leavesNoTrace } from './refusals'

/** A cookie acts only for our own pages (docs/contract/conventions.md#cross-site-requests). */
let w: World
let bob: Person
let ann: Person
let own: string

beforeAll(async () => {
  w = await world({
    settings: {
      SYNAPSE_AUTH_CORS_ORIGINS: 'https://friend.example',
      SYNAPSE_BASE_URL: 'https://chat.example.org',
    },
  })
  await w.channel('general')
  bob = await w.human('bob', { channels: { general: 'member' } })
  ann = await w.agent('ann', { channels: { general: 'member' } })
  own = w.url
})
afterAll(() => w[Symbol.asyncDispose]())

const post = (person: Person, headers: Record<string, string>) =>
  person.post('/v1/messages', { channel: 'general', body: 'hi' }, headers)

describe('a write with a session cookie is accepted', () => {
  const rows: [string, () => Record<string, string>][] = [
    ['from a client without Origin and Sec-Fetch-Site', () => ({})],
    ['from the server’s own page', () => ({ 'sec-fetch-site': 'same-origin', origin: own })],
    ['from a page that the browser calls same-origin', () => ({ 'sec-fetch-site': 'same-origin' })],
    ['from a navigation by the user', () => ({ 'sec-fetch-site': 'none' })],
    ['from the server’s own origin', () => ({ origin: own })],
    ['from the public origin', () => ({ origin: 'https://chat.example.org' })],
    ['from the public origin in upper case', () => ({ origin: 'HTTPS://Chat.Example.org' })],
    ['from a listed origin', () => ({ origin: 'https://friend.example', 'sec-fetch-site': 'cross-site' })],
  ]
  test.each(rows)('a cookie is accepted %s', async (_, headers) => {
    expect((await post(bob, headers())).status).toBe(201)
  })
})

describe('a write with a session cookie is refused', () => {
  const rows: [string, Record<string, string>][] = [
    ['from another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['from another site in an old browser', { origin: 'https://evil.example' }],
    ['from another subdomain', { origin: 'https://other.example.org', 'sec-fetch-site': 'same-site' }],
    ['from another site without an Origin', { 'sec-fetch-site': 'cross-site' }],
    ['from another subdomain without an Origin', { 'sec-fetch-site': 'same-site' }],
    ['from a sandboxed page', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
    ['from the same host on another port', { origin: 'http://127.0.0.1:1' }],
    ['from the same host with another scheme', { origin: 'http://chat.example.org' }],
    ['from a host that begins like a listed one', { origin: 'https://friend.example.evil.example' }],
    ['from a page below a listed origin', { origin: 'https://friend.example/page' }],
  ]
  test.each(rows)('a cookie is refused %s', async (_, headers) => {
    await leavesNoTrace(w, async () => {
      const answer = await post(bob, headers)
      expect([answer.status, answer.body.code]).toEqual([403, 'origin_not_allowed'])
    })
  })

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
    'a cookie from another site is refused for %s',
    async (method) => {
      const path = method === 'POST' ? '/v1/auth/logout' : '/v1/admin/accounts/x'
      const { status } = await bob.request(method, path, {}, { origin: 'https://evil.example' })
      expect(status).toBe(method === 'PUT' || method === 'DELETE' ? 405 : 403)
      expect((await bob.get('/v1/auth/me')).status).toBe(200)
    },
  )
})

test('reading with a cookie needs no origin', async () => {
  for (const origin of ['https://evil.example', 'null'])
    expect(
      (await bob.get('/v1/messages?channel=general', { origin, 'sec-fetch-site': 'cross-site' })).status,
    ).toBe(200)
})

test('a token is accepted from any page, because browsers never send it on their own', async () => {
  const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
  expect((await post(ann, headers)).status).toBe(201)
})

test('an invalid cookie is refused before its origin is checked', async () => {
  const caller = w.caller({ cookie: 'synapse_session=nonsense', origin: 'https://evil.example' })
  expectRefusal(await caller.post('/v1/auth/logout'), 401, {
    code: 'invalid_session',
    detail: 'Invalid session',
  })
})

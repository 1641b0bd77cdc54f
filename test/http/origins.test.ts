import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Person, type World, world } from '../support/world'
import { expectRefusal, leavesNoTrace } from './refusals'

/** §26.4: a cookie acts only for our own pages. */
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

describe('a cookie may act', () => {
  const rows: [string, () => Record<string, string>][] = [
    ['for what is no browser: neither header', () => ({})],
    ['for our own page', () => ({ 'sec-fetch-site': 'same-origin', origin: own })],
    ['for our own page, as the browser says', () => ({ 'sec-fetch-site': 'same-origin' })],
    ['for what the person typed', () => ({ 'sec-fetch-site': 'none' })],
    ['for our own origin', () => ({ origin: own })],
    ['for the public origin', () => ({ origin: 'https://chat.example.org' })],
    ['for the public origin in another case', () => ({ origin: 'HTTPS://Chat.Example.org' })],
    ['for a listed origin', () => ({ origin: 'https://friend.example', 'sec-fetch-site': 'cross-site' })],
  ]
  test.each(rows)('%s', async (_, headers) => {
    expect((await post(bob, headers())).status).toBe(201)
  })
})

describe('a cookie may not act', () => {
  const rows: [string, Record<string, string>][] = [
    ['for another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['for another site of an old browser', { origin: 'https://evil.example' }],
    ['for a sister site', { origin: 'https://other.example.org', 'sec-fetch-site': 'same-site' }],
    ['for a site that hides', { 'sec-fetch-site': 'cross-site' }],
    ['for a sister site that hides', { 'sec-fetch-site': 'same-site' }],
    ['for a sandboxed page', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
    ['for our name on another port', { origin: 'http://127.0.0.1:1' }],
    ['for our name under another scheme', { origin: 'http://chat.example.org' }],
    ['for a name that begins like a listed one', { origin: 'https://friend.example.evil.example' }],
    ['for a page of a listed origin', { origin: 'https://friend.example/page' }],
  ]
  test.each(rows)('%s', async (_, headers) => {
    await leavesNoTrace(w, async () => {
      const answer = await post(bob, headers)
      expect([answer.status, answer.body.code]).toEqual([403, 'origin_not_allowed'])
    })
  })

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])('by %s', async (method) => {
    const path = method === 'POST' ? '/v1/auth/logout' : '/v1/admin/accounts/x'
    const { status } = await bob.request(method, path, {}, { origin: 'https://evil.example' })
    expect(status).toBe(method === 'PUT' || method === 'DELETE' ? 405 : 403)
    expect((await bob.get('/v1/auth/me')).status).toBe(200)
  })
})

test('reading with a cookie needs no origin', async () => {
  for (const origin of ['https://evil.example', 'null'])
    expect(
      (await bob.get('/v1/messages?channel=general', { origin, 'sec-fetch-site': 'cross-site' })).status,
    ).toBe(200)
})

test('a token may act for any page: no browser sends it by itself', async () => {
  const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
  expect((await post(ann, headers)).status).toBe(201)
})

test('a bad cookie is refused for what it is, before its origin is looked at', async () => {
  const caller = w.caller({ cookie: 'synapse_session=nonsense', origin: 'https://evil.example' })
  expectRefusal(await caller.post('/v1/auth/logout'), 401, {
    code: 'invalid_session',
    detail: 'Invalid session',
  })
})

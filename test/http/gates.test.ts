import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Answer, type Caller, DAY, type Fields, type Person, type World, world } from '../support/world'
import { expectRefusal, leavesNoTrace } from './refusals'

/**
 * The access checks in their order (docs/contract/authentication.md#access-checks). `town` is public, `family` and
 * `vault` are private, `attic` is an archived public channel.
 */
let w: World
let people: Record<string, Caller>
let root: string

beforeAll(async () => {
  w = await world()
  for (const [slug, kind] of [
    ['town', 'public'],
    ['family', 'private'],
    ['vault', 'private'],
    ['attic', 'public'],
    ['loft', 'private'],
  ] as const)
    await w.channel(slug, { kind })
  const attic = (await w.operator.get<Person[]>('/v1/admin/channels')).body
  const everywhere = { town: 'member', family: 'member', attic: 'member' } as const
  const reading = { town: 'read_only', family: 'read_only' } as const
  const member = await w.agent('member', { channels: everywhere })
  const human = await w.human('human', { channels: everywhere })
  const archived = await w.agent('archived', { channels: everywhere })
  const revoked = await w.agent('revoked', { channels: everywhere })
  const expired = await w.agent('expired', { channels: everywhere, expiresAt: '2026-05-07T13:00:00Z' })
  const stale = await w.human('stale', { channels: everywhere })
  root = (await member.posts('town', 'root')).id
  people = {
    member,
    human,
    archived,
    revoked,
    expired,
    stale,
    guest: w.guest,
    'empty bearer': w.caller({ authorization: 'Bearer ' }),
    'unknown token': w.bearer(`syn_${'x'.repeat(43)}`),
    'unknown session': w.caller({ cookie: `synapse_session=${'x'.repeat(43)}` }),
    'archived human': await w.human('gone', { channels: everywhere }),
    stranger: await w.agent('stranger'),
    'stranger with the slug': await w.agent('named', { scopes: ['channel:family:read'] }),
    'human stranger': await w.human('passer-by'),
    admin: await w.agent('root', { scopes: ['admin:*'] }),
    'human admin': await w.human('boss', { isAdmin: true }),
    reader: await w.agent('reader', { channels: reading }),
    'human reader': await w.human('watcher', { channels: reading }),
    'reader without scopes': await w.agent('mute', { channels: reading, scopes: ['inbox:*:read'] }),
    'member who only reads': await w.agent('ears', { channels: everywhere, scopes: ['channel:*:read'] }),
    'member who only posts': await w.agent('mouth', { channels: everywhere, scopes: ['channel:*:post'] }),
  }
  await w.revokes(revoked)
  await w.archives(archived)
  await w.archives(people['archived human'] as Person)
  for (const slug of ['attic', 'loft']) {
    const found = (attic as unknown as { id: string; slug: string }[]).find(
      (channel) => channel.slug === slug,
    )
    if (found) await w.archives(found)
  }
  await w.sql(
    'UPDATE sessions SET expires_at = created_at WHERE account_id = (SELECT id FROM accounts WHERE handle = ?)',
    'stale',
  )
  w.clock.advance(DAY)
})
afterAll(() => w[Symbol.asyncDispose]())

function caller(who: string): Caller {
  const found = people[who]
  if (!found) throw new Error(`there is no ${who}`)
  return found
}

const MISSING = '0197a1b2-c3d4-7e5f-8a6b-0c1d2e3f4a5b'
const query = (fields: Fields) =>
  `/v1/messages?${new URLSearchParams(Object.entries(fields).map(([k, v]): [string, string] => [k, String(v)]))}`

const unauthenticated: [string, string, string][] = [
  ['guest', 'not_authenticated', 'Not authenticated'],
  ['empty bearer', 'missing_token', 'Missing token'],
  ['unknown token', 'invalid_token', 'Invalid token'],
  ['revoked', 'invalid_token', 'Invalid token'],
  ['expired', 'token_expired', 'Token expired'],
  ['archived', 'account_unavailable', 'Account unavailable'],
  ['unknown session', 'invalid_session', 'Invalid session'],
  ['stale', 'session_expired', 'Session expired'],
  ['archived human', 'invalid_session', 'Invalid session'],
]

describe.each(unauthenticated)('a request with the credential "%s"', (who, code, detail) => {
  const requests: [string, (who: Caller) => Promise<Answer>][] = [
    ['GET', (one) => one.get(query({ channel: 'family' }))],
    ['GET of the wrong shape', (one) => one.get('/v1/messages?limit=x')],
    ['POST', (one) => one.post('/v1/messages', { channel: 'family', body: 'hi' })],
    ['POST of the wrong shape', (one) => one.post('/v1/messages', [])],
    ['POST of invalid JSON', (one) => one.fetch('/v1/messages', { method: 'POST', body: '{' })],
    ['POST of another media type', (one) => one.post('/v1/messages', {}, { 'content-type': 'text/plain' })],
    ['POST that is too large', (one) => one.post('/v1/messages', { body: 'x'.repeat(1_100_000) })],
  ]
  test.each(requests)('the credential is refused before anything else: %s', async (_, send) => {
    await leavesNoTrace(w, async () => expectRefusal(await send(caller(who)), 401, { code, detail }))
  })
})

/** What the access checks answer: caller, channel, status, code, detail and further fields. */
const missing: Fields = { code: 'channel_not_found', detail: 'Channel not found' }
const gone: Fields = { code: 'channel_archived', detail: 'Channel archived' }
const outside: Fields = { code: 'not_a_member', detail: 'Not a member', gate: 'membership' }
const readOnly: Fields = { code: 'read_only_role', detail: 'Read-only membership cannot post', gate: 'role' }
const lacks = (verb: string, slug: string): Fields => ({
  code: 'missing_scope',
  detail: `Token lacks ${verb} scope for this channel`,
  gate: 'scope',
  required_scope: `channel:${slug}:${verb}`,
})

const reading: [string, string, number, Fields][] = [
  ['member', 'nowhere', 404, missing],
  ['admin', 'nowhere', 404, missing],
  ['stranger', 'family', 404, missing],
  ['human stranger', 'family', 404, missing],
  ['member', 'vault', 404, missing],
  ['stranger', 'loft', 404, missing],
  ['member', 'attic', 404, gone],
  ['stranger', 'attic', 404, gone],
  ['admin', 'attic', 404, gone],
  ['admin', 'loft', 404, gone],
  ['stranger', 'town', 403, outside],
  ['human stranger', 'town', 403, outside],
  ['stranger with the slug', 'family', 403, outside],
  ['admin', 'family', 403, outside],
  ['human admin', 'family', 403, outside],
  ['stranger with the slug', 'town', 403, outside],
  ['member who only posts', 'family', 403, lacks('read', 'family')],
  ['reader without scopes', 'town', 403, lacks('read', 'town')],
]
const posting: [string, string, number, Fields][] = [
  ...reading.filter(([who]) => !who.includes('only posts') && !who.includes('without scopes')),
  ['member who only reads', 'family', 403, lacks('post', 'family')],
  ['reader without scopes', 'town', 403, lacks('post', 'town')],
  ['reader', 'town', 403, readOnly],
  ['human reader', 'family', 403, readOnly],
]

describe('access checks of reading', () => {
  test.each(reading)('the caller "%s" is refused in #%s with status %d', async (who, slug, status, body) => {
    await leavesNoTrace(w, async () => {
      // The request would also fail the last check.
      for (const more of [{}, { since: 'garbage' }, { thread: 'garbage' }, { thread: MISSING }])
        expectRefusal(await caller(who).get(query({ channel: slug, ...more })), status, {
          ...body,
          channel: slug,
        })
    })
  })

  test.each(['member', 'human', 'reader', 'human reader', 'member who only reads'])(
    'the caller "%s" may read',
    async (who) => {
      const { status, body } = await caller(who).get(query({ channel: 'town' }))
      expect(status).toBe(200)
      expect(body).toMatchObject({ messages: [{ id: root }] })
    },
  )
})

describe('access checks of posting', () => {
  test.each(posting)('the caller "%s" is refused in #%s with status %d', async (who, slug, status, body) => {
    await leavesNoTrace(w, async () => {
      for (const more of [{}, { thread_id: 'garbage' }, { reply_to: 'garbage' }, { reply_to: MISSING }]) {
        const answer = await caller(who).post('/v1/messages', { channel: slug, body: 'hi', ...more })
        expectRefusal(answer, status, { ...body, channel: slug })
      }
    })
  })

  test.each(['member', 'human', 'member who only posts'])('the caller "%s" may post', async (who) => {
    const before = await w.trace()
    const answer = await caller(who).post('/v1/messages', { channel: 'family', body: 'hi' })
    expect(answer.status).toBe(201)
    const after = await w.trace()
    expect(after).toEqual({
      messages: before.messages + 1,
      events: before.events + 1,
      announced: before.announced + 1,
    })
  })
})

describe('the shape of a request is checked before access to the channel', () => {
  test.each(['nowhere', 'vault', 'attic', 'town'])(
    'a request of the wrong shape for #%s is refused before access is checked',
    async (channel) => {
      await leavesNoTrace(w, async () => {
        const { status, body } = await caller('stranger').post('/v1/messages', { channel, body: '' })
        expect([status, body.code]).toEqual([422, 'validation_error'])
        const read = await caller('stranger').get(query({ channel, limit: 0 }))
        expect([read.status, read.body.code]).toEqual([422, 'validation_error'])
        expectRefusal(
          await caller('stranger').post('/v1/messages', { channel, body: 'hi', body_format: 'html' }),
          400,
          { code: 'invalid_body_format', detail: "body_format must be 'markdown' or 'plaintext'" },
        )
      })
    },
  )

  test('a validation error (422) comes before an invalid value (400)', async () => {
    const { status } = await caller('member').post('/v1/messages', { channel: 'town', body_format: 'html' })
    expect(status).toBe(422)
  })
})

describe('references of a post are checked last', () => {
  const rows: [Fields, number, string, string][] = [
    [{ thread_id: 'x' }, 400, 'invalid_thread_id', 'Invalid thread_id'],
    [{ reply_to: 'x' }, 400, 'invalid_reply_to', 'Invalid reply_to'],
    [{ thread_id: ' ' }, 400, 'invalid_thread_id', 'Invalid thread_id'],
    [{ thread_id: 'x', reply_to: 'x' }, 400, 'invalid_thread_id', 'Invalid thread_id'],
    [{ thread_id: MISSING, reply_to: 'x' }, 400, 'invalid_reply_to', 'Invalid reply_to'],
    [{ thread_id: MISSING }, 404, 'thread_not_found', 'Thread not found'],
    [{ reply_to: MISSING }, 404, 'reply_target_not_found', 'Reply target not found'],
  ]
  test.each(rows)('a post with %j is refused with %d %s', async (more, status, code, detail) => {
    await leavesNoTrace(w, async () => {
      for (const who of ['member', 'human'])
        expectRefusal(
          await caller(who).post('/v1/messages', { channel: 'town', body: 'hi', ...more }),
          status,
          { code, detail },
        )
    })
  })
})

describe('references of a read are checked last', () => {
  const rows: [Fields, number, string, string][] = [
    [{ since: 'x' }, 400, 'invalid_cursor', 'Invalid `since` cursor'],
    [{ before: 'x' }, 400, 'invalid_cursor', 'Invalid `before` cursor'],
    [{ since: 'x', before: 'x' }, 400, 'invalid_cursor', 'Invalid `since` cursor'],
    [{ before: 'x', thread: MISSING }, 400, 'invalid_cursor', 'Invalid `before` cursor'],
    [{ thread: 'x' }, 400, 'invalid_thread_id', 'Invalid thread_id'],
    [{ thread: MISSING }, 404, 'thread_not_found', 'Thread not found'],
    [{ thread: MISSING, since: 'now' }, 404, 'thread_not_found', 'Thread not found'],
  ]
  test.each(rows)('a read with %j is refused with %d %s', async (more, status, code, detail) => {
    expectRefusal(await caller('member').get(query({ channel: 'town', ...more })), status, { code, detail })
  })
})

import { describe, expect, test } from 'bun:test'
import { RawConnection } from '../support/raw-socket'
import { EventStream } from '../support/sockets'
import { DAY, type Fields, HOUR, type Person, SECOND, type World, world } from '../support/world'
import { expectRefusal, issuesOf, leavesNoTrace } from './refusals'

/** Ada, a person in #general, and a request for a personal token. */
async function scene(options: { isAdmin?: boolean } = {}) {
  const w: World = await world()
  await w.channel('general')
  const ada = await w.human('ada', { channels: { general: 'member' }, ...options })
  const issue = (by: Person | ReturnType<World['bearer']>, fields: Fields = {}) =>
    by.post<Fields & { id: string; token: string }>('/v1/me/tokens', {
      name: 'laptop',
      scopes: ['channel:general:read'],
      ...fields,
    })
  return { w, ada, issue, [Symbol.asyncDispose]: () => w[Symbol.asyncDispose]() }
}

const humansOnly = { code: 'humans_only', detail: 'Only a signed-in human may do this' }
const needsPerson = {
  code: 'missing_scope',
  detail: 'Insufficient scope',
  gate: 'scope',
  required_scope: 'human:act',
}
const escalation = (scope: string) => ({
  code: 'scope_escalation',
  detail: `Your own credential does not have the scope ${scope}`,
  gate: 'scope',
  required_scope: scope,
})

describe('personal tokens', () => {
  test('a personal token acts as the person within its scopes, and its messages show that a token sent them', async () => {
    await using s = await scene()
    const { status, body } = await s.issue(s.ada, {
      scopes: ['channel:general:read', 'channel:general:post'],
      expires_at: '2026-06-01T00:00:00Z',
    })
    expect(status).toBe(201)
    expect(body).toMatchObject({
      account_handle: 'ada',
      name: 'laptop',
      expires_at: '2026-06-01T00:00:00.000000Z',
      actors: null,
    })
    expect(body.token).toStartWith('syn_')
    const laptop = s.w.bearer(body.token)
    expect((await laptop.get('/v1/auth/me')).body).toMatchObject({
      handle: 'ada',
      kind: 'human',
      via: 'bearer',
      scopes: ['channel:general:read', 'channel:general:post'],
      is_admin: false,
    })
    const posted = await laptop.post('/v1/messages', { channel: 'general', body: 'hi' })
    expect(posted.body).toMatchObject({ sender_handle: 'ada', sender_kind: 'human', via: 'token' })
  })

  test('a personal token is limited by its scopes, unlike a session', async () => {
    await using s = await scene()
    const { body } = await s.issue(s.ada)
    const answer = await s.w.bearer(body.token).post('/v1/messages', { channel: 'general', body: 'hi' })
    expect(answer).toMatchObject({ status: 403, body: { code: 'missing_scope' } })
    const fix = await s.w.bearer(body.token).get('/v1/me/access?channel=general')
    expect(fix.body.fix).toBe(
      'synapse pair --device <name> --account ada --scopes "channel:general:read,channel:general:post"',
    )
  })

  test('personal tokens are listed to their owner only and without the secret', async () => {
    await using s = await scene()
    const { body } = await s.issue(s.ada)
    const bob = await s.w.human('bob')
    await s.issue(bob)
    const { token, ...rest } = body
    const listed = await s.ada.get('/v1/me/tokens')
    expect(listed.body).toEqual({ tokens: [rest] })
    expect(listed.text).not.toContain(token)
  })

  test('a personal token fails with the next request after its owner revokes it, and no other account can revoke it', async () => {
    await using s = await scene()
    const { body } = await s.issue(s.ada)
    const bob = await s.w.human('bob')
    const path = `/v1/me/tokens/${body.id}/revoke`
    expectRefusal(await bob.post(path), 404, { code: 'token_not_found', detail: 'Token not found' })
    expect((await s.w.bearer(body.token).get('/v1/auth/me')).status).toBe(200)
    const stream = await EventStream.open(s.w.url, { authorization: `Bearer ${body.token}` })
    expect((await s.ada.post(path)).body.revoked_at).toBeString()
    expect((await s.w.bearer(body.token).get('/v1/auth/me')).status).toBe(401)
    await stream.ended
    expect(stream.blocks.at(-1)).toMatchObject({ event: 'bye', data: '{"reason":"auth_revoked"}' })
    expect((await s.ada.post(path)).status).toBe(200)
    expectRefusal(await s.ada.post('/v1/me/tokens/x/revoke'), 400, {
      code: 'invalid_id',
      detail: 'Invalid token id',
    })
  })

  test('only a person with a session or a token with human:act can manage personal tokens', async () => {
    await using s = await scene()
    const agent = await s.w.agent('cairn')
    const plain = s.w.bearer((await s.issue(s.ada)).body.token)
    const present = s.w.bearer(
      (await s.issue(s.ada, { scopes: ['channel:general:*', 'human:act'] })).body.token,
    )
    await leavesNoTrace(s.w, async () => {
      for (const path of ['/v1/me/tokens', '/v1/auth/sessions']) {
        expectRefusal(await agent.get(path), 403, humansOnly)
        expectRefusal(await plain.get(path), 403, needsPerson)
      }
      expectRefusal(await s.issue(agent), 403, humansOnly)
      expectRefusal(await s.issue(plain), 403, needsPerson)
    })
    expect((await present.get('/v1/me/tokens')).status).toBe(200)
    expect((await s.issue(present)).status).toBe(201)
  })

  describe('the scopes of a personal token', () => {
    const beyondPeople = ['admin:*', 'inbox:*:read', 'config:read', 'audit:read', 'metrics:read']
    test.each(beyondPeople)('a person who is not an admin cannot issue a token with %s', async (scope) => {
      await using s = await scene()
      await leavesNoTrace(s.w, async () => {
        const answer = await s.issue(s.ada, { scopes: ['channel:*:read', scope] })
        expectRefusal(answer, 403, escalation(scope))
      })
    })

    test('an admin can issue a token with any scope', async () => {
      await using s = await scene({ isAdmin: true })
      const { body } = await s.issue(s.ada, { scopes: ['admin:*'] })
      expect((await s.w.bearer(body.token).get('/v1/admin/accounts')).status).toBe(200)
    })

    test('a token can issue tokens within its own scopes, and only if it has human:act by name', async () => {
      await using s = await scene({ isAdmin: true })
      const { body } = await s.issue(s.ada, { scopes: ['channel:general:*', 'human:act'] })
      const present = s.w.bearer(body.token)
      for (const scope of ['channel:*:read', 'channel:other:read', 'dm:*:read', 'admin:*'])
        expectRefusal(await s.issue(present, { scopes: [scope] }), 403, escalation(scope))
      expect((await s.issue(present, { scopes: ['channel:general:read', 'human:act'] })).status).toBe(201)
      const root = s.w.bearer((await s.issue(s.ada, { scopes: ['admin:*'] })).body.token)
      expectRefusal(await s.issue(root, { scopes: ['channel:*:read'] }), 403, needsPerson)
    })
  })

  test('a refusal names each invalid field', async () => {
    await using s = await scene()
    expect(issuesOf(await s.ada.post('/v1/me/tokens', { name: '', scopes: 'x' }))).toEqual([
      'string_too_short body.name',
      'list_type body.scopes',
    ])
    expect(issuesOf(await s.issue(s.ada, { expires_at: 'soon' }))).toEqual([
      'datetime_parsing body.expires_at',
    ])
  })
})

describe('POST /v1/auth/rotate', () => {
  const rotate = (by: { post: Person['post'] }, fields: Fields = {}) =>
    by.post<Fields & { id: string; token: string }>('/v1/auth/rotate', fields)

  test('the new token has the name, scopes and expiry of the old one, which ends after the grace period', async () => {
    await using w = await world()
    const cairn = await w.agent('cairn', { scopes: ['channel:a:read'], expiresAt: '2026-07-01T00:00:00Z' })
    await w.sql("UPDATE tokens SET name = 'box'")
    const { status, body } = await rotate(cairn)
    expect(status).toBe(201)
    expect(body).toMatchObject({
      account_handle: 'cairn',
      name: 'box',
      scopes: ['channel:a:read'],
      expires_at: '2026-07-01T00:00:00.000000Z',
    })
    expect(body.id).not.toBe(cairn.tokenId)
    const fresh = w.bearer(body.token)
    w.clock.advance(299 * SECOND)
    expect((await cairn.get('/v1/auth/me')).status).toBe(200)
    w.clock.advance(2 * SECOND)
    expectRefusal(await cairn.get('/v1/auth/me'), 401, { code: 'token_expired', detail: 'Token expired' })
    expect((await fresh.get('/v1/auth/me')).status).toBe(200)
  })

  test('without a grace period the old token and its streams end at once', async () => {
    await using w = await world()
    const cairn = await w.agent('cairn')
    const stream = await EventStream.open(w.url, cairn.credential)
    const { body } = await rotate(cairn, { grace_s: 0 })
    await stream.ended
    expect((await cairn.get('/v1/auth/me')).body.code).toBe('invalid_token')
    expect((await w.bearer(body.token).get('/v1/auth/me')).status).toBe(200)
  })

  test('a stream of the old token stays open until the grace period is over', async () => {
    await using w = await world()
    const cairn = await w.agent('cairn')
    const stream = await EventStream.open(w.url, cairn.credential)
    await stream.arrivals.next(({ event }) => event === 'hello', 'hello')
    await rotate(cairn, { grace_s: 60 })
    await stream.arrivals.next(({ event }) => event === 'account.token_issued', 'the event')
    w.clock.advance(61 * SECOND)
    await stream.ended
    expect(stream.blocks.at(-1)).toMatchObject({ event: 'bye', data: '{"reason":"expired"}' })
  })

  test('a token in its grace period gives a new token that expires with it', async () => {
    await using w = await world()
    const cairn = await w.agent('cairn')
    await rotate(cairn, { grace_s: 600 })
    const again = await rotate(cairn, { grace_s: 86_400 })
    expect(again.body.expires_at).toBe('2026-05-07T12:10:00.000000Z')
    w.clock.advance(601 * SECOND)
    for (const token of [cairn.secret, again.body.token])
      expect((await w.bearer(token).get('/v1/auth/me')).body.code).toBe('token_expired')
  })

  test('a token can be rotated every day without limit, because expired tokens are not counted', async () => {
    await using w = await world()
    const cairn = await w.agent('cairn')
    let token = cairn.secret
    for (let day = 0; day < 60; day++) {
      const { status, body } = await rotate(w.bearer(token), { grace_s: 60 })
      expect([day, status]).toEqual([day, 201])
      token = body.token
      w.clock.advance(DAY)
    }
  })

  test('a token is required, and a session cannot be rotated', async () => {
    await using w = await world()
    const ada = await w.human('ada')
    expectRefusal(await rotate(ada), 400, {
      code: 'rotate_requires_bearer',
      detail: 'Only a bearer token can be rotated, by its holder',
    })
    const cairn = await w.agent('cairn')
    for (const grace_s of [-1, 86_401, 'x']) expect((await rotate(cairn, { grace_s })).status).toBe(422)
  })

  test('personal tokens can be rotated', async () => {
    await using s = await scene()
    const { body } = await s.issue(s.ada)
    const rotated = await rotate(s.w.bearer(body.token))
    expect(rotated.body).toMatchObject({ account_handle: 'ada', scopes: ['channel:general:read'] })
  })
})

describe('the warning of a shared token', () => {
  const warnings = async (person: Person, headers: Record<string, string> = {}) =>
    (await person.get('/v1/auth/me', headers)).body.warnings

  test('a token used by two programs or from two addresses within five minutes has a warning', async () => {
    await using w = await world()
    const cairn = await w.agent('cairn')
    expect(await warnings(cairn, { 'user-agent': 'one' })).toEqual([])
    expect(await warnings(cairn, { 'user-agent': 'one' })).toEqual([])
    expect(await warnings(cairn, { 'user-agent': 'two' })).toEqual(['token_shared'])
    const other = await w.agent('other')
    expect(await warnings(other, { 'x-forwarded-for': '192.0.2.1' })).toEqual([])
    expect(await warnings(other, { 'x-forwarded-for': '192.0.2.2' })).toEqual(['token_shared'])
  })

  test('doctor at the usual address causes no warning, but a client at another address that claims to be doctor does', async () => {
    await using w = await world()
    const cairn = await w.agent('cairn')
    const doctor = { 'user-agent': 'synapse-doctor/1.0.0' }
    const at = (address: string) => ({ 'x-forwarded-for': address })
    expect(await warnings(cairn, { ...doctor, ...at('192.0.2.1') })).toEqual([])
    expect(await warnings(cairn, { 'user-agent': 'one', ...at('192.0.2.1') })).toEqual([])
    expect(await warnings(cairn, { ...doctor, ...at('192.0.2.1') })).toEqual([])
    expect(await warnings(cairn, { ...doctor, ...at('192.0.2.66') })).toEqual(['token_shared'])
  })

  test('a client that disconnects before the answer causes no warning, because its address is unknown', async () => {
    await using w = await world()
    const cairn = await w.agent('cairn')
    const headers = { 'user-agent': 'one' }
    await warnings(cairn, headers)
    for (let i = 0; i < 20; i++) {
      using connection = await RawConnection.open(w.url)
      const token = `Authorization: Bearer ${cairn.secret}\r\nUser-Agent: one\r\n`
      connection.write(`GET /v1/server HTTP/1.1\r\nHost: x\r\n${token}\r\n`)
    }
    expect(await warnings(cairn, headers)).toEqual([])
  })

  test('the warning ends once the token is used by one program alone', async () => {
    await using w = await world()
    const cairn = await w.agent('cairn')
    await warnings(cairn, { 'user-agent': 'one' })
    w.clock.advance(HOUR)
    expect(await warnings(cairn, { 'user-agent': 'two' })).toEqual([])
    expect(await warnings(cairn, { 'user-agent': 'one' })).toEqual(['token_shared'])
    w.clock.advance(HOUR)
    expect(await warnings(cairn, { 'user-agent': 'one' })).toEqual([])
  })
})

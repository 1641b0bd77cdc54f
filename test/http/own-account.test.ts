import { describe, expect, test } from 'bun:test'
import { LiveSocket } from '../support/sockets'
import { MINUTE, PASSWORD, type Person, world } from '../support/world'
import { expectRefusal, issuesOf, leavesNoTrace } from './refusals'

describe('PATCH /v1/me', () => {
  test('a profile changes the given fields and keeps those that are null', async () => {
    await using w = await world()
    await w.channel('general')
    const cairn = await w.agent('cairn', { channels: { general: 'member' } })
    const changed = {
      display_name: 'Cairn',
      about: 'Writes notes',
      capabilities: ['notes', 'search'],
      residency: 'continuous',
    }
    const { status, body } = await cairn.patch('/v1/me', changed)
    expect(status).toBe(200)
    expect(body).toEqual({ id: cairn.id, handle: 'cairn', kind: 'agent', ...changed })
    expect((await cairn.patch('/v1/me', { about: null })).body).toMatchObject(changed)
    const page = await cairn.get<{ events: { type: string; changed: string[] }[] }>('/v1/events?since=oldest')
    expect(page.body.events.at(-1)).toMatchObject({
      type: 'account.updated',
      changed: ['display_name', 'about', 'capabilities', 'residency'],
    })
    await leavesNoTrace(w, async () => {
      await cairn.patch('/v1/me', {})
    })
  })

  test('other fields are ignored, and overlong values are refused', async () => {
    await using w = await world()
    const cairn = await w.agent('cairn')
    await cairn.patch('/v1/me', { handle: 'root', is_admin: true, kind: 'human' })
    expect((await cairn.get('/v1/auth/me')).body).toMatchObject({ handle: 'cairn', is_admin: false })
    const long = { display_name: 'x'.repeat(129), about: 'x'.repeat(501), capabilities: Array(21).fill('x') }
    expect(issuesOf(await cairn.patch('/v1/me', long))).toEqual([
      'string_too_long body.display_name',
      'string_too_long body.about',
      'too_long body.capabilities',
    ])
  })

  test('a person needs a session or a token with human:act to change the profile', async () => {
    await using w = await world()
    const ada = await w.human('ada')
    const token = async (scopes: string[]) =>
      w.bearer((await ada.post<{ token: string }>('/v1/me/tokens', { name: 'x', scopes })).body.token)
    const reader = await token(['channel:*:read'])
    const present = await token(['channel:*:read', 'human:act'])
    expect((await reader.patch('/v1/me', { about: 'x' })).body).toMatchObject({
      code: 'missing_scope',
      required_scope: 'human:act',
    })
    for (const caller of [ada, present])
      expect((await caller.patch('/v1/me', { about: 'here' })).status).toBe(200)
  })
})

describe('GET /v1/accounts/{handle}', () => {
  const notFound = { code: 'account_not_found', detail: 'Account not found' }

  test('the caller sees itself and every account that shares a channel with it', async () => {
    await using w = await world()
    await w.channel('general')
    const ann = await w.agent('ann', { channels: { general: 'member' } })
    const bob = await w.human('bob', { channels: { general: 'read_only' }, displayName: 'Bob' })
    expect((await ann.get('/v1/accounts/BOB')).body).toEqual({
      id: bob.id,
      handle: 'bob',
      kind: 'human',
      display_name: 'Bob',
      about: '',
      capabilities: [],
      residency: 'episodic',
      presence: expect.objectContaining({ handle: 'bob' }),
    })
    expect((await bob.get('/v1/accounts/bob')).status).toBe(200)
  })

  test('an account without a shared channel looks like one that does not exist', async () => {
    await using w = await world()
    await w.channel('general')
    const ann = await w.agent('ann', { channels: { general: 'member' } })
    await w.agent('stranger')
    for (const handle of ['stranger', 'nobody', '%00', 'a'.repeat(100)])
      expectRefusal(await ann.get(`/v1/accounts/${handle}`), 404, notFound)
    const boss = await w.human('boss', { isAdmin: true })
    expect((await boss.get('/v1/accounts/stranger')).status).toBe(200)
    expectRefusal(await boss.get('/v1/accounts/nobody'), 404, notFound)
  })
})

describe('POST /v1/me/password', () => {
  const change = (person: Person, current: string, next: string) =>
    person.post('/v1/me/password', { current, new: next })

  test('a new password keeps the current session and ends all others with their sockets', async () => {
    await using w = await world()
    const ada = await w.human('ada')
    const elsewhere = { cookie: `synapse_session=${await w.session('ada')}` }
    using socket = await LiveSocket.open(w.url, elsewhere)
    expect((await change(ada, PASSWORD, 'another fine password')).status).toBe(204)
    expect((await ada.get('/v1/auth/me')).status).toBe(200)
    expect((await w.caller(elsewhere).get('/v1/auth/me')).body.code).toBe('invalid_session')
    expect(await socket.closedWithin(5000)).toMatchObject({ code: 1008 })
    const login = (password: string) => w.guest.post('/v1/auth/login', { handle: 'ada', password })
    expect((await login(PASSWORD)).status).toBe(401)
    expect((await login('another fine password')).status).toBe(200)
  })

  test('a wrong or weak password is refused and not shown in the answer', async () => {
    await using w = await world()
    const ada = await w.human('ada')
    await leavesNoTrace(w, async () => {
      expectRefusal(await change(ada, 'wrong', 'another fine password'), 401, {
        code: 'invalid_credentials',
        detail: 'Invalid credentials',
      })
      expectRefusal(await change(ada, PASSWORD, 'short'), 400, {
        code: 'weak_password',
        detail: 'A password has 8 to 256 characters',
      })
    })
    expect(JSON.stringify(await ada.post('/v1/me/password', { current: ['canary'], new: 5 }))).not.toContain(
      'canary',
    )
    expect(w.log).not.toContain('another fine password')
  })

  test('wrong passwords count together with failed sign-ins', async () => {
    await using w = await world({ settings: { SYNAPSE_RATE_LOGIN: '2/300' } })
    const ada = await w.human('ada')
    expect((await change(ada, 'wrong', 'another fine password')).status).toBe(401)
    expect((await w.guest.post('/v1/auth/login', { handle: 'ada', password: 'x' })).status).toBe(401)
    expect(await change(ada, PASSWORD, 'another fine password')).toMatchObject({
      status: 429,
      body: { code: 'login_throttled', retry_after: 300 },
    })
    w.clock.advance(6 * MINUTE)
    expect((await change(ada, PASSWORD, 'another fine password')).status).toBe(204)
  })

  test('an agent cannot have a password', async () => {
    await using w = await world()
    const cairn = await w.agent('cairn')
    expectRefusal(await change(cairn, 'x', 'y'), 403, {
      code: 'humans_only',
      detail: 'Only a signed-in human may do this',
    })
  })
})

describe('sessions', () => {
  interface Listed {
    readonly sessions: readonly { id: string; ip: string | null; user_agent: string; current: boolean }[]
  }

  test('sessions are listed with their address, and the current one is marked', async () => {
    await using w = await world()
    const ada = await w.human('ada')
    await w.guest.post('/v1/auth/login', { handle: 'ada', password: PASSWORD }, { 'user-agent': 'a phone' })
    await w.session('ada')
    await (await w.human('bob')).get('/v1/auth/me')
    const { body } = await ada.get<Listed>('/v1/auth/sessions')
    expect(body.sessions.map(({ user_agent, current }) => [user_agent, current])).toEqual([
      [null, false],
      ['a phone', false],
      [null, true],
    ] as never)
    expect(body.sessions[1]).toMatchObject({ ip: '127.0.0.1', last_used_at: null })
    expect(JSON.stringify(body)).not.toContain(ada.secret)
  })

  test('a session can be ended alone, together with its sockets', async () => {
    await using w = await world()
    const ada = await w.human('ada')
    const elsewhere = { cookie: `synapse_session=${await w.session('ada')}` }
    using socket = await LiveSocket.open(w.url, elsewhere)
    const { body } = await ada.get<Listed>('/v1/auth/sessions')
    const other = body.sessions.find(({ current }) => !current)
    expect((await ada.delete(`/v1/auth/sessions/${other?.id}`)).status).toBe(204)
    expect(await socket.closedWithin(5000)).toMatchObject({ code: 1008 })
    expect((await w.caller(elsewhere).get('/v1/auth/me')).status).toBe(401)
    expect((await ada.get('/v1/auth/me')).status).toBe(200)
    const gone = { code: 'session_not_found', detail: 'Session not found' }
    expectRefusal(await ada.delete(`/v1/auth/sessions/${other?.id}`), 404, gone)
    const bob = await w.human('bob')
    const mine = body.sessions.find(({ current }) => current)
    expectRefusal(await bob.delete(`/v1/auth/sessions/${mine?.id}`), 404, gone)
    expectRefusal(await bob.delete('/v1/auth/sessions/x'), 400, {
      code: 'invalid_id',
      detail: 'Invalid session id',
    })
  })

  test('sessions that are over are not listed', async () => {
    await using w = await world()
    const ada = await w.human('ada')
    await w.sql('UPDATE sessions SET expires_at = created_at')
    const again = w.caller({ cookie: `synapse_session=${await w.session('ada')}` })
    const { body } = await again.get<Listed>('/v1/auth/sessions')
    expect(body.sessions).toHaveLength(1)
    expect((await ada.get('/v1/auth/me')).status).toBe(401)
  })
})

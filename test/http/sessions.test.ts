import { describe, expect, test } from 'bun:test'
import { formatInstant } from '../../src/core/kernel/time'
import { LiveSocket } from '../support/sockets'
import { type Caller, DAY, MINUTE, PASSWORD, type Person, type World, world } from '../support/world'
import { expectRefusal } from './refusals'

/** Bob, who is signed in. */
async function scene(settings: Record<string, string> = {}) {
  const w: World = await world({ settings })
  await w.channel('general')
  const bob = await w.human('bob', { channels: { general: 'member' } })
  return { w, bob, [Symbol.asyncDispose]: () => w[Symbol.asyncDispose]() }
}

const me = (caller: Caller, headers = {}) => caller.get('/v1/auth/me', headers)
const cookieOf = (caller: Person) => ({ cookie: `synapse_session=${caller.secret}` })

describe('POST /v1/auth/logout', () => {
  test('signing out ends the session at once on all connections and removes the cookie', async () => {
    await using s = await scene()
    const { status, body, headers } = await s.bob.post('/v1/auth/logout')
    expect([status, body]).toEqual([200, { status: 'ok' }])
    expect(headers.getSetCookie()).toEqual([
      expect.stringMatching(/^synapse_session_[0-9a-f]{6}=; HttpOnly; Max-Age=0; Path=\/; SameSite=lax$/),
      'synapse_session=; HttpOnly; Max-Age=0; Path=/; SameSite=lax',
    ])
    expectRefusal(await me(s.bob), 401, { code: 'invalid_session', detail: 'Invalid session' })
    expect(await s.w.sql('SELECT * FROM sessions')).toEqual([])
  })

  test('signing out ends only that session', async () => {
    await using s = await scene()
    const other = s.w.caller({ cookie: `synapse_session=${await s.w.session('bob')}` })
    await s.bob.post('/v1/auth/logout')
    expect((await me(other)).status).toBe(200)
  })

  test('signing out needs a session', async () => {
    await using s = await scene()
    const agent = await s.w.agent('ann')
    expectRefusal(await agent.post('/v1/auth/logout'), 400, {
      code: 'logout_requires_session',
      detail: 'Logout only applies to session auth',
    })
    expect((await s.w.guest.post('/v1/auth/logout')).status).toBe(401)
    expect((await me(agent)).status).toBe(200)
  })
})

describe('the session cookie', () => {
  const flags = async (w: World, headers: Record<string, string> = {}) => {
    const caller = w.caller({ cookie: `synapse_session=${await w.session('bob')}` })
    return (await caller.post('/v1/auth/logout', undefined, headers)).headers.get('set-cookie') ?? ''
  }

  test('the cookie is Secure when a trusted proxy says that the request came over https', async () => {
    await using s = await scene()
    expect(await flags(s.w)).not.toContain('Secure')
    expect(await flags(s.w, { 'x-forwarded-proto': 'http' })).not.toContain('Secure')
    expect(await flags(s.w, { 'x-forwarded-proto': 'https' })).toEndWith('; Secure')
  })

  test('the cookie is not Secure when an untrusted peer says so', async () => {
    await using s = await scene({ SYNAPSE_TRUSTED_PROXIES: '10.0.0.0/8' })
    expect(await flags(s.w, { 'x-forwarded-proto': 'https' })).not.toContain('Secure')
  })

  test('the cookie is Secure when the public address is https', async () => {
    await using s = await scene({ SYNAPSE_BASE_URL: 'https://chat.example.org' })
    expect(await flags(s.w)).toEndWith('; Secure')
    await using plain = await scene({ SYNAPSE_BASE_URL: 'http://chat.example.org' })
    expect(await flags(plain.w)).not.toContain('Secure')
  })
})

describe('two servers on one host', () => {
  /** The cookies of a browser for one host. It sends them to all ports. */
  class Jar {
    private readonly cookies = new Map<string, string>()

    async send(w: World, path: string, body?: unknown, headers: Record<string, string> = {}) {
      const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const caller = cookie === '' ? w.guest : w.caller({ cookie })
      const answer = await (body === undefined ? caller.get(path, headers) : caller.post(path, body, headers))
      for (const set of answer.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? []
        if (set.includes('Max-Age=0')) this.cookies.delete(name)
        else this.cookies.set(name, value)
      }
      return answer
    }

    put(name: string, value: string): void {
      this.cookies.set(name, value)
    }

    get names(): string[] {
      return [...this.cookies.keys()]
    }
  }

  async function both() {
    const [one, other] = await Promise.all([scene(), scene()])
    return {
      worlds: [one.w, other.w] as const,
      signIn: (jar: Jar, w: World) => jar.send(w, '/v1/auth/login', { handle: 'bob', password: PASSWORD }),
      status: async (jar: Jar, w: World) => (await jar.send(w, '/v1/auth/me')).status,
      [Symbol.asyncDispose]: async () => {
        await one[Symbol.asyncDispose]()
        await other[Symbol.asyncDispose]()
      },
    }
  }

  test('two servers on one host keep separate sessions, because their cookies have different names', async () => {
    await using s = await both()
    const jar = new Jar()
    for (const w of s.worlds) expect((await s.signIn(jar, w)).status).toBe(200)
    expect(new Set(jar.names).size).toBe(2)
    for (const w of s.worlds) expect(await s.status(jar, w)).toBe(200)
    const [one, other] = s.worlds
    await jar.send(one, '/v1/auth/logout', {})
    expect([await s.status(jar, one), await s.status(jar, other)]).toEqual([401, 200])
  })

  test('a cookie with the earlier name is accepted, and signing out removes only the own cookie', async () => {
    await using s = await both()
    const [one, other] = s.worlds
    const jar = new Jar()
    jar.put('synapse_session', await one.session('bob'))
    expect([await s.status(jar, one), await s.status(jar, other)]).toEqual([200, 401])
    await s.signIn(jar, other)
    const [, own = ''] = jar.names
    expect(await s.status(jar, other)).toBe(200)
    jar.put(own, 'x'.repeat(43))
    expect(await s.status(jar, other)).toBe(401)
    await s.signIn(jar, other)
    // The cookie with the earlier name belongs to the other server and stays.
    await jar.send(other, '/v1/auth/logout', {})
    expect([jar.names, await s.status(jar, one)]).toEqual([['synapse_session'], 200])
    await jar.send(one, '/v1/auth/logout', {})
    expect(jar.names).toEqual([])
  })

  test('cookies of servers with https have names that only https can set', async () => {
    await using s = await both()
    const [one] = s.worlds
    const jar = new Jar()
    const https = { 'x-forwarded-proto': 'https' }
    const answer = await jar.send(one, '/v1/auth/login', { handle: 'bob', password: PASSWORD }, https)
    expect(answer.headers.get('set-cookie')).toMatch(
      /^__Host-synapse_session_[0-9a-f]{6}=[^;]{43}; HttpOnly; Max-Age=1209600; Path=\/; SameSite=lax; Secure$/,
    )
    expect((await jar.send(one, '/v1/auth/me', undefined, https)).status).toBe(200)
    await jar.send(one, '/v1/auth/logout', {}, https)
    expect(jar.names).toEqual([])
  })
})

describe('session lifetime', () => {
  test('a session and its cookie are renewed once less than half of the lifetime is left', async () => {
    await using s = await scene()
    s.w.clock.advance(7 * DAY - MINUTE)
    expect((await me(s.bob)).headers.get('set-cookie')).toBeNull()
    s.w.clock.advance(2 * MINUTE)
    const renewed = await me(s.bob)
    expect(renewed.headers.get('set-cookie')).toMatch(
      new RegExp(
        `^synapse_session_[0-9a-f]{6}=${s.bob.secret}; HttpOnly; Max-Age=1209600; Path=/; SameSite=lax$`,
      ),
    )
    expect((await me(s.bob)).headers.get('set-cookie')).toBeNull()
    s.w.clock.advance(13 * DAY)
    expect((await me(s.bob)).status).toBe(200)
  })

  test('any request renews a session, also a post', async () => {
    await using s = await scene()
    s.w.clock.advance(8 * DAY)
    const answer = await s.bob.post('/v1/messages', { channel: 'general', body: 'hi' })
    expect(answer.status).toBe(201)
    expect(answer.headers.get('set-cookie')).toContain(s.bob.secret)
  })

  test('signing out does not renew the session', async () => {
    await using s = await scene()
    s.w.clock.advance(8 * DAY)
    const { headers } = await s.bob.post('/v1/auth/logout')
    expect(headers.getSetCookie().filter((cookie) => !cookie.includes('Max-Age=0'))).toEqual([])
    expect((await me(s.bob)).status).toBe(401)
  })

  test('a session expires after fourteen days without a request', async () => {
    await using s = await scene()
    s.w.clock.advance(14 * DAY)
    expectRefusal(await me(s.bob), 401, { code: 'session_expired', detail: 'Session expired' })
    // The row is kept for a while, in case the clock is wrong.
    await s.w.restart()
    expectRefusal(await me(s.bob), 401, { code: 'session_expired', detail: 'Session expired' })
  })

  test('the operator can change the lifetime of sessions', async () => {
    await using s = await scene({ SYNAPSE_AUTH_SESSION_DAYS: '2' })
    s.w.clock.advance(8 * DAY)
    const { headers } = await me(s.bob)
    // The test’s cookie was made for fourteen days; what remains is more than half of two days.
    expect(headers.get('set-cookie')).toBeNull()
    s.w.clock.advance(5 * DAY + MINUTE)
    expect((await me(s.bob)).headers.get('set-cookie')).toContain('Max-Age=172800;')
  })
})

describe('several credentials in one request', () => {
  test('a bearer token wins over a cookie, even when it is invalid', async () => {
    await using s = await scene()
    const ann = await s.w.agent('ann')
    expect((await me(s.w.caller({ ...cookieOf(s.bob), ...ann.credential }))).body).toMatchObject({
      handle: 'ann',
    })
    const bad = { ...cookieOf(s.bob), authorization: 'Bearer nonsense' }
    expect((await me(s.w.caller(bad))).body).toMatchObject({ code: 'invalid_token' })
    for (const authorization of ['Bearer', 'Bearer ', 'bearer  '])
      expect((await me(s.w.caller({ ...cookieOf(s.bob), authorization }))).body).toMatchObject({
        code: 'missing_token',
        detail: 'Missing token',
      })
  })

  test('another authorization scheme counts as no credential', async () => {
    await using s = await scene()
    for (const authorization of ['Basic Ym9iOng=', 'Digest x', 'BearerX y', 'Token x']) {
      expect((await me(s.w.caller({ authorization }))).body).toMatchObject({ code: 'not_authenticated' })
      expect((await me(s.w.caller({ ...cookieOf(s.bob), authorization }))).body).toMatchObject({
        handle: 'bob',
      })
    }
  })

  test('the scheme Bearer is accepted in any case', async () => {
    await using s = await scene()
    const { secret } = await s.w.agent('ann')
    for (const scheme of ['Bearer', 'bearer', 'BEARER'])
      expect((await me(s.w.caller({ authorization: `${scheme} ${secret}` }))).body).toMatchObject({
        handle: 'ann',
      })
  })

  test('a token in the query or in a cookie, or a session as bearer, is not accepted', async () => {
    await using s = await scene()
    const { secret } = await s.w.agent('ann')
    for (const name of ['token', 'access_token', 'authorization'])
      expect((await s.w.guest.get(`/v1/auth/me?${name}=${secret}`)).status).toBe(401)
    expect((await me(s.w.caller({ cookie: `synapse_session=${secret}` }))).status).toBe(401)
    expect((await me(s.w.bearer(s.bob.secret))).status).toBe(401)
  })

  test('other cookies are ignored', async () => {
    await using s = await scene()
    for (const cookie of [`a=1; synapse_session=${s.bob.secret}; b=2`, `a=1;synapse_session=${s.bob.secret}`])
      expect((await me(s.w.caller({ cookie }))).body).toMatchObject({ handle: 'bob' })
    for (const cookie of [
      'synapse_session=',
      'synapse_session',
      'xsynapse_session=1',
      `a=1, synapse_session=${s.bob.secret}`,
    ])
      expect((await me(s.w.caller({ cookie }))).status).toBe(401)
  })
})

test('a token of the earlier server without a prefix still works', async () => {
  await using s = await scene()
  const old = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8'
  await s.w.agent('ann')
  await s.w.sql(
    'UPDATE tokens SET hash = ?',
    'ea866a757e4c38babfa8127cbe9a409d3e1f93a00ff1488ff735fcf917afffd0',
  )
  expect((await me(s.w.bearer(old))).body).toMatchObject({ handle: 'ann' })
})

describe('the last use of a token', () => {
  const visits: [string, (w: World, ann: Person) => Promise<unknown>][] = [
    ['it opens a WebSocket', async (w, ann) => (await LiveSocket.open(w.url, ann.credential)).close()],
    [
      'a page opens a WebSocket with it as subprotocol',
      async (w, { secret }) =>
        (await LiveSocket.open(w.url, {}, { protocols: ['synapse.v1', `bearer.${secret}`] })).close(),
    ],
    [
      'it reads metrics from another machine',
      async (_, ann) =>
        expect((await ann.get('/metrics', { 'x-forwarded-for': '192.0.2.1' })).status).toBe(200),
    ],
  ]
  test.each(visits)('the use of a token is recorded when %s', async (_, visit) => {
    await using w = await world({ settings: { SYNAPSE_METRICS_ENABLED: 'on' } })
    const ann = await w.agent('ann', { scopes: ['metrics:read'] })
    await visit(w, ann)
    const now = w.clock.now()
    await w.restart()
    expect(await w.sql('SELECT last_used_at FROM tokens')).toEqual([{ last_used_at: now }])
    // The address is recorded as well.
    await visit(w, ann)
    const elsewhere = { 'user-agent': 'another program', 'x-forwarded-for': '192.0.2.2' }
    expect((await ann.get('/v1/auth/me', elsewhere)).body.warnings).toEqual(['token_shared'])
  })
})

test('uses are written in batches and with the correct time', async () => {
  await using s = await scene()
  const ann = await s.w.agent('ann')
  for (let i = 0; i < 3; i++) for (const caller of [ann, s.bob]) await me(caller)
  expect(await s.w.sql('SELECT last_used_at FROM tokens')).toEqual([{ last_used_at: null }])
  const now = s.w.clock.now()
  await s.w.stop()
  expect(
    await s.w.sql('SELECT last_used_at FROM tokens UNION ALL SELECT last_used_at FROM sessions'),
  ).toEqual([{ last_used_at: now }, { last_used_at: now }])
})

test('a use shows at once in lists and in the answer to a revoke', async () => {
  await using w = await world()
  const ann = await w.agent('ann')
  const ada = await w.human('ada')
  await ann.get('/v1/auth/me')
  await ada.get('/v1/auth/me')
  const now = formatInstant(w.clock.now())
  const { body: tokens } = await w.operator.get<{ id: string; last_used_at: string | null }[]>(
    '/v1/admin/tokens?account=ann',
  )
  expect(tokens.map(({ last_used_at }) => last_used_at)).toEqual([now])
  const { body: accounts } =
    await w.operator.get<{ handle: string; last_seen_at: string | null }[]>('/v1/admin/accounts')
  expect(accounts.map(({ last_seen_at }) => last_seen_at)).toEqual([now, now])
  const { body: signedIn } = await ada.get<{ sessions: { last_used_at: string | null }[] }>(
    '/v1/auth/sessions',
  )
  expect(signedIn.sessions.map(({ last_used_at }) => last_used_at)).toEqual([now])
  const { body: own } = await ada.post<{ id: string; token: string }>('/v1/me/tokens', {
    name: 'script',
    scopes: ['human:act'],
  })
  await w.bearer(own.token).get('/v1/auth/me')
  const { body: mine } = await ada.get<{ tokens: { last_used_at: string | null }[] }>('/v1/me/tokens')
  expect(mine.tokens.map(({ last_used_at }) => last_used_at)).toEqual([now])
  expect((await ada.post(`/v1/me/tokens/${own.id}/revoke`)).body).toMatchObject({ last_used_at: now })
  expect((await w.operator.post(`/v1/admin/tokens/${tokens[0]?.id}/revoke`)).body).toMatchObject({
    last_used_at: now,
  })
  const { body: device } = await w.operator.post<{ token: string }>('/v1/admin/devices', {
    device: 'kiosk',
    account_handle: 'ann',
    direct: true,
  })
  await w.bearer(device.token).get('/v1/auth/me')
  const { body: devices } = await w.operator.get<{ last_used_at: string | null }[]>('/v1/admin/devices')
  expect(devices.map(({ last_used_at }) => last_used_at)).toEqual([now])
  expect(await w.sql('SELECT last_used_at FROM tokens WHERE last_used_at IS NOT NULL')).toEqual([])
})

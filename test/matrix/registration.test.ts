// Making accounts over Matrix: closed, with tokens, open, and by programs that know a secret.
import { describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { MINUTE, PASSWORD, type World } from '../support/world'
import { homeserver, type Login, MatrixClient, refused, SERVER_NAME, signIn, V3 } from './homeserver'

const TOKEN = { SYNAPSE_MATRIX_REGISTRATION_TOKEN: 'let-me-in' }
const OPEN = { SYNAPSE_MATRIX_REGISTRATION: 'open' }

interface Challenge {
  readonly session: string
  readonly flows: unknown
  readonly completed: readonly string[]
  readonly errcode?: string
}

const register = <Body = Login>(w: World, body: object, query = '') =>
  w.guest.post<Body>(`${V3}/register${query}`, body)
const withToken = (session: string | undefined, token = 'let-me-in') => ({
  type: 'm.login.registration_token',
  token,
  ...(session !== undefined && { session }),
})
const dummy = { type: 'm.login.dummy' }
const user = (username: string) => ({ username, password: PASSWORD })

describe('registration that is closed', () => {
  test('is refused for every body, and tells all the same whether a name is free', async () => {
    await using w = await homeserver()
    await w.human('ada')
    for (const body of [{}, user('eve'), { ...user('eve'), auth: dummy }])
      expect(refused(await register(w, body))).toEqual([403, 'M_FORBIDDEN'])
    expect(refused(await register(w, {}, '?kind=guest'))).toEqual([403, 'M_GUEST_ACCESS_FORBIDDEN'])
    const available = (name: string) =>
      w.guest.get(`${V3}/register/available?username=${encodeURIComponent(name)}`)
    expect((await available('Eve')).body).toEqual({ available: true })
    expect(refused(await available('ada'))).toEqual([400, 'M_USER_IN_USE'])
    for (const name of ['a b', 'é', '', 'x'.repeat(250), 'everyone', '@eve:example.org'])
      expect(refused(await available(name))).toEqual([400, 'M_INVALID_USERNAME'])
    expect(refused(await w.guest.get(`${V3}/register/available`))).toEqual([400, 'M_MISSING_PARAM'])
  })
})

describe('registration with a token', () => {
  test('asks for it, and makes the first person an administrator', async () => {
    await using w = await homeserver(TOKEN)
    const asked = await register<Challenge>(w, user('Ada.L'))
    expect(asked.status).toBe(401)
    expect(asked.body).toEqual({
      session: expect.any(String),
      flows: [{ stages: ['m.login.registration_token'] }],
      params: {},
      completed: [],
    } as never)
    const wrong = await register<Challenge>(w, {
      ...user('Ada.L'),
      auth: withToken(asked.body.session, 'no'),
    })
    expect([wrong.status, wrong.body.errcode, wrong.body.completed]).toEqual([401, 'M_FORBIDDEN', []])
    const made = await register(w, { auth: withToken(asked.body.session) })
    expect([made.status, made.body.user_id]).toEqual([200, `@ada.l:${SERVER_NAME}`])
    expect(w.log).toContain('is a system admin now')
    const rows = await w.sql<{ handle: string; is_admin: unknown }>(
      "SELECT handle, is_admin FROM accounts WHERE kind = 'human'",
    )
    expect(rows.map(({ handle, is_admin }) => [handle, Boolean(is_admin)])).toEqual([['ada.l', true]])
    const second = await register(w, { ...user('eve'), auth: withToken(undefined) })
    expect(second.status).toBe(200)
    const [eve] = await w.sql<{ is_admin: unknown }>("SELECT is_admin FROM accounts WHERE handle = 'eve'")
    expect(Boolean(eve?.is_admin)).toBe(false)
    // A person who registered signs in as any other.
    expect((await signIn(w, { handle: 'ada.l' })).userId).toBe(`@ada.l:${SERVER_NAME}`)
  })

  test('is closed again by the setting', async () => {
    await using w = await homeserver(TOKEN)
    await w.operator.put('/v1/config/matrix.registration', { value: 'closed' })
    expect(refused(await register(w, {}))).toEqual([403, 'M_FORBIDDEN'])
  })

  test('answers the same user when it is repeated in a finished session', async () => {
    await using w = await homeserver(TOKEN)
    const { session } = (await register<Challenge>(w, user('ada'))).body
    const body = { ...user('ada'), auth: withToken(session) }
    const first = (await register(w, body)).body
    const again = (await register(w, body)).body
    expect(again.user_id).toBe(first.user_id)
    expect((await new MatrixClient(w, again).get(`${V3}/account/whoami`)).status).toBe(200)
  })

  test('counts the uses of a token, those under way too', async () => {
    await using w = await homeserver(TOKEN)
    await w.sql("INSERT INTO matrix_registration_tokens (token, uses_allowed) VALUES ('once', 1)")
    const validity = async () => {
      const path = '/_matrix/client/v1/register/m.login.registration_token/validity?token=once'
      return (await w.guest.get(path)).body
    }
    expect(await validity()).toEqual({ valid: true })
    // The stage is completed, but the body has no password: the use stays reserved.
    const { session } = (await register<Challenge>(w, { username: 'ada' })).body
    const half = await register(w, { username: 'ada', auth: withToken(session, 'once') })
    expect(refused(half)).toEqual([400, 'M_MISSING_PARAM'])
    expect(await validity()).toEqual({ valid: false })
    const late = await register<Challenge>(w, { ...user('eve'), auth: withToken(undefined, 'once') })
    expect([late.status, late.body.errcode]).toEqual([401, 'M_FORBIDDEN'])
    // A session that expired frees its use.
    w.clock.advance(16 * MINUTE)
    await register(w, user('eve'))
    expect(await validity()).toEqual({ valid: true })
    expect((await register(w, { ...user('eve'), auth: withToken(undefined, 'once') })).status).toBe(200)
    expect(await w.sql('SELECT pending, completed FROM matrix_registration_tokens')).toEqual([
      { pending: 0, completed: 1 },
    ])
    expect(await validity()).toEqual({ valid: false })
  })
})

describe('a session of authentication', () => {
  test('is good for one request: other parameters, and other paths, are refused', async () => {
    await using w = await homeserver(OPEN)
    const ada = await register(w, { ...user('ada'), auth: dummy })
    const client = new MatrixClient(w, ada.body)
    const { session } = (await register<Challenge>(w, user('eve'))).body
    const other = await register(w, { ...user('bob'), auth: { ...dummy, session } })
    expect(refused(other)).toEqual([403, 'M_FORBIDDEN'])
    const elsewhere = await client.post(`${V3}/account/deactivate`, { auth: { ...dummy, session } })
    expect(refused(elsewhere)).toEqual([403, 'M_FORBIDDEN'])
  })

  test('that is unknown or expired is replaced by a new one', async () => {
    await using w = await homeserver(OPEN)
    const { session } = (await register<Challenge>(w, user('eve'))).body
    w.clock.advance(16 * MINUTE)
    const { status, body } = await register<Challenge>(w, { ...user('eve'), auth: { ...dummy, session } })
    expect([status, body.errcode]).toEqual([401, 'M_FORBIDDEN'])
    expect(body.session).not.toBe(session)
    expect((await register(w, { auth: { ...dummy, session: body.session } })).status).toBe(200)
  })
})

describe('registration that is open', () => {
  test('is told to the operator at every start, and needs no proof', async () => {
    await using w = await homeserver(OPEN)
    expect(w.log).toContain('matrix.registration is open')
    const { status, body } = await register(w, { password: PASSWORD, auth: dummy, device_id: 'D' })
    expect([status, body.device_id]).toEqual([200, 'D'])
    expect(body.user_id).toMatch(/^@user-[0-9a-f]{12}:example\.org$/)
    const silent = await register(w, { ...user('eve'), inhibit_login: true, auth: dummy })
    expect(silent.body).toEqual({ user_id: `@eve:${SERVER_NAME}`, home_server: SERVER_NAME } as never)
  })

  test('refuses names and passwords before it asks for anything', async () => {
    await using w = await homeserver(OPEN)
    await w.human('ada')
    const table: readonly (readonly [object, string])[] = [
      [user('ada'), 'M_USER_IN_USE'],
      [user('ADA'), 'M_USER_IN_USE'],
      [user('no spaces'), 'M_INVALID_USERNAME'],
      [user('system'), 'M_INVALID_USERNAME'],
      [{ username: 'eve', password: 'short' }, 'M_WEAK_PASSWORD'],
      [{ username: 1 }, 'M_BAD_JSON'],
    ]
    for (const [body, errcode] of table) expect(refused(await register(w, body))).toEqual([400, errcode])
    for (const [body, errcode] of table)
      expect(refused(await register(w, { ...body, auth: dummy }))).toEqual([400, errcode])
  })

  test('of a name by two at once makes one account', async () => {
    await using w = await homeserver(OPEN)
    const both = await Promise.all([1, 2].map(() => register(w, { ...user('eve'), auth: dummy })))
    expect(both.map(({ status }) => status).sort()).toEqual([200, 400])
  })

  test('ends at the quota of accounts', async () => {
    await using w = await homeserver({ ...OPEN, SYNAPSE_QUOTA_ACCOUNTS: '1' })
    await register(w, { ...user('ada'), auth: dummy })
    await register(w, { ...user('bob'), auth: dummy })
    const { status, body } = await register<object>(w, { ...user('eve'), auth: dummy })
    expect([status, body]).toEqual([
      403,
      {
        errcode: 'M_RESOURCE_LIMIT_EXCEEDED',
        error: expect.any(String),
        admin_contact: `https://${SERVER_NAME}`,
      },
    ])
  })
})

describe('registration with the secret of the configuration', () => {
  const path = '/_synapse/admin/v1/register'
  const mac = (...words: readonly string[]) =>
    createHmac('sha1', 'reg_secret').update(words.join('\0')).digest('hex')

  test('does not exist without a secret', async () => {
    await using w = await homeserver()
    expect(refused(await w.guest.get(path))).toEqual([404, 'M_UNRECOGNIZED'])
    expect(refused(await w.guest.post(path, {}))).toEqual([404, 'M_UNRECOGNIZED'])
  })

  test('makes people and administrators, once for each nonce', async () => {
    await using w = await homeserver({ SYNAPSE_MATRIX_REGISTRATION_SECRET: 'reg_secret' })
    const nonce = async () => (await w.guest.get<{ nonce: string }>(path)).body.nonce
    const first = await nonce()
    const admin = { nonce: first, username: 'ada', password: PASSWORD, admin: true }
    const right = { ...admin, mac: mac(first, 'ada', PASSWORD, 'admin') }
    const made = await w.guest.post<Login>(path, right)
    expect([made.status, made.body.user_id]).toEqual([200, `@ada:${SERVER_NAME}`])
    expect(refused(await w.guest.post(path, right))).toEqual([400, 'M_INVALID_PARAM'])
    const second = await nonce()
    const bot = { nonce: second, username: 'eve', password: PASSWORD, user_type: 'bot' }
    expect(
      (await w.guest.post(path, { ...bot, mac: mac(second, 'eve', PASSWORD, 'notadmin', 'bot') })).status,
    ).toBe(200)
    const third = await nonce()
    const forged = {
      nonce: third,
      username: 'bob',
      password: PASSWORD,
      mac: mac(third, 'bob', PASSWORD, 'admin'),
    }
    expect(refused(await w.guest.post(path, forged))).toEqual([403, 'M_FORBIDDEN'])
    const fourth = await nonce()
    w.clock.advance(MINUTE)
    const late = {
      nonce: fourth,
      username: 'bob',
      password: PASSWORD,
      mac: mac(fourth, 'bob', PASSWORD, 'notadmin'),
    }
    expect(refused(await w.guest.post(path, late))).toEqual([400, 'M_INVALID_PARAM'])
    const rows = await w.sql<{ handle: string; is_admin: unknown }>(
      "SELECT handle, is_admin FROM accounts WHERE kind = 'human' ORDER BY handle",
    )
    expect(rows.map(({ handle, is_admin }) => [handle, Boolean(is_admin)])).toEqual([
      ['ada', true],
      ['eve', false],
    ])
  })

  test('makes the MAC as the specification of its programs does', async () => {
    const { hmacSha1 } = await import('../../src/platform/matrix-keys')
    const text = ['abc123', 'alice', 'an0th3r s3kr1t', 'notadmin'].join('\0')
    expect(hmacSha1('reg_secret', text)).toBe('88f190055ecd8251a49be4d456ef6e2332a116c0')
  })
})

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { DAY, PASSWORD, PASSWORD_HASH, type Person, type World, world } from '../support/world'
import { expectRefusal } from './refusals'

/** A hash that is quick to check and far weaker than the hashes of the server. */
const WEAK_PASSWORD = 'weak but well known'

let w: World
let bob: Person

beforeAll(async () => {
  w = await world({ hasSlowPasswords: true })
  bob = await w.human('bob')
  await w.human('keyless')
  await w.human('gone')
  await w.agent('agent')
  const weak = await Bun.password.hash(WEAK_PASSWORD, { algorithm: 'argon2id', memoryCost: 64, timeCost: 1 })
  for (const handle of ['weak', 'weaker', 'gone', 'agent']) {
    if (handle.startsWith('weak')) await w.human(handle)
    await w.sql('UPDATE accounts SET password_hash = ? WHERE handle = ?', weak, handle)
  }
  await w.sql("UPDATE accounts SET password_hash = NULL WHERE handle = 'keyless'")
  const { body } = await w.operator.get<{ id: string; handle: string }[]>('/v1/admin/accounts')
  const gone = body.find(({ handle }) => handle === 'gone')
  await w.operator.post(`/v1/admin/accounts/${gone?.id}/archive`)
})
afterAll(() => w[Symbol.asyncDispose]())

const login = (handle: unknown, password: unknown, headers = {}) =>
  w.guest.post('/v1/auth/login', { handle, password }, headers)
const hashOf = async (handle: string) => {
  const [row] = await w.sql<{ password_hash: string }>(
    'SELECT password_hash FROM accounts WHERE handle = ?',
    handle,
  )
  return row?.password_hash
}
const sessions = async () => (await w.sql('SELECT * FROM sessions')).length

describe('POST /v1/auth/login', () => {
  test('a password hash made by argon2-cffi is accepted and kept as it is', async () => {
    const { status, body, headers } = await login(' BOB ', PASSWORD, {
      'user-agent': 'curl/8',
      'x-forwarded-for': '203.0.113.7',
    })
    expect(status).toBe(200)
    expect(body).toEqual({ status: 'ok', handle: 'bob' })
    const [, secret = ''] =
      /^synapse_session_[0-9a-f]{6}=([A-Za-z0-9_-]{43}); HttpOnly; Max-Age=1209600; Path=\/; SameSite=lax$/.exec(
        headers.get('set-cookie') ?? '',
      ) ?? []
    const me = await w.caller({ cookie: `synapse_session=${secret}` }).get('/v1/auth/me')
    expect(me.body).toMatchObject({
      handle: 'bob',
      via: 'session',
      scopes: [],
      token_id: null,
      expires_at: null,
    })
    expect(await hashOf('bob')).toBe(PASSWORD_HASH)
    const [session] = await w.sql('SELECT * FROM sessions WHERE hash = ?', Bun.SHA256.hash(secret, 'hex'))
    const now = w.clock.now()
    expect(session).toMatchObject({ ip: '203.0.113.7', user_agent: 'curl/8' })
    expect(Number(session?.expires_at) - now).toBeWithin(14 * DAY * 1000, 14 * DAY * 1000 + 1000)
    expect(JSON.stringify(await w.sql('SELECT hash FROM sessions'))).not.toContain(secret)
  })

  test('a weaker password hash is replaced once, at the next sign-in', async () => {
    const before = await hashOf('weak')
    expect((await login('weak', 'wrong')).status).toBe(401)
    expect(await hashOf('weak')).toBe(before)
    expect((await login('weak', WEAK_PASSWORD)).status).toBe(200)
    const after = (await hashOf('weak')) ?? ''
    expect(after).toMatch(/^\$argon2id\$v=19\$m=65536,t=3,p=1\$/)
    expect(await Bun.password.verify(WEAK_PASSWORD, after)).toBeTrue()
  })

  test('every failed sign-in gets the same answer, whatever the reason', async () => {
    const before = await sessions()
    for (const [handle, password] of [
      ['nobody', PASSWORD],
      ['agent', WEAK_PASSWORD],
      ['gone', WEAK_PASSWORD],
      ['keyless', PASSWORD],
      ['weaker', 'wrong'],
      ['weaker', `${WEAK_PASSWORD} `],
      ['weaker', WEAK_PASSWORD.toUpperCase()],
      ['weaker', ''],
      ['', ''],
      ["' OR 1=1 --", PASSWORD],
    ]) {
      const answer = await login(handle, password)
      expectRefusal(answer, 401, { code: 'invalid_credentials', detail: 'Invalid credentials' })
      expect(answer.headers.get('set-cookie')).toBeNull()
    }
    expect(await sessions()).toBe(before)
  })

  test('a sign-in always makes a new session and never adopts the one in the cookie', async () => {
    const planted = 'x'.repeat(43)
    const secrets = [planted]
    for (const cookie of [planted, bob.secret, bob.secret]) {
      const answer = await login('bob', PASSWORD, { cookie: `synapse_session=${cookie}` })
      expect(answer.status).toBe(200)
      secrets.push(/synapse_session_\w+=([^;]*)/.exec(answer.headers.get('set-cookie') ?? '')?.[1] ?? '')
    }
    expect(new Set([...secrets, bob.secret]).size).toBe(5)
    const statuses = secrets.map(async (secret) => {
      const caller = w.caller({ cookie: `synapse_session=${secret}` })
      return (await caller.get('/v1/auth/me')).status
    })
    expect(await Promise.all(statuses)).toEqual([401, 200, 200, 200])
  })

  test('a sign-in ends no other session', async () => {
    await login('weaker', WEAK_PASSWORD)
    expect((await bob.get('/v1/auth/me')).status).toBe(200)
  })
})

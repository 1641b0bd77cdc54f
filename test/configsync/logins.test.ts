// Logins for a signed token of short life, and what ends them.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { MINUTE, PASSWORD, SECOND, type World, world } from '../support/world'
import { type SyncUser, syncToken, syncUser } from './sync-user'

let w: World
let ada: SyncUser
beforeAll(async () => {
  w = await world()
  ada = await syncUser(w, 'ada')
})
afterAll(() => w[Symbol.asyncDispose]())

interface Login {
  readonly token: string
  readonly token_type: string
  readonly expires_in: number
  readonly user: { readonly id: number; readonly handle: string }
}

const logIn = (body: object, on = w) => on.guest.post<Login>('/api/auth/login', body)
const signedIn = async (body: object, on = w) => {
  const { status, body: login } = await logIn(body, on)
  expect(status).toBe(200)
  return on.bearer(login.token)
}
const statusOf = async (caller: SyncUser['caller']) => (await caller.get('/api/auth/verify')).status
const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>

/** A person with a password who may use ConfigSync. */
async function person(handle: string, on = w) {
  const human = await on.human(handle)
  await on.operator.post(`/v1/admin/configsync/users/${handle}/enable`)
  return human
}

describe('a login with a token', () => {
  test('gives a signed token that says whose it is, below both prefixes', async () => {
    for (const mount of ['/api', '/configsync/api']) {
      const { status, body } = await w.guest.post<Login>(`${mount}/auth/login`, { token: ada.token })
      expect([status, body]).toEqual([
        200,
        {
          token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
          ...{ token_type: 'Bearer', expires_in: 3600 },
          user: { id: expect.any(Number), handle: 'ada' },
        },
      ])
      expect(claimsOf(body.token)).toMatchObject({
        ...{
          iss: 'synapse-configsync',
          uid: body.user.id,
          scope: 'configsync:sync',
          tid: ada.tokenId,
          cv: 1,
        },
      })
      expect(await statusOf(w.bearer(body.token))).toBe(200)
    }
  })

  test('ends when it expires, and when its token is revoked', async () => {
    const token = await syncToken(w, 'ada')
    const caller = await signedIn({ token: token.token })
    expect(await statusOf(caller)).toBe(200)
    await w.operator.post(`/v1/admin/tokens/${token.tokenId}/revoke`)
    expect(await statusOf(caller)).toBe(401)
    const other = await signedIn({ token: ada.token })
    w.clock.advance(59 * MINUTE)
    expect(await statusOf(other)).toBe(200)
    w.clock.advance(MINUTE + SECOND)
    expect(await statusOf(other)).toBe(401)
  })

  test('only reads if its token only reads', async () => {
    const reader = await syncToken(w, 'ada', { read_only: true })
    const caller = await signedIn({ token: reader.token })
    const machine = { machine_id: 'aa', name: 'a' }
    expect((await caller.post('/api/machines/register', machine)).status).toBe(403)
    expect((await caller.get('/api/machines')).status).toBe(200)
  })

  test('needs a token that is valid here, and is refused in the same words otherwise', async () => {
    const foreign = await w.agent('foreign')
    const signed = (await logIn({ token: ada.token })).body.token
    const bea = await person('bea')
    const ofPassword = (await logIn({ handle: bea.handle, password: PASSWORD })).body.token
    // A signed token cannot renew itself.
    for (const token of ['cs_wrong', 'hunter2', foreign.secret, `${signed}x`, signed, ofPassword]) {
      const { status, body } = await logIn({ token })
      expect([token, status, body as object]).toEqual([token, 401, { error: 'invalid credentials' }])
    }
    expect((await logIn({})).status).toBe(400)
    expect((await logIn({ handle: 'ada' })).status).toBe(400)
  })
})

describe('a signed token', () => {
  test('with a forged signature, or without one, is invalid', async () => {
    const { body } = await logIn({ token: ada.token })
    const [, claims = ''] = body.token.split('.')
    const head = (alg: string) => Buffer.from(JSON.stringify({ alg, typ: 'JWT' })).toString('base64url')
    const mac = (text: string, key: string, hash: string) =>
      createHmac(hash, key).update(text).digest('base64url')
    const forged = [
      `${head('none')}.${claims}.`,
      `${head('HS256')}.${claims}.${mac(`${head('HS256')}.${claims}`, 'guess', 'sha256')}`,
      `${head('HS512')}.${claims}.${mac(`${head('HS512')}.${claims}`, 'guess', 'sha512')}`,
      '..',
      'a.b.c',
    ]
    for (const token of forged) expect([token, await statusOf(w.bearer(token))]).toEqual([token, 401])
  })

  test('is no credential of other surfaces', async () => {
    const { body } = await logIn({ token: ada.token })
    expect((await w.bearer(body.token).get('/v1/auth/me')).status).toBe(401)
  })
})

describe('a login with a password', () => {
  test('is for people, by handle or e-mail address', async () => {
    await person('bert')
    await w.sql("UPDATE accounts SET email = 'Bert@Example.org' WHERE handle = 'bert'")
    expect(await statusOf(await signedIn({ handle: 'bert', password: PASSWORD }))).toBe(200)
    expect(await statusOf(await signedIn({ handle: 'Bert', password: PASSWORD }))).toBe(200)
    expect(await statusOf(await signedIn({ email: 'bert@example.org', password: PASSWORD }))).toBe(200)
    const { body } = await logIn({ handle: 'bert', password: PASSWORD })
    expect(claimsOf(body.token)).toMatchObject({ tid: null })
  })

  test('fails in the same words for a wrong password, an agent, nobody, and somebody who is not enabled', async () => {
    await person('cleo')
    await w.human('dora')
    for (const body of [
      { handle: 'cleo', password: 'wrong' },
      { handle: 'ada', password: PASSWORD },
      { handle: 'nobody', password: PASSWORD },
      { email: 'nobody@example.org', password: PASSWORD },
      { handle: 'dora', password: PASSWORD },
    ]) {
      const answer = await logIn(body)
      expect([body, answer.status, answer.body as object]).toEqual([
        body,
        401,
        { error: 'invalid credentials' },
      ])
    }
  })

  test('ends with the session that it began, and with a new password', async () => {
    const eve = await person('eve')
    const one = await signedIn({ handle: 'eve', password: PASSWORD })
    const { body } = await eve.get<{ sessions: { id: string; current: boolean }[] }>('/v1/auth/sessions')
    const [session] = body.sessions.filter(({ current }) => !current)
    expect((await eve.delete(`/v1/auth/sessions/${session?.id}`)).status).toBe(204)
    expect(await statusOf(one)).toBe(401)
    const two = await signedIn({ handle: 'eve', password: PASSWORD })
    const changed = await eve.post('/v1/me/password', { current: PASSWORD, new: 'another long password' })
    expect(changed.status).toBe(204)
    expect(await statusOf(two)).toBe(401)
    const three = await logIn({ handle: 'eve', password: 'another long password' })
    expect(claimsOf(three.body.token)).toMatchObject({ cv: 2 })
  })

  test('ends when it expires, and when the account is disabled or archived', async () => {
    const fay = await person('fay')
    const one = await signedIn({ handle: 'fay', password: PASSWORD })
    await w.operator.post('/v1/admin/configsync/users/fay/disable')
    expect(await statusOf(one)).toBe(403)
    await w.operator.post('/v1/admin/configsync/users/fay/enable')
    await w.operator.post(`/v1/admin/accounts/${fay.id}/archive`)
    expect(await statusOf(one)).toBe(401)
    await person('gus')
    const two = await signedIn({ handle: 'gus', password: PASSWORD })
    w.clock.advance(60 * MINUTE + SECOND)
    expect(await statusOf(two)).toBe(401)
  })

  test('is throttled by address and handle', async () => {
    await using slow = await world({ settings: { SYNAPSE_RATE_LOGIN: '2/300' } })
    await person('hal', slow)
    for (let i = 0; i < 2; i++) await logIn({ handle: 'hal', password: 'wrong' }, slow)
    const { status, headers } = await logIn({ handle: 'hal', password: PASSWORD }, slow)
    expect([status, headers.get('retry-after')]).toEqual([429, '300'])
  })

  test('works while the server drains', async () => {
    await using drained = await world()
    await person('ivy', drained)
    await drained.operator.put('/v1/config/drain', { value: true })
    const caller = await signedIn({ handle: 'ivy', password: PASSWORD }, drained)
    expect(await statusOf(caller)).toBe(200)
    const machine = { machine_id: 'aa', name: 'a' }
    const { status, headers } = await caller.post('/api/machines/register', machine)
    expect([status, headers.get('retry-after')]).toEqual([503, '30'])
  })
})

describe('a token of the user', () => {
  test('is revoked by the user, and nobody else’s is', async () => {
    const jan = await syncUser(w, 'jan')
    const other = await syncToken(w, 'jan')
    expect((await ada.caller.delete(`/api/tokens/${jan.tokenId}`)).status).toBe(404)
    const done = await jan.caller.delete(`/api/tokens/${other.tokenId}`)
    expect([done.status, done.body]).toEqual([200, { success: true, message: 'token revoked' }])
    expect(await statusOf(other.caller)).toBe(401)
    expect((await jan.caller.delete(`/api/tokens/${other.tokenId}`)).status).toBe(404)
    expect((await jan.caller.delete('/api/tokens/12')).status).toBe(400)
    expect((await jan.caller.delete(`/api/tokens/${jan.tokenId}`)).status).toBe(200)
    expect(await statusOf(jan.caller)).toBe(401)
  })

  test('that may do more than use this store is not revoked by one that may not', async () => {
    const kim = await w.agent('kim', { scopes: ['channel:*:read'] })
    await w.operator.post('/v1/admin/configsync/users/kim/enable')
    const sync = await syncToken(w, 'kim')
    const { body } = await kim.get<{ token_id: string }>('/v1/auth/me')
    expect((await sync.caller.delete(`/api/tokens/${body.token_id}`)).status).toBe(404)
    expect((await kim.get('/v1/auth/me')).status).toBe(200)
  })
})

// What people do with their own accounts and devices over Matrix.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { signedText } from '../../src/core/matrix'
import { verifyEd25519 } from '../../src/platform/matrix-signatures'
import { HOUR, MINUTE, PASSWORD, type Person, type World } from '../support/world'
import { homeserver, type Login, type MatrixClient, refused, SERVER_NAME, signIn, V3 } from './homeserver'

let w: World
beforeAll(async () => {
  w = await homeserver()
})
afterAll(() => w[Symbol.asyncDispose]())

interface Challenge {
  readonly session: string
  readonly errcode?: string
}

const whoami = `${V3}/account/whoami`
const proof = (person: Pick<Person, 'handle'>, session?: string, password = PASSWORD) => ({
  type: 'm.login.password',
  identifier: { type: 'm.id.user', user: person.handle },
  password,
  ...(session !== undefined && { session }),
})

/** Sends a request, and again with the password that it asks for. */
async function proven(client: MatrixClient, person: Person, method: string, path: string, body: object = {}) {
  const asked = await client.request<Challenge>(method, path, body)
  expect(asked.status).toBe(401)
  return client.request(method, path, { ...body, auth: proof(person, asked.body.session) })
}

describe('devices', () => {
  test('are listed, named and shown', async () => {
    const ada = await w.human('ada')
    const client = await signIn(w, ada, { device_id: 'ONE', initial_device_display_name: 'Phone' })
    await signIn(w, ada, { device_id: 'TWO' })
    const { body } = await client.get<{ devices: { device_id: string; display_name?: string }[] }>(
      `${V3}/devices`,
    )
    expect(body.devices.map(({ device_id, display_name }) => [device_id, display_name])).toEqual([
      ['ONE', 'Phone'],
      ['TWO', undefined],
    ])
    expect((await client.put(`${V3}/devices/TWO`, { display_name: 'Desk' })).body).toEqual({})
    const shown = await client.get(`${V3}/devices/TWO`)
    expect(shown.body).toEqual({
      device_id: 'TWO',
      user_id: `@ada:${SERVER_NAME}`,
      display_name: 'Desk',
      last_seen_ts: expect.any(Number),
      last_seen_ip: '127.0.0.1',
    })
    for (const answer of [
      await client.get(`${V3}/devices/none`),
      await client.put(`${V3}/devices/none`, { display_name: 'x' }),
      await client.put(`${V3}/devices/none`, {}),
      await client.delete(`${V3}/devices/none`),
    ])
      expect(refused(answer)).toEqual([404, 'M_NOT_FOUND'])
  })

  test('end with the password alone', async () => {
    const bob = await w.human('bob')
    const [client, one, two] = [await signIn(w, bob), await signIn(w, bob), await signIn(w, bob)]
    const path = `${V3}/devices/${one.login.device_id}`
    const asked = await client.request<Challenge>('DELETE', path)
    const { session } = asked.body
    const wrong = await client.request<Challenge>('DELETE', path, { auth: proof(bob, session, 'wrong') })
    expect([wrong.status, wrong.body.errcode]).toEqual([401, 'M_FORBIDDEN'])
    const ofAnother = await client.request<Challenge>('DELETE', path, {
      auth: proof({ handle: 'ada' }, session),
    })
    expect([ofAnother.status, ofAnother.body.errcode]).toEqual([401, 'M_FORBIDDEN'])
    const elsewhere = `${V3}/devices/${two.login.device_id}`
    expect(refused(await client.request('DELETE', elsewhere, { auth: proof(bob, session) }))).toEqual([
      403,
      'M_FORBIDDEN',
    ])
    expect((await client.request('DELETE', path, { auth: proof(bob, session) })).status).toBe(200)
    expect(refused(await one.get(whoami))).toEqual([401, 'M_UNKNOWN_TOKEN'])
    const some = { devices: [two.login.device_id, 'unknown'] }
    expect((await proven(client, bob, 'POST', `${V3}/delete_devices`, some)).status).toBe(200)
    expect(refused(await two.get(whoami))).toEqual([401, 'M_UNKNOWN_TOKEN'])
    expect((await client.get(whoami)).status).toBe(200)
  })

  test('of an agent are those of its tokens, and end with them', async () => {
    const bert = await w.agent('bert')
    const client = w.bearer(bert.secret)
    const { body } = await client.get<{ devices: { device_id: string }[] }>(`${V3}/devices`)
    const [device] = body.devices
    expect(device?.device_id).toMatch(/^SYN/)
    const path = `${V3}/devices/${device?.device_id}`
    expect(refused(await client.request('DELETE', path, {}))).toEqual([403, 'M_FORBIDDEN'])
    const second = await w.operator.post<{ token: string }>('/v1/admin/tokens', {
      account_handle: 'bert',
      scopes: ['channel:*:read'],
    })
    await w.operator.post(`/v1/admin/tokens/${bert.tokenId}/revoke`)
    const { body: after } = await w.bearer(second.body.token).get<typeof body>(`${V3}/devices`)
    expect(after.devices).toHaveLength(1)
    expect(after.devices).not.toEqual(body.devices)
  })
})

describe('a new password', () => {
  test('ends all other sessions, those of browsers too, unless told otherwise', async () => {
    const cleo = await w.human('cleo')
    const [client, other] = [await signIn(w, cleo), await signIn(w, cleo)]
    const next = 'another horse battery'
    const path = `${V3}/account/password`
    const kept = await proven(client, cleo, 'POST', path, { new_password: next, logout_devices: false })
    expect(kept.status).toBe(200)
    expect((await other.get(whoami)).status).toBe(200)
    const asked = await client.post<Challenge>(path, { new_password: PASSWORD })
    const auth = proof(cleo, asked.body.session, next)
    expect((await client.post(path, { auth })).status).toBe(200)
    expect(refused(await other.get(whoami))).toEqual([401, 'M_UNKNOWN_TOKEN'])
    expect((await cleo.get('/v1/auth/me')).status).toBe(401)
    expect((await client.get(whoami)).status).toBe(200)
    expect((await signIn(w, cleo)).userId).toBe(`@cleo:${SERVER_NAME}`)
  })

  test('that is weak or missing is refused', async () => {
    const dora = await w.human('dora')
    const client = await signIn(w, dora)
    const path = `${V3}/account/password`
    expect(refused(await client.post(path, { new_password: 'short' }))).toEqual([400, 'M_WEAK_PASSWORD'])
    expect(refused(await proven(client, dora, 'POST', path))).toEqual([400, 'M_MISSING_PARAM'])
    expect(refused(await client.post(path, { new_password: 5 }))).toEqual([400, 'M_BAD_JSON'])
  })
})

test('a deactivated account ends for good: no sign-in, no name for others', async () => {
  const emil = await w.human('emil')
  const client = await signIn(w, emil)
  const { status, body } = await proven(client, emil, 'POST', `${V3}/account/deactivate`, { erase: true })
  expect([status, body]).toEqual([200, { id_server_unbind_result: 'no-support' }])
  expect(refused(await client.get(whoami))).toEqual([401, 'M_UNKNOWN_TOKEN'])
  expect((await emil.get('/v1/auth/me')).status).toBe(401)
  const again = { type: 'm.login.password', user: 'emil', password: PASSWORD }
  expect(refused(await w.guest.post(`${V3}/login`, again))).toEqual([403, 'M_USER_DEACTIVATED'])
  const available = await w.guest.get(`${V3}/register/available?username=emil`)
  expect(refused(available)).toEqual([400, 'M_USER_IN_USE'])
  const [row] = await w.sql<{ erased: unknown }>("SELECT erased FROM matrix_users WHERE localpart = 'emil'")
  expect(Boolean(row?.erased)).toBe(true)
})

describe('a token for others', () => {
  test('signs another device in, once, within two minutes', async () => {
    const finn = await w.human('finn')
    const client = await signIn(w, finn)
    const path = '/_matrix/client/v1/login/get_token'
    const make = async () => (await proven(client, finn, 'POST', path)).body.login_token
    const logIn = (token: unknown) => w.guest.post<Login>(`${V3}/login`, { type: 'm.login.token', token })
    const token = await make()
    const { status, body } = await logIn(token)
    expect([status, body.user_id]).toEqual([200, `@finn:${SERVER_NAME}`])
    expect(refused(await logIn(token))).toEqual([403, 'M_FORBIDDEN'])
    const late = await make()
    w.clock.advance(2 * MINUTE)
    expect(refused(await logIn(late))).toEqual([403, 'M_FORBIDDEN'])
  })

  test('proves the user id to a service for an hour', async () => {
    const gina = await w.human('gina')
    const client = await signIn(w, gina)
    const path = (user: string) => `${V3}/user/${encodeURIComponent(user)}/openid/request_token`
    const { body } = await client.post(path(client.userId), {})
    expect(body).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      matrix_server_name: SERVER_NAME,
      expires_in: 3600,
    })
    const userinfo = (token?: unknown) =>
      w.guest.get(
        `/_matrix/federation/v1/openid/userinfo${token === undefined ? '' : `?access_token=${token}`}`,
      )
    expect((await userinfo(body.access_token)).body).toEqual({ sub: client.userId })
    expect(refused(await userinfo())).toEqual([401, 'M_MISSING_TOKEN'])
    expect(refused(await userinfo('x'))).toEqual([401, 'M_UNKNOWN_TOKEN'])
    expect(refused(await client.post(path('@ada:example.org'), {}))).toEqual([403, 'M_FORBIDDEN'])
    w.clock.advance(HOUR)
    expect(refused(await userinfo(body.access_token))).toEqual([401, 'M_UNKNOWN_TOKEN'])
  })
})

test('the capabilities say what people and agents can do', async () => {
  const hugo = await signIn(w, await w.human('hugo'))
  const agent = w.bearer((await w.agent('ines')).secret)
  const capabilities = async (caller: { get: typeof hugo.get }) =>
    (
      await caller.get<{ capabilities: Record<string, { enabled?: boolean; default?: string }> }>(
        `${V3}/capabilities`,
      )
    ).body.capabilities
  expect((await capabilities(hugo))['m.change_password']).toEqual({ enabled: true })
  expect((await capabilities(agent))['m.change_password']).toEqual({ enabled: false })
  expect((await capabilities(hugo))['m.room_versions']?.default).toBe('11')
  expect(refused(await w.guest.get(`${V3}/capabilities`))).toEqual([401, 'M_MISSING_TOKEN'])
  for (const path of ['voip/turnServer', 'thirdparty/protocols'])
    expect((await hugo.get(`${V3}/${path}`)).body).toEqual({})
})

test('accounts have no addresses of other networks', async () => {
  const jana = await signIn(w, await w.human('jana'))
  expect((await jana.get(`${V3}/account/3pid`)).body).toEqual({ threepids: [] })
  for (const path of [
    'account/3pid',
    'account/3pid/add',
    'account/3pid/delete',
    'register/email/requestToken',
  ])
    expect(refused(await jana.post(`${V3}/${path}`, {}))).toEqual([403, 'M_THREEPID_DENIED'])
})

test('the signing keys are published, and stay the same after a restart', async () => {
  const path = '/_matrix/key/v2/server'
  interface Document {
    readonly [key: string]: unknown
    readonly verify_keys: Record<string, { key: string }>
    readonly signatures: Record<string, Record<string, string>>
  }
  const { body } = await w.guest.get<Document>(path)
  const [[keyId, { key }] = ['', { key: '' }]] = Object.entries(body.verify_keys)
  expect(keyId).toMatch(/^ed25519:a_[0-9a-f]{4}$/)
  expect(verifyEd25519(key, signedText(body), body.signatures[SERVER_NAME]?.[keyId] ?? '')).toBe(true)
  await w.restart()
  expect((await w.guest.get<Document>(path)).body.verify_keys).toEqual(body.verify_keys)
})

test('what an erased account kept for itself is deleted', async () => {
  const zoe = await w.human('zoe')
  const client = await signIn(w, zoe)
  const own = (path: string) => `${V3}/user/${encodeURIComponent(client.userId)}/${path}`
  await client.put(own('account_data/org.example.x'), { secret: 1 })
  await client.post(own('filter'), {})
  await client.put(`${V3}/profile/${encodeURIComponent(client.userId)}/org.example.x`, { 'org.example.x': 1 })
  const erased = await w.operator.post(`/v1/admin/accounts/${zoe.id}/erase`, {
    confirm: 'zoe',
    mode: 'anonymize',
  })
  expect(erased.status).toBe(200)
  // A read waits until the log is followed.
  await (await signIn(w, await w.human('yan'))).get(`${V3}/sync`)
  const [user] = await w.sql<{ account_id: number; profile: unknown }>(
    "SELECT account_id, profile FROM matrix_users WHERE localpart = 'zoe'",
  )
  // One engine returns text, the other the value.
  expect(typeof user?.profile === 'string' ? JSON.parse(user.profile) : user?.profile).toEqual({})
  for (const table of ['matrix_account_data', 'matrix_filters', 'matrix_devices'])
    expect(await w.sql(`SELECT * FROM ${table} WHERE account_id = ?`, user?.account_id ?? 0)).toEqual([])
})

test('a password that waits for its proof is not readable in the store', async () => {
  const client = await signIn(w, await w.human('vera'))
  await client.post(`${V3}/account/password`, { new_password: 'a password to be hidden' })
  const rows = await w.sql<{ json: string }>("SELECT json FROM matrix_secrets WHERE kind = 'interactive'")
  expect(rows.length).toBeGreaterThan(0)
  expect(JSON.stringify(rows)).not.toContain('hidden')
})

test('a deactivated account leaves its rooms, and has no profile any more', async () => {
  await w.channel('club')
  const nils = await w.human('nils', { channels: { club: 'member' } })
  const rita = await signIn(w, await w.human('rita', { channels: { club: 'member' } }))
  const client = await signIn(w, nils)
  await proven(client, nils, 'POST', `${V3}/account/deactivate`)
  const { body } = await rita.get<{ joined_rooms: string[] }>(`${V3}/joined_rooms`)
  const room = encodeURIComponent(body.joined_rooms[0] ?? '')
  const path = `${V3}/rooms/${room}/state/m.room.member/${encodeURIComponent(client.userId)}`
  // The event follows in a transaction of its own.
  let membership: unknown
  while (membership !== 'leave') membership = (await rita.get(path)).body.membership
  expect(refused(await rita.get(`${V3}/profile/${encodeURIComponent(client.userId)}`))).toEqual([
    404,
    'M_NOT_FOUND',
  ])
})

test('the store has no secret that a client holds, only hashes', async () => {
  const otto = await w.human('otto')
  const client = await signIn(w, otto, { refresh_token: true })
  const asked = await client.request<Challenge>('POST', '/_matrix/client/v1/login/get_token', {})
  const { body: proof1 } = await proven(client, otto, 'POST', '/_matrix/client/v1/login/get_token')
  const openid = await client.post(`${V3}/user/${encodeURIComponent(client.userId)}/openid/request_token`, {})
  const secrets = [
    client.login.access_token,
    client.login.refresh_token,
    asked.body.session,
    proof1.login_token,
    openid.body.access_token,
  ].map(String)
  const rows = [...(await w.sql('SELECT * FROM sessions')), ...(await w.sql('SELECT * FROM matrix_secrets'))]
  const stored = JSON.stringify(rows)
  // The prefix of a token says what it is, and is no secret.
  for (const secret of secrets) expect(stored).not.toContain(secret.replace(/^mx[tr]_/, ''))
})

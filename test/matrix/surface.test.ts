// The rules that every route of the homeserver keeps: errors, bodies, CORS, headers, paths.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Person, type World, world } from '../support/world'
import { homeserver, type MatrixClient, refused, SERVER_NAME, signIn, V3 } from './homeserver'

let w: World
let ada: Person
let client: MatrixClient
beforeAll(async () => {
  w = await homeserver()
  ada = await w.human('ada')
  client = await signIn(w, ada)
})
afterAll(() => w[Symbol.asyncDispose]())

describe('a path', () => {
  test('below the prefixes that does not exist is unrecognized, also with a trailing slash', async () => {
    for (const path of ['/_matrix/x', '/_synapse', '/.well-known/matrix/other', `${V3}/login/`, '/_matrix'])
      expect(refused(await w.guest.get(path))).toEqual([404, 'M_UNRECOGNIZED'])
  })

  test('with another method is unrecognized', async () => {
    const answer = await w.guest.put(`${V3}/login`, {})
    expect(refused(answer)).toEqual([405, 'M_UNRECOGNIZED'])
    expect(answer.headers.get('allow')).toBe('GET, POST')
  })

  test('with a part that no text can have is refused', async () => {
    for (const part of ['%ff', '%E0%A4%A', '%00'])
      expect(refused(await client.get(`${V3}/devices/${part}`))).toEqual([400, 'M_INVALID_PARAM'])
  })

  test('of an earlier version is served as the current one', async () => {
    const { body } = await w.guest.get('/_matrix/client/r0/login')
    expect(body).toEqual((await w.guest.get(`${V3}/login`)).body)
  })

  test('does not exist without a server name', async () => {
    await using plain = await world()
    for (const path of [`${V3}/login`, '/.well-known/matrix/client', '/_synapse/server_version'])
      expect((await plain.guest.get(path)).body).toMatchObject({ code: 'not_found' })
    expect((await plain.operator.get('/v1/server')).text).not.toContain('"matrix"')
    expect((await w.operator.get('/v1/server')).text).toContain('"matrix"')
  })
})

describe('an answer', () => {
  test('has the plain content type, no internals, and may be read by pages of every origin', async () => {
    const answers = [
      await w.guest.get(`${V3}/login`),
      await w.guest.get('/_matrix/nothing'),
      await w.guest.post(`${V3}/login`, {}),
      await client.get(`${V3}/account/whoami`, { origin: 'https://page.example' }),
    ]
    for (const { headers } of answers) {
      expect(headers.get('content-type')).toBe('application/json')
      expect(headers.get('access-control-allow-origin')).toBe('*')
      expect(headers.get('access-control-allow-methods')).toBe('GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS')
      expect(headers.get('access-control-allow-headers')).toBe(
        'X-Requested-With, Content-Type, Authorization',
      )
      expect(headers.get('access-control-expose-headers')).toBe('Retry-After')
      const names = [...headers.keys()].filter((name) =>
        /^(?:x-(?!content-type-options)|ratelimit)/.test(name),
      )
      expect(names).toEqual([])
    }
  })

  test('to OPTIONS is 204 on every path, without a credential', async () => {
    for (const path of [`${V3}/account/whoami`, '/_matrix/nothing', `${V3}/logout`]) {
      const { status, text, headers } = await w.guest.request('OPTIONS', path)
      expect([status, text, headers.get('access-control-allow-origin')]).toEqual([204, '', '*'])
    }
    expect((await client.get(`${V3}/account/whoami`)).status).toBe(200)
  })
})

describe('a body', () => {
  const send = (body: string | Uint8Array<ArrayBuffer> | undefined, type = 'text/plain') =>
    w.guest.fetch(`${V3}/login`, {
      method: 'POST',
      headers: { 'content-type': type },
      ...(body !== undefined && { body }),
    })

  test('is read as JSON, whatever its content type', async () => {
    expect(refused(await send('{"type":"m.other"}'))).toEqual([400, 'M_UNKNOWN'])
  })

  test('that is empty is an empty object', async () => {
    expect(refused(await send(undefined))).toEqual([400, 'M_MISSING_PARAM'])
    expect(refused(await send(''))).toEqual([400, 'M_MISSING_PARAM'])
  })

  test('that is malformed is refused by its fault', async () => {
    const table: readonly (readonly [string | Uint8Array<ArrayBuffer>, string])[] = [
      ['{', 'M_NOT_JSON'],
      [new Uint8Array([0x22, 0xff, 0x22]), 'M_NOT_JSON'],
      ['[]', 'M_BAD_JSON'],
      ['"text"', 'M_BAD_JSON'],
      ['{"type":1}', 'M_BAD_JSON'],
      ['{"type":"m.login.password","identifier":"ada"}', 'M_BAD_JSON'],
      ['{"type":"\\u0000"}', 'M_BAD_JSON'],
      [`{"type":"x","deep":${'['.repeat(101)}${']'.repeat(101)}}`, 'M_BAD_JSON'],
    ]
    for (const [body, errcode] of table) expect(refused(await send(body))).toEqual([400, errcode])
  })

  test('of more than a mebibyte is too large', async () => {
    expect(refused(await send(`{"type":"${'x'.repeat(1_048_576)}"}`))).toEqual([413, 'M_TOO_LARGE'])
  })
})

describe('an access token', () => {
  const whoami = `${V3}/account/whoami`

  test('that is missing or unknown is refused with the code of its fault', async () => {
    expect(refused(await w.guest.get(whoami))).toEqual([401, 'M_MISSING_TOKEN'])
    expect(refused(await w.bearer('mxt_unknown').get(whoami))).toEqual([401, 'M_UNKNOWN_TOKEN'])
    expect(refused(await w.bearer('syn_unknown').get(whoami))).toEqual([401, 'M_UNKNOWN_TOKEN'])
    expect(refused(await w.caller(ada.credential).get(whoami))).toEqual([401, 'M_MISSING_TOKEN'])
  })

  test('of a device is accepted in the header and in the query, and names user and device', async () => {
    const { user_id, device_id, access_token } = client.login
    const whoamiOf = { user_id, device_id, is_guest: false }
    expect(user_id).toBe(`@ada:${SERVER_NAME}`)
    expect((await client.get(whoami)).body).toEqual(whoamiOf)
    expect((await w.guest.get(`${whoami}?access_token=${access_token}`)).body).toEqual(whoamiOf)
  })

  test('in the query is refused while matrix.query_token is off', async () => {
    await w.operator.put('/v1/config/matrix.query_token', { value: false })
    const path = `${whoami}?access_token=${client.login.access_token}`
    expect(refused(await w.guest.get(path))).toEqual([401, 'M_MISSING_TOKEN'])
    await w.operator.put('/v1/config/matrix.query_token', { value: true })
    expect((await w.guest.get(path)).status).toBe(200)
  })

  test('of a device is unknown on /v1, as a token and as a cookie', async () => {
    const { access_token } = client.login
    expect((await w.bearer(access_token).get('/v1/auth/me')).body).toMatchObject({ code: 'invalid_token' })
    const cookie = await w.caller({ cookie: `synapse_session=${access_token}` }).get('/v1/auth/me')
    expect([cookie.status, cookie.body.code]).toEqual([401, 'invalid_session'])
  })

  test('of an agent is its own, and makes its device at the first use', async () => {
    const bert = await w.agent('bert')
    const { body } = await w
      .bearer(bert.secret)
      .get<{ user_id: string; device_id: string; is_guest: boolean }>(whoami)
    expect(body).toEqual({
      user_id: `@bert:${SERVER_NAME}`,
      device_id: expect.stringMatching(/^SYN[A-Z2-7]{7}$/),
      is_guest: false,
    })
    expect((await w.bearer(bert.secret).get(whoami)).body).toEqual(body)
    expect(await w.sql('SELECT name FROM matrix_devices WHERE device_id = ?', body.device_id)).toHaveLength(1)
  })

  test('never appears in the log', () => {
    expect(w.log).not.toContain(client.login.access_token)
  })
})

test('the versions are the same with a bad token', async () => {
  const { status, body, headers } = await w
    .bearer('nonsense')
    .get<{ versions: string[] }>('/_matrix/client/versions')
  expect([status, body.versions.at(0), body.versions.at(-1)]).toEqual([200, 'r0.5.0', 'v1.12'])
  expect(headers.get('cache-control')).toBe('public, max-age=600')
  const { headers: without } = await w.guest.get('/_matrix/client/versions')
  expect(without.get('vary')).toBe('Authorization')
})

test('the server says by which address it is reached', async () => {
  await using other = await homeserver({
    SYNAPSE_BASE_URL: 'https://chat.example.org',
    SYNAPSE_MATRIX_WELL_KNOWN: '{"org.example":{"on":true}}',
  })
  const client = async () => (await other.guest.get('/.well-known/matrix/client')).body
  const server = async () => (await other.guest.get('/.well-known/matrix/server')).body
  expect(await client()).toEqual({
    'm.homeserver': { base_url: 'https://chat.example.org' },
    'org.example': { on: true },
    'io.element.e2ee': { default: false, force_disable: true },
  })
  expect(await server()).toEqual({ 'm.server': 'chat.example.org:443' })
  expect(refused(await other.guest.get('/.well-known/matrix/support'))).toEqual([404, 'M_NOT_FOUND'])
  const set = (key: string, value: unknown) => other.operator.put(`/v1/config/matrix.${key}`, { value })
  await set('base_url', 'https://matrix.example.org')
  await set('delegate', 'fed.example.org:8448')
  await set('support', { support_page: 'https://example.org/help' })
  expect(await client()).toMatchObject({ 'm.homeserver': { base_url: 'https://matrix.example.org' } })
  expect(await server()).toEqual({ 'm.server': 'fed.example.org:8448' })
  const { body } = await other.guest.get('/.well-known/matrix/support')
  expect(body).toEqual({ support_page: 'https://example.org/help' })
})

// Signing devices in and out, and renewing their sessions.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { HOUR, PASSWORD, type Person, type World } from '../support/world'
import { homeserver, type Login, MatrixClient, refused, SERVER_NAME, signIn, V3 } from './homeserver'

let w: World
let ada: Person
beforeAll(async () => {
  w = await homeserver()
  ada = await w.human('ada')
  await w.agent('bert')
})
afterAll(() => w[Symbol.asyncDispose]())

const whoami = `${V3}/account/whoami`
const password = (user: unknown, fields: object = {}) =>
  w.guest.post<Login>(`${V3}/login`, {
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user },
    password: PASSWORD,
    ...fields,
  })

describe('a sign-in with a password', () => {
  test('accepts the localpart, the whole id, and the user of older clients', async () => {
    for (const user of ['ada', `@ada:${SERVER_NAME}`]) expect((await password(user)).status).toBe(200)
    const older = { type: 'm.login.password', user: 'ada', password: PASSWORD }
    const { body } = await w.guest.post('/_matrix/client/r0/login', older)
    expect(body).toEqual({
      user_id: `@ada:${SERVER_NAME}`,
      home_server: SERVER_NAME,
      device_id: expect.stringMatching(/^[A-Z]{10}$/),
      access_token: expect.stringMatching(/^mxt_[A-Za-z0-9_-]{43}$/),
    })
  })

  test('refuses unknown users, wrong passwords and agents in the same words', async () => {
    const answers = [
      await password('nobody'),
      await password('ada', { password: 'wrong' }),
      await password('bert'),
      await password('@ada:other.example'),
    ]
    for (const { status, body } of answers)
      expect([status, body]).toEqual([
        403,
        { errcode: 'M_FORBIDDEN', error: 'Wrong user name or password' },
      ] as never)
  })

  test('tells the owner of an archived account that it is', async () => {
    const gone = await w.human('gone')
    await w.operator.post(`/v1/admin/accounts/${gone.id}/archive`)
    expect(refused(await password('gone'))).toEqual([403, 'M_USER_DEACTIVATED'])
    expect(refused(await password('gone', { password: 'wrong' }))).toEqual([403, 'M_FORBIDDEN'])
  })

  test('is refused and not offered while matrix.password_login is off', async () => {
    const flows = async () => JSON.stringify((await w.guest.get(`${V3}/login`)).body)
    expect(await flows()).toContain('m.login.password')
    await w.operator.put('/v1/config/matrix.password_login', { value: false })
    expect(refused(await password('ada'))).toEqual([403, 'M_FORBIDDEN'])
    expect(await flows()).not.toContain('m.login.password')
    await w.operator.put('/v1/config/matrix.password_login', { value: true })
  })

  test('replaces the token of a device that is known', async () => {
    const first = await signIn(w, ada, { device_id: 'Phone é', initial_device_display_name: 'My phone' })
    expect(first.login.device_id).toBe('Phone é')
    const second = await signIn(w, ada, { device_id: 'Phone é' })
    expect(refused(await first.get(whoami))).toEqual([401, 'M_UNKNOWN_TOKEN'])
    expect((await second.get(whoami)).status).toBe(200)
    expect(await w.sql("SELECT name FROM matrix_devices WHERE device_id = 'Phone é'")).toEqual([
      { name: 'My phone' },
    ])
  })

  test('refuses a device id that is empty or longer than 255 bytes', async () => {
    for (const device_id of ['', 'é'.repeat(128)])
      expect(refused(await password('ada', { device_id }))).toEqual([400, 'M_INVALID_PARAM'])
  })

  test('of a type that is unknown is refused', async () => {
    expect(refused(await password('ada', { type: 'm.login.other' }))).toEqual([400, 'M_UNKNOWN'])
    const byMail = { identifier: { type: 'm.id.thirdparty', medium: 'email', address: 'a@example.org' } }
    expect(refused(await password('ada', byMail))).toEqual([400, 'M_UNKNOWN'])
    expect(refused(await w.guest.post(`${V3}/login`, { type: 'm.login.token', token: 'x' }))).toEqual([
      403,
      'M_FORBIDDEN',
    ])
  })
})

test('too many sign-ins of an address are refused with the time to wait', async () => {
  await using limited = await homeserver({ SYNAPSE_RATE_LOGIN: '2/300' })
  await limited.human('ada')
  const attempt = () =>
    limited.guest.post(`${V3}/login`, { type: 'm.login.password', user: 'ada', password: 'wrong' })
  await attempt()
  await attempt()
  const { status, body, headers } = await attempt()
  expect([status, body]).toEqual([
    429,
    { errcode: 'M_LIMIT_EXCEEDED', error: expect.any(String), retry_after_ms: 300_000 },
  ])
  expect(headers.get('retry-after')).toBe('300')
})

describe('a session', () => {
  test('ends with a logout, and its device with it', async () => {
    const client = await signIn(w, ada, { device_id: 'ENDING' })
    expect((await client.post(`${V3}/logout`)).body).toEqual({})
    expect(refused(await client.get(whoami))).toEqual([401, 'M_UNKNOWN_TOKEN'])
    expect(await w.sql("SELECT id FROM matrix_devices WHERE device_id = 'ENDING'")).toEqual([])
  })

  test('ends with all others of devices, but not with those of browsers', async () => {
    const [one, other] = [await signIn(w, ada), await signIn(w, ada)]
    expect((await one.post(`${V3}/logout/all`)).status).toBe(200)
    for (const client of [one, other])
      expect(refused(await client.get(whoami))).toEqual([401, 'M_UNKNOWN_TOKEN'])
    expect((await ada.get('/v1/auth/me')).status).toBe(200)
  })

  test('of an agent does not end over Matrix', async () => {
    const cleo = await w.agent('cleo')
    expect(refused(await w.bearer(cleo.secret).post(`${V3}/logout`))).toEqual([403, 'M_FORBIDDEN'])
  })

  test('is listed on /v1 with its device, and ended there', async () => {
    const client = await signIn(w, ada, { device_id: 'LISTED' })
    const { body } = await ada.get<{ sessions: { id: string; device_id?: string }[] }>('/v1/auth/sessions')
    const listed = body.sessions.find(({ device_id }) => device_id === 'LISTED')
    expect(body.sessions.some((session) => !('device_id' in session))).toBe(true)
    expect((await ada.delete(`/v1/auth/sessions/${listed?.id}`)).status).toBe(204)
    expect(refused(await client.get(whoami))).toEqual([401, 'M_UNKNOWN_TOKEN'])
    expect(await w.sql("SELECT id FROM matrix_devices WHERE device_id = 'LISTED'")).toEqual([])
  })

  test('outlives that of a browser', async () => {
    const client = await signIn(w, ada)
    w.clock.advance(24 * 400 * HOUR)
    expect((await client.get(whoami)).status).toBe(200)
  })
})

describe('a refresh token', () => {
  const renew = (refresh_token: string | undefined) => w.guest.post<Login>(`${V3}/refresh`, { refresh_token })
  const begin = () => signIn(w, ada, { refresh_token: true })
  const as = (client: MatrixClient, body: Login) => new MatrixClient(w, { ...client.login, ...body })

  test('renews a session whose access token has expired', async () => {
    const client = await begin()
    expect(client.login.expires_in_ms).toBe(3_600_000)
    expect(client.login.refresh_token).toMatch(/^mxr_/)
    w.clock.advance(HOUR)
    expect((await client.get(whoami)).body).toEqual({
      errcode: 'M_UNKNOWN_TOKEN',
      error: 'Unknown access token',
      soft_logout: true,
    })
    const { status, body } = await renew(client.login.refresh_token)
    expect(status).toBe(200)
    expect(Object.keys(body).sort()).toEqual(['access_token', 'expires_in_ms', 'refresh_token'])
    const renewed = await as(client, body).get(whoami)
    expect(renewed.body).toMatchObject({ device_id: client.login.device_id })
  })

  test('works with its access token until the new pair is used', async () => {
    const client = await begin()
    const { body: lost } = await renew(client.login.refresh_token)
    expect((await client.get(whoami)).status).toBe(200)
    const { status, body } = await renew(client.login.refresh_token)
    expect(status).toBe(200)
    expect(refused(await as(client, lost).get(whoami))).toEqual([401, 'M_UNKNOWN_TOKEN'])
    expect((await client.get(whoami)).status).toBe(200)
    expect((await as(client, body).get(whoami)).status).toBe(200)
    expect(refused(await client.get(whoami))).toEqual([401, 'M_UNKNOWN_TOKEN'])
  })

  test('that was used before ends the session, because it was copied', async () => {
    const client = await begin()
    const { body } = await renew(client.login.refresh_token)
    const renewed = as(client, body)
    expect((await renewed.get(whoami)).status).toBe(200)
    expect(refused(await renew(client.login.refresh_token))).toEqual([401, 'M_UNKNOWN_TOKEN'])
    expect(refused(await renewed.get(whoami))).toEqual([401, 'M_UNKNOWN_TOKEN'])
    expect(refused(await renew(body.refresh_token))).toEqual([401, 'M_UNKNOWN_TOKEN'])
  })

  test('that is unknown is refused', async () => {
    expect(refused(await renew('mxr_unknown'))).toEqual([401, 'M_UNKNOWN_TOKEN'])
    expect(refused(await renew(undefined))).toEqual([400, 'M_MISSING_PARAM'])
  })
})

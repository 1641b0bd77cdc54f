import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createHmac, hkdfSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parsePairCode } from '../../src/core/identity/pair-codes'
import { homePaths, parseInstanceKey } from '../../src/home'
import { LiveSocket } from '../support/sockets'
import { type Answer, type Fields, MINUTE, type World, world } from '../support/world'
import { expectRefusal, issuesOf, leavesNoTrace } from './refusals'

interface Device extends Fields {
  readonly id: string
  readonly code: string
  readonly typed_code: string
  readonly token?: string
}

interface Redeemed extends Fields {
  readonly token: string
}

/** Ada, the only human admin, and cairn, an agent, both in #general. */
async function scene() {
  const w: World = await world()
  await w.channel('general')
  const ada = await w.human('ada', { isAdmin: true, channels: { general: 'member' } })
  const cairn = await w.agent('cairn', { channels: { general: 'member' } })
  const pair = (fields: Fields = {}) =>
    w.operator.post<Device>('/v1/admin/devices', { device: 'phone-x', ...fields })
  const redeem = (code: string, fields: Fields = {}, headers: Record<string, string> = {}) =>
    w.guest.post<Redeemed>('/v1/pair/redeem', { code, ...fields }, headers)
  const state = async (id: string) => {
    const { body } = await w.operator.get<Device[]>('/v1/admin/devices')
    return body.find((device) => device.id === id)?.state
  }
  return { w, ada, cairn, pair, redeem, state, [Symbol.asyncDispose]: () => w[Symbol.asyncDispose]() }
}

const invalid = { code: 'pair_code_invalid', detail: 'This code is not valid' }
const used = { code: 'pair_code_used', detail: 'This code was used; make another one' }
const expired = { code: 'pair_code_expired', detail: 'This code has expired; make another one' }
const revoked = { code: 'pair_code_revoked', detail: 'This code was revoked' }

/** The typed code with one character of its secret changed. */
const wrong = (typed: string) => typed.slice(0, -1) + (typed.endsWith('0') ? '1' : '0')

describe('pairing codes', () => {
  test('a code is for the only human admin by default, is valid for ten minutes and is shown once', async () => {
    await using s = await scene()
    const { status, body } = await s.pair()
    expect(status).toBe(201)
    const { code, typed_code, ...rest } = body
    expect(code).toMatch(/^[A-Za-z0-9_-]{22}$/)
    expect(typed_code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{8}$/)
    expect<Fields>(rest).toMatchObject({
      device: 'phone-x',
      account_handle: 'ada',
      account_kind: 'human',
      scopes: ['channel:*:read', 'channel:*:post'],
      actors: null,
      state: 'active',
      expires_at: expect.stringMatching(/^2026-05-07T12:10:00/),
      token_id: null,
    })
    const listed = await s.w.operator.get<Device[]>('/v1/admin/devices')
    expect(listed.body).toEqual([rest as Device])
    for (const secret of [code, typed_code, typed_code.slice(5)]) expect(listed.text).not.toContain(secret)
  })

  test('the stored code can be guessed only with the key of the instance', async () => {
    await using s = await scene()
    const { code, typed_code } = (await s.pair()).body
    const [row] = await s.w.sql('SELECT code_hash, selector, typed_hash FROM pair_codes')
    const path = homePaths(s.w.home).instanceKey
    const seed = parseInstanceKey(readFileSync(path, 'utf8'), path).seed()
    const key = new Uint8Array(hkdfSync('sha256', seed, new Uint8Array(0), 'synapse-pair-code', 32))
    expect(row).toEqual({
      code_hash: Bun.SHA256.hash(code, 'hex'),
      selector: typed_code.slice(0, 4),
      typed_hash: createHmac('sha256', key).update(typed_code.slice(5)).digest('hex'),
    })
  })

  test.each<[string, string, string[]]>([
    ['browser-kitchen', 'ada', ['channel:*:*', 'human:act']],
    ['browser-kitchen', 'cairn', ['channel:*:*']],
    ['viewer-hall', 'ada', ['channel:*:read']],
    ['cli-x', 'cairn', ['channel:*:read', 'channel:*:post']],
  ])('a code of %s for %s has the scopes of its label', async (device, account_handle, scopes) => {
    await using s = await scene()
    expect((await s.pair({ device, account_handle })).body.scopes).toEqual(scopes)
  })

  test('a code can have its own scopes, actors and lifetime, and its token gets them', async () => {
    await using s = await scene()
    const { body } = await s.pair({
      account_handle: 'cairn',
      scopes: ['channel:general:read'],
      actors: ['ada'],
      ttl_s: 60,
    })
    expect(body.expires_at).toMatch(/^2026-05-07T12:01:00/)
    const { token } = (await s.redeem(body.code)).body
    const me = await s.w.bearer(token).get('/v1/auth/me', { 'x-synapse-actor': 'ada' })
    expect(me.body).toMatchObject({ handle: 'ada', acted_by: 'cairn', scopes: ['channel:general:read'] })
  })

  test('a code must name its account unless there is exactly one human admin', async () => {
    await using s = await scene()
    await s.w.human('eve', { isAdmin: true })
    await leavesNoTrace(s.w, async () => {
      expectRefusal(await s.pair(), 400, {
        code: 'account_required',
        detail: 'Name the account: there is not exactly one human system admin',
      })
      expect((await s.pair({ account_handle: 'nobody' })).body.code).toBe('account_not_found')
      expect((await s.pair({ account_handle: 'ada', scopes: ['nonsense'] })).body.code).toBe('invalid_scope')
      expect((await s.pair({ account_handle: 'cairn', scopes: ['human:act'] })).body.code).toBe(
        'invalid_scope',
      )
      expect((await s.pair({ account_handle: 'ada', actors: ['a b'] })).body.code).toBe('invalid_handle')
    })
    expect(issuesOf(await s.pair({ device: '', ttl_s: 59 }))).toEqual([
      'string_too_short body.device',
      'greater_than_equal body.ttl_s',
    ])
    expect(issuesOf(await s.pair({ ttl_s: 86_401 }))).toEqual(['less_than_equal body.ttl_s'])
    expect(await s.w.sql('SELECT * FROM pair_codes')).toEqual([])
  })
})

describe('redeeming', () => {
  test('redeeming gives a token named after the device, with the account and the server', async () => {
    await using s = await scene()
    const { body: device } = await s.pair({ account_handle: 'cairn' })
    const { status, body } = await s.redeem(device.code)
    expect(status).toBe(201)
    const { token, ...rest } = body
    expect(rest).toEqual({
      url: s.w.url,
      account: { handle: 'cairn', kind: 'agent' },
      scopes: ['channel:*:read', 'channel:*:post'],
      expires_at: null,
      instance_did: expect.stringMatching(/^did:key:z6Mk/),
    })
    const phone = s.w.bearer(token)
    expect((await phone.get('/v1/auth/me')).body).toMatchObject({ handle: 'cairn', token_name: 'phone-x' })
    expect((await phone.post('/v1/messages', { channel: 'general', body: 'hi' })).status).toBe(201)
    const [row] = await s.w.sql('SELECT hash, device FROM tokens ORDER BY id DESC LIMIT 1')
    expect(row).toEqual({ hash: Bun.SHA256.hash(token, 'hex'), device: 'phone-x' })
    expect(await s.state(device.id)).toBe('redeemed')
    await s.w.stop()
    for (const secret of [device.code, device.typed_code, token]) expect(s.w.log).not.toContain(secret)
  })

  const forms: [string, (device: Device, url: string) => string][] = [
    ['the code of the link', ({ code }) => code],
    ['the whole link', ({ code }, url) => link(url, code)],
    ['the typed code', ({ typed_code }) => typed_code],
    [
      'the typed code in small letters, with spaces',
      ({ typed_code }) => ` ${typed_code.toLowerCase().replace('-', '  ')} `,
    ],
    [
      'the typed code with letters that look alike',
      ({ typed_code }) => typed_code.replaceAll('0', 'o').replaceAll('1', 'l'),
    ],
  ]
  test.each(forms)('redeeming accepts %s', async (_, form) => {
    await using s = await scene()
    const { body } = await s.pair()
    expect((await s.redeem(form(body, s.w.url), { device: 'my phone' })).status).toBe(201)
    expect((await s.w.sql('SELECT device FROM tokens ORDER BY id DESC LIMIT 1'))[0]).toEqual({
      device: 'my phone',
    })
  })

  test('of several simultaneous attempts with one code only one succeeds', async () => {
    await using s = await scene()
    const { body } = await s.pair()
    const answers = await Promise.all(
      [body.code, body.typed_code, body.code, body.typed_code].map((code) => s.redeem(code)),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 410, 410, 410])
    for (const answer of answers) if (answer.status === 410) expectRefusal(answer, 410, used)
    expect(await s.w.sql("SELECT count(*) AS n FROM tokens WHERE device = 'phone-x'")).toEqual([{ n: 1 }])
    expectRefusal(await s.redeem(wrong(body.typed_code)), 404, invalid)
  })

  test('an expired code is reported as expired only for the correct secret', async () => {
    await using s = await scene()
    const { body } = await s.pair({ ttl_s: 60 })
    s.w.clock.advance(MINUTE)
    expectRefusal(await s.redeem(body.code), 410, expired)
    expectRefusal(await s.redeem(body.typed_code), 410, expired)
    expectRefusal(await s.redeem(wrong(body.typed_code)), 404, invalid)
    expect(await s.state(body.id)).toBe('expired')
  })

  test('a revoked code cannot be redeemed', async () => {
    await using s = await scene()
    const { body } = await s.pair()
    await s.w.operator.post(`/v1/admin/devices/${body.id}/revoke`)
    expectRefusal(await s.redeem(body.code), 410, revoked)
    expectRefusal(await s.redeem(body.typed_code), 410, revoked)
    expectRefusal(await s.redeem(wrong(body.typed_code)), 404, invalid)
  })

  test('five wrong secrets lock a code, which then looks like a wrong code', async () => {
    await using s = await scene()
    const { body } = await s.pair()
    const { body: other } = await s.pair({ device: 'other' })
    for (let i = 0; i < 4; i++) expectRefusal(await s.redeem(wrong(body.typed_code)), 404, invalid)
    expect(await s.state(body.id)).toBe('active')
    expectRefusal(await s.redeem(wrong(body.typed_code)), 404, invalid)
    expect(await s.state(body.id)).toBe('locked')
    for (const code of [body.typed_code, body.code]) expectRefusal(await s.redeem(code), 404, invalid)
    expect((await s.redeem(other.typed_code)).status).toBe(201)
  })

  test.each([
    '',
    'x',
    'AAAAAAAAAAAAAAAAAAAAAA',
    'AAAA-AAAAAAAA',
    'AAAA-AAAAAAAU',
    'http://x/pair#',
    'http://x/pair#e30',
    'ü',
  ])('redeeming refuses %p like every wrong code', async (code) => {
    await using s = await scene()
    await s.pair()
    const answer = await s.redeem(code)
    if (code === '') expect(answer.status).toBe(422)
    else expectRefusal(answer, 404, invalid)
  })

  test('a validation error never shows the code', async () => {
    await using s = await scene()
    for (const code of [['canary'], 5, `canary${'x'.repeat(3000)}`])
      expect((await s.w.guest.post('/v1/pair/redeem', { code })).text).not.toContain('canary')
  })

  test('a code cannot be redeemed for an archived account', async () => {
    await using s = await scene()
    const { body } = await s.pair({ account_handle: 'cairn' })
    await s.w.archives(s.cairn)
    expectRefusal(await s.redeem(body.code), 404, invalid)
  })

  test('an address has ten attempts a minute, correct or not', async () => {
    await using s = await scene()
    const { body } = await s.pair()
    const from = (address: string) => ({ 'x-forwarded-for': address })
    for (let i = 0; i < 10; i++) await s.redeem('AAAA-AAAAAAAA', {}, from('192.0.2.1'))
    const answer = await s.redeem(body.code, {}, from('192.0.2.1'))
    expectRefusal(answer, 429, {
      code: 'rate_limited',
      detail: 'Too many codes were tried; wait and try again',
      retry_after: 60,
    })
    expect(answer.headers.get('retry-after')).toBe('60')
    expect((await s.redeem('AAAA-AAAAAAAA', {}, from('192.0.2.2'))).status).toBe(404)
    s.w.clock.advance(MINUTE)
    expect((await s.redeem(body.code, {}, from('192.0.2.1'))).status).toBe(201)
  })

  test('IPv6 addresses of one /64 network share their attempts', async () => {
    await using s = await scene()
    const tries: number[] = []
    for (let i = 0; i < 11; i++) {
      const from = { 'x-forwarded-for': `2001:db8:1:2:${i}::${i}` }
      tries.push((await s.redeem('AAAA-AAAAAAAA', {}, from)).status)
    }
    expect(tries).toEqual([...Array<number>(10).fill(404), 429])
    const other = { 'x-forwarded-for': '2001:db8:1:3::1' }
    expect((await s.redeem('AAAA-AAAAAAAA', {}, other)).status).toBe(404)
  })

  test('pairing attempts do not reset the count of failed sign-ins', async () => {
    await using w = await world({ settings: { SYNAPSE_RATE_LOGIN: '2/600' } })
    await w.human('ada')
    const login = () => w.guest.post('/v1/auth/login', { handle: 'ada', password: 'wrong' })
    await login()
    await login()
    w.clock.advance(2 * MINUTE)
    // A pairing attempt removes entries older than its own window of a minute, but no sign-ins, which count for ten minutes.
    await w.guest.post('/v1/pair/redeem', { code: 'AAAA-AAAAAAAA' })
    expect((await login()).body).toMatchObject({ code: 'login_throttled', retry_after: 480 })
  })
})

describe('redeeming for a session', () => {
  const session = { as: 'session' }

  test('redeeming on the server’s own page sets the session cookie and shows no token', async () => {
    await using s = await scene()
    const { body: device } = await s.pair()
    const answer = await s.redeem(device.code, session, { origin: s.w.url })
    expect(answer.status).toBe(201)
    expect(answer.body).not.toHaveProperty('token')
    expect(answer.body).toMatchObject({ account: { handle: 'ada', kind: 'human' } })
    const cookie = answer.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(
      /^synapse_session_[0-9a-f]{6}=[^;]{43}; HttpOnly; Max-Age=1209600; Path=\/; SameSite=lax$/,
    )
    const phone = s.w.caller({ cookie: cookie.split(';')[0] ?? '' })
    expect((await phone.get('/v1/auth/me')).body).toMatchObject({ handle: 'ada', via: 'session' })
  })

  test('a foreign page cannot redeem for a session, and the code stays unused', async () => {
    await using s = await scene()
    const { body: device } = await s.pair()
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
    ]
    for (const headers of foreign)
      expect(await s.redeem(device.code, session, headers)).toMatchObject({
        status: 403,
        body: { code: 'origin_not_allowed' },
      })
    expect((await s.redeem(device.code, session, { origin: s.w.url })).status).toBe(201)
  })

  test('a page of a listed origin cannot redeem for a session', async () => {
    await using w = await world({ settings: { SYNAPSE_AUTH_CORS_ORIGINS: 'https://listed.example' } })
    await w.human('ada', { isAdmin: true })
    const { body } = await w.operator.post<Device>('/v1/admin/devices', { device: 'x' })
    const sent = { code: body.code, as: 'session' }
    const answer = await w.guest.post('/v1/pair/redeem', sent, { origin: 'https://listed.example' })
    expect(answer.body.code).toBe('origin_not_allowed')
  })

  test('a code of an agent or with fewer scopes gives no session, but still gives a token', async () => {
    await using s = await scene()
    const { body: agents } = await s.pair({ account_handle: 'cairn' })
    const { body: viewer } = await s.pair({ device: 'viewer-hall' })
    await leavesNoTrace(s.w, async () => {
      expectRefusal(await s.redeem(agents.code, session), 403, {
        code: 'humans_only',
        detail: 'Only a signed-in human may do this',
      })
      expectRefusal(await s.redeem(viewer.code, session), 403, {
        code: 'scope_escalation',
        detail: 'This code is for a token with fewer rights',
        gate: 'scope',
        required_scope: 'channel:*:post',
      })
    })
    for (const { code } of [agents, viewer]) expect((await s.redeem(code)).status).toBe(201)
  })
})

describe('revoking a device', () => {
  const revoke = (w: World, id: string) => w.operator.post(`/v1/admin/devices/${id}/revoke`)

  test('revoking ends the token of the device and closes its streams within a second', async () => {
    await using s = await scene()
    const { body: device } = await s.pair({ account_handle: 'cairn' })
    const { token } = (await s.redeem(device.code)).body
    using socket = await LiveSocket.open(s.w.url, { authorization: `Bearer ${token}` })
    expect((await revoke(s.w, device.id)).body).toMatchObject({ device: 'phone-x', state: 'revoked' })
    expect(await socket.closedWithin(1000)).toMatchObject({ code: 1008 })
    expect((await s.w.bearer(token).get('/v1/auth/me')).body.code).toBe('invalid_token')
    expectRefusal(await s.redeem(device.code), 410, revoked)
    expect((await revoke(s.w, device.id)).status).toBe(200)
    // The other tokens of the account keep working.
    expect((await s.cairn.get('/v1/auth/me')).status).toBe(200)
  })

  test('revoking ends the session of the device and no other', async () => {
    await using s = await scene()
    const { body: device } = await s.pair()
    const answer = await s.redeem(device.code, { as: 'session' })
    const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
    using socket = await LiveSocket.open(s.w.url, { cookie })
    await revoke(s.w, device.id)
    expect(await socket.closedWithin(1000)).toMatchObject({ code: 1008 })
    expect((await s.w.caller({ cookie }).get('/v1/auth/me')).status).toBe(401)
    expect((await s.ada.get('/v1/auth/me')).status).toBe(200)
  })

  test('a device is listed as revoked when its token was revoked directly', async () => {
    await using s = await scene()
    const { body: device } = await s.pair({ account_handle: 'cairn' })
    await s.redeem(device.code)
    const { body } = await s.w.operator.get<{ token_id: string }[]>('/v1/admin/devices')
    await s.w.operator.post(`/v1/admin/tokens/${body[0]?.token_id}/revoke`)
    expect(await s.state(device.id)).toBe('revoked')
  })

  test('revoking refuses an id that is not a device', async () => {
    await using s = await scene()
    expectRefusal(await revoke(s.w, 'x'), 400, { code: 'invalid_id', detail: 'Invalid device id' })
    expectRefusal(await revoke(s.w, '0197a1b2-c3d4-7e5f-8a6b-0c1d2e3f4a5b'), 404, {
      code: 'device_not_found',
      detail: 'Device not found',
    })
  })
})

test('a direct device gets its token without a code, and is listed and revoked like any other', async () => {
  await using s = await scene()
  const { body } = await s.pair({ account_handle: 'cairn', direct: true })
  expect(body).not.toHaveProperty('code')
  expect(body.state).toBe('redeemed')
  const script = s.w.bearer(body.token ?? '')
  expect((await script.get('/v1/auth/me')).body).toMatchObject({ handle: 'cairn', token_name: 'phone-x' })
  await s.w.operator.post(`/v1/admin/devices/${body.id}/revoke`)
  expect((await script.get('/v1/auth/me')).status).toBe(401)
})

test.each<[string, ReturnType<typeof parsePairCode>]>([
  ['AAECAwQFBgcICQoLDA0ODw', { form: 'link', code: 'AAECAwQFBgcICQoLDA0ODw' }],
  ['7k3m-9qzc42ab', { form: 'typed', selector: '7K3M', secret: '9QZC42AB' }],
  ['oIlO 0000 1111', { form: 'typed', selector: '0110', secret: '00001111' }],
  ['7K3M-9QZC42AU', undefined],
  ['7K3M-9QZC42A', undefined],
])('the code %s is parsed as %j', (text, code) => {
  expect(parsePairCode(text)).toEqual(code)
})

describe('the page /pair', () => {
  let w: World
  let answer: Answer<unknown>
  beforeAll(async () => {
    w = await world()
    answer = await w.guest.get('/pair')
  })
  afterAll(() => w[Symbol.asyncDispose]())

  test('the page allows its own style and script by their hashes, connects to this server only, and loads nothing else', () => {
    const { text, headers } = answer
    const styles = [...text.matchAll(/<style[^>]*>([\s\S]*?)<\/style>/g)].map(([, one = '']) => one)
    const scripts = [...text.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map(([, one = '']) => one)
    expect([styles.length, scripts.length]).toEqual([1, 1])
    expect(headers.get('content-security-policy')?.split('; ')).toEqual([
      "default-src 'none'",
      `style-src '${sha256(styles[0])}'`,
      `script-src '${sha256(scripts[0])}'`,
      "connect-src 'self'",
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ])
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(text).not.toMatch(/ (?:src|srcset|style|on\w+)=|@import|url\(|https?:\/\/(?!www\.w3\.org)/)
  })

  test('the page is the same for every visitor', async () => {
    expect((await w.guest.get('/pair?x=1', { host: 'evil.example' })).text).toBe(answer.text)
  })
})

function sha256(text = ''): string {
  return `sha256-${new Bun.CryptoHasher('sha256').update(text).digest('base64')}`
}

function link(url: string, code: string): string {
  const payload = JSON.stringify({ v: 1, url, code, device: 'phone-x' })
  return `${url}/pair#${Buffer.from(payload).toString('base64url')}`
}

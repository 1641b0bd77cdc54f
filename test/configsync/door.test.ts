// Who is let in to ConfigSync, and what a refusal looks like.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { MAX_JSON_BYTES } from '../../src/http/configsync/body'
import { MINUTE, SECOND, type World, world } from '../support/world'
import { bytes, keypair, type SyncUser, syncToken, syncUser } from './sync-user'

let w: World
let ada: SyncUser
beforeAll(async () => {
  w = await world()
  ada = await syncUser(w, 'ada')
})
afterAll(() => w[Symbol.asyncDispose]())

const MOUNTS = ['/api', '/configsync/api']
const INVALID = { error: 'invalid, expired or revoked token' }

describe('a token', () => {
  test('is verified below both prefixes', async () => {
    for (const mount of MOUNTS) {
      const { status, body, headers } = await ada.caller.get(`${mount}/auth/verify`)
      expect([status, body]).toEqual([200, { valid: true, user: { id: expect.any(Number), handle: 'ada' } }])
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('content-type')).toBe('application/json')
    }
  })

  test('begins with cs_ and is nowhere stored', async () => {
    expect(ada.token).toMatch(/^cs_[A-Za-z0-9_-]{43}$/)
    const rows = await w.sql<{ hash: string }>('SELECT hash FROM tokens WHERE hash = ?', ada.token)
    expect(rows).toEqual([])
  })

  test('that is invalid, missing, expired or revoked is refused in the same words', async () => {
    const late = await syncToken(w, 'ada', { expires_at: '2000-01-01T00:00:00Z' })
    const gone = await syncToken(w, 'ada')
    await w.operator.post(`/v1/admin/tokens/${gone.tokenId}/revoke`)
    for (const caller of [w.guest, w.bearer('cs_nonsense'), w.bearer(''), late.caller, gone.caller]) {
      const { status, body } = await caller.get('/api/auth/verify')
      expect([status, body]).toEqual([401, INVALID])
    }
  })

  test('of another kind is accepted if it has the scope, and refused if it lacks it', async () => {
    const bert = await w.agent('bert', { scopes: ['configsync:sync', 'channel:*:read'] })
    await w.operator.post('/v1/admin/configsync/users/bert/enable')
    expect((await bert.get('/api/auth/verify')).status).toBe(200)
    const cleo = await w.agent('cleo')
    await w.operator.post('/v1/admin/configsync/users/cleo/enable')
    const refused = await cleo.get<{ error: string }>('/api/auth/verify')
    expect([refused.status, refused.body.error]).toEqual([403, expect.stringContaining('configsync:sync')])
  })

  test('for reading may not write', async () => {
    const reader = await syncToken(w, 'ada', { read_only: true })
    expect((await reader.caller.get('/api/auth/verify')).status).toBe(200)
    const { status, body } = await reader.caller.post('/api/auth/keypair', keypair())
    expect([status, body]).toEqual([403, { error: 'this token only reads; writing needs configsync:sync' }])
  })

  test('with only configsync scopes is refused by every other surface, except for what it is', async () => {
    expect((await ada.caller.get('/v1/auth/me')).status).toBe(200)
    for (const path of ['/v1/channels', '/v1/messages', '/v1/events', '/v1/accounts', '/v1/admin/accounts']) {
      const { status, body } = await ada.caller.get<{ code: string }>(path)
      expect([path, status, body.code]).toEqual([path, 403, 'missing_scope'])
    }
  })

  test('of an account that is disabled is refused until it is enabled again', async () => {
    const dora = await syncUser(w, 'dora')
    await w.operator.post('/v1/admin/configsync/users/dora/disable')
    const { status, body } = await dora.caller.get<{ error: string }>('/api/auth/verify')
    expect([status, body.error]).toEqual([403, expect.stringContaining('not enabled')])
    await w.operator.post('/v1/admin/configsync/users/dora/enable')
    expect((await dora.caller.get('/api/auth/verify')).status).toBe(200)
  })
})

describe('a cookie and the socket', () => {
  test('are no credential here', async () => {
    const human = await w.human('eve', { isAdmin: true })
    await w.operator.post('/v1/admin/configsync/users/eve/enable')
    expect((await human.get('/api/auth/verify')).status).toBe(401)
    expect((await w.operator.get('/api/auth/verify')).status).toBe(401)
  })
})

describe('an unknown path', () => {
  test('is answered with JSON and never with a redirect', async () => {
    for (const path of ['/api', '/api/', '/api/nothing', '/configsync/api/x/y', '/api/auth/verify/']) {
      const { status, body } = await ada.caller.get(path)
      expect([path, status, body]).toEqual([path, 404, { error: 'Not Found' }])
    }
    const wrong = await ada.caller.delete('/api/auth/verify')
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET'])
  })
})

describe('the switch', () => {
  test('hides every path while it is off', async () => {
    await using off = await world({ settings: { SYNAPSE_CONFIGSYNC: 'off' } })
    const ada = await syncUser(off, 'ada')
    for (const mount of MOUNTS)
      for (const path of ['/auth/verify', '/auth/keypair', '/nothing']) {
        const { status, body } = await ada.caller.get(`${mount}${path}`)
        expect([status, body]).toEqual([404, { error: 'Not Found' }])
      }
  })
})

describe('invalid tokens', () => {
  test('are counted by address, and never keep a valid one out', async () => {
    await using w = await world()
    const ada = await syncUser(w, 'ada')
    const bad = w.bearer('cs_wrong')
    for (let i = 0; i < 20; i++) expect((await bad.get('/api/auth/verify')).status).toBe(401)
    const refused = await bad.get('/api/auth/verify')
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60'])
    expect((await ada.caller.get('/api/auth/verify')).status).toBe(200)
    w.clock.advance(MINUTE)
    expect((await bad.get('/api/auth/verify')).status).toBe(401)
  })
})

describe('a token that is used too often', () => {
  test('is refused for a while, except where it is verified', async () => {
    await using w = await world()
    const { caller } = await syncUser(w, 'busy')
    const other = await syncToken(w, 'busy')
    const statuses = new Set<number>()
    for (let i = 0; i < 1000; i++) statuses.add((await caller.get('/api/auth/keypair')).status)
    expect([...statuses]).toEqual([404])
    const refused = await caller.get<{ error: string }>('/api/auth/keypair')
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1'])
    expect(typeof refused.body.error).toBe('string')
    expect((await caller.get('/api/auth/verify')).status).toBe(200)
    expect((await other.caller.get('/api/auth/keypair')).status).toBe(404)
    w.clock.advance(SECOND)
    expect((await caller.get('/api/auth/keypair')).status).toBe(404)
  })
})

describe('a body', () => {
  test('is read whatever its content type says', async () => {
    const fay = await syncUser(w, 'fay')
    const sent = await fay.caller.fetch('/api/auth/keypair', {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: JSON.stringify(keypair()),
    })
    expect(sent.status).toBe(201)
  })

  test('that is compressed is 415, and one that is no JSON 400', async () => {
    const packed = { method: 'POST', headers: { 'content-encoding': 'gzip' }, body: Bun.gzipSync('{}') }
    expect((await ada.caller.fetch('/api/auth/keypair', packed)).status).toBe(415)
    for (const body of ['', '{', 'null', '[]', '{}', '{"public_key":1}']) {
      const answer = await ada.caller.fetch<{ error: string }>('/api/auth/keypair', { method: 'POST', body })
      expect([body, answer.status, typeof answer.body.error]).toEqual([body, 400, 'string'])
    }
  })
})

describe('a long body', () => {
  test('is 413', async () => {
    const body = { ...keypair(), kek_algorithm: 'x'.repeat(MAX_JSON_BYTES) }
    const { status, body: said } = await ada.caller.post<{ error: string }>('/api/auth/keypair', body)
    expect([status, said.error]).toEqual([413, `The body is over the limit of ${MAX_JSON_BYTES} bytes`])
  })
})

describe('a keypair', () => {
  test('is stored once; the same one again changes nothing and another one is refused', async () => {
    const gus = await syncUser(w, 'gus')
    expect((await gus.caller.get('/api/auth/keypair')).status).toBe(404)
    const first = await gus.caller.post('/api/auth/keypair', keypair())
    expect([first.status, first.body]).toEqual([201, { ok: true, key_version: 1 }])
    expect((await gus.caller.post('/api/auth/keypair', keypair())).status).toBe(200)
    const other = await gus.caller.post<{ error: string }>('/api/auth/keypair', keypair(7))
    expect([other.status, other.body.error]).toEqual([409, expect.stringContaining('already exists')])
    const { body } = await gus.caller.get('/configsync/api/auth/keypair')
    expect(body).toEqual({
      ...keypair(),
      kek_algorithm: null,
      key_version: 1,
      created_at: expect.stringMatching(/Z$/),
      rotated_at: null,
    })
  })

  test('has keys of the right size', async () => {
    const hal = await syncUser(w, 'hal')
    const wrong: readonly [object, number][] = [
      [{ public_key: bytes(31) }, 422],
      [{ encrypted_private_key: bytes(61) }, 422],
      [{ kek_salt: bytes(16) }, 422],
      [{ kek_iterations: 99_999 }, 422],
      [{ kek_iterations: 10_000_001 }, 422],
      [{ key_algorithm: 'rsa' }, 422],
      [{ public_key: `${bytes(32).slice(0, -1)}` }, 400],
      [{ public_key: ` ${bytes(32)}` }, 400],
      [{ kek_iterations: '600000' }, 400],
    ]
    for (const [change, status] of wrong) {
      const answer = await hal.caller.post('/api/auth/keypair', { ...keypair(), ...change })
      expect([change, answer.status]).toEqual([change, status])
    }
    expect((await hal.caller.get('/api/auth/keypair')).status).toBe(404)
  })

  test('is the own one only', async () => {
    const ivy = await syncUser(w, 'ivy')
    const jan = await syncUser(w, 'jan')
    await ivy.caller.post('/api/auth/keypair', keypair())
    expect((await jan.caller.get('/api/auth/keypair')).status).toBe(404)
  })
})

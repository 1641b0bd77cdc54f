import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { undeployedEndpoints } from '../../scripts/offline-endpoints'
import { homePaths } from '../../src/home'
import { retrySecrets } from '../../src/platform/encryption'
import { DAY, MINUTE, PASSWORD, type World, world } from '../support/world'
import { expectRefusal, issuesOf } from './refusals'
import { cases, grownBy, isReplay, rowsOf, settings, shown, withoutAccount } from './retry-keys'

setDefaultTimeout(120_000)

// Those of ConfigSync are in test/configsync/retry-keys.test.ts.
const posts = undeployedEndpoints()
  .filter(({ method, tag, path }) => method === 'POST' && tag !== 'ConfigSync' && !path.endsWith('*'))
  .map(({ path }) => path.replace(/\/:(\w+)/g, '/{$1}'))
const conflict = {
  code: 'idempotency_conflict',
  detail: 'This idempotency key was already used for a different request',
}

let w: World
/** Secrets of the requests and answers, which must not appear in the store. */
const secrets = new Set<string>()
let count = 0
const next = () => `n${count++}`
const learn = (body: unknown) => {
  const fields = (body ?? {}) as Record<string, unknown>
  for (const name of ['token', 'code', 'typed_code', 'current', 'new', 'password'])
    if (typeof fields[name] === 'string') secrets.add(fields[name])
}

beforeAll(async () => {
  w = await world({ settings })
})
afterAll(() => w[Symbol.asyncDispose]())

test('every POST has a case in this suite', () => {
  expect([...cases.map(({ post }) => post), ...withoutAccount].toSorted()).toEqual(posts.toSorted())
})

describe.each(cases)('POST $post', ({ sample, endsCredential = false }) => {
  test('a request sent twice with one key is carried out once, one after the other or at once', async () => {
    const { by, path, body } = await sample(w, next())
    const key = { 'idempotency-key': next() }
    const before = await rowsOf(w)
    const first = await by(w).post(path, body, key)
    expect(first.status, first.text).toBeLessThan(300)
    expect(isReplay(first)).toBe(false)
    const after = await rowsOf(w)
    const again = await by(w).post(path, body, key)
    expect(await rowsOf(w)).toEqual(after)
    if (endsCredential) expect(again.status).toBe(401)
    else {
      expect(shown(again)).toEqual(shown(first))
      expect(isReplay(again)).toBe(true)
    }
    learn(first.body)
    learn(body)

    const other = await sample(w, next())
    const start = await rowsOf(w)
    const otherKey = { 'idempotency-key': next() }
    const answers = await Promise.all([0, 1, 2].map(() => other.by(w).post(other.path, other.body, otherKey)))
    expect(grownBy(start, await rowsOf(w))).toEqual(grownBy(before, after))
    const admitted = answers.filter(({ status }) => !(endsCredential && status === 401))
    expect(new Set(admitted.map((one) => JSON.stringify(shown(one)))).size).toBe(1)
    expect(admitted.filter((one) => !isReplay(one))).toHaveLength(1)
    expect(admitted[0]?.status).toBe(first.status)
  })
})

test('the store holds neither the requests nor the answers of retry keys in readable form', async () => {
  expect(secrets.size).toBeGreaterThan(8)
  const rows = await w.sql('SELECT * FROM idempotency')
  const stored = [JSON.stringify(rows)]
  if (w.database.kind === 'sqlite')
    for (const name of readdirSync(w.home).filter((one) => one.startsWith('synapse.db')))
      stored.push(readFileSync(`${w.home}/${name}`, 'latin1'))
  for (const secret of secrets) for (const text of stored) expect(text.includes(secret)).toBe(false)
  // The database alone does not allow guessing passwords by the hash of a request.
  const [one, other] = [1, 2].map((byte) => retrySecrets(new Uint8Array(32).fill(byte)))
  expect(one?.mac('request')).not.toBe(other?.mac('request'))
  expect(() => other?.open(one?.seal('answer') ?? '')).toThrow()
})

describe('retry keys of other requests', () => {
  const rooms = '/v1/admin/channels'
  const room = () => ({ slug: `room-${next()}`, name: 'Room' })
  const keyed = (key: string) => ({ 'idempotency-key': key })

  test('a retry key is refused for another path, body or endpoint', async () => {
    const chief = await w.agent(`chief-${next()}`, { scopes: ['admin:*'] })
    await w.channel('general')
    await w.joins(chief, 'general')
    const body = room()
    const { body: made } = await chief.post<{ id: string }>(rooms, body, keyed('k'))
    const before = await rowsOf(w)
    expectRefusal(await chief.post(rooms, { ...body, name: 'Other' }, keyed('k')), 409, conflict)
    expectRefusal(await chief.post(`${rooms}/${made.id}/archive`, undefined, keyed('k')), 409, conflict)
    expectRefusal(
      await chief.post('/v1/messages', { channel: 'general', body: 'x' }, keyed('k')),
      409,
      conflict,
    )
    expect(await rowsOf(w)).toEqual(before)
    await chief.post('/v1/messages', { channel: 'general', body: 'x' }, keyed('message'))
    expectRefusal(await chief.post(rooms, room(), keyed('message')), 409, conflict)
  })

  test('a retry key belongs to its account, and the operator has keys of its own', async () => {
    const [ann, bob] = [
      await w.agent(`ann-${next()}`, { scopes: ['admin:*'] }),
      await w.agent(`bob-${next()}`, { scopes: ['admin:*'] }),
    ]
    const key = keyed(next())
    for (const by of [ann, bob, w.operator]) expect((await by.post(rooms, room(), key)).status).toBe(201)
  })

  test('the retry key of a refused request can be used again', async () => {
    const body = room()
    const key = keyed(next())
    await w.channel(body.slug)
    expect((await w.operator.post(rooms, body, key)).status).toBe(409)
    expect((await w.operator.post(rooms, room(), key)).status).toBe(201)
  })

  test('a retry key has 1 to 128 characters on every POST', async () => {
    // MCP has errors of its own (test/mcp/protocol.test.ts).
    for (const { sample } of cases.filter(({ post }) => post !== '/mcp')) {
      const { by, path, body } = await sample(w, next())
      const before = await rowsOf(w)
      for (const key of ['', 'k'.repeat(129)])
        expect(issuesOf(await by(w).post(path, body, keyed(key)))).toEqual([
          'value_error header.idempotency-key',
        ])
      expect(await rowsOf(w)).toEqual(before)
    }
    const login = { handle: 'nobody', password: PASSWORD }
    expect(issuesOf(await w.guest.post('/v1/auth/login', login, keyed('')))).toHaveLength(1)
  })

  test('an answer with a secret is repeated only to the credential that first received it', async () => {
    const ann = await w.agent(`ann-${next()}`, { scopes: ['admin:*'] })
    const { body } = await w.operator.post<{ token: string }>('/v1/admin/tokens', {
      account_handle: ann.handle,
      scopes: ['channel:*:read'],
    })
    const key = keyed(next())
    expect((await ann.post('/v1/auth/rotate', {}, key)).status).toBe(201)
    expectRefusal(await w.bearer(body.token).post('/v1/auth/rotate', {}, key), 409, conflict)
    expect(isReplay(await ann.post('/v1/auth/rotate', {}, key))).toBe(true)
  })

  test('a retry key is looked up after the credential is checked and before the request is judged', async () => {
    const chief = await w.agent(`chief-${next()}`, { scopes: ['admin:*'] })
    const body = room()
    const key = keyed(next())
    const { id } = (await chief.post<{ id: string }>(rooms, body, key)).body as { id: string }
    await w.operator.post(`${rooms}/${id}/archive`)
    await w.operator.put('/v1/config/drain', { value: true })
    const again = await chief.post(rooms, body, key)
    await w.operator.put('/v1/config/drain', { value: false })
    expect({ ...shown(again), replay: isReplay(again) }).toMatchObject({ status: 201, replay: true })
    await w.revokes(chief)
    expect((await chief.post(rooms, body, key)).status).toBe(401)
  })

  test('a retry key has no effect on a request without an account', async () => {
    const human = await w.human(`human-${next()}`)
    const key = keyed(next())
    const login = { handle: human.handle, password: PASSWORD }
    for (let i = 0; i < 2; i++) {
      const answer = await w.guest.post('/v1/auth/login', login, key)
      expect({ status: answer.status, replay: isReplay(answer) }).toEqual({ status: 200, replay: false })
    }
    const { body } = await w.operator.post<{ code: string }>('/v1/admin/devices', {
      account_handle: human.handle,
      device: 'phone',
    })
    expect((await w.guest.post('/v1/pair/redeem', { code: body.code }, key)).status).toBe(201)
    expect((await w.guest.post('/v1/pair/redeem', { code: body.code }, key)).body).toMatchObject({
      code: 'pair_code_used',
    })
  })
})

test('a retry key is remembered for a day, also over a restart', async () => {
  await using own = await world()
  const body = { slug: 'plans', name: 'Plans' }
  const key = { 'idempotency-key': 'k' }
  const send = () => own.operator.post('/v1/admin/channels', body, key)
  const first = await send()
  own.clock.advance(DAY - MINUTE)
  await own.restart()
  expect(shown(await send())).toEqual(shown(first))
})

test('a retry key whose answer was sealed under another instance key is refused with the reason', async () => {
  await using own = await world()
  const body = { slug: 'plans', name: 'Plans' }
  const send = () => own.operator.post('/v1/admin/channels', body, { 'idempotency-key': 'k' })
  expect((await send()).status).toBe(201)
  await own.sql("DELETE FROM instance WHERE name = 'did'")
  await own.stop()
  rmSync(homePaths(own.home).instanceKey)
  rmSync(join(homePaths(own.home).blobs, 'instance'))
  await own.restart()
  const before = await rowsOf(own)
  const detail = expect.stringContaining('its stored answer cannot be read any more')
  expectRefusal(await send(), 409, { code: 'idempotency_conflict', detail })
  expect(await rowsOf(own)).toEqual(before)
})

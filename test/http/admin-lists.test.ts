import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Caller, type Fields, type World, world } from '../support/world'
import { expectRefusal, issuesOf } from './refusals'

/** Twelve agents, twelve channels, twelve tokens of the first agent, and fifteen memberships. */
let w: World
let admin: Caller
const names = Array.from({ length: 12 }, (_, i) => `n${String(i).padStart(2, '0')}`)

beforeAll(async () => {
  w = await world()
  for (const name of names.toReversed()) {
    await w.agent(name)
    await w.channel(name)
  }
  for (let i = 1; i < 12; i++)
    await w.operator.post('/v1/admin/tokens', { account_handle: 'n00', scopes: [`channel:c${i}:read`] })
  for (const channel of ['n01', 'n00', 'n02'])
    for (const name of names.slice(0, 5).toReversed()) await w.joins(name, channel)
  admin = await w.agent('root', { scopes: ['admin:*'] })
})
afterAll(() => w[Symbol.asyncDispose]())

const lists: [string, string, (row: Fields) => unknown][] = [
  ['accounts', '/v1/admin/accounts?', ({ handle }) => handle],
  ['channels', '/v1/admin/channels?', ({ slug }) => slug],
  ['tokens', '/v1/admin/tokens?account=n00&', ({ id }) => id],
  ['memberships', '/v1/admin/memberships?', (row) => `${row.channel_slug} ${row.account_handle}`],
]

describe.each(lists)('the list of %s', (_, path, keyOf) => {
  test('the list is a bare array, complete and in order', async () => {
    const { status, body, headers } = await admin.get<Fields[]>(path)
    expect([status, Array.isArray(body)]).toEqual([200, true])
    expect(headers.get('synapse-next-cursor')).toBeNull()
    const keys = body.map(keyOf)
    // Tokens are listed in the order of creation, and their ids follow that order.
    expect(keys.toSorted()).toEqual(keys)
    expect(keys.length).toBeGreaterThanOrEqual(12)
  })

  test.each([1, 5, 12, 1000])('pages of %d make up the same list', async (limit) => {
    const whole = (await admin.get<Fields[]>(path)).body
    const rows: Fields[] = []
    for (let cursor: string | null = ''; cursor !== null && rows.length < 100; ) {
      const page: Awaited<ReturnType<typeof admin.get<Fields[]>>> = await admin.get<Fields[]>(
        `${path}limit=${limit}${cursor === '' ? '' : `&cursor=${cursor}`}`,
      )
      expect(page.body.length).toBeLessThanOrEqual(limit)
      rows.push(...page.body)
      cursor = page.headers.get('synapse-next-cursor')
    }
    expect(rows).toEqual(whole)
  })

  test('the limit is 1 to 1000', async () => {
    expect(issuesOf(await admin.get(`${path}limit=0`))).toEqual(['greater_than_equal query.limit'])
    expect(issuesOf(await admin.get(`${path}limit=1001`))).toEqual(['less_than_equal query.limit'])
  })
})

test('the memberships of one channel or one account can be read in pages', async () => {
  const { body, headers } = await admin.get<Fields[]>('/v1/admin/memberships?channel=n01&limit=3')
  expect(body.map(({ account_handle }) => account_handle)).toEqual(['n00', 'n01', 'n02'])
  const cursor = headers.get('synapse-next-cursor')
  const rest = await admin.get<Fields[]>(`/v1/admin/memberships?channel=n01&limit=3&cursor=${cursor}`)
  expect(rest.body.map(({ account_handle }) => account_handle)).toEqual(['n03', 'n04'])
  expect(rest.headers.get('synapse-next-cursor')).toBeNull()
  const own = await admin.get<Fields[]>('/v1/admin/memberships?account=n03&limit=2')
  expect(own.body.map(({ channel_slug }) => channel_slug)).toEqual(['n00', 'n01'])
})

test.each(['n01', 'n01 n00 n02', ' ', 'n01\0 n00'])('%j is not a cursor for memberships', async (place) => {
  const cursor = Buffer.from(place).toString('base64url')
  const answer = await admin.get(`/v1/admin/memberships?cursor=${cursor}`)
  expectRefusal(answer, 400, { code: 'invalid_cursor', detail: 'Invalid cursor' })
})

test('the list of accounts shows when each was last seen', async () => {
  const seen = await w.agent('seen')
  await seen.get('/v1/auth/me')
  const now = w.clock.now()
  await w.restart()
  const { body } = await w.operator.get<Fields[]>('/v1/admin/accounts')
  const row = body.find(({ handle }) => handle === 'seen')
  expect(Date.parse(String(row?.last_seen_at))).toBe(now / 1000)
  expect(body.find(({ handle }) => handle === 'n05')).toMatchObject({ last_seen_at: null })
})

test('the list of accounts shows the number of channels, and when a token was last used', async () => {
  await w.channel('closed')
  const counted = await w.agent('counted', { channels: { n00: 'member', n01: 'member', closed: 'member' } })
  const { body: closed } = await w.operator.get<Fields[]>('/v1/admin/channels')
  await w.operator.post(`/v1/admin/channels/${closed.find(({ slug }) => slug === 'closed')?.id}/archive`)
  expect((await admin.post('/v1/dms', { handle: 'counted' })).status).toBe(201)
  const row = async () => {
    const { body } = await w.operator.get<Fields[]>('/v1/admin/accounts')
    return body.find(({ handle }) => handle === 'counted')
  }
  expect(await row()).toMatchObject({ channel_count: 2, token_used_at: null })
  await counted.get('/v1/auth/me')
  const now = w.clock.now()
  expect(Date.parse(String((await row())?.token_used_at))).toBe(now / 1000)
  await w.restart()
  expect(Date.parse(String((await row())?.token_used_at))).toBe(now / 1000)
})

test('the tokens of an unknown account are not found', async () => {
  expectRefusal(await admin.get('/v1/admin/tokens?account=nobody'), 404, {
    code: 'account_not_found',
    detail: 'Account not found',
  })
  expect(issuesOf(await admin.get('/v1/admin/tokens'))).toEqual(['missing query.account'])
})

test('an account is found by its handle in any spelling', async () => {
  expect((await admin.get<Fields[]>('/v1/admin/tokens?account=N01')).body).toHaveLength(1)
})

test('an invalid cursor never causes a server error', async () => {
  for (const [, path] of lists) {
    for (const cursor of ['%00nonsense', 'AAAA', 'c1.AAAA.1', '_____w']) {
      const { status } = await admin.get(`${path}cursor=${cursor}`)
      expect([path, cursor, status < 500]).toEqual([path, cursor, true])
    }
  }
})

test.each(['/v1/admin/tokens?account=n00&', '/v1/admin/devices?'])(
  'a cursor for %s that is not a number is refused',
  async (path) => {
    for (const words of ['ann', '-1', '1.5', '1e3', 'NaN', '9'.repeat(30)])
      expectRefusal(await admin.get(`${path}cursor=${Buffer.from(words).toString('base64url')}`), 400, {
        code: 'invalid_cursor',
        detail: 'Invalid cursor',
      })
  },
)

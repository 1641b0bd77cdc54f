import { describe, expect, test } from 'bun:test'
import { MINUTE, SECOND, type World, world } from '../support/world'

/** A server that allows two attempts per handle and address in five minutes, so ten per address. */
async function scene(settings: Record<string, string> = {}) {
  const w: World = await world({ settings: { SYNAPSE_RATE_LOGIN: '2/300', ...settings } })
  // The cheapest hash, because only attempts are counted here.
  const hash = await Bun.password.hash('right', { algorithm: 'bcrypt', cost: 4 })
  for (const handle of ['ann', 'bob', 'cat', 'dan', 'eve', 'fay']) await w.human(handle)
  await w.sql('UPDATE accounts SET password_hash = ?', hash)
  const login = async (handle: string, password = 'wrong', address = '203.0.113.1') => {
    const { status, body, headers } = await w.guest.post(
      '/v1/auth/login',
      { handle, password },
      { 'x-forwarded-for': address },
    )
    if (status === 429) {
      expect(body.code).toBe('login_throttled')
      expect(headers.get('retry-after')).toBe(String(body.retry_after))
      expect(Number(body.retry_after)).toBeWithin(1, 301)
    }
    return status
  }
  return { w, login, [Symbol.asyncDispose]: () => w[Symbol.asyncDispose]() }
}

describe('sign-in attempts', () => {
  test('attempts are limited per handle and address, right or wrong', async () => {
    await using s = await scene()
    expect([
      await s.login('ann'),
      await s.login('ann'),
      await s.login('ann'),
      await s.login('ANN ', 'right'),
    ]).toEqual([401, 401, 429, 429])
    // Another handle or another address is not affected.
    expect(await s.login('bob')).toBe(401)
    expect(await s.login('ann', 'wrong', '203.0.113.2')).toBe(401)
  })

  test('attempts are limited per address over all handles', async () => {
    await using s = await scene()
    for (const handle of ['ann', 'bob', 'cat', 'dan', 'eve'])
      for (let i = 0; i < 2; i++) await s.login(handle)
    expect(await s.login('fay')).toBe(429)
    expect(await s.login('fay', 'wrong', '203.0.113.2')).toBe(401)
  })

  test('IPv6 addresses of one /64 network share their attempts', async () => {
    await using s = await scene()
    expect(await s.login('ann', 'wrong', '2001:db8:1:2::1')).toBe(401)
    expect(await s.login('ann', 'wrong', '2001:db8:1:2:ffff:1:2:3')).toBe(401)
    expect(await s.login('ann', 'wrong', '2001:DB8:0001:2::99')).toBe(429)
    expect(await s.login('ann', 'wrong', '2001:db8:1:3::1')).toBe(401)
  })

  test('attempts for unknown handles are limited in the same way', async () => {
    await using s = await scene()
    expect([await s.login('nobody'), await s.login('nobody'), await s.login('nobody')]).toEqual([
      401, 401, 429,
    ])
  })

  test('stored attempts contain no handle, which may be a mistyped password or very long', async () => {
    await using s = await scene()
    await s.login('hunter2 is my password')
    await s.login('x'.repeat(500_000))
    const rows = await s.w.sql<{ key: string }>('SELECT key FROM login_attempts')
    expect(rows).toHaveLength(4)
    for (const { key } of rows) expect([key.length < 100, key.includes('hunter2')]).toEqual([true, false])
  })

  test('attempts expire, and the refusal says when', async () => {
    await using s = await scene()
    await s.login('ann')
    s.w.clock.advance(MINUTE)
    await s.login('ann')
    const refused = await s.w.guest.post(
      '/v1/auth/login',
      { handle: 'ann', password: 'x' },
      { 'x-forwarded-for': '203.0.113.1' },
    )
    expect(refused.body.retry_after).toBeOneOf([240, 241])
    s.w.clock.advance(4 * MINUTE + SECOND)
    expect(await s.login('ann')).toBe(401)
    expect(await s.login('ann')).toBe(429)
  })

  test('successful sign-ins do not count', async () => {
    await using s = await scene()
    await s.w.sql("UPDATE accounts SET password_hash = ? WHERE handle = 'ann'", await weakArgon('right'))
    expect(await s.login('ann')).toBe(401)
    expect(await s.login('ann', 'right')).toBe(200)
    expect(await s.login('ann')).toBe(401)
    expect(await s.login('ann')).toBe(429)
  })

  test('throttled attempts do not count', async () => {
    await using s = await scene()
    for (let i = 0; i < 30; i++) await s.login('ann')
    expect(await s.login('bob')).toBe(401)
  })

  test('attempts are not counted when the operator has switched the limit off', async () => {
    await using w = await world({ settings: { SYNAPSE_RATE_LOGIN: 'off' } })
    for (let i = 0; i < 3; i++) await w.guest.post('/v1/auth/login', { handle: 'a', password: '' })
    expect(await w.sql('SELECT * FROM login_attempts')).toEqual([])
  })
})

describe('the address of a client', () => {
  const rows: [string, string, string | null, string][] = [
    ['the peer', '127.0.0.1', null, '127.0.0.1'],
    ['the address given by a trusted proxy', '127.0.0.1', '203.0.113.1', '203.0.113.1'],
    ['not the address that the client claimed', '127.0.0.1', '198.51.100.1, 203.0.113.1', '203.0.113.1'],
    [
      'the first untrusted address behind several proxies',
      '127.0.0.1,10.0.0.0/8',
      '198.51.100.1, 203.0.113.1, 10.1.2.3',
      '203.0.113.1',
    ],
    ['the farthest proxy when all are trusted', '127.0.0.1,10.0.0.0/8', '10.9.9.9, 10.1.2.3', '10.9.9.9'],
    ['the farthest valid address', '127.0.0.1,10.0.0.0/8', 'unknown, 10.1.2.3', '10.1.2.3'],
    ['the peer when it is not a trusted proxy', '10.0.0.0/8', '203.0.113.1', '127.0.0.1'],
    ['the network of an IPv6 address', '127.0.0.1', '2001:db8::1', '2001:db8:0:0::/64'],
    ['an IPv4 address that was mapped to IPv6', '127.0.0.1', '::ffff:203.0.113.1', '203.0.113.1'],
  ]
  test.each(rows)('the address of a client is %s', async (_, proxies, forwarded, address) => {
    await using s = await scene({ SYNAPSE_TRUSTED_PROXIES: proxies })
    const headers = forwarded === null ? {} : { 'x-forwarded-for': forwarded }
    await s.w.guest.post('/v1/auth/login', { handle: 'ann', password: 'wrong' }, headers)
    expect(await s.w.sql('SELECT key FROM login_attempts ORDER BY id')).toEqual([
      { key: `${address} ${Bun.SHA256.hash('ann', 'hex')}` },
      { key: address },
    ])
  })
})

test('a client cannot avoid the limit by claiming another address for each attempt', async () => {
  const names = [
    'forwarded',
    'x-real-ip',
    'cf-connecting-ip',
    'true-client-ip',
    'x-client-ip',
    'x-forwarded-for',
  ]
  for (const name of names) {
    await using s = await scene()
    const attempt = async (i: number) => {
      const claim = `198.51.100.${i}`
      const said = { forwarded: `for=${claim}`, 'x-forwarded-for': `${claim}, 203.0.113.1` }[name] ?? claim
      const headers = { 'x-forwarded-for': '203.0.113.1', [name]: said }
      return (await s.w.guest.post('/v1/auth/login', { handle: 'ann', password: 'wrong' }, headers)).status
    }
    expect([name, await attempt(1), await attempt(2), await attempt(3)]).toEqual([name, 401, 401, 429])
  }
})

const weakArgon = (password: string) =>
  Bun.password.hash(password, { algorithm: 'argon2id', memoryCost: 64, timeCost: 1 })

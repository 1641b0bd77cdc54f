import { describe, expect, test } from 'bun:test'
import { acceptsPeer, type BindClass, checkBind, checkLan } from '../../src/home'

const LOOPBACK = ['127.0.0.1', '::1', '::ffff:127.0.0.1']
const PRIVATE = [
  '10.1.2.3',
  '172.20.0.9',
  '192.168.1.20',
  '169.254.3.4',
  '100.100.1.1',
  'fd00::7',
  '::ffff:10.1.2.3',
]
const PUBLIC = ['8.8.8.8', '2001:db8::7', '::ffff:8.8.8.8']

function allowed(hosts: string[], allowPublic = false) {
  const decision = checkBind(hosts, allowPublic)
  if (!decision.ok) throw decision.refusal
  return decision
}

describe('the bind guard', () => {
  test.each([...LOOPBACK, 'localhost'])('the bind guard allows loopback without a notice: %s', (host) => {
    expect(allowed([host])).toEqual({ ok: true, listeners: [{ host, bindClass: 'loopback' }], notices: [] })
  })

  test.each(PRIVATE)('the bind guard allows a private address and logs one line: %s', (host) => {
    const { listeners, notices } = allowed(['127.0.0.1', host])
    expect(listeners.map(({ bindClass }) => bindClass)).toEqual(['loopback', 'private'])
    expect(notices).toEqual([`listening on ${host}: only private addresses may connect`])
  })

  test('the bind guard logs one line for several private addresses', () => {
    expect(allowed(['10.0.0.1', '192.168.0.1']).notices).toHaveLength(1)
  })

  test.each(['0.0.0.0', '::', ...PUBLIC, 'fe80::1'])(
    'the bind guard refuses %s and names the three safe ways',
    (host) => {
      const decision = checkBind(['127.0.0.1', host], false)
      if (decision.ok) throw new Error('was allowed')
      expect(decision.refusal.message).toContain(host)
      for (const path of ['tailnet', 'TLS proxy', 'tunnel', '--lan', '--allow-public-bind']) {
        expect(decision.refusal.message).toContain(path)
      }
    },
  )

  test.each([...LOOPBACK, ...PRIVATE, ...PUBLIC, '0.0.0.0', '::'])(
    'with allow_public_bind the server listens on %s for every peer, with one warning',
    (host) => {
      const { listeners, notices } = allowed([host], true)
      expect(listeners).toEqual([{ host, bindClass: 'open' }])
      expect(notices).toHaveLength(1)
    },
  )
})

describe('--lan', () => {
  test('--lan listens on every address, accepts private peers only, and shows the private addresses', () => {
    expect(checkLan(false, ['127.0.0.1', '192.168.1.20', '10.0.0.7'])).toEqual({
      ok: true,
      listeners: [
        { host: '0.0.0.0', bindClass: 'private', reachedAt: ['127.0.0.1', '192.168.1.20', '10.0.0.7'] },
      ],
      notices: [
        'listening for the local network (192.168.1.20, 10.0.0.7): only private addresses may connect',
      ],
    })
  })

  test('--lan is refused on a machine with a public address, and the refusal names that address', () => {
    const decision = checkLan(false, ['127.0.0.1', '192.168.1.20', '203.0.113.9'])
    if (decision.ok) throw new Error('was allowed')
    expect(decision.refusal).toMatchObject({ kind: 'refused' })
    expect(decision.refusal.message).toContain('203.0.113.9')
    expect(decision.refusal.message).toContain('--host')
    // The remedy does not suggest the option that was just refused.
    expect(decision.refusal.remedy).not.toContain('--lan')
  })

  test('--lan with allow_public_bind accepts every peer', () => {
    const decision = checkLan(true, ['203.0.113.9'])
    expect(decision).toMatchObject({
      ok: true,
      listeners: [{ host: '0.0.0.0', bindClass: 'open', reachedAt: ['127.0.0.1', '203.0.113.9'] }],
    })
  })

  test('--lan starts even if the machine has no private address yet', () => {
    expect(checkLan(false, ['127.0.0.1']).ok).toBe(true)
  })
})

describe('who may connect', () => {
  const rows: [BindClass, string, string[], boolean][] = [
    ['loopback', 'any', [...LOOPBACK, ...PRIVATE, ...PUBLIC], true],
    ['private', 'loopback', LOOPBACK, true],
    ['private', 'private', PRIVATE, true],
    ['private', 'public', PUBLIC, false],
    ['private', 'unreadable', ['', 'unknown', '10.0.0.1, 8.8.8.8'], false],
    ['open', 'any', [...LOOPBACK, ...PRIVATE, ...PUBLIC], true],
  ]
  test.each(rows)(
    'a %s listener accepts or rejects %s peers by their address',
    (bindClass, _, peers, expected) => {
      for (const peer of peers) expect(`${peer} ${acceptsPeer(bindClass, peer)}`).toBe(`${peer} ${expected}`)
    },
  )
})

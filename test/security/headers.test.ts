import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Person, type World, world } from '../support/world'

let w: World
let bob: Person
beforeAll(async () => {
  w = await world({ settings: { SYNAPSE_METRICS_ENABLED: 'on' } })
  await w.channel('general')
  bob = await w.human('bob', { channels: { general: 'member' } })
})
afterAll(() => w[Symbol.asyncDispose]())

/** What says how an answer may be used, and by whom. Everything else is content. */
const RULES =
  /^(?:access-control-|content-security|cache-control|content-type|cross-origin|permissions|referrer|server$|strict|x-|set-cookie|www-)/

/** The rules of an answer, in order, without what differs each time. */
async function rulesOf(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const response = await fetch(`${w.url}${path}`, { method, headers, redirect: 'manual' })
  await response.body?.cancel()
  return Object.fromEntries(
    [...response.headers]
      .filter(([name]) => RULES.test(name) && name !== 'x-request-id')
      .map(([name, value]) => [name, value.replace(/sha256-[A-Za-z0-9+/=]+/g, 'sha256-…')])
      .sort(([one = ''], [other = '']) => (one < other ? -1 : 1)),
  )
}

const JSON_RULES = {
  'cache-control': 'no-store',
  'content-type': 'application/json',
  'x-content-type-options': 'nosniff',
}

describe('an answer says how it may be used', () => {
  const rows: [
    title: string,
    path: string,
    () => Record<string, string>,
    expected: Record<string, string>,
  ][] = [
    ['health', '/healthz', () => ({}), JSON_RULES],
    ['data', '/v1/messages?channel=general', () => bob.credential, JSON_RULES],
    ['a refusal', '/v1/auth/me', () => ({}), JSON_RULES],
    ['what is not there', '/nothing', () => ({}), JSON_RULES],
    ['another method', '/healthz/', () => ({}), JSON_RULES],
    ['the description', '/openapi.json', () => ({}), { ...JSON_RULES, 'cache-control': 'no-cache' }],
    [
      'what a server says of itself',
      '/.well-known/synapse',
      () => ({}),
      { ...JSON_RULES, 'access-control-allow-origin': '*', 'cache-control': 'max-age=300' },
    ],
    [
      'numbers',
      '/metrics',
      () => ({}),
      {
        'cache-control': 'no-store',
        'content-type': 'text/plain; version=0.0.4; charset=utf-8',
        'x-content-type-options': 'nosniff',
      },
    ],
    [
      'a stream',
      '/v1/events',
      () => ({ ...bob.credential, accept: 'text/event-stream' }),
      {
        'cache-control': 'no-store',
        'content-type': 'text/event-stream',
        'x-accel-buffering': 'no',
        'x-content-type-options': 'nosniff',
      },
    ],
    [
      'a page, which loads nothing from anywhere and is framed by nobody',
      '/docs',
      () => ({}),
      {
        'cache-control': 'no-cache',
        'content-security-policy':
          "default-src 'none'; style-src 'sha256-…'; script-src 'sha256-…'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        'content-type': 'text/html; charset=utf-8',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
      },
    ],
  ]
  test.each(rows)('%s', async (_, path, headers, expected) => {
    expect(await rulesOf(path, headers())).toEqual(expected)
  })

  test('and never by what it is made: no header names a program or a version', async () => {
    for (const path of ['/healthz', '/v1/auth/me', '/docs', '/nothing']) {
      const { headers } = await fetch(`${w.url}${path}`)
      expect([headers.get('server'), headers.get('x-powered-by')]).toEqual([null, null])
    }
  })
})

describe('a page whose name was made to point here (DNS rebinding)', () => {
  // For the browser it is of one origin with this server, so nothing but the lack of a credential stands in its way.
  const rebound = () => {
    const port = new URL(w.url).port
    return {
      host: `evil.example:${port}`,
      origin: `http://evil.example:${port}`,
      'sec-fetch-site': 'same-origin',
    }
  }

  test('reads and writes nothing without a credential, and no browser gives it one', async () => {
    for (const [method, path] of [
      ['GET', '/v1/auth/me'],
      ['GET', '/v1/messages?channel=general'],
      ['GET', '/v1/health'],
      ['GET', '/metrics'],
      ['GET', '/v1/discovery/mdns'],
      ['POST', '/v1/messages'],
      ['POST', '/v1/admin/accounts'],
    ] as const) {
      const response = await fetch(`${w.url}${path}`, { method, headers: rebound() })
      expect({ path, status: response.status }).toEqual({ path, status: 401 })
    }
  })

  test('opens no WebSocket', async () => {
    const upgrade = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': btoa('0123456789abcdef'),
    }
    const answer = await fetch(`${w.url}/v1/ws`, { headers: { ...rebound(), ...upgrade } })
    expect(answer.status).toBe(401)
    const one = await fetch(`${w.url}/v1/ws?channel=general`, { headers: { ...rebound(), ...upgrade } })
    expect(one.status).toBe(403)
  })
})

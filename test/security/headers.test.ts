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

/** The headers about how an answer may be used, and by whom. All others concern the content. */
const RULES =
  /^(?:access-control-|content-security|cache-control|content-type|cross-origin|permissions|referrer|server$|strict|x-|set-cookie|www-)/

/** These headers of an answer in order, without values that always differ. */
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

describe('security headers', () => {
  const rows: [
    title: string,
    path: string,
    () => Record<string, string>,
    expected: Record<string, string>,
  ][] = [
    ['health', '/healthz', () => ({}), JSON_RULES],
    ['messages', '/v1/messages?channel=general', () => bob.credential, JSON_RULES],
    ['a refusal', '/v1/auth/me', () => ({}), JSON_RULES],
    ['an unknown path', '/nothing', () => ({}), JSON_RULES],
    ['a redirected path', '/healthz/', () => ({}), JSON_RULES],
    ['the API description', '/openapi.json', () => ({}), { ...JSON_RULES, 'cache-control': 'no-cache' }],
    [
      'the discovery document',
      '/.well-known/synapse',
      () => ({}),
      { ...JSON_RULES, 'access-control-allow-origin': '*', 'cache-control': 'max-age=300' },
    ],
    [
      'metrics',
      '/metrics',
      () => ({}),
      {
        'cache-control': 'no-store',
        'content-type': 'text/plain; version=0.0.4; charset=utf-8',
        'x-content-type-options': 'nosniff',
      },
    ],
    [
      'an event stream',
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
      'a page, which loads nothing and cannot be framed',
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
  test.each(rows)('the documented security headers are set on %s', async (_, path, headers, expected) => {
    expect(await rulesOf(path, headers())).toEqual(expected)
  })

  test('no header names a program or a version', async () => {
    for (const path of ['/healthz', '/v1/auth/me', '/docs', '/nothing']) {
      const { headers } = await fetch(`${w.url}${path}`)
      expect([headers.get('server'), headers.get('x-powered-by')]).toEqual([null, null])
    }
  })
})

describe('DNS rebinding', () => {
  // For the browser the page has the same origin as this server, so only the missing credential protects it.
  const rebound = () => {
    const port = new URL(w.url).port
    return {
      host: `evil.example:${port}`,
      origin: `http://evil.example:${port}`,
      'sec-fetch-site': 'same-origin',
    }
  }

  test('a rebound page has no credential and can neither read nor write', async () => {
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

  test('a rebound page cannot open a WebSocket', async () => {
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

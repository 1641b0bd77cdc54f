import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Caller, World } from '../support/world'
import { world } from '../support/world'

/** All endpoints of /openapi.json, and what is served besides. */
let w: World
let declared: readonly (readonly [path: string, methods: readonly string[]])[]
let endpoints: readonly (readonly [method: string, path: string])[]

/** Admin endpoints that another scope opens as well. A refusal names that scope instead of `admin:*`. */
const scoped: Record<string, string> = {
  '/v1/admin/audit': 'audit:read',
  '/v1/admin/audit/verify': 'audit:read',
}

/** Endpoints that need no credential, with the reason. */
const open: Record<string, string> = {
  'GET /healthz': 'a load balancer has no credential',
  'GET /v1/healthz': 'the same under the base path',
  'GET /health': 'the spelling that wake daemons use',
  'GET /readyz': 'an orchestrator has no credential',
  'GET /v1/readyz': 'the same under the base path',
  'POST /v1/auth/login': 'makes the credential',
  'GET /.well-known/synapse': 'a client that looks for a server has no credential yet',
  'GET /metrics': 'a monitor on this machine has no credential; off by default',
  'GET /openapi.json': 'the description is public',
  'POST /v1/pair/redeem': 'makes the credential as well',
  'GET /v1/setup': 'the first page of a new server asks it',
  'GET /pair': 'a device that is being paired has no credential yet',
}

beforeAll(async () => {
  // A homeserver, so that the endpoints that administer it exist.
  w = await world({ settings: { SYNAPSE_MATRIX_SERVER_NAME: 'example.org' } })
  const { body } = await w.guest.get<{ paths: Record<string, Record<string, { tags: string[] }>> }>(
    '/openapi.json',
  )
  // A2A has other errors (test/a2a/door.test.ts).
  const ofV1 = Object.entries(body.paths).filter(
    ([, operations]) => !Object.values(operations).some(({ tags }) => tags.includes('A2A')),
  )
  declared = [
    ...ofV1.map(([path, operations]) => [filled(path), methodsOf(operations)] as const),
    ['/openapi.json', ['GET']],
    ['/docs', ['GET']],
  ]
  endpoints = declared.flatMap(([path, methods]) => methods.map((method) => [method, path] as const))
})
afterAll(() => w[Symbol.asyncDispose]())

const methodsOf = (operations: Record<string, unknown>) =>
  Object.keys(operations).map((word) => word.toUpperCase())
const filled = (path: string) => path.replace(/\{\w+\}/g, '0197a1b2-c3d4-7e5f-8a6b-0c1d2e3f4a5b')

test('there are at least as many endpoints as this suite was written for', () => {
  expect(endpoints.length).toBeGreaterThanOrEqual(37)
})

test('every endpoint needs a credential, except those listed with a reason', async () => {
  const unasked: string[] = []
  for (const [method, path] of endpoints) {
    const answer = await w.guest.request(method, path, method === 'GET' ? undefined : {})
    if (answer.status !== 401) unasked.push(`${method} ${path}`)
    else expect(answer.body).toMatchObject({ detail: 'Not authenticated', code: 'not_authenticated' })
    expect(answer.headers.get('www-authenticate')).toBeNull()
  }
  expect(unasked.toSorted()).toEqual([...Object.keys(open), 'GET /docs'].toSorted())
})

test('every endpoint that needs a credential refuses an invalid one before anything else', async () => {
  const bad: Caller[] = [w.bearer('syn_nonsense'), w.caller({ cookie: 'synapse_session=nonsense' })]
  for (const [method, path] of endpoints) {
    if (`${method} ${path}` in open || path === '/docs') continue
    for (const caller of bad) {
      const { status } = await caller.request(
        method,
        `${path}?limit=nonsense`,
        method === 'GET' ? undefined : [],
      )
      expect([method, path, status]).toEqual([method, path, 401])
    }
  }
})

test('every admin endpoint refuses callers who are not admins before it looks at the request', async () => {
  const agent = await w.agent('agent')
  const human = await w.human('human')
  for (const [method, path] of endpoints.filter(([, path]) => path.startsWith('/v1/admin/'))) {
    const body = method === 'GET' || method === 'DELETE' ? undefined : []
    const refused = await agent.request(method, path, body)
    expect([path, refused.status, refused.body]).toMatchObject([
      path,
      403,
      path in scoped
        ? { code: 'missing_scope', gate: 'scope', required_scope: scoped[path] }
        : {
            code: 'admin_scope_required',
            detail: 'Agent token lacks admin:* scope',
            gate: 'scope',
            required_scope: 'admin:*',
          },
    ])
    const person = await human.request(method, path, body)
    expect([path, person.status, person.body]).toMatchObject([
      path,
      403,
      { code: 'not_admin', detail: 'Not a system admin', gate: 'role' },
    ])
  }
})

test('every path answers a wrong method with 405 and lists its methods', async () => {
  for (const [path, methods] of declared)
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((one) => !methods.includes(one))) {
      const { status, headers, body } = await w.guest.request(method, path)
      expect([method, path, status]).toEqual([method, path, 405])
      expect(headers.get('allow')?.split(', ')).toEqual(methods.toSorted())
      expect(body).toEqual({
        detail: 'Method Not Allowed',
        code: 'method_not_allowed',
        request_id: headers.get('x-request-id'),
      })
    }
})

test('every path with a trailing slash redirects to the path without it and keeps the query', async () => {
  for (const [path, methods] of declared)
    for (const slashes of ['/', '//']) {
      const { status, headers } = await w.guest.request(methods[0] ?? 'GET', `${path}${slashes}?x=1&y=%2F`)
      expect([path, status, headers.get('location')]).toEqual([path, 307, `${path}?x=1&y=%2F`])
    }
})

test('every answer has its own request id and must not be cached', async () => {
  const ids = new Set<string>()
  for (const [method, path] of endpoints) {
    const { headers } = await w.guest.request(method, path)
    ids.add(headers.get('x-request-id') ?? '')
    if (path.startsWith('/v1')) expect([path, headers.get('cache-control')]).toEqual([path, 'no-store'])
  }
  expect(ids.size).toBe(endpoints.length)
  expect(ids.has('')).toBeFalse()
})

test('HEAD answers every GET path with the same headers and no body', async () => {
  const admin = await w.agent('root', { scopes: ['admin:*'] })
  for (const [method, path] of endpoints) {
    if (method !== 'GET' || path === '/v1/ws') continue
    const [get, head] = [await admin.get(path), await admin.request('HEAD', path)]
    expect([path, head.status, head.text]).toEqual([path, get.status, ''])
    expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'))
  }
})

describe('request ids', () => {
  test.each(['a', 'abc-123_X.y', '0'.repeat(64)])('the request id %s is echoed', async (id) => {
    for (const path of ['/v1/healthz', '/v1/messages', '/v1/nothing', '/v1/messages/']) {
      const { headers, body } = await w.guest.get(path, { 'x-request-id': id })
      expect(headers.get('x-request-id')).toBe(id)
      if ('request_id' in body) expect(body.request_id).toBe(id)
    }
  })

  test.each(['a b', 'ü', '0'.repeat(65), 'a/b', '"', '{}', 'a,b'])(
    'the request id %p is replaced',
    async (id) => {
      const { headers } = await w.guest.get('/v1/messages', { 'x-request-id': id })
      expect(headers.get('x-request-id')).toMatch(/^[A-Za-z0-9._-]{1,64}$/)
      expect(headers.get('x-request-id')).not.toBe(id)
    },
  )
})

describe('unknown paths', () => {
  test.each([
    '/v1',
    '/v1/',
    '/v1/nothing',
    '/v1//messages',
    '/v1/messages/a/b',
    '/v1/Messages',
    '/V1/messages',
    '/v1/channels//members',
    '/v1/admin',
    '/v2/messages',
  ])('the path %s is not found', async (path) => {
    for (const method of ['GET', 'POST', 'DELETE']) {
      const { status, headers, body } = await w.guest.request(method, path)
      expect([method, status]).toEqual([method, 404])
      expect(body).toEqual({
        detail: 'Not Found',
        code: 'not_found',
        request_id: headers.get('x-request-id'),
      })
      expect(headers.get('content-type')).toStartWith('application/json')
    }
  })

  test('HEAD of an unknown path is not found', async () => {
    expect(await w.guest.request('HEAD', '/v1/nothing')).toMatchObject({ status: 404, text: '' })
  })
})

test('a path with a broken percent escape is refused without a server error', async () => {
  const agent = await w.agent('typist')
  for (const slug of ['%', '%E0%A4%A', '%zz', '%00', '%ff', '%2e%2e']) {
    const { status } = await agent.get(`/v1/channels/${slug}/members`)
    expect([slug, status >= 400 && status < 500]).toEqual([slug, true])
  }
})

// The description of the API, as client generators and linters read it.
import { describe, expect, test } from 'bun:test'
import { describedEndpoints } from '../../scripts/offline-endpoints'
import { statusOf } from '../../src/http/error-codes'
import { openApiDocument } from '../../src/http/openapi'
import { named, Type } from '../../src/http/schema'
import { world } from '../support/world'

interface Description {
  readonly openapi: string
  readonly info: { readonly license: object }
  readonly servers: readonly object[]
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { readonly schemas: Record<string, unknown> }
}

interface Operation {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly security: readonly object[]
  readonly responses: Record<string, { readonly description: string; readonly content?: object }>
}

const endpoints = describedEndpoints()
// The compiler checks how the document is built; clients read it as JSON.
const description = JSON.parse(JSON.stringify(openApiDocument(endpoints))) as Description
const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ place: `${method} ${path}`, ...operation })),
)

describe('the API description', () => {
  test('the description names the server and the licence', () => {
    expect(description.servers).toEqual([expect.objectContaining({ url: '/' })])
    expect(description.info.license).toEqual({ name: 'MIT', identifier: 'MIT' })
    expect(description.openapi).toBe('3.1.0')
  })

  test('every operation id is unique', () => {
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
  })

  test('every required field of a shape is described, whatever its name', () => {
    const missing: string[] = []
    const walk = (value: unknown, place: string): void => {
      if (typeof value !== 'object' || value === null) return
      const { type, required, properties } = value as Record<string, unknown>
      if (type === 'object' && Array.isArray(required) && typeof properties === 'object')
        for (const name of required as string[])
          if (!Object.hasOwn(properties ?? {}, name)) missing.push(`${place}: ${name}`)
      for (const [key, inner] of Object.entries(value)) walk(inner, `${place}/${key}`)
    }
    walk(description, '')
    expect(missing).toEqual([])
  })

  const ofV1 = operations.filter(({ tags }) => !tags.includes('A2A'))
  test.each(ofV1)('$place lists its refusals by status, in the shape of an error', ({ responses }) => {
    const refusals = Object.entries(responses).filter(([status]) => Number(status) >= 400)
    expect(refusals.filter(([status]) => status.startsWith('4'))).not.toEqual([])
    for (const [status, { description: codes, content }] of refusals) {
      expect(JSON.stringify(content)).toContain('#/components/schemas/Error')
      const statuses = [...codes.matchAll(/`(\w+)`/g)].map(([, code = '']) => statusOf(code))
      expect(new Set(statuses)).toEqual(new Set([Number(status)]))
    }
  })

  test('an endpoint of another protocol has its media type, its errors and tokens alone', () => {
    const send = description.paths['/a2a/v1/message:send']?.post
    expect(send?.security).toEqual([{ bearer: [] }])
    expect(Object.keys(send?.responses ?? {})).toEqual(['200', 'default'])
    for (const { content } of Object.values(send?.responses ?? {}))
      expect(Object.keys(content ?? {})).toEqual(['application/a2a+json'])
    expect(JSON.stringify(send?.responses.default)).toContain('google.rpc.Code')
  })

  test('shapes that many answers share have a name, and are described once', () => {
    const { schemas } = description.components
    for (const name of ['Message', 'Claim', 'Approval', 'InboxItem', 'Event', 'Presence'])
      expect(schemas[name]).toMatchObject({ type: 'object' })
    expect(JSON.stringify(description.paths).includes('"sender_display_name"')).toBe(false)
    expect(JSON.stringify(description).includes('"component"')).toBe(false)
  })

  test('two shapes cannot have the same name', () => {
    const answer = (key: string) => ({
      200: { description: 'A shape', schema: named('Shape', Type.Object({ [key]: Type.String() })) },
    })
    const [first, second] = endpoints
    if (!first || !second) throw new Error('there are no endpoints')
    const two = (one: string, other: string) =>
      openApiDocument([
        { ...first, answers: answer(one) },
        { ...second, answers: answer(other) },
      ])
    expect(() => two('a', 'a')).not.toThrow()
    expect(() => two('a', 'b')).toThrow('Two shapes are named Shape')
  })

  test('the description lists every refusal that an endpoint declares', () => {
    for (const { method, path, dialect, refusals = [] } of endpoints) {
      if (dialect) continue
      const { responses } =
        description.paths[path.replace(/\/:(\w+)/g, '/{$1}')]?.[method.toLowerCase()] ?? {}
      for (const code of refusals)
        expect(responses?.[String(statusOf(code))]?.description ?? `${path}: no ${code}`).toContain(code)
    }
  })
})

test('an answer without a body has no content type', async () => {
  await using w = await world({ settings: { SYNAPSE_AUTH_CORS_ORIGINS: 'https://app.example' } })
  const room = await w.channel('general')
  const bob = await w.agent('bob', { channels: { general: 'member' } })
  const gone = await w.operator.fetch(`/v1/admin/memberships/${bob.id}/${room.id}`, { method: 'DELETE' })
  const asked = await w.guest.fetch('/v1/messages', {
    method: 'OPTIONS',
    headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' },
  })
  for (const { status, text, headers } of [gone, asked])
    expect({ status, text, type: headers.get('content-type') }).toEqual({ status: 204, text: '', type: null })
})

// The description of the API, as client generators and linters read it.
import { describe, expect, test } from 'bun:test'
import { describedEndpoints } from '../../scripts/offline-endpoints'
import { statusOf } from '../../src/http/error-codes'
import { openApiDocument } from '../../src/http/openapi'
import { world } from '../support/world'

interface Description {
  readonly openapi: string
  readonly info: { readonly license: object }
  readonly servers: readonly object[]
  readonly paths: Record<string, Record<string, Operation>>
}

interface Operation {
  readonly operationId: string
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

  test.each(operations)('$place lists its refusals by status, in the shape of an error', ({ responses }) => {
    const refusals = Object.entries(responses).filter(([status]) => Number(status) >= 400)
    expect(refusals.filter(([status]) => status.startsWith('4'))).not.toEqual([])
    for (const [status, { description: codes, content }] of refusals) {
      expect(JSON.stringify(content)).toContain('#/components/schemas/Error')
      const statuses = [...codes.matchAll(/`(\w+)`/g)].map(([, code = '']) => statusOf(code))
      expect(new Set(statuses)).toEqual(new Set([Number(status)]))
    }
  })

  test('the description lists every refusal that an endpoint declares', () => {
    for (const { method, path, refusals = [] } of endpoints) {
      const { responses } = description.paths[path.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()] ?? {}
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

/** Random bodies at /mcp: likely calls, calls with one value broken, and hostile messages. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import fc from 'fast-check'
import { definitions } from '../../src/http/mcp/tools'
import { type Answer, type Caller, type Fields, type World, world } from '../support/world'

setDefaultTimeout(120_000)

/** Runs per caller. `FUZZ_ROUNDS=1000` searches longer, `FUZZ_SEED` repeats a finding. */
const ROUNDS = Number(process.env['FUZZ_ROUNDS'] ?? 150)
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_130)

let w: World
let callers: readonly (readonly [name: string, caller: Caller])[]
beforeAll(async () => {
  w = await world()
  await w.channel('general')
  const member = await w.agent('member', { channels: { general: 'member' } })
  const { id } = await member.posts('general', 'hello')
  known.push(id, 'general', '#general', '@member', 'member', 'oldest', 'now', 'task:x', 'ok')
  callers = [
    ['GUEST', w.guest],
    ['MEMBER', member],
    ['STRANGER', await w.agent('stranger')],
  ]
})
afterAll(() => w[Symbol.asyncDispose]())

const known: string[] = []
const drawn = fc.nat().map((n) => known[n % known.length] ?? '')
const anything = fc.oneof(
  drawn,
  fc.string({ unit: 'binary' }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.array(drawn, { maxLength: 3 }),
  fc.jsonValue({ maxDepth: 2 }),
)

/** The value of an argument: one that its schema allows, mostly. */
function likely(schema: Fields): fc.Arbitrary<unknown> {
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum)
  // Short, so that no call is held.
  if (schema.type === 'integer') return fc.constantFrom(0, 1)
  if (schema.type === 'array') return fc.array(drawn, { maxLength: 3 })
  return drawn
}

const methods = [
  ...['ping', 'tools/list', 'initialize', 'server/discover', 'subscriptions/listen', 'logging/setLevel'],
  ...['notifications/cancelled', 'notifications/initialized', 'notifications/progress'],
]
/** Few, so that lists have the same one twice and cancel each other's messages. */
const ids = fc.constantFrom(1, 2, 'a')

/** What requests of the newest revision say of themselves. */
const envelope = fc.record(
  {
    'io.modelcontextprotocol/protocolVersion': fc.constantFrom('2026-07-28', '2025-11-25', '1999-01-01'),
    'io.modelcontextprotocol/clientCapabilities': fc.oneof(fc.constant({}), fc.constant(7)),
    'io.modelcontextprotocol/clientInfo': fc.constant({ name: 'fuzz', version: '1' }),
  },
  { requiredKeys: ['io.modelcontextprotocol/protocolVersion'] },
)
const sentHeaders = fc.record(
  {
    'mcp-protocol-version': fc.constantFrom('2026-07-28', '2025-11-25', '1999-01-01', 'x'),
    'mcp-method': fc.constantFrom('tools/call', 'ping'),
    'mcp-name': fc.constantFrom(...definitions.map(({ name }) => name)),
  },
  { requiredKeys: [] },
)

const calls = fc.constantFrom(...definitions).chain(({ name, inputSchema }) => {
  const fields = Object.entries(inputSchema.properties as Record<string, Fields>).map(
    ([key, schema]) => [key, fc.oneof({ weight: 5, arbitrary: likely(schema) }, anything)] as const,
  )
  const given = fc.record(Object.fromEntries(fields), { requiredKeys: [] })
  // Without a limit a call would wait for 25 s.
  const short = given.map((one) => ({
    timeout: 1,
    ...one,
    ...(name === 'synapse_await' ? { timeout: 1 } : {}),
  }))
  return fc.record({
    jsonrpc: fc.constant('2.0'),
    id: fc.oneof(ids, fc.integer(), fc.string()),
    method: fc.constant('tools/call'),
    params: fc.record({
      name: fc.constant(name),
      _meta: fc.oneof(fc.constant({}), envelope),
      arguments: short.map((one) => ({ ...one, wait: 0 })),
    }),
  })
})
const messages = fc.oneof(
  { weight: 6, arbitrary: calls },
  fc.record(
    {
      jsonrpc: fc.constantFrom('2.0', '1.0', 2),
      id: fc.oneof(ids, anything),
      method: fc.oneof(fc.constantFrom(...methods), fc.string()),
      params: fc.oneof(anything, fc.record({ requestId: ids })),
    },
    { requiredKeys: [] },
  ),
  fc.jsonValue({ maxDepth: 4 }),
)
const bodies = fc.oneof({ weight: 8, arbitrary: messages }, fc.array(messages, { maxLength: 4 }))

/** The ways in which an answer breaks a rule of the surface. */
function* complaints(name: string, { status, headers, text, body }: Answer<unknown>): Generator<string> {
  if (![200, 202, 400, 401].includes(status)) yield `the status ${status}`
  if (name === 'GUEST' && status !== 401) yield 'a guest was let in'
  if (headers.get('x-request-id') === null) yield 'no request id'
  if (headers.get('cache-control') !== 'no-store') yield 'may be kept by a cache'
  if (status === 202) return
  for (const answer of Array.isArray(body) ? body : [body]) {
    const { jsonrpc, result, error } = (answer ?? {}) as Fields
    if (jsonrpc !== '2.0' || (result === undefined) === (error === undefined)) yield `no answer: ${text}`
    if (/"code":"internal"|-32603/.test(text)) yield 'a fault of the server'
    const { isError, structuredContent } = (result ?? {}) as { isError?: boolean; structuredContent?: Fields }
    if (isError && typeof structuredContent?.code !== 'string') yield 'a refusal without a code'
  }
}

describe('random bodies', () => {
  test('any body of any caller is answered as documented, without a fault of the server', async () => {
    for (const [name, caller] of callers) {
      const property = fc.asyncProperty(bodies, sentHeaders, async (body, headers) => {
        const answer = await caller.post('/mcp', body, headers)
        const [wrong] = complaints(name, answer)
        if (wrong !== undefined)
          throw new Error(
            `${name}: ${wrong}\n${JSON.stringify([body, headers])}\n${answer.status} ${answer.text}`,
          )
      })
      await fc.assert(property, { seed: SEED, numRuns: ROUNDS })
    }
    expect(w.log).not.toContain('"level":"error"')
  })
})

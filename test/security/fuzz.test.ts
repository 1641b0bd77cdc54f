import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { type Caller, type World, world } from '../support/world'
import { anything, Chance, nearly, TEXTS } from './hostile'

setDefaultTimeout(120_000)

/** Of each endpoint, by each caller. `FUZZ_ROUNDS=1000` looks longer, `FUZZ_SEED` repeats what was found. */
const ROUNDS = Number(process.env['FUZZ_ROUNDS'] ?? 12)
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_121)
const ANSWER_WITHIN_MS = 10_000

interface Operation {
  readonly method: string
  readonly path: string
  readonly query: readonly { readonly name: string; readonly schema: object }[]
  readonly body: object | undefined
}

let w: World
let operations: readonly Operation[]
let callers: Readonly<Record<string, Caller>>

beforeAll(async () => {
  w = await world({ settings: { SYNAPSE_METRICS_ENABLED: 'on', SYNAPSE_WAIT_MAX_S: '1' } })
  await w.channel('general')
  const ann = await w.agent('ann', { channels: { general: 'member' } })
  const chief = await w.agent('chief', { scopes: ['admin:*'], channels: { general: 'admin' } })
  callers = { guest: w.guest, ann, chief }
  const { body } = await w.guest.get<{ paths: Record<string, Record<string, Described>> }>('/openapi.json')
  operations = Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody }]) => ({
      method: method.toUpperCase(),
      path,
      query: parameters.flatMap((one) =>
        one.in === 'query' ? [{ name: one.name, schema: one.schema ?? {} }] : [],
      ),
      body: requestBody?.content['application/json']?.schema,
    })),
  )
})
afterAll(() => w[Symbol.asyncDispose]())

interface Described {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema?: object }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> }
}

/** One hostile request to the operation. */
function attack(
  { method, path, query, body }: Operation,
  chance: Chance,
): { path: string; init: RequestInit } {
  const filled = path.replace(/\{\w+\}/g, () => encoded(chance.pick(TEXTS)) || '%20')
  const chosen = query.filter(() => chance.happens(0.6))
  const extra = chance.happens(0.2) ? [[chance.pick(TEXTS), chance.pick(TEXTS)] as const] : []
  const words = [
    ...chosen.map(({ name, schema }) => [name, String(nearly(schema, chance))] as const),
    ...extra,
  ].map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
  const headers: Record<string, string> = {}
  if (chance.happens(0.1)) headers['idempotency-key'] = chance.pick(['', 'x'.repeat(300), 'a', '"'])
  if (chance.happens(0.1)) headers['accept'] = chance.pick(['*/*', 'text/html', 'nonsense', ''])
  const target = words.length === 0 ? filled : `${filled}?${words.join('&')}`
  if (method === 'GET') return { path: target, init: { method, headers } }
  headers['content-type'] = chance.happens(0.95) ? 'application/json' : 'text/plain'
  const content = chance.happens(0.2) ? anything(chance) : nearly(body ?? {}, chance)
  const text = JSON.stringify(content) ?? ''
  // A text that breaks off is no JSON.
  const cut = chance.happens(0.05) ? text.slice(0, -1) : text
  return { path: target, init: { method, headers, body: cut } }
}

/** Half of a pair of surrogates cannot be encoded, and is sent as what stands for it. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}

test('whatever is sent to what is described, it is answered in time, in JSON, and never with a fault', async () => {
  const chance = new Chance(SEED)
  expect(operations.length).toBeGreaterThanOrEqual(40)
  const wrong: string[] = []
  let sent = 0
  for (const operation of operations)
    for (const [who, caller] of Object.entries(callers))
      for (let round = 0; round < ROUNDS; round++) {
        const { path, init } = attack(operation, chance)
        const told = `${who}: ${init.method} ${path} ${String(init.body ?? '').slice(0, 300)}`
        sent++
        try {
          const answer = await caller.fetch(path, { ...init, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })
          const { status, text, body } = answer
          const isRefusal = status >= 400
          const isWhole =
            !isRefusal || (typeof body.code === 'string' && 'detail' in body && 'request_id' in body)
          if (status >= 500 || !isWhole) wrong.push(`${status} ${told}\n  ${text.slice(0, 300)}`)
          if (who === 'guest' && status < 400 && !isOpen(operation))
            wrong.push(`a guest got ${status}: ${told}`)
        } catch (error) {
          wrong.push(`${error instanceof Error ? error.name : error}: ${told}`)
        }
      }
  expect({ seed: SEED, wrong: wrong.slice(0, 10) }).toEqual({ seed: SEED, wrong: [] })
  expect(sent).toBe(operations.length * 3 * ROUNDS)
  expect((await w.guest.get('/readyz')).status).toBe(200)
  expect(w.log).not.toContain('"level":"error"')
})

/** What is described as open to everybody. */
function isOpen({ path }: Operation): boolean {
  return /^\/(?:v1\/)?(?:healthz|readyz|health|metrics|\.well-known\/synapse|auth\/login|pair|pair\/redeem)$/.test(
    path,
  )
}

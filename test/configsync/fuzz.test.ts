/** Random requests to every endpoint of ConfigSync: likely ones, ones with one rule broken, and hostile ones. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import fc from 'fast-check'
import { undeployedEndpoints } from '../../scripts/offline-endpoints'
import type { Endpoint } from '../../src/http/endpoint'
import { Pools } from '../security/pools'
import { breakingRequests, curl, fittingRequests, hostileRequests, type Sent } from '../security/requests'
import { isFittingBody, isFittingQuery } from '../security/shapes'
import { type Answer, type Caller, SECOND, type World, world } from '../support/world'
import { syncToken, syncUser } from './sync-user'

setDefaultTimeout(120_000)

/** Runs per endpoint and caller. `FUZZ_ROUNDS=1000` searches longer, `FUZZ_SEED` repeats a finding. */
const ROUNDS = Number(process.env['FUZZ_ROUNDS'] ?? 12)
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_121)

interface Somebody {
  readonly name: 'GUEST' | 'READER' | 'WRITER' | 'DISABLED'
  readonly caller: Caller
}

let w: World
let everybody: readonly Somebody[]
beforeAll(async () => {
  w = await world()
  const writer = await syncUser(w, 'writer')
  const reader = await syncToken(w, 'writer', { read_only: true })
  const disabled = await syncUser(w, 'disabled')
  await w.operator.post('/v1/admin/configsync/users/disabled/disable')
  everybody = [
    { name: 'GUEST', caller: w.guest },
    { name: 'READER', caller: reader.caller },
    { name: 'WRITER', caller: writer.caller },
    { name: 'DISABLED', caller: disabled.caller },
  ]
})
afterAll(() => w[Symbol.asyncDispose]())

const endpoints = undeployedEndpoints().filter(
  ({ tag, path }) => tag === 'ConfigSync' && path.startsWith('/api/'),
)

const REFUSALS = [400, 401, 403, 404, 409, 411, 413, 415, 422, 429, 507]

/** Statuses of a request that is malformed, which is said before the user is looked up. */
const BEFORE_ACCESS = [400, 413, 415, 422]

/** The ways in which an answer breaks a rule of the surface. */
function* complaints(sent: Sent, { name }: Somebody, answer: Answer<unknown>): Generator<string> {
  const { status, headers, body } = answer
  const { method, who } = sent.endpoint
  if (headers.get('cache-control') !== 'no-store') yield 'may be kept by a cache'
  for (const header of ['access-control-allow-origin', 'set-cookie', 'location'])
    if (headers.has(header)) yield `has the header ${header}`
  if (status >= 300) {
    if (!REFUSALS.includes(status)) yield 'a status that no refusal has'
    if (typeof (body as { error?: unknown } | undefined)?.error !== 'string')
      yield 'a refusal without a sentence'
  } else if (!sent.endpoint.answers[status]) yield 'a status that is not declared'
  if (who === 'anyone') return
  if (name === 'GUEST' && status !== 401 && status !== 429) yield 'no 401 without a credential'
  const isKeptOut = status === 403 || BEFORE_ACCESS.includes(status)
  if (name === 'DISABLED' && !isKeptOut) yield 'no 403 for an account that is disabled'
  if (name === 'READER' && method !== 'GET' && !isKeptOut) yield 'no 403 for a token that only reads'
  if (name === 'WRITER' && status < 300 && !isFitting(sent)) yield 'accepted what its schemas refuse'
}

function isFitting({ endpoint: { query, body }, query: words, text }: Sent): boolean {
  return (!query || isFittingQuery(query, words)) && (!body || isFittingBody(body, text))
}

function requestsTo(endpoint: Endpoint) {
  const breaking = breakingRequests(endpoint)
  return fc.oneof(fittingRequests(endpoint), ...(breaking ? [breaking] : []), hostileRequests(endpoint))
}

async function send({ caller }: Somebody, { endpoint, path, headers, text }: Sent): Promise<Answer<unknown>> {
  // Requests are limited by the minute.
  w.clock.advance(SECOND)
  const { method } = endpoint
  return caller.fetch<unknown>(path, { method, headers, ...(text === undefined ? {} : { body: text }) })
}

describe('random requests', () => {
  test.each(endpoints.map((endpoint) => [`${endpoint.method} ${endpoint.path}`, endpoint] as const))(
    '%s answers any request of any caller by the rules of the surface',
    async (_, endpoint) => {
      const found: string[] = []
      for (const somebody of everybody) {
        let last = ''
        const property = fc.asyncProperty(requestsTo(endpoint), async (draft) => {
          const sent = draft.settle(new Pools())
          const answer = await send(somebody, sent)
          const wrong = [...complaints(sent, somebody, answer)]
          if (wrong.length === 0) return
          last = `${curl(sent, somebody.name)}\n→ ${wrong.join('\n→ ')}\n  ${answer.status} ${answer.text}`
          throw new Error(wrong[0])
        })
        const { failed, counterexamplePath } = await fc.check(property, { seed: SEED, numRuns: ROUNDS })
        if (failed) found.push(`FUZZ_SEED=${SEED}, path ${counterexamplePath}:\n${last}`)
      }
      expect(found.join('\n\n')).toBe('')
    },
  )
})

test('after all random requests the server has logged no error', () => {
  expect(w.log).not.toContain('"level":"error"')
})

import { expect, setDefaultTimeout, test } from 'bun:test'
import fc from 'fast-check'
import { describedEndpoints } from '../../scripts/offline-endpoints'
import type { Endpoint } from '../../src/http/endpoint'
import { drawn } from './pools'
import { breakingRequests, Draft, fittingRequests } from './requests'
import type { Society } from './society'
import { type Choice, Town } from './town'

/** The number of sequences, each on a new server. `FUZZ_ROUNDS` and `FUZZ_SEED` as in fuzz.test.ts. */
const ROUNDS = Number(process.env['FUZZ_ROUNDS'] ?? 12) * 3
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_121)
const LONGEST = 150
/** The time to shrink a failing sequence. */
const SHRINK_FOR_MS = 30_000

setDefaultTimeout(60_000 + ROUNDS * 3000)

/** One request by a caller, possibly on behalf of another account. */
class Call implements fc.AsyncCommand<Society, Town> {
  constructor(
    private readonly draft: Draft,
    private readonly choice: Choice,
  ) {}

  check = () => true

  run(_: Society, town: Town): Promise<void> {
    return town.call(this.draft, this.choice)
  }

  toString = () => `${this.draft.endpoint.method} ${this.draft.endpoint.path}`
}

/** The last post again, word for word. */
class Repeat implements fc.AsyncCommand<Society, Town> {
  check = () => true
  run = (_: Society, town: Town) => town.repeat()
  toString = () => 'the same post again'
}

class Wait implements fc.AsyncCommand<Society, Town> {
  constructor(private readonly seconds: number) {}
  check = () => true
  run = async (_: Society, town: Town) => town.wait(this.seconds)
  toString = () => `${this.seconds} s later`
}

/** How often an endpoint is called, if not rarely. */
const weights: Readonly<Record<string, number>> = {
  'POST /v1/messages': 60,
  'GET /v1/messages': 30,
  'GET /v1/messages/:id': 20,
  'PATCH /v1/messages/:id': 15,
  'DELETE /v1/messages/:id': 8,
  'GET /v1/events': 20,
  'POST /v1/admin/memberships': 20,
  'DELETE /v1/admin/memberships/:account_id/:channel_id': 20,
  'POST /v1/admin/tokens': 10,
  'POST /v1/admin/channels/:id/archive': 3,
  'POST /v1/admin/accounts/:id/archive': 3,
  'POST /v1/admin/accounts/:id/erase': 20,
  // Checking passwords and copying the store take long.
  'POST /v1/auth/login': 1,
  'POST /v1/me/password': 1,
  'POST /v1/admin/accounts': 1,
  'PATCH /v1/admin/accounts/:id': 1,
  'POST /v1/admin/backups': 1,
}
const USUAL = 5

function calls(endpoint: Endpoint): fc.Arbitrary<Call> {
  const breaking = breakingRequests(endpoint)
  const drafts = fc.oneof(
    { weight: 12, arbitrary: fittingRequests(endpoint) },
    ...(breaking ? [{ weight: 1, arbitrary: breaking }] : []),
  )
  return fc
    .record({
      draft: drafts,
      pick: fc.nat({ max: 999 }),
      among: fc.constantFrom(...(['members', 'members', 'leavers', 'admitted', 'admitted', 'all'] as const)),
      actor: fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: drawn('handle') }),
    })
    .map(({ draft, ...choice }) => new Call(draft, choice))
}

// The town is no homeserver: what administers one is in test/security/fuzz.test.ts.
const endpoints = describedEndpoints().filter(({ tag }) => tag !== 'Matrix administration')

/** Makes the server drain, or ends the drain. */
const drains = fc
  .record({ isOn: fc.constantFrom(true, false, false), pick: fc.nat({ max: 999 }) })
  .map(({ isOn, pick }) => {
    const endpoint = endpoints.find(({ method, path }) => method === 'PUT' && path === '/v1/config/:key')
    if (!endpoint) throw new Error('there is no endpoint that sets a setting')
    const content = { json: { value: isOn } }
    const draft = new Draft(endpoint, { params: ['drain'], query: {}, headers: {}, content })
    return new Call(draft, { pick, among: 'admitted', actor: null })
  })

const steps = fc.oneof(
  ...endpoints.map((endpoint) => ({
    weight: weights[`${endpoint.method} ${endpoint.path}`] ?? USUAL,
    arbitrary: calls(endpoint),
  })),
  { weight: 10, arbitrary: fc.constant(new Repeat()) },
  { weight: 6, arbitrary: drains },
  { weight: 8, arbitrary: fc.constantFrom(1, 61, 301, 3700).map((seconds) => new Wait(seconds)) },
)

test('after any sequence of requests each caller has learned only what it may know, and no acknowledged message is lost', async () => {
  let last = ''
  let failedAt: number | undefined
  const property = fc.asyncProperty(
    fc.commands([steps], { maxCommands: LONGEST, size: 'max' }),
    async (sequence) => {
      if (failedAt !== undefined && performance.now() - failedAt > SHRINK_FOR_MS) return
      await using town = await Town.found()
      try {
        await fc.asyncModelRun(() => ({ model: town.society, real: town }), sequence)
        await town.reckon()
      } catch (error) {
        failedAt ??= performance.now()
        last = `${town.story.join('\n')}\n→ ${error instanceof Error ? error.message : error}`
        throw error
      }
    },
  )
  const { failed, counterexamplePath } = await fc.check(property, { seed: SEED, numRuns: ROUNDS })
  expect(failed ? `FUZZ_SEED=${SEED}, path ${counterexamplePath}:\n${last}` : '').toBe('')
})

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import fc from 'fast-check'
import { undeployedEndpoints } from '../../scripts/offline-endpoints'
import type { Endpoint } from '../../src/http/endpoint'
import { type Caller, type World, world } from '../support/world'
import { Pools } from './pools'
import { complaints, GUEST, OPERATOR, type Standing } from './promises'
import { breakingRequests, curl, type Draft, fittingRequests, hostileRequests, type Sent } from './requests'

setDefaultTimeout(120_000)

/** Runs per endpoint and caller. `FUZZ_ROUNDS=1000` searches longer, `FUZZ_SEED` repeats a finding. */
const ROUNDS = Number(process.env['FUZZ_ROUNDS'] ?? 12)
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_121)
const ANSWER_WITHIN_MS = 10_000

interface Somebody {
  readonly name: string
  caller: Caller
  readonly standing: Standing
}

// ConfigSync and MCP have other errors, and tests of their own (test/configsync/fuzz.test.ts, test/mcp/fuzz.test.ts).
const endpoints = undeployedEndpoints().filter(({ tag }) => tag !== 'ConfigSync' && tag !== 'MCP')

let w: World
let everybody: readonly Somebody[]
const pools = new Pools()

beforeAll(async () => {
  w = await world({
    settings: {
      SYNAPSE_METRICS_ENABLED: 'on',
      SYNAPSE_WAIT_MAX_S: '1',
      // Checking a password takes long.
      SYNAPSE_RATE_LOGIN: '1/60',
      // So that the endpoints that administer the homeserver exist. Its own are in test/matrix/fuzz.test.ts.
      SYNAPSE_MATRIX_SERVER_NAME: 'example.org',
    },
  })
  await w.channel('general')
  await w.channel('vault', { kind: 'private' })
  const ann = await w.agent('ann', { channels: { general: 'member' } })
  const chief = await w.agent('chief', { scopes: ['admin:*'], channels: { general: 'admin' } })
  const hugo = await w.human('hugo', { channels: { general: 'member' } })
  const gone = await w.agent('gone', { scopes: ['admin:*'] })
  await w.revokes(gone)
  const holder = { by: 'account', isValid: true, isAdmin: false, scopes: [], hasToken: true } as const
  everybody = [
    { name: 'GUEST', caller: w.guest, standing: GUEST },
    { name: 'REVOKED', caller: gone, standing: { ...GUEST, by: 'account' } },
    { name: 'MEMBER', caller: ann, standing: holder },
    { name: 'HUMAN', caller: hugo, standing: { ...holder, hasToken: false } },
    { name: 'ADMIN', caller: chief, standing: { ...holder, isAdmin: true } },
    { name: 'OPERATOR', caller: w.operator, standing: OPERATOR },
  ]
  await fillPools()
})
afterAll(() => w[Symbol.asyncDispose]())

/** Ids of everything that these callers can lose. */
async function fillPools(): Promise<void> {
  const vic = await w.agent('vic', { channels: { vault: 'member', general: 'member' } })
  const device = await w.operator.post<{ id: string; code: string }>('/v1/admin/devices', {
    device: 'tablet',
    account_handle: 'hugo',
  })
  const spare = await w.channel('spare')
  const { id, cursor } = await vic.posts('general', 'hello')
  const { id: hidden } = await vic.posts('vault', 'hidden')
  pools.add('account', vic.id)
  pools.add('channel', spare.id)
  pools.add('token', vic.tokenId)
  pools.add('device', device.body.id)
  pools.add('code', device.body.code)
  pools.add('message', id, hidden)
  pools.add('handle', 'vic', 'ann', 'hugo')
  pools.add('slug', 'general', 'vault', 'spare')
  pools.add('cursor', cursor)
}

/** A call that ends its own credential gets another one for the next call. */
async function renew(somebody: Somebody, { endpoint }: Sent, body: unknown): Promise<void> {
  const { path } = endpoint
  if (path === '/v1/auth/rotate') somebody.caller = w.bearer((body as { token: string }).token)
  if (path === '/v1/auth/logout' || path === '/v1/auth/sessions/:id')
    somebody.caller = w.caller({ cookie: `synapse_session=${await w.session('hugo')}` })
}

async function tell(somebody: Somebody, sent: Sent): Promise<string[]> {
  const { endpoint, path, headers, text } = sent
  // The names of backups contain the time of day, and attempts at passwords are counted by the minute.
  w.clock.advance(200)
  const init: RequestInit = {
    method: endpoint.method,
    headers: text === undefined ? headers : { 'content-type': 'application/json', ...headers },
    ...(text === undefined ? {} : { body: text }),
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  }
  try {
    const answer = await somebody.caller.fetch<unknown>(path, init)
    const wrong = [...complaints(sent, somebody.standing, answer)]
    if (answer.status < 300) await renew(somebody, sent, answer.body)
    return wrong.map((what) => `${what}\n  ${answer.status} ${answer.text.slice(0, 400)}`)
  } catch (error) {
    return [String(error)]
  }
}

function requestsTo(endpoint: Endpoint): fc.Arbitrary<Draft> {
  const breaking = breakingRequests(endpoint)
  return fc.oneof(fittingRequests(endpoint), ...(breaking ? [breaking] : []), hostileRequests(endpoint))
}

describe('random requests', () => {
  test.each(endpoints.map((endpoint) => [`${endpoint.method} ${endpoint.path}`, endpoint] as const))(
    '%s answers any request of any caller in time, as documented and without a server error',
    async (_, endpoint) => {
      const requests = requestsTo(endpoint)
      const found: string[] = []
      for (const somebody of everybody) {
        let last = ''
        const property = fc.asyncProperty(requests, async (draft) => {
          const sent = draft.settle(pools)
          const wrong = await tell(somebody, sent)
          if (wrong.length === 0) return
          last = `${curl(sent, somebody.name)}\n→ ${wrong.join('\n→ ')}`
          throw new Error(wrong[0])
        })
        const { failed, counterexamplePath } = await fc.check(property, { seed: SEED, numRuns: ROUNDS })
        if (failed) found.push(`FUZZ_SEED=${SEED}, path ${counterexamplePath}:\n${last}`)
      }
      expect(found.join('\n\n')).toBe('')
    },
  )
})

test('after all random requests the server is ready and has logged no error', async () => {
  expect((await w.guest.get('/readyz')).status).toBe(200)
  expect(w.log).not.toContain('"level":"error"')
})

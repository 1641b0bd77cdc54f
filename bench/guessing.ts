import { Latencies } from './lib/latencies'
import { startSynapse } from './lib/synapse'
import { ms, type Row, type Workload } from './lib/workload'

/** How far two medians may lie apart before a guesser learns something. */
const TOLERANCE = 0.05

/** G1: how long a refusal takes must not tell what was wrong. Pairs are tried in turn, in random order, one at a time. */
export const guessing: Workload = {
  id: 'G1',
  title: 'What the time of a refusal tells a guesser',
  run: async ({ quick }) => {
    await using server = await startSynapse()
    const token = await server.agent('ann', ['room'])
    await server.admin('POST', '/v1/admin/accounts', {
      kind: 'human',
      handle: 'ada',
      display_name: 'Ada',
      password: 'correct horse battery staple',
    })
    const login = (handle: string) => () =>
      fetch(`http://127.0.0.1:${server.port}/v1/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ handle, password: 'wrong horse battery staple' }),
      })
    const bearer = (secret: string) => () =>
      fetch(`http://127.0.0.1:${server.port}/v1/auth/me`, { headers: { authorization: `Bearer ${secret}` } })
    const almost = `${token.slice(0, -1)}${token.endsWith('x') ? 'y' : 'x'}`
    const nothing = `syn_${'A'.repeat(43)}`
    const logins = quick ? 100 : 400
    const tokens = quick ? 2000 : 10_000
    return [
      await compare(
        'sign-in: a handle that exists, and one that does not',
        logins,
        login('ada'),
        login('eve'),
      ),
      await compare('sign-in: a person, and an agent', logins, login('ada'), login('ann')),
      await compare(
        'token: right but for its last character, and nothing like one',
        tokens,
        bearer(almost),
        bearer(nothing),
      ),
    ]
  },
}

async function compare(
  shape: string,
  tries: number,
  one: () => Promise<Response>,
  other: () => Promise<Response>,
): Promise<Row> {
  const kinds = [
    { ask: one, latencies: new Latencies() },
    { ask: other, latencies: new Latencies() },
  ]
  for (let i = -5; i < tries; i++)
    for (const { ask, latencies } of Math.random() < 0.5 ? kinds : [...kinds].reverse()) {
      const started = performance.now()
      const response = await ask()
      await response.text()
      if (response.status !== 401) throw new Error(`${shape}: status ${response.status}`)
      if (i >= 0) latencies.add(performance.now() - started)
    }
  const [first = Number.NaN, second = Number.NaN] = kinds.flatMap(({ latencies }) => latencies.quantiles(0.5))
  const ratio = first / second
  return {
    workload: 'G1',
    shape: `${shape}, ${tries} each`,
    measured: `p50 ${ms(first)} ms`,
    baseline: `p50 ${ms(second)} ms`,
    ratio,
    goal: 'within 5 % of each other',
    met: Math.abs(ratio - 1) <= TOLERANCE,
    data: { first, second },
  }
}

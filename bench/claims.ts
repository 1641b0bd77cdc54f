import { Latencies } from './lib/latencies'
import { startSynapse } from './lib/synapse'
import { ms, type Workload } from './lib/workload'

/** Programs that ask for the same claim at once. */
const RACERS = 8
const MOST_MILLISECONDS = 20

interface Claim {
  readonly id: string
  readonly epoch: number
}

/** N1: programs race for one claim; the winner releases it, and the next round begins. */
export const claimsRace: Workload = {
  id: 'N1',
  title: `${RACERS} programs race for one claim`,
  run: async ({ quick }) => {
    const rounds = quick ? 100 : 1000
    await using server = await startSynapse()
    const tokens: string[] = []
    for (let i = 0; i < RACERS; i++) tokens.push(await server.agent(`racer-${i}`, ['room']))
    const post = (token: string, path: string, body: object) =>
      fetch(`http://127.0.0.1:${server.port}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    const latencies = new Latencies()
    let last = 0
    let wrong = 0
    for (let round = -10; round < rounds; round++) {
      const answers = await Promise.all(
        tokens.map(async (token) => {
          const started = performance.now()
          const response = await post(token, '/v1/claims', { resource: 'file:src/main.ts' })
          const body = (await response.json()) as Claim
          // The first rounds compile the statements.
          if (round >= 0) latencies.add(performance.now() - started)
          return { token, status: response.status, body }
        }),
      )
      const winners = answers.filter(({ status }) => status === 201)
      const [winner] = winners
      if (!winner || winners.length > 1 || winner.body.epoch <= last) {
        wrong++
        continue
      }
      const { token, body } = winner
      last = body.epoch
      await (await post(token, `/v1/claims/${body.id}/release`, { epoch: body.epoch })).text()
    }
    const [p50, p99 = Number.NaN] = latencies.quantiles(0.5, 0.99)
    return [
      {
        workload: 'N1',
        shape: `${RACERS} programs, ${rounds} rounds, one winner in each`,
        measured: `POST /v1/claims p50 ${ms(p50)} p99 ${ms(p99)} ms, ${wrong} rounds without exactly one winner`,
        goal: `p99 ≤ ${MOST_MILLISECONDS} ms, 0 wrong`,
        met: p99 <= MOST_MILLISECONDS && wrong === 0,
        data: { p50, p99, wrong, rounds },
      },
    ]
  },
}

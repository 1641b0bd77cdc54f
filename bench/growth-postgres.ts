import { generateKeyPairSync } from 'node:crypto'
import postgres from 'postgres'
import { postgresMissing, startPostgres } from '../test/support/postgres'
import { httpLoad } from './lib/http-load'
import { startSynapse } from './lib/synapse'
import { perSecond, type Row } from './lib/workload'
import { isClean, people, posting } from './posts'

const WRITERS = 32
const body = 'x'.repeat(256)

/** G2 on Postgres: the rate of posts while another transaction keeps old versions of rows alive, as pg_dump does. */
export async function postsBesideReader(quick: boolean): Promise<Row[]> {
  if (postgresMissing) return []
  await using server = await startPostgres()
  const url = await server.createDatabase()
  const { privateKey } = generateKeyPairSync('ed25519')
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  await using synapse = await startSynapse({ env: { SYNAPSE_DATABASE_URL: url, SYNAPSE_INSTANCE_KEY: key } })
  const tokens = await people(synapse)
  const seconds = quick ? 3 : 5
  const load = (warmupSeconds: number) =>
    httpLoad({
      port: synapse.port,
      connections: WRITERS,
      seconds,
      warmupSeconds,
      request: (c, n) => posting(tokens, body, c, n),
    })
  const quiet = await load(1)
  const sql = postgres(url, { max: 1 })
  const rates: number[] = []
  let clean = isClean(quiet)
  await sql.begin('ISOLATION LEVEL REPEATABLE READ READ ONLY', async (open) => {
    await open`SELECT count(*) FROM channels`
    for (let i = 0; i < (quick ? 2 : 6); i++) {
      const result = await load(0)
      clean &&= isClean(result)
      rates.push(result.perSecond)
    }
  })
  await sql.end()
  const [first = Number.NaN] = rates
  const last = rates.at(-1) ?? Number.NaN
  return [
    {
      workload: 'G2',
      shape: `Postgres, ${WRITERS} writers, beside a transaction open for ${rates.length * seconds} s`,
      measured: `first ${seconds} s ${perSecond(first)}, last ${seconds} s ${perSecond(last)}`,
      baseline: `nothing open: ${perSecond(quiet.perSecond)}`,
      ratio: last / quiet.perSecond,
      goal: 'flat: last ≥ 0.85 × first and × nothing open',
      met: clean && last >= 0.85 * first && last >= 0.85 * quiet.perSecond,
      data: { quiet: quiet.perSecond, rates },
    },
  ]
}

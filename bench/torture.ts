/**
 * The tests of test/replicas/torture.test.ts for as long as one likes, with the compiled server:
 *
 *   bun bench/torture.ts [--minutes 10] [--replicas 3] [--trouble kill|postgres|redis|all] [--seed N]
 *
 * Ends with status 1 and what is wrong, one line each, when anything that was acknowledged is lost, doubled, out of
 * order or missing in a stream.
 */
import { parseArgs } from 'node:util'
import { Cluster } from '../test/replicas/cluster'
import { torture } from '../test/replicas/torture'
import { Chance } from '../test/support/chance'
import { startPostgres } from '../test/support/postgres'
import { redisMissing, startRedis } from '../test/support/redis'
import { binary } from './lib/synapse'

const kinds = ['kill', 'postgres', 'redis'] as const

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    replicas: { type: 'string', default: '3' },
    trouble: { type: 'string', default: 'all' },
    seed: { type: 'string' },
  },
})
const chosen = kinds.filter((kind) => values.trouble === 'all' || values.trouble === kind)
if (chosen.length === 0) {
  console.error(`--trouble is one of ${kinds.join(', ')}, all`)
  process.exit(2)
}
if (values.seed !== undefined) process.env.TEST_SEED = values.seed

await using postgres = await startPostgres()
await using redis = chosen.includes('redis') && !redisMissing ? await startRedis() : undefined
await using cluster = await Cluster.start({
  database: await postgres.createDatabase(),
  size: Number(values.replicas),
  ...(redis ? { bus: redis.url } : {}),
  site: { program: [binary] },
})
const counts: Record<string, number> = {}
const choose = new Chance()
const started = performance.now()

const troubles: Record<(typeof kinds)[number], () => Promise<void>> = {
  kill: async () => {
    const victim = choose.below(cluster.size)
    await cluster.kill(victim)
    await Bun.sleep(choose.below(1000))
    await cluster.startOne(victim)
  },
  postgres: async () => {
    await postgres.stop(choose.below(2) ? 'fast' : 'immediate')
    await Bun.sleep(choose.below(1000))
    await postgres.start()
  },
  redis: async () => {
    await redis?.kill()
    await Bun.sleep(choose.below(3000))
    await redis?.start()
  },
}

const outcome = await torture(cluster, {
  seconds: Number(values.minutes) * 60,
  writers: 24,
  readers: 4,
  trouble: async () => {
    await Bun.sleep(1000)
    const kind = chosen[choose.below(chosen.length)] ?? 'kill'
    await troubles[kind]()
    counts[kind] = (counts[kind] ?? 0) + 1
    process.stderr.write(
      `\r${((performance.now() - started) / 60_000).toFixed(1)} min ${JSON.stringify(counts)}   `,
    )
  },
})
console.log(`\n${JSON.stringify({ ...outcome, wrong: outcome.wrong.length, ...counts })}`)
for (const line of outcome.wrong.slice(0, 100)) console.log(line)
if (outcome.wrong.length > 0) process.exitCode = 1

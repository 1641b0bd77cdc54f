import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { postgresMissing, sharedPostgres, startPostgres } from '../support/postgres'
import { redisMissing, startRedis } from '../support/redis'
import { Cluster } from './cluster'
import { type Outcome, torture } from './torture'

// Processes are started, killed and waited for.
setDefaultTimeout(90_000)

const QUIET_MS = 1000
/** How long at least, and how many posts: whatever takes longer. */
const SECONDS = 6
const LEAST = 200

function expectWhole({ seed, wrong, posts, troubles }: Outcome): void {
  expect({ seed, wrong: wrong.slice(0, 20) }).toEqual({ seed, wrong: [] })
  expect(posts).toBeGreaterThanOrEqual(LEAST)
  expect(troubles).toBeGreaterThan(1)
}

describe.skipIf(postgresMissing)(
  'three replicas over one Postgres lose nothing, in order and without a gap,',
  () => {
    test('while one after the other is killed', async () => {
      const database = await (await sharedPostgres()).createDatabase()
      await using cluster = await Cluster.start({ database })
      const outcome = await torture(cluster, {
        seconds: SECONDS,
        least: LEAST,
        trouble: async (chance) => {
          await Bun.sleep(QUIET_MS)
          const victim = chance.below(cluster.size)
          await cluster.kill(victim)
          await cluster.startOne(victim)
        },
      })
      expectWhole(outcome)
    })

    test('while Postgres is restarted, fast or as after a crash', async () => {
      await using server = await startPostgres()
      await using cluster = await Cluster.start({ database: await server.createDatabase() })
      let round = 0
      const outcome = await torture(cluster, {
        seconds: SECONDS,
        least: LEAST,
        trouble: async () => {
          await Bun.sleep(QUIET_MS)
          await server.stop(round++ % 2 === 0 ? 'fast' : 'immediate')
          await server.start()
        },
      })
      expectWhole(outcome)
    })

    test.skipIf(redisMissing)('while the Redis that wakes them is killed and comes back', async () => {
      await using redis = await startRedis()
      const database = await (await sharedPostgres()).createDatabase()
      await using cluster = await Cluster.start({ database, bus: redis.url })
      const outcome = await torture(cluster, {
        seconds: SECONDS,
        least: LEAST,
        trouble: async () => {
          await Bun.sleep(QUIET_MS)
          await redis.kill()
          await Bun.sleep(QUIET_MS)
          await redis.start()
        },
      })
      expectWhole(outcome)
    })
  },
)

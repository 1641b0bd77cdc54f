import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { postgresMissing, sharedPostgres, startPostgres } from '../support/postgres'
import { redisMissing, startRedis } from '../support/redis'
import { Cluster } from './cluster'
import { type Outcome, torture } from './torture'

// The test starts, kills and awaits processes.
setDefaultTimeout(120_000)

const QUIET_MS = 1000
/** A minimum of time and of posts; the longer of the two decides. */
const SECONDS = 6
const LEAST = 200

function expectWhole({ seed, wrong, posts, troubles }: Outcome): void {
  expect({ seed, wrong: wrong.slice(0, 20) }).toEqual({ seed, wrong: [] })
  expect(posts).toBeGreaterThanOrEqual(LEAST)
  expect(troubles).toBeGreaterThan(1)
}

describe.skipIf(postgresMissing)('three replicas with one Postgres', () => {
  test('no message is lost or out of order while the replicas are killed one after the other', async () => {
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

  test('no message is lost or out of order while Postgres is restarted, cleanly or as after a crash', async () => {
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

  test.skipIf(redisMissing)(
    'no message is lost or out of order while the Redis of the bus is killed and comes back',
    async () => {
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
    },
  )
})

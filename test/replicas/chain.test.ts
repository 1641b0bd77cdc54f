import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { postgresMissing, sharedPostgres } from '../support/postgres'
import { twoReplicas } from '../support/replicas'
import { Cluster } from './cluster'

setDefaultTimeout(120_000)

interface Posted {
  readonly id: string
  readonly chain?: { readonly used: number }
}

const ROUNDS = 40
const LIMIT = 3

describe.skipIf(postgresMissing)('the chain limit with two processes over one Postgres', () => {
  test('of 50 replies of one agent through both processes at once exactly as many pass as the limit says', async () => {
    const database = await (await sharedPostgres()).createDatabase()
    const settings = { SYNAPSE_CHAIN_LIMIT: String(LIMIT), SYNAPSE_RATE_POST: 'off' }
    await using cluster = await Cluster.start({ database, size: 2, settings })
    await cluster.server(0).room('room')
    const token = await cluster.server(0).agent('racer', 'room')
    const callers = [0, 1].map((i) => cluster.server(i).as(token))
    const passedAt = [0, 0]
    for (let round = 0; round < ROUNDS; round++) {
      const root = await callers[round % 2]?.post<Posted>('/v1/messages', { channel: 'room', body: 'plan?' })
      const answers = await Promise.all(
        Array.from({ length: 50 }, async (_, n) => {
          const post = { channel: 'room', body: 'hi', thread_id: root?.body.id }
          return { n, answer: await callers[n % 2]?.post<Posted>('/v1/messages', post) }
        }),
      )
      const passed = answers.filter(({ answer }) => answer?.status === 201)
      expect(passed.map(({ answer }) => answer?.body.chain?.used).toSorted()).toEqual([1, 2, 3])
      expect(answers.filter(({ answer }) => answer?.status === 429)).toHaveLength(50 - LIMIT)
      for (const { n } of passed) passedAt[n % 2] = (passedAt[n % 2] ?? 0) + 1
    }
    expect(Math.min(...passedAt)).toBeGreaterThan(0)
  })

  test('Continue through one process, and a message of a person there, let an agent go on at the other at once', async () => {
    await using both = await twoReplicas()
    const { one, other } = both
    const channels = { room: 'member' } as const
    const room = await one.channel('room')
    const settings = { chain_limit: 1, agent_run: 2 }
    await one.operator.patch(`/v1/admin/channels/${room.id}`, { settings })
    const bob = await one.agent('bob', { channels })
    const ann = await one.human('ann', { channels })
    const there = other.bearer(bob.secret)
    const root = await ann.posts(room, 'plan?')
    const reply = async () =>
      (await there.post('/v1/messages', { channel: 'room', body: 'hi', thread_id: root.id })).status
    const post = async () => (await there.post('/v1/messages', { channel: 'room', body: 'hi' })).status
    for (let round = 0; round < 20; round++) {
      expect(await reply()).toBe(201)
      expect(await reply()).toBe(429)
      expect((await ann.post(`/v1/threads/${root.id}/continue`, {})).status).toBe(200)
      // The chain limit lets it go on, the run guard does not.
      expect(await reply()).toBe(429)
      expect(await post()).toBe(429)
      expect((await ann.post('/v1/channels/room/continue', {})).status).toBe(200)
      expect(await reply()).toBe(201)
      expect(await post()).toBe(429)
      await ann.posts(room, 'go on', { thread_id: root.id })
    }
  })
})

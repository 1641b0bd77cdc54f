import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { postgresMissing, sharedPostgres } from '../support/postgres'
import { type EventPage, LiveSocket, until } from '../support/sockets'
import { Cluster } from './cluster'

// The test starts, kills and awaits processes.
setDefaultTimeout(300_000)

interface Claim {
  readonly id: string
  readonly epoch: number
  readonly expires_at: string
}

const ROUNDS = 1000
/** The longest time from an expiry to its announcement, and a generous allowance for a busy machine. */
const ANNOUNCED_MS = 5000
const ALLOWANCE_MS = 5000

describe.skipIf(postgresMissing)('claims with two processes over one Postgres', () => {
  test('of two programs that race a thousand times for one claim, exactly one gets it each time, and the epochs strictly grow', async () => {
    const database = await (await sharedPostgres()).createDatabase()
    const settings = { SYNAPSE_RATE_WRITE: 'off' }
    await using cluster = await Cluster.start({ database, size: 2, settings })
    await cluster.server(0).room('room')
    const token = await cluster.server(0).agent('racer', 'room')
    const racers = [0, 1].map((i) => ({ caller: cluster.server(i).as(token), instance: `process-${i}` }))
    const wins = [0, 0]
    let last = 0
    let stale: Claim | undefined
    for (let round = 0; round < ROUNDS; round++) {
      const answers = await Promise.all(
        racers.map(({ caller, instance }) =>
          caller.post<Claim>('/v1/claims', { resource: 'file:src/one.ts', instance }),
        ),
      )
      expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409])
      const winner = answers.findIndex(({ status }) => status === 201)
      const { id, epoch } = answers[winner]?.body ?? { id: '', epoch: 0 }
      wins[winner] = (wins[winner] ?? 0) + 1
      expect(epoch).toBeGreaterThan(last)
      last = epoch
      const loser = racers[1 - winner]
      const { instance } = loser ?? {}
      const path = `/v1/claims/${id}/release`
      // Neither an old epoch nor another instance ends it.
      if (stale) expect((await loser?.caller.post(path, { epoch: stale.epoch }))?.status).toBe(409)
      if (round % 10 === 0) expect((await loser?.caller.post(path, { epoch, instance }))?.status).toBe(403)
      expect((await racers[winner]?.caller.post(path, { epoch }))?.status).toBe(200)
      stale = answers[winner]?.body
    }
    expect(wins[0]).toBeGreaterThan(0)
    expect(wins[1]).toBeGreaterThan(0)
  })

  test('a claim survives the death of its server, and another one announces that it has expired', async () => {
    const database = await (await sharedPostgres()).createDatabase()
    await using cluster = await Cluster.start({ database, size: 2 })
    const [one, other] = [cluster.server(0), cluster.server(1)]
    await one.room('room')
    const ann = await one.agent('ann', 'room')
    const bob = await one.agent('bob', 'room')
    using socket = await LiveSocket.open(other.url, { authorization: `Bearer ${bob}` })
    await socket.subscribe(['*'])
    const claim = { resource: 'task:deploy', ttl_s: 10 }
    const { status, body } = await one.as(ann).post<Claim>('/v1/claims', claim)
    expect(status).toBe(201)
    await cluster.kill(0)
    await socket.next('claim.acquired')
    expect((await other.as(bob).post('/v1/claims', claim)).status).toBe(409)
    const expired = await socket.next('claim.expired', 10_000 + ANNOUNCED_MS + ALLOWANCE_MS)
    const late = Date.parse(expired.at as string) - Date.parse(body.expires_at)
    expect(late).toBeGreaterThanOrEqual(0)
    expect(late).toBeLessThan(ANNOUNCED_MS + ALLOWANCE_MS)
    expect((await other.as(bob).post('/v1/claims', claim)).status).toBe(201)
    expect((await other.as(ann).post(`/v1/claims/${body.id}/renew`, { epoch: body.epoch })).status).toBe(409)
  })

  test('a renewal through one process is a frame for the readers of the other', async () => {
    const database = await (await sharedPostgres()).createDatabase()
    await using cluster = await Cluster.start({ database, size: 2 })
    await cluster.server(0).room('room')
    const ann = await cluster.server(0).agent('ann', 'room')
    using socket = await LiveSocket.open(cluster.server(1).url, { authorization: `Bearer ${ann}` })
    await socket.subscribe(['*'])
    const caller = cluster.server(0).as(ann)
    const { body } = await caller.post<Claim>('/v1/claims', { resource: 'task:deploy' })
    // A frame that is sent before the bus is connected is lost.
    await until('the frame', async () => {
      await caller.post(`/v1/claims/${body.id}/renew`, { epoch: body.epoch })
      return socket.frames.some(({ type }) => type === 'claim.renewed')
    })
    const { body: page } = await caller.get<EventPage>('/v1/events?since=oldest&type=claim.*')
    expect(page.events.map(({ type }) => type)).toEqual(['claim.acquired'])
  })
})

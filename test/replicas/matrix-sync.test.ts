import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { SyncAnswer } from '../matrix/syncing'
import { postgresMissing, sharedPostgres } from '../support/postgres'
import { Cluster } from './cluster'

/** Readers of Matrix at one replica hear of what happens at another. */

setDefaultTimeout(120_000)

const V3 = '/_matrix/client/v3'

describe.skipIf(postgresMissing)('two replicas of a homeserver', () => {
  let cluster: Cluster
  let ann: string
  let ben: string
  beforeAll(async () => {
    cluster = await Cluster.start({
      database: await (await sharedPostgres()).createDatabase(),
      size: 2,
      settings: { SYNAPSE_MATRIX_SERVER_NAME: 'example.org' },
    })
    await cluster.server(0).room('plans')
    ann = await cluster.server(0).agent('ann', 'plans')
    ben = await cluster.server(1).agent('ben', 'plans')
  })
  afterAll(() => cluster[Symbol.asyncDispose]())

  const sync = async (i: number, token: string, since?: string, timeout = 0): Promise<SyncAnswer> => {
    const query = `?set_presence=offline${since === undefined ? '' : `&since=${since}&timeout=${timeout}`}`
    const { status, body, text } = await cluster.server(i).as(token).get<SyncAnswer>(`${V3}/sync${query}`)
    if (status !== 200) throw new Error(`/sync was answered with ${status} ${text}`)
    return body
  }
  const shownIn = ({ rooms }: SyncAnswer) => Object.values(rooms.join)
  const bodies = (answer: SyncAnswer) =>
    shownIn(answer).flatMap(({ timeline }) => timeline.events.flatMap(({ content }) => content['body'] ?? []))

  test('a post at either replica wakes those who wait at both', async () => {
    for (const at of [0, 1]) {
      const [here, there] = [await sync(0, ann), await sync(1, ben)]
      const waiting = [sync(0, ann, here.next_batch, 25_000), sync(1, ben, there.next_batch, 25_000)]
      const body = `said at ${at}`
      expect((await cluster.server(at).as(ann).post('/v1/messages', { channel: 'plans', body })).status).toBe(
        201,
      )
      for (const answer of await Promise.all(waiting)) expect(bodies(answer)).toEqual([body])
    }
  })

  test('a receipt at one replica wakes who waits at the other', async () => {
    const first = await sync(1, ben)
    const [id = '', room] = Object.entries(first.rooms.join)[0] ?? []
    const event = room?.timeline.events.at(-1)?.event_id ?? ''
    const waiting = sync(1, ben, first.next_batch, 25_000)
    const path = `${V3}/rooms/${encodeURIComponent(id)}/receipt/m.read/${encodeURIComponent(event)}`
    expect((await cluster.server(0).as(ann).post(path, {})).status).toBe(200)
    const [seen] = shownIn(await waiting)
    expect(seen?.ephemeral.events).toMatchObject([
      { type: 'm.receipt', content: { [event]: { 'm.read': { '@ann:example.org': {} } } } },
    ])
  })

  test('who posts at one replica reads the post at the other', async () => {
    const { next_batch } = await sync(1, ben)
    let since = next_batch
    for (let n = 0; n < 10; n++) {
      const body = `own ${n}`
      await cluster.server(0).as(ann).post('/v1/messages', { channel: 'plans', body })
      const answer = await sync(1, ben, since)
      expect(bodies(answer)).toEqual([body])
      since = answer.next_batch
    }
  })
})

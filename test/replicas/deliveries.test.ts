import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { postgresMissing } from '../support/postgres'
import { twoReplicas } from '../support/replicas'
import { until } from '../support/sockets'
import { type Fields, MINUTE, SECOND } from '../support/world'

setDefaultTimeout(120_000)

describe.skipIf(postgresMissing)('deliveries with two replicas', () => {
  test('what is awaited falls due once, whichever replica took the post', async () => {
    await using replicas = await twoReplicas({ SYNAPSE_DELIVERIES_UNREACHABLE_AFTER_S: '60' })
    const { one, other } = replicas
    await one.channel('room')
    const inside = { channels: { room: 'member' } } as const
    const ann = await one.human('ann', inside)
    for (const handle of ['bob', 'cat']) await one.agent(handle, inside)
    const through = (w: typeof one) => w.caller(ann.credential)
    for (const [i, w] of [one, other, one, other].entries()) {
      const body = { channel: 'room', body: `${i} for @bob`, ack_within_s: 30 }
      expect((await through(w).post<Fields>('/v1/messages', body)).body.unreachable).toEqual(['bob'])
    }
    const events = async (type: string) =>
      (await ann.get<{ events: Fields[] }>(`/v1/events?since=oldest&type=${type}`)).body.events
    const all = () =>
      until(
        'all to be told',
        async () => {
          for (const w of [one, other]) w.clock.advance(5 * SECOND)
          for (const w of [one, other])
            await through(w).post('/v1/messages', { channel: 'room', body: 'a commit' })
          return (await events('ack.overdue')).length >= 4 && (await events('ack.delivery')).length >= 4
        },
        60_000,
      )
    await all()
    const subjects = async (type: string) => (await events(type)).map(({ message_id }) => message_id)
    for (const w of [one, other]) w.clock.advance(MINUTE)
    await all()
    for (const type of ['ack.overdue', 'ack.delivery']) {
      expect(await subjects(type)).toHaveLength(4)
      expect(new Set(await subjects(type)).size).toBe(4)
    }
  })

  test('a lease and a stream of the other replica make an account reachable', async () => {
    await using replicas = await twoReplicas()
    const { one, other } = replicas
    await one.channel('room')
    const inside = { channels: { room: 'member' } } as const
    const ann = await one.human('ann', inside)
    const bob = await one.agent('bob', inside)
    await other.caller(bob.credential).put('/v1/presence', { state: 'working', ttl_s: 3600 })
    const { body } = await ann.post<Fields>('/v1/messages', { channel: 'room', body: 'for @bob' })
    expect(body.unreachable).toEqual([])
  })
})

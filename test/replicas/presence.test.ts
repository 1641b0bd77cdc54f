import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { postgresMissing } from '../support/postgres'
import { type TwoReplicas, twoReplicas } from '../support/replicas'
import { LiveSocket, until } from '../support/sockets'
import { type Person, SECOND, type World } from '../support/world'

setDefaultTimeout(120_000)

interface Presence {
  readonly handle: string
  readonly state: string
  readonly reachable: { readonly stream: boolean }
}

describe.skipIf(postgresMissing)('presence with two replicas', () => {
  let replicas: TwoReplicas
  let one: World
  let other: World
  let ann: Person
  let bob: Person

  beforeAll(async () => {
    replicas = await twoReplicas()
    ;({ one, other } = replicas)
    await one.channel('room')
    ann = await one.agent('ann', { channels: { room: 'member' } })
    bob = await one.agent('bob', { channels: { room: 'member' } })
    await one.operator.patch(`/v1/admin/accounts/${ann.id}`, { residency: 'continuous' })
  })
  afterAll(() => replicas[Symbol.asyncDispose]())

  const at = (w: World, who: Person) => w.bearer(who.secret)
  const seenBy = async (w: World) =>
    (await at(w, bob).get<{ presence: Presence[] }>('/v1/presence?handle=ann')).body.presence[0]
  /** Lets time pass on both machines, and wakes their jobs. */
  const pass = async (milliseconds: number) => {
    for (const w of [one, other]) {
      w.clock.advance(milliseconds)
      await at(w, bob).post('/v1/messages', { channel: 'room', body: 'a commit' })
    }
  }

  test('what an account says through one replica shows at once through the other, and as a frame', async () => {
    using socket = await LiveSocket.open(other.url, bob.credential)
    await socket.subscribe(['*'])
    // A frame that is sent before the bus is connected is lost.
    await until('a frame', async () => {
      const state = socket.frames.length % 2 === 0 ? 'working' : 'blocked'
      await at(one, ann).put('/v1/presence', { state, ttl_s: 3600 })
      expect(await seenBy(other)).toMatchObject({ state })
      one.clock.advance(SECOND)
      return socket.frames.some(
        ({ type, presence }) => type.startsWith('presence.') && (presence as Presence).handle === 'ann',
      )
    })
    await at(one, ann).delete('/v1/presence')
    expect((await seenBy(other))?.state).not.toBe('working')
  })

  test('a read that one replica noted is not stored after the other one has erased the account', async () => {
    const reader = await one.agent('reader', { channels: { room: 'member' } })
    const erased = await one.agent('erased', { channels: { room: 'member' } })
    for (const who of [erased, reader]) await at(other, who).get('/v1/messages?channel=room')
    const { status } = await one.operator.post(`/v1/admin/accounts/${erased.id}/erase`, {
      confirm: 'erased',
      mode: 'anonymize',
    })
    expect(status).toBe(200)
    await until('the reads to be stored', async () => {
      await pass(30 * SECOND)
      const stored = await one.sql(
        `SELECT 1 FROM observations JOIN accounts ON id = account_id
         WHERE handle = 'reader' AND last_read_at IS NOT NULL`,
      )
      return stored.length > 0
    })
    const left = await one.sql(
      'SELECT 1 FROM observations JOIN accounts ON id = account_id WHERE erased_at IS NOT NULL',
    )
    expect(left).toEqual([])
  })

  test('a stream that is open on one replica is seen by the other within ten seconds, and names its account for @here', async () => {
    const socket = await LiveSocket.open(one.url, ann.credential)
    await socket.next('hello')
    await pass(10 * SECOND)
    await until('the stream to be seen', async () => (await seenBy(other))?.reachable.stream === true)
    const { body } = await at(other, bob).post<{ mentioned_handles: string[] }>('/v1/messages', {
      channel: 'room',
      body: 'Anyone @here?',
    })
    expect(body.mentioned_handles).toEqual(['ann'])
    socket.close()
    await until('the stream to be gone', async () => {
      await pass(10 * SECOND)
      return (await seenBy(other))?.reachable.stream === false
    })
  })
})

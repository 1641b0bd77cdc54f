import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { postgresMissing } from '../support/postgres'
import { type TwoReplicas, twoReplicas } from '../support/replicas'
import { type EventPage, LiveSocket } from '../support/sockets'
import type { Message, Person, World } from '../support/world'

setDefaultTimeout(120_000)

describe.skipIf(postgresMissing)('edits, deletions and reactions with two replicas', () => {
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
  })
  afterAll(() => replicas[Symbol.asyncDispose]())

  const at = (w: World, who: Person) => w.bearer(who.secret)
  const shownBy = async (w: World, message: Message) => {
    const { body } = await at(w, bob).get<{ messages: Message[] }>(
      '/v1/messages?channel=room&since=oldest&include_deleted=true&limit=200',
    )
    const events = await at(w, bob).get<EventPage>('/v1/events?since=oldest&channel=room&limit=500')
    return {
      page: body.messages.find(({ id }) => id === message.id),
      events: events.body.events.flatMap((event) =>
        event.message?.id === message.id ? [event.message] : [],
      ),
    }
  }

  test.each([true, false])(
    'what changes through one replica shows at once through the other (readers there: %p)',
    async (isHeard) => {
      using socket = isHeard ? await LiveSocket.open(other.url, bob.credential) : undefined
      await socket?.subscribe(['room'])
      const message = await ann.posts('room', 'first')
      const path = `/v1/messages/${message.id}`
      await shownBy(other, message)
      expect((await ann.patch(path, { body: 'second' })).status).toBe(200)
      expect(await shownBy(other, message)).toMatchObject({
        page: { body: 'second' },
        events: [{ body: 'second' }, { body: 'second' }],
      })
      expect((await ann.put(`${path}/reactions/ok`)).status).toBe(200)
      expect((await at(other, bob).put(`${path}/reactions/ok`)).body).toEqual({
        reactions: [{ emoji: 'ok', count: 2, handles: ['ann', 'bob'] }],
      })
      for (const w of [one, other])
        expect(await shownBy(w, message)).toMatchObject({ page: { reactions: [{ count: 2 }] } })
      expect((await at(other, ann).delete(path)).status).toBe(204)
      for (const w of [one, other])
        expect(await shownBy(w, message)).toMatchObject({
          page: { body: '', deleted: true, reactions: [] },
          events: [{ body: '' }, { body: '' }],
        })
      if (!socket) return
      await socket.next('message.deleted')
      expect(socket.events.map(({ type }) => type)).toEqual([
        'message.created',
        'message.edited',
        'reaction.added',
        'reaction.added',
        'message.deleted',
      ])
    },
  )

  test('reactions that come through both replicas at once are all counted', async () => {
    const message = await ann.posts('room', 'popular')
    const path = `/v1/messages/${message.id}/reactions`
    const people = [ann, bob]
    await Promise.all(
      people.flatMap((who) =>
        [one, other].flatMap((w) => ['a', 'b', 'c', 'd'].map((emoji) => at(w, who).put(`${path}/${emoji}`))),
      ),
    )
    const { page } = await shownBy(other, message)
    const counts = (page as unknown as { reactions: { emoji: string; count: number }[] }).reactions
    expect(counts.map(({ emoji, count }) => [emoji, count]).toSorted()).toEqual([
      ['a', 2],
      ['b', 2],
      ['c', 2],
      ['d', 2],
    ])
    const [stored] = await one.sql<{ n: number }>(
      'SELECT count(*) AS n FROM reactions WHERE message_seq = ?',
      message.seq,
    )
    expect(Number(stored?.n)).toBe(8)
  })
})

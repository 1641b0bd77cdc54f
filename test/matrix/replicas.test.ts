// Two servers over one Postgres: one of them projects, and the readers of both see its events, who types and who is there.
import { describe, expect, test } from 'bun:test'
import { systemClock } from '../../src/platform'
import { postgresMissing } from '../support/postgres'
import { sharedStore } from '../support/replicas'
import { world } from '../support/world'
import { acting } from './acting'
import { MatrixClient, signIn, V3 } from './homeserver'
import { SERVER } from './projected'
import type { SyncAnswer } from './syncing'
import { pair, receipt, say, unread } from './unread'

const POSTS = 150

describe.skipIf(postgresMissing)('two replicas', () => {
  test('posts on both become the events of one room, each once and in the order of the log', async () => {
    const settings = { ...(await sharedStore()), SYNAPSE_MATRIX_SERVER_NAME: SERVER }
    await using one = await world({ settings, clock: systemClock })
    await using other = await world({ settings, clock: systemClock })
    await one.channel('town')
    const alice = await one.agent('alice', { channels: { town: 'member' } })
    const post = async (w: typeof one, body: string) => {
      const answer = await w.bearer(alice.secret).post('/v1/messages', { channel: 'town', body })
      expect(answer.status, answer.text).toBe(201)
    }
    for (let i = 0; i < POSTS; i += 10)
      await Promise.all(
        Array.from({ length: 10 }, (_, j) => post(j % 2 === 0 ? one : other, `message ${i + j}`)),
      )
    const behind = async () => {
      const [row] = await one.sql<{ behind: number | string | null }>(
        `SELECT (SELECT max(seq) FROM events) - (SELECT position FROM projections WHERE name = 'matrix') AS behind`,
      )
      return row?.behind === null ? Number.NaN : Number(row?.behind)
    }
    for (const end = Date.now() + 60_000; (await behind()) !== 0 && Date.now() < end; ) await Bun.sleep(20)
    const events = await one.sql<{ pos: string; json: string; event_id: string }>(
      'SELECT pos, json, event_id FROM matrix_events ORDER BY pos',
    )
    const messages = await one.sql<{ seq: string; body: string }>(
      'SELECT seq, body FROM messages ORDER BY seq',
    )
    expect(messages).toHaveLength(POSTS)
    const projected = events.flatMap(({ pos, json }) => {
      const { type, content } = JSON.parse(json)
      return type === 'm.room.message' ? [[Number(pos) / 64, content.body]] : []
    })
    expect(projected).toEqual(messages.map(({ seq, body }) => [Number(seq), body]))
    for (const [i, { json }] of events.entries())
      expect(JSON.parse(json).prev_events).toEqual(i === 0 ? [] : [events[i - 1]?.event_id ?? ''])
  })

  test('count what is unread alike, whichever of them a receipt, a rule or a redaction came to', async () => {
    const settings = { ...(await sharedStore()), SYNAPSE_MATRIX_SERVER_NAME: SERVER }
    await using one = await world({ settings, clock: systemClock })
    await using other = await world({ settings, clock: systemClock })
    const rooms = acting(one)
    const { ada, bob, room } = await pair(one, rooms)
    const adaThere = new MatrixClient(other, ada.login)
    const bobThere = new MatrixClient(other, bob.login)
    const both = async () => [await unread(ada, room), await unread(adaThere, room)]
    const first = await say(rooms, bob, room)
    expect(await both()).toEqual([
      [1, 0],
      [1, 0],
    ])
    const second = await say(rooms, bobThere, room)
    const third = await say(rooms, bob, room)
    await receipt(adaThere, room, first)
    expect(await both()).toEqual([
      [2, 0],
      [2, 0],
    ])
    await rooms.redact(bobThere, room, second)
    expect(await both()).toEqual([
      [1, 0],
      [1, 0],
    ])
    const muted = `${V3}/pushrules/global/room/${encodeURIComponent(room)}`
    await adaThere.put(muted, { actions: [] })
    expect(await both()).toEqual([
      [0, 0],
      [0, 0],
    ])
    await ada.delete(muted)
    await receipt(ada, room, third, 'm.read.private')
    expect(await both()).toEqual([
      [0, 0],
      [0, 0],
    ])
  })

  test('tell each other who types and who is there', async () => {
    const settings = { ...(await sharedStore()), SYNAPSE_MATRIX_SERVER_NAME: SERVER }
    await using one = await world({ settings, clock: systemClock })
    await using other = await world({ settings, clock: systemClock })
    await one.channel('town')
    const ada = await signIn(one, await one.human('ada', { channels: { town: 'member' } }))
    const bob = await signIn(one, await one.human('bob', { channels: { town: 'member' } }))
    // The same device on the other server.
    const bobThere = new MatrixClient(other, bob.login)
    const sync = async (client: MatrixClient, query = '') =>
      (await client.get<SyncAnswer>(`${V3}/sync?set_presence=offline${query}`)).body
    let first = await sync(bobThere)
    const roomIn = ({ rooms }: SyncAnswer) => Object.keys(rooms.join)[0]
    for (const end = Date.now() + 20_000; !roomIn(first) && Date.now() < end; await Bun.sleep(20))
      first = await sync(bobThere)
    const room = roomIn(first) ?? ''
    /** Repeats something until it is seen: what is said before the servers are connected is lost. */
    const seen = async (say: () => Promise<unknown>, isIt: (answer: SyncAnswer) => boolean) => {
      let { next_batch: token } = first
      for (const end = Date.now() + 20_000; Date.now() < end; await Bun.sleep(20)) {
        await say()
        const answer = await sync(bobThere, `&since=${token}`)
        if (isIt(answer)) return
        token = answer.next_batch
      }
      throw new Error('the other server has not heard of it')
    }
    const path = `${V3}/rooms/${encodeURIComponent(room)}/typing/${encodeURIComponent(ada.userId)}`
    const status = `${V3}/presence/${encodeURIComponent(ada.userId)}/status`
    const types = (typing: boolean, ...users: string[]) =>
      seen(
        () => ada.put(path, { typing }),
        (answer) =>
          Bun.deepEquals(
            answer.rooms.join[room]?.ephemeral.events.map(({ content }) => content),
            [{ user_ids: users }],
          ),
      )
    await types(true, ada.userId)
    await types(false)
    const says = (presence: string, status_msg: string | undefined) =>
      seen(
        () => ada.put(status, { presence, status_msg }),
        (answer) =>
          answer.presence.events.some(
            ({ sender, content }) =>
              sender === ada.userId && content.presence === presence && content.status_msg === status_msg,
          ),
      )
    await says('online', 'here')
    await says('offline', undefined)
    // A server that begins asks the others.
    await ada.put(status, { presence: 'unavailable', status_msg: 'back soon' })
    await using third = await world({ settings, clock: systemClock })
    const bobThird = new MatrixClient(third, bob.login)
    for (const end = Date.now() + 20_000; ; await Bun.sleep(20)) {
      const { body } = await bobThird.get(status)
      if (body.presence === 'unavailable' && body.status_msg === 'back soon') break
      if (Date.now() > end) throw new Error('the third server knows nothing of it')
    }
  })
})

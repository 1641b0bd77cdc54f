// The setting `matrix` of a channel.
import { expect, test } from 'bun:test'
import { acting, roomPath } from './acting'
import { type MatrixClient, refused, signIn, V3 } from './homeserver'
import { eventsOf, homeserverWorld, settled } from './projected'
import type { SyncAnswer } from './syncing'

const bodies = (
  events: readonly { readonly type: string; readonly content: Readonly<Record<string, unknown>> }[],
) => events.filter(({ type }) => type === 'm.room.message').map(({ content }) => content['body'])

/** A channel and its room, with a person and its client. */
async function scene(kind: 'public' | 'private' = 'public') {
  const w = await homeserverWorld()
  const family = await w.channel('family', { kind })
  const room = `!${family.id.replaceAll('-', '')}:example.org`
  return {
    ...{ w, family, room },
    set: async (matrix: boolean | null) => {
      const answer = await w.operator.patch(`/v1/admin/channels/${family.id}`, { settings: { matrix } })
      expect(answer.status, answer.text).toBe(200)
    },
    [Symbol.asyncDispose]: () => w[Symbol.asyncDispose](),
  }
}

async function synced(client: MatrixClient, since?: string): Promise<SyncAnswer> {
  const { status, body, text } = await client.get<SyncAnswer>(
    `${V3}/sync?timeout=0${since === undefined ? '' : `&since=${since}`}`,
  )
  expect(status, text).toBe(200)
  return body
}

const joinedIn = async (client: MatrixClient) =>
  (await client.get<{ joined_rooms: string[] }>(`${V3}/joined_rooms`)).body.joined_rooms

test('a channel that is kept out of Matrix shows nothing there, and gets all of its events when it comes back', async () => {
  await using here = await scene()
  const { w, family, room, set } = here
  await set(false)
  const alice = await w.human('alice', { channels: { family: 'member' } })
  const client = await signIn(w, alice)
  for (let i = 0; i < 300; i++) await alice.posts(family, `message ${i}`)
  expect(bodies(await eventsOf(w, family))).toEqual([])
  const before = await synced(client)
  expect(before.rooms.join).toEqual({})
  await set(null)
  const events = await eventsOf(w, family)
  expect(bodies(events)).toEqual(Array.from({ length: 300 }, (_, i) => `message ${i}`))
  expect(events[0]?.type).toBe('m.room.create')

  // Who has read beyond the positions of these events is shown the room as a new one.
  const after = (await synced(client, before.next_batch)).rooms.join[room]
  expect(bodies(after?.timeline.events ?? [])).toEqual(
    Array.from({ length: 9 }, (_, i) => `message ${291 + i}`),
  )
  expect(after?.timeline.limited).toBe(true)
  const state = after?.state?.events.map(({ type }) => type) ?? []
  expect(state).toEqual(expect.arrayContaining(['m.room.create', 'm.room.name', 'm.room.member']))
  expect(await joinedIn(client)).toEqual([room])
  await acting(w).send(client, room, { msgtype: 'm.text', body: 'from Matrix' })
  expect(bodies(await eventsOf(w, family)).at(-1)).toBe('from Matrix')
})

test.each(['public', 'private'] as const)(
  'the room of a %s channel that is kept out is left by all, and goes on where it ended',
  async (kind) => {
    await using here = await scene(kind)
    const { w, family, room, set } = here
    const town = await w.channel('town')
    const alice = await w.human('alice', { channels: { family: 'member', town: 'member' } })
    const client = await signIn(w, alice)
    await alice.posts(family, 'before')
    const begun = await eventsOf(w, family)
    const first = await synced(client)
    expect(bodies(first.rooms.join[room]?.timeline.events ?? [])).toEqual(['before'])

    await set(false)
    await alice.posts(family, 'meanwhile')
    await alice.posts(town, 'elsewhere')
    await settled(w)
    const out = await eventsOf(w, family)
    expect(out.slice(0, -1)).toEqual(begun)
    expect(out.at(-1)?.content).toEqual({ kept_out: true })
    const second = await synced(client, first.next_batch)
    expect(second.rooms.join[room]).toBeUndefined()
    expect(second.rooms.leave[room]).toBeDefined()
    const third = await synced(client, second.next_batch)
    expect([third.rooms.join[room], third.rooms.leave[room]]).toEqual([undefined, undefined])
    expect(await joinedIn(client)).not.toContain(room)
    for (const act of [
      client.put(`${roomPath(room)}/send/m.room.message/1`, { msgtype: 'm.text', body: 'no' }),
      client.post(`${V3}/join/${encodeURIComponent(room)}`, {}),
      client.put(`${roomPath(room)}/state/m.room.topic`, { topic: 'no' }),
    ])
      expect(refused(await act)).toEqual([403, 'M_FORBIDDEN'])
    const stranger = await signIn(w, await w.human('stranger'))
    for (const one of [client, stranger]) {
      const named = encodeURIComponent('#family:example.org')
      expect((await one.get(`/_matrix/client/v1/room_summary/${encodeURIComponent(room)}`)).status).toBe(404)
      expect(refused(await one.get(`/_matrix/client/v1/room_summary/${named}`))).toEqual([404, 'M_NOT_FOUND'])
      expect(refused(await one.get(`${V3}/directory/room/${named}`))).toEqual([404, 'M_NOT_FOUND'])
      const tree = await one.get(`/_matrix/client/v1/rooms/${encodeURIComponent(room)}/hierarchy`)
      expect(refused(tree)).toEqual([403, 'M_FORBIDDEN'])
    }
    const page = await client.get<{ chunk: SyncAnswer['rooms']['join'][string]['timeline']['events'] }>(
      `${roomPath(room)}/messages?dir=b&limit=50`,
    )
    expect(bodies(page.body.chunk)).not.toContain('meanwhile')

    await set(true)
    await alice.posts(family, 'after')
    const events = await eventsOf(w, family)
    expect(events.slice(0, out.length)).toEqual(out)
    expect(bodies(events)).toEqual(['before', 'meanwhile', 'after'])
    for (const [i, event] of events.entries()) expect(event.auth.length > 0 || i === 0).toBe(true)
    expect(bodies(await eventsOf(w, town))).toEqual(['elsewhere'])
    const back = (await synced(client, third.next_batch)).rooms.join[room]
    expect(bodies(back?.timeline.events ?? [])).toEqual(['before', 'meanwhile', 'after'])
    const types = [...(back?.state?.events ?? []), ...(back?.timeline.events ?? [])].map(({ type }) => type)
    expect(types).toEqual(expect.arrayContaining(['m.room.create', 'm.room.name', 'm.room.member']))
    // Who comes later reads the same.
    expect(bodies((await synced(client)).rooms.join[room]?.timeline.events ?? []).at(-1)).toBe('after')
  },
)

test('a direct channel can be kept out, too', async () => {
  await using here = await scene()
  const { w } = here
  const [ann, ben] = [
    await w.human('ann', { channels: { family: 'member' } }),
    await w.human('ben', { channels: { family: 'member' } }),
  ]
  const { body } = await ann.post<{ slug: string; id: string }>('/v1/dms', { handle: 'ben' })
  await ben.posts(body.slug, 'just us')
  const client = await signIn(w, ben)
  const room = `!${body.id.replaceAll('-', '')}:example.org`
  await settled(w)
  const first = await synced(client)
  expect(first.rooms.join[room]).toBeDefined()
  const change = { settings: { matrix: false } }
  expect((await w.operator.patch(`/v1/admin/channels/${body.id}`, change)).status).toBe(200)
  expect((await eventsOf(w, body.slug)).at(-1)).toMatchObject({
    ...{ type: 'dev.synapse.v1.kept_out', sender: '@ann:example.org', content: { kept_out: true } },
  })
  expect((await synced(client, first.next_batch)).rooms.leave[room]).toBeDefined()
})

test('a channel that comes back at once has all of its members again', async () => {
  await using here = await scene()
  const { w, family, room, set } = here
  const alice = await w.human('alice', { channels: { family: 'member' } })
  const client = await signIn(w, alice)
  const first = await synced(client)
  await set(false)
  await settled(w)
  await alice.posts(family, 'meanwhile')
  await set(true)
  const events = await eventsOf(w, family)
  expect(events.slice(-3).map(({ content }) => content['kept_out'] ?? content['body'])).toEqual([
    ...[true, 'meanwhile', false],
  ])
  const back = (await synced(client, first.next_batch)).rooms.join[room]
  expect(bodies(back?.timeline.events ?? [])).toEqual(['meanwhile'])
  expect(await joinedIn(client)).toEqual([room])
})

test('a channel that is kept out is among no shared rooms, and nothing of it has notified anybody', async () => {
  await using here = await scene()
  const { w, family, room, set } = here
  const channels = { family: 'member' } as const
  const alice = await w.human('alice', { channels })
  const ben = await signIn(w, await w.human('ben', { channels }))
  await alice.posts(family, 'hello @ben')
  await settled(w)
  const shown = async () => {
    const other = encodeURIComponent('@alice:example.org')
    const mutual = await ben.get<{ joined: string[] }>(`/_matrix/client/v1/mutual_rooms?user_id=${other}`)
    const list = await ben.get<{ notifications: { room_id: string }[] }>(`${V3}/notifications`)
    return [mutual.body.joined, list.body.notifications.map(({ room_id }) => room_id)]
  }
  expect(await shown()).toEqual([[room], [room]])
  await set(false)
  await settled(w)
  expect(await shown()).toEqual([[], []])
  await set(true)
  await settled(w)
  expect((await shown())[0]).toEqual([room])
})

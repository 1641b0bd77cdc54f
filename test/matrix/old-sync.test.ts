// The requests by which clients read along before there was /sync.
import { expect, test } from 'bun:test'
import { until } from '../support/sockets'
import type { World } from '../support/world'
import { acting, roomPath } from './acting'
import { homeserver, type MatrixClient, refused, signIn, V3 } from './homeserver'

interface Event {
  readonly type: string
  readonly room_id: string
  readonly event_id: string
  readonly state_key?: string
  readonly content: { readonly body?: string; readonly membership?: string }
}

interface Room {
  readonly room_id: string
  readonly membership: string
  readonly visibility: string
  readonly messages?: { readonly start?: string; readonly end: string; readonly chunk: readonly Event[] }
  readonly state?: readonly Event[]
  readonly invite?: Event
  readonly account_data?: readonly { readonly type: string }[]
}

interface Initial {
  readonly end: string
  readonly rooms: readonly Room[]
  readonly account_data: readonly { readonly type: string }[]
}

interface Stream {
  readonly start: string
  readonly end: string
  readonly chunk: readonly Event[]
}

const bodies = (events: readonly Event[] = []) => events.flatMap(({ content: { body } }) => body ?? [])

async function scene() {
  const w: World = await homeserver()
  const [ada, ben] = [await signIn(w, await w.human('ada')), await signIn(w, await w.human('ben'))]
  const s = acting(w)
  const says = (by: MatrixClient, room: string, body: string) => s.send(by, room, { msgtype: 'm.text', body })
  return { w, ada, ben, s, says }
}

test('the first request has all rooms with their newest events and their state', async () => {
  const { w, ada, ben, s, says } = await scene()
  await using _ = w
  const room = await s.newRoom(ada, { preset: 'public_chat', visibility: 'public' })
  for (const body of ['1', '2', '3']) await says(ada, room, body)
  const left = await s.newRoom(ben, { preset: 'public_chat' })
  await ada.post(`${roomPath(left)}/join`, {})
  await ada.post(`${roomPath(left)}/leave`, {})
  const invite = await s.newRoom(ben, { invite: [ada.userId] })
  const me = `${V3}/user/${encodeURIComponent(ada.userId)}`
  await ada.put(`${me}/rooms/${encodeURIComponent(room)}/account_data/org.example.x`, { a: 1 })
  const { body } = await ada.get<Initial>(`${V3}/initialSync?limit=2`)
  const rooms = new Map(body.rooms.map((one) => [one.room_id, one]))
  expect(new Set(rooms.keys())).toEqual(new Set([room, invite]))
  const own = rooms.get(room)
  expect(own).toMatchObject({ membership: 'join', visibility: 'public' })
  expect(bodies(own?.messages?.chunk)).toEqual(['2', '3'])
  expect(own?.messages?.chunk[0]?.room_id).toBe(room)
  expect(own?.state?.map(({ type }) => type)).toContain('m.room.create')
  expect(own?.account_data?.map(({ type }) => type)).toEqual(['org.example.x'])
  expect(body.account_data.map(({ type }) => type)).toContain('m.push_rules')
  expect(rooms.get(invite)).toMatchObject({
    ...{ membership: 'invite', visibility: 'private' },
    invite: { state_key: ada.userId, content: { membership: 'invite' } },
  })
  const earlier = `${roomPath(room)}/messages?dir=b&limit=1&from=${own?.messages?.start}`
  expect(bodies((await ada.get<{ chunk: Event[] }>(earlier)).body.chunk)).toEqual(['1'])
  const { body: all } = await ada.get<Initial>(`${V3}/initialSync?archived=true`)
  expect(all.rooms.find(({ room_id }) => room_id === left)?.membership).toBe('leave')
})

test('one room is shown to who may read it', async () => {
  const { w, ada, ben, s, says } = await scene()
  await using _ = w
  const room = await s.newRoom(ada, {})
  for (const body of ['1', '2', '3']) await says(ada, room, body)
  const { body } = await ada.get<Room>(`${roomPath(room)}/initialSync?limit=2`)
  expect(body).toMatchObject({ room_id: room, membership: 'join', visibility: 'private', account_data: [] })
  expect(bodies(body.messages?.chunk)).toEqual(['2', '3'])
  expect(body.state?.map(({ type }) => type)).toContain('m.room.create')
  expect(refused(await ben.get(`${roomPath(room)}/initialSync`))).toEqual([403, 'M_FORBIDDEN'])
})

test('new events come one after another, to who waits too', async () => {
  const { w, ada, ben, s, says } = await scene()
  await using _ = w
  const [room, other] = [await s.newRoom(ada, { preset: 'public_chat' }), await s.newRoom(ada, {})]
  await ben.post(`${roomPath(room)}/join`, {})
  const { body: first } = await ada.get<Stream>(`${V3}/events`)
  expect(first.chunk).toEqual([])
  await says(ben, room, 'hello')
  await says(ada, other, 'elsewhere')
  const { body: next } = await ada.get<Stream>(`${V3}/events?from=${first.end}`)
  expect([next.start, new Set(bodies(next.chunk))]).toEqual([first.end, new Set(['hello', 'elsewhere'])])
  const { body: one } = await ada.get<Stream>(
    `${V3}/events?from=${first.end}&room_id=${encodeURIComponent(room)}`,
  )
  expect(one.chunk).toEqual([expect.objectContaining({ room_id: room, type: 'm.room.message' })])
  const waiting = ada.get<Stream>(`${V3}/events?from=${next.end}&timeout=20000`)
  let answered: readonly string[] | undefined
  waiting.then(({ body: { chunk } }) => {
    answered = bodies(chunk)
  })
  // What is no event of a room does not end the wait.
  const me = `${V3}/user/${encodeURIComponent(ada.userId)}`
  await ada.put(`${me}/account_data/org.example.x`, { a: 1 })
  await ada.get(`${V3}/sync`)
  expect(answered).toBeUndefined()
  await says(ben, room, 'at last')
  expect(await until('the answer', () => answered)).toEqual(['at last'])
})

test('what cannot be read is refused', async () => {
  const { w, ada, ben, s } = await scene()
  await using _ = w
  const room = await s.newRoom(ben, {})
  for (const path of [
    ...['initialSync?limit=x', 'initialSync?limit=-1', 'initialSync?archived=1'],
    ...['events?timeout=x', 'events?timeout=-1', 'events?from=x'],
  ])
    expect([path, ...refused(await ada.get(`${V3}/${path}`))]).toEqual([path, 400, 'M_INVALID_PARAM'])
  expect(refused(await ada.get(`${V3}/events?room_id=${encodeURIComponent(room)}`))).toEqual([
    403,
    'M_FORBIDDEN',
  ])
  expect(refused(await ada.get(`${roomPath(room)}/initialSync?limit=x`))).toEqual([400, 'M_INVALID_PARAM'])
})

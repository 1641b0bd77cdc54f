// What a reader sees of users whom it ignores: their state, and nothing else, from the moment on.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { World } from '../support/world'
import { acting, id, roomPath } from './acting'
import { homeserver, type MatrixClient, refused, signIn, V3 } from './homeserver'
import type { SyncAnswer } from './syncing'

const V1 = '/_matrix/client/v1'

interface Event {
  readonly type: string
  readonly event_id: string
  readonly sender: string
  readonly content: { readonly body?: string; readonly topic?: string }
  readonly unsigned?: {
    readonly 'm.relations'?: { readonly 'm.thread'?: { count: number; latest_event: Event } }
  }
}

let w: World
let ada: MatrixClient
let eve: MatrixClient
let room: string
/** Events by their body. */
const said: Record<string, string> = {}

beforeAll(async () => {
  w = await homeserver()
  ada = await signIn(w, await w.human('ada'))
  eve = await signIn(w, await w.human('eve'))
  const s = acting(w)
  room = await s.newRoom(ada, {
    preset: 'public_chat',
    power_level_content_override: { state_default: 0, events: {} },
  })
  await eve.post(`${roomPath(room)}/join`, {})
  const says = async (by: MatrixClient, body: string, relation?: object) => {
    const content = { msgtype: 'm.text', body, ...(relation && { 'm.relates_to': relation }) }
    said[body] = await s.send(by, room, content)
  }
  await says(ada, 'root')
  await says(ada, 'reply by ada', { rel_type: 'm.thread', event_id: said['root'] })
  await says(eve, 'reply by eve', { rel_type: 'm.thread', event_id: said['root'] })
  await says(eve, 'root by eve')
  await says(ada, 'reply to eve', { rel_type: 'm.thread', event_id: said['root by eve'] })
  await eve.put(`${roomPath(room)}/state/m.room.topic`, { topic: 'by eve' })
  await s.newRoom(eve, { invite: [ada.userId] })
})
afterAll(() => w[Symbol.asyncDispose]())

const ignore = (...users: string[]) =>
  ada.put(`${V3}/user/${encodeURIComponent(ada.userId)}/account_data/m.ignored_user_list`, {
    ignored_users: Object.fromEntries(users.map((user) => [user, {}])),
  })

const chunk = async (path: string) => (await ada.get<{ chunk: Event[] }>(path)).body.chunk
const inRoom = (path: string, version = V3) => `${version}/rooms/${encodeURIComponent(room)}/${path}`
const eventPath = (body: string) => encodeURIComponent(said[body] ?? '')

/** The texts by eve that the reader finds in each way to read. */
async function seen(): Promise<Record<string, unknown>> {
  const byEve = (events: readonly Event[]) =>
    events.filter(({ sender, type }) => sender === eve.userId && type === 'm.room.message').length
  const { body: synced } = await ada.get<SyncAnswer>(`${V3}/sync?filter={"room":{"timeline":{"limit":50}}}`)
  const { body: context } = await ada.get<{ events_before: Event[]; events_after: Event[] }>(
    inRoom(`context/${eventPath('reply by ada')}?limit=50`),
  )
  const [root] = await chunk(inRoom('threads', V1)).then((all) =>
    all.filter(({ sender }) => sender === ada.userId),
  )
  const { body: first } = await ada.get<{ rooms: { room_id: string; messages?: { chunk: Event[] } }[] }>(
    `${V3}/initialSync?limit=50`,
  )
  return {
    sync: byEve((synced.rooms.join[room]?.timeline.events ?? []) as unknown as Event[]),
    invites: Object.keys(synced.rooms.invite).length,
    messages: byEve(await chunk(inRoom('messages?dir=b&limit=50'))),
    context: byEve([...context.events_before, ...context.events_after]),
    event: (await ada.get(inRoom(`event/${eventPath('reply by eve')}`))).status,
    relations: byEve(await chunk(inRoom(`relations/${eventPath('root')}`, V1))),
    threads: byEve(await chunk(inRoom('threads', V1))),
    replies: root?.unsigned?.['m.relations']?.['m.thread']?.count,
    latest: root?.unsigned?.['m.relations']?.['m.thread']?.latest_event.content.body,
    listed: first.rooms.length,
    initial: byEve(first.rooms.find(({ room_id }) => room_id === room)?.messages?.chunk ?? []),
    topic: (await ada.get<Event['content']>(inRoom('state/m.room.topic'))).body.topic,
  }
}

test('everything by an ignored user but state is left out at once, in every way to read', async () => {
  const all = {
    ...{ sync: 2, invites: 1, messages: 2, context: 2, event: 200, relations: 1, threads: 1 },
    ...{ replies: 2, latest: 'reply by eve', initial: 2, listed: 2, topic: 'by eve' },
  }
  expect(await seen()).toMatchObject(all)
  await ignore(id('eve'))
  expect(await seen()).toEqual({
    ...{ sync: 0, invites: 0, messages: 0, context: 0, event: 404, relations: 0, threads: 0 },
    ...{ replies: 1, latest: 'reply by ada', initial: 0, listed: 1, topic: 'by eve' },
  })
  expect(refused(await ada.get(inRoom(`context/${eventPath('root by eve')}`)))).toEqual([404, 'M_NOT_FOUND'])
  expect(refused(await ada.get(inRoom(`relations/${eventPath('root by eve')}`, V1)))).toEqual([
    404,
    'M_NOT_FOUND',
  ])
  await ignore()
  expect(await seen()).toMatchObject(all)
})

test('who ignores itself still sees what it writes', async () => {
  await ignore(ada.userId)
  expect((await ada.get(inRoom(`event/${eventPath('root')}`))).status).toBe(200)
  await ignore()
})

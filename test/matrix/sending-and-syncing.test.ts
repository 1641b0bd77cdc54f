// What is done over Matrix, as the devices in the room are told of it.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { systemClock } from '../../src/platform'
import { type World, world } from '../support/world'
import { type MatrixClient, SERVER_NAME, signIn, V3 } from './homeserver'
import type { ClientEvent, RoomAnswer, SyncAnswer } from './syncing'

const V1 = '/_matrix/client/v1'

let w: World<typeof systemClock>
let ada: MatrixClient
let bob: MatrixClient
let room: string

beforeAll(async () => {
  w = await world({ clock: systemClock, settings: { SYNAPSE_MATRIX_SERVER_NAME: SERVER_NAME } })
  ada = await signIn(w, await w.human('ada'))
  bob = await signIn(w, await w.human('bob'))
  const { body } = await ada.post<{ room_id: string }>(`${V3}/createRoom`, {
    preset: 'private_chat',
    name: 'plans',
    invite: [bob.userId],
  })
  room = body.room_id
  await bob.post(`${V3}/join/${room}`, {})
})
afterAll(() => w[Symbol.asyncDispose]())

async function sync(who: MatrixClient, since?: string, timeout = 0): Promise<SyncAnswer> {
  const query = since === undefined ? '' : `&since=${since}&timeout=${timeout}`
  const { status, body, text } = await who.get<SyncAnswer>(
    `${V3}/sync?set_presence=offline&use_state_after=false${query}`,
  )
  if (status !== 200) throw new Error(`/sync was answered with ${status} ${text}`)
  return body
}

let sent = 0
async function sends(who: MatrixClient, type: string, content: object): Promise<string> {
  const { status, body, text } = await who.put<{ event_id: string }>(
    `${V3}/rooms/${room}/send/${type}/txn${++sent}`,
    content,
  )
  if (status !== 200) throw new Error(`the event was answered with ${status} ${text}`)
  return body.event_id
}

const says = (who: MatrixClient, body: string, relation?: object) =>
  sends(who, 'm.room.message', {
    ...{ msgtype: 'm.text', body },
    ...(relation && { 'm.relates_to': relation }),
  })

async function reads<Body>(who: MatrixClient, path: string): Promise<Body> {
  const { status, body, text } = await who.get<Body>(path)
  if (status !== 200) throw new Error(`${path} was answered with ${status} ${text}`)
  return body
}

const shownIn = (answer: SyncAnswer): RoomAnswer | undefined => answer.rooms.join[room]
const ids = (events: readonly ClientEvent[]) => events.map(({ event_id: id }) => id)
const eventPath = (id: string) => `${V3}/rooms/${room}/event/${encodeURIComponent(id)}`

describe('an event', () => {
  test('wakes those in the room, and only its own device is shown its transaction id', async () => {
    const [own, other] = [await sync(ada), await sync(bob)]
    const waiting = [sync(ada, own.next_batch, 20_000), sync(bob, other.next_batch, 20_000)]
    const id = await says(ada, 'hello')
    const [toAda, toBob] = (await Promise.all(waiting)).map(
      (answer) => shownIn(answer)?.timeline.events ?? [],
    )
    expect(ids(toAda ?? [])).toEqual([id])
    expect(ids(toBob ?? [])).toEqual([id])
    expect(toAda?.[0]?.unsigned?.['transaction_id']).toBe(`txn${sent}`)
    expect(toBob?.[0]?.unsigned).not.toHaveProperty('transaction_id')
  })

  test('that is redacted is shown pruned, with the redaction', async () => {
    const id = await says(ada, 'a secret')
    const { next_batch: since } = await sync(bob)
    const path = `${V3}/rooms/${room}/redact/${encodeURIComponent(id)}/txn-redact`
    const { body } = await ada.put<{ event_id: string }>(path, { reason: 'a mistake' })
    const [redaction] = shownIn(await sync(bob, since))?.timeline.events ?? []
    expect(redaction).toMatchObject({ type: 'm.room.redaction', redacts: id, content: { redacts: id } })
    const event = await reads<ClientEvent>(bob, eventPath(id))
    expect(event.content).toEqual({})
    expect(event.unsigned?.['redacted_because']).toMatchObject({ event_id: body.event_id })
  })

  test('that is redacted is pruned also for who has not read it yet, and whose news others have read', async () => {
    const { next_batch: since } = await sync(bob)
    const id = await says(ada, 'a secret that was read')
    const later = await says(ada, 'something else')
    expect(JSON.stringify(await sync(bob, since))).toContain('a secret that was read')
    const path = `${V3}/rooms/${room}/redact/${encodeURIComponent(id)}/txn-redact-later`
    await ada.put(path, {})
    const answer = await sync(bob, since)
    expect(JSON.stringify(answer)).not.toContain('a secret that was read')
    const events = shownIn(answer)?.timeline.events ?? []
    expect(ids(events).slice(0, 2)).toEqual([id, later])
    expect(events[0]?.unsigned).toHaveProperty('redacted_because')
  })

  test('is shown with the newest of its edits by its sender', async () => {
    const id = await says(ada, 'one')
    const edit = (body: string) =>
      sends(ada, 'm.room.message', {
        ...{ msgtype: 'm.text', body: `* ${body}`, 'm.new_content': { msgtype: 'm.text', body } },
        'm.relates_to': { rel_type: 'm.replace', event_id: id },
      })
    await edit('two')
    const last = await edit('three')
    const event = await reads<ClientEvent>(bob, eventPath(id))
    expect(event.content['body']).toBe('one')
    expect(event.unsigned?.['m.relations']).toMatchObject({ 'm.replace': { event_id: last } })
    const { chunk } = await reads<{ chunk: ClientEvent[] }>(
      bob,
      `${V1}/rooms/${room}/relations/${encodeURIComponent(id)}/m.replace`,
    )
    expect(chunk[0]?.event_id).toBe(last)
    expect(chunk.length).toBe(2)
  })

  test('with replies shows its thread, and threads are listed by their newest reply', async () => {
    const roots = [await says(ada, 'first thread'), await says(bob, 'second thread')]
    const reply = (root = '', body = '') => says(ada, body, { rel_type: 'm.thread', event_id: root })
    await reply(roots[0], 'a')
    await reply(roots[1], 'b')
    const last = await reply(roots[0], 'c')
    const event = await reads<ClientEvent>(bob, eventPath(roots[0] ?? ''))
    expect(event.unsigned?.['m.relations']).toMatchObject({
      'm.thread': { count: 2, current_user_participated: false, latest_event: { event_id: last } },
    })
    const threads = (query: string) =>
      reads<{ chunk: ClientEvent[]; next_batch?: string }>(bob, `${V1}/rooms/${room}/threads${query}`)
    const first = await threads('?limit=1')
    expect(ids(first.chunk)).toEqual([roots[0] ?? ''])
    const second = await threads(`?limit=1&from=${first.next_batch}`)
    expect(ids(second.chunk)).toEqual([roots[1] ?? ''])
    expect(ids((await threads('?include=participated')).chunk)).toEqual([roots[1] ?? ''])
  })

  test('has relations of relations only where they are asked for', async () => {
    const id = await says(ada, 'root')
    const reply = await says(bob, 'reply', { rel_type: 'm.thread', event_id: id })
    const reaction = await sends(ada, 'm.reaction', {
      'm.relates_to': { rel_type: 'm.annotation', event_id: reply, key: '👍' },
    })
    const related = async (query: string) => {
      const path = `${V1}/rooms/${room}/relations/${encodeURIComponent(id)}?${query}`
      const { chunk, recursion_depth: depth } = await reads<{
        chunk: ClientEvent[]
        recursion_depth?: number
      }>(bob, path)
      return [ids(chunk), depth]
    }
    expect(await related('')).toEqual([[reply], undefined])
    expect(await related('recurse=true')).toEqual([[reaction, reply], 3])
    expect(await related('recurse=true&dir=f&limit=1')).toEqual([[reply], 3])
  })

  test('is found with those before and after it, and by its time', async () => {
    const said: string[] = []
    for (const body of ['1', '2', '3', '4', '5']) said.push(await says(ada, body))
    const [, , middle = ''] = said
    const path = `${V3}/rooms/${room}/context/${encodeURIComponent(middle)}?limit=4`
    const found = await reads<{
      event: ClientEvent & { origin_server_ts: number }
      events_before: ClientEvent[]
      events_after: ClientEvent[]
      state: ClientEvent[]
      start: string
      end: string
    }>(bob, path)
    expect(found.event.event_id).toBe(middle)
    expect(ids(found.events_before)).toEqual([said[1] ?? '', said[0] ?? ''])
    expect(ids(found.events_after)).toEqual([said[3] ?? '', said[4] ?? ''])
    expect(found.state.map(({ type }) => type)).toContain('m.room.name')
    const older = await reads<{ chunk: ClientEvent[] }>(
      bob,
      `${V3}/rooms/${room}/messages?dir=b&limit=1&from=${found.start}`,
    )
    expect(said).not.toContain(older.chunk[0]?.event_id ?? '')
    const { event_id: at } = await reads<{ event_id: string }>(
      bob,
      `${V1}/rooms/${room}/timestamp_to_event?dir=b&ts=${found.event.origin_server_ts}`,
    )
    expect(said).toContain(at)
  })
})

test('an invitation wakes the invited, and a rejected one is told of', async () => {
  const { next_batch: since } = await sync(bob)
  const waiting = sync(bob, since, 20_000)
  const { body } = await ada.post<{ room_id: string }>(`${V3}/createRoom`, { invite: [bob.userId] })
  const invited = await waiting
  expect(Object.keys(invited.rooms.invite)).toEqual([body.room_id])
  expect((await bob.post(`${V3}/rooms/${body.room_id}/leave`, {})).status).toBe(200)
  const { rooms } = await sync(bob, invited.next_batch)
  expect(rooms.leave[body.room_id]?.timeline.events.map(({ content }) => content['membership'])).toEqual([
    'leave',
  ])
  expect(rooms.leave[body.room_id]?.state?.events).toEqual([])
})

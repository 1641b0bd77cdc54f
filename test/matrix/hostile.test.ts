// What a client that keeps no rule may send to a room: each fault has its code, and a race has one outcome.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { World } from '../support/world'
import { homeserver, type MatrixClient, refused, signIn, V3 } from './homeserver'

let w: World
let ada: MatrixClient
let ben: MatrixClient
let room: string
beforeAll(async () => {
  w = await homeserver()
  ada = await signIn(w, await w.human('ada'))
  ben = await signIn(w, await w.human('ben'))
  const { body } = await ada.post<{ room_id: string }>(`${V3}/createRoom`, { preset: 'public_chat' })
  room = `${V3}/rooms/${encodeURIComponent(body.room_id)}`
})
afterAll(() => w[Symbol.asyncDispose]())

const deep = `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`

describe('an event', () => {
  test.each([
    ['that is no JSON', 'm.room.message', '{', 400, 'M_NOT_JSON'],
    ['that is no object', 'm.room.message', '[]', 400, 'M_BAD_JSON'],
    ['with a fraction', 'org.example', '{"n":1.5}', 400, 'M_BAD_JSON'],
    ['with a number too large', 'org.example', '{"n":9007199254740992}', 400, 'M_BAD_JSON'],
    ['with an unpaired surrogate', 'org.example', '{"n":"\\ud800"}', 400, 'M_BAD_JSON'],
    ['that is nested too deep', 'org.example', deep, 400, 'M_BAD_JSON'],
    ['that is too large', 'org.example', `{"x":"${'x'.repeat(70_000)}"}`, 413, 'M_TOO_LARGE'],
    ['whose type is too long', 't'.repeat(256), '{}', 413, 'M_TOO_LARGE'],
  ])('%s is refused', async (_, type, body, status, errcode) => {
    const answer = await ada.fetch(`${room}/send/${type}/1`, { method: 'PUT', body })
    expect(refused(answer)).toEqual([status, errcode])
  })

  test.each([
    ['without a body', {}],
    ['whose body is a number', { msgtype: 'm.text', body: 5 }],
    ['with NUL in its text', { msgtype: 'm.text', body: 'a\0b' }],
    ['with a relation that is none', { msgtype: 'm.text', body: 'x', 'm.relates_to': 'x' }],
    ['in a thread of an event that nobody knows', threadOf('$unknown')],
    ['with a file that nobody knows', { msgtype: 'm.file', body: 'x', url: 'mxc://example.org/none' }],
    ['with a file of another server', { msgtype: 'm.image', body: 'x', url: 'mxc://other.org/abc' }],
  ])('%s is sent as it is', async (title, content) => {
    const path = `${room}/send/m.room.message/${encodeURIComponent(title)}`
    const { status, body } = await ada.put<{ event_id: string }>(path, content)
    expect(status).toBe(200)
    const found = await ada.get<{ content: object }>(`${room}/event/${encodeURIComponent(body.event_id)}`)
    expect(found.body.content).toEqual(content)
  })
})

function threadOf(event: string) {
  return { msgtype: 'm.text', body: 'x', 'm.relates_to': { rel_type: 'm.thread', event_id: event } }
}

describe('a new room', () => {
  test.each([
    { preset: 'unknown' },
    { visibility: 'unknown' },
    { invite: 'ben' },
    { room_alias_name: 'a:b' },
    { room_version: 11 },
    { room_version: '99' },
    { initial_state: [{}] },
    { name: 7 },
  ])('made of %j is refused', async (body) => {
    expect((await ada.post(`${V3}/createRoom`, body)).status).toBe(400)
  })
})

describe('at the same moment', () => {
  test('twenty joins of one user make one event', async () => {
    const joins = await Promise.all(Array.from({ length: 20 }, () => ben.post(`${room}/join`, {})))
    expect(new Set(joins.map(({ status }) => status))).toEqual(new Set([200]))
    const { body } = await ada.get<{ chunk: { state_key?: string }[] }>(`${room}/messages?dir=b&limit=100`)
    expect(body.chunk.filter(({ state_key }) => state_key === ben.userId)).toHaveLength(1)
  })

  test('twenty requests with one transaction id make one event', async () => {
    const sent = await Promise.all(
      Array.from({ length: 20 }, () =>
        ada.put<{ event_id: string }>(`${room}/send/m.room.message/race`, { msgtype: 'm.text', body: 'x' }),
      ),
    )
    expect(new Set(sent.map(({ body }) => body.event_id)).size).toBe(1)
  })

  test('two rooms with one alias are made, and one of them is refused', async () => {
    const made = await Promise.all(
      [ada, ben].map((by) => by.post(`${V3}/createRoom`, { room_alias_name: 'same' })),
    )
    expect(made.map(({ status }) => status).sort()).toEqual([200, 400])
    expect(made.map(({ body }) => body['errcode'])).toContain('M_ROOM_IN_USE')
  })
})

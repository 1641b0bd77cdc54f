// What the acts over Matrix refuse, and what happens to two of them at once.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { World } from '../support/world'
import { type Acting, acting, id, nextTransaction, roomPath } from './acting'
import { homeserver, type MatrixClient, refused, SERVER_NAME, signIn, V3 } from './homeserver'

let w: World
let here: Acting
let ada: MatrixClient
let ben: MatrixClient
let room: string
beforeAll(async () => {
  w = await homeserver()
  here = acting(w)
  await w.human('ada')
  await w.human('ben')
  ada = await signIn(w, { handle: 'ada' })
  ben = await signIn(w, { handle: 'ben' })
  room = await here.newRoom(ada)
})
afterAll(() => w[Symbol.asyncDispose]())

const LONG = 'x'.repeat(256)

describe('createRoom refuses', () => {
  test('the token of an agent that posts nowhere', async () => {
    const reader = await w.agent('only-reads', { scopes: ['channel:*:read'] })
    const answer = await w.bearer(reader.secret).post<object>(`${V3}/createRoom`, {})
    expect(refused(answer)).toEqual([403, 'M_FORBIDDEN'])
  })

  const requests: [string, object, readonly [number, string]][] = [
    ['a preset that does not exist', { preset: 'secret_chat' }, [400, 'M_BAD_JSON']],
    ['a name that is no text', { name: 7 }, [400, 'M_BAD_JSON']],
    ['invites that are no list', { invite: id('ben') }, [400, 'M_BAD_JSON']],
    ['an invite that is no id', { invite: ['ben'] }, [400, 'M_INVALID_PARAM']],
    ['an invite of nobody', { invite: [id('nobody')] }, [404, 'M_NOT_FOUND']],
    ['an alias with a space', { room_alias_name: 'a b' }, [400, 'M_INVALID_PARAM']],
    ['an empty alias', { room_alias_name: '' }, [400, 'M_INVALID_PARAM']],
    ['an alias with a colon', { room_alias_name: 'a:b' }, [400, 'M_INVALID_PARAM']],
    ['an alias that is too long', { room_alias_name: LONG }, [400, 'M_INVALID_PARAM']],
    ['state that is no list', { initial_state: {} }, [400, 'M_BAD_JSON']],
    ['state without a type', { initial_state: [{ content: {} }] }, [400, 'M_INVALID_ROOM_STATE']],
    [
      'another create event',
      { initial_state: [{ type: 'm.room.create', content: {} }] },
      [400, 'M_INVALID_ROOM_STATE'],
    ],
    [
      'state with the key of somebody else',
      { initial_state: [{ type: 'org.example', state_key: id('ben'), content: {} }] },
      [400, 'M_INVALID_ROOM_STATE'],
    ],
    [
      'levels that are no numbers',
      { power_level_content_override: { ban: 'high' } },
      [400, 'M_INVALID_ROOM_STATE'],
    ],
    ['numbers that no event has', { creation_content: { n: 1.5 } }, [400, 'M_BAD_JSON']],
    ['a state event that is too large', { topic: 'x'.repeat(70_000) }, [413, 'M_TOO_LARGE']],
  ]
  test.each(requests)('%s', async (_, body, wanted) => {
    const before = await w.sql<{ n: number }>('SELECT count(*) AS n FROM channels')
    const answer = await ada.post(`${V3}/createRoom`, body)
    expect(refused(answer), answer.text).toEqual(wanted)
    expect(await w.sql<{ n: number }>('SELECT count(*) AS n FROM channels')).toEqual(before)
  })
})

describe('a room refuses', () => {
  type Request = (path: string) => Promise<{ status: number; body: object; text: string }>
  const requests: [string, Request, readonly [number, string]][] = [
    ['the invite of oneself', (at) => ada.post(`${at}/invite`, { user_id: id('ada') }), [403, 'M_FORBIDDEN']],
    ['an invite without a user', (at) => ada.post(`${at}/invite`, {}), [400, 'M_MISSING_PARAM']],
    ['the invite of nobody', (at) => ada.post(`${at}/invite`, { user_id: id('no') }), [404, 'M_NOT_FOUND']],
    [
      'an invite by a stranger',
      (at) => ben.post(`${at}/invite`, { user_id: id('ben') }),
      [403, 'M_FORBIDDEN'],
    ],
    [
      'the kick of who is not in',
      (at) => ada.post(`${at}/kick`, { user_id: id('ben') }),
      [403, 'M_FORBIDDEN'],
    ],
    ['a ban by a stranger', (at) => ben.post(`${at}/ban`, { user_id: id('ada') }), [403, 'M_FORBIDDEN']],
    [
      'the end of a ban that is none',
      (at) => ada.post(`${at}/unban`, { user_id: id('ben') }),
      [403, 'M_FORBIDDEN'],
    ],
    [
      'a knock where nobody knocks',
      () => ben.post(`${V3}/knock/${encodeURIComponent(room)}`, {}),
      [403, 'M_FORBIDDEN'],
    ],
    ['a leave of who was never in', (at) => ben.post(`${at}/leave`, {}), [403, 'M_FORBIDDEN']],
    ['to be forgotten by its member', (at) => ada.post(`${at}/forget`, {}), [400, 'M_UNKNOWN']],
    ['another create event', (at) => ada.put(`${at}/state/m.room.create`, {}), [403, 'M_FORBIDDEN']],
    [
      'encryption',
      (at) => ada.put(`${at}/state/m.room.encryption`, { algorithm: 'a' }),
      [403, 'M_FORBIDDEN'],
    ],
    [
      'an alias that is none',
      (at) => ada.put(`${at}/state/m.room.canonical_alias`, { alias: `#no:${SERVER_NAME}` }),
      [400, 'M_BAD_ALIAS'],
    ],
    [
      'a membership that is none',
      (at) => ada.put(`${at}/state/m.room.member/${encodeURIComponent(id('ben'))}`, { membership: 'guest' }),
      [403, 'M_FORBIDDEN'],
    ],
    [
      'power levels above those of the sender',
      (at) => ada.put(`${at}/state/m.room.power_levels`, { users: { [id('ada')]: 101 } }),
      [403, 'M_FORBIDDEN'],
    ],
    [
      'a type that is too long',
      (at) => ada.put(`${at}/send/${LONG}/${nextTransaction()}`, {}),
      [413, 'M_TOO_LARGE'],
    ],
    [
      'content that is too large',
      (at) => ada.put(`${at}/send/org.example/${nextTransaction()}`, { body: 'x'.repeat(66_000) }),
      [413, 'M_TOO_LARGE'],
    ],
    [
      'content that is no object',
      (at) => ada.fetch(`${at}/send/org.example/${nextTransaction()}`, { method: 'PUT', body: '[1]' }),
      [400, 'M_BAD_JSON'],
    ],
    [
      'the redaction of nothing',
      (at) => ada.put(`${at}/redact/${encodeURIComponent('$none')}/${nextTransaction()}`, {}),
      [404, 'M_NOT_FOUND'],
    ],
  ]
  test.each(requests)('%s', async (_, request, wanted) => {
    const before = await here.eventsIn(room)
    const answer = await request(roomPath(room))
    expect(refused(answer), answer.text).toEqual(wanted)
    expect(await here.eventsIn(room)).toEqual(before)
  })

  test('a thread off an event that is related to another, and the redaction of an event of another room', async () => {
    const root = await here.send(ada, room, { msgtype: 'm.text', body: 'root' })
    const reply = {
      msgtype: 'm.text',
      body: 'reply',
      'm.relates_to': { rel_type: 'm.thread', event_id: root },
    }
    const second = await here.send(ada, room, reply)
    const nested = { ...reply, 'm.relates_to': { rel_type: 'm.thread', event_id: second } }
    const sent = await ada.put(`${roomPath(room)}/send/m.room.message/${nextTransaction()}`, nested)
    expect(refused(sent)).toEqual([400, 'M_UNKNOWN'])
    expect(refused(await here.redact(ada, await here.newRoom(ada), root))).toEqual([400, 'M_INVALID_PARAM'])
  })
})

describe('at the same time', () => {
  test('a user joins once', async () => {
    const open = await here.newRoom(ada, { preset: 'public_chat' })
    const joins = await Promise.all(Array.from({ length: 5 }, () => ben.post(`${roomPath(open)}/join`, {})))
    expect(joins.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    const events = await here.eventsIn(open)
    expect(events.filter(({ state_key }) => state_key === id('ben'))).toHaveLength(1)
  })

  test('one of several rooms gets an alias', async () => {
    const rooms = await Promise.all(
      Array.from({ length: 5 }, () => ada.post(`${V3}/createRoom`, { room_alias_name: 'contested' })),
    )
    const codes = rooms.map((answer) => refused(answer).join(' ').trim()).sort()
    expect(codes).toEqual(['200', ...Array.from({ length: 4 }, () => '400 M_ROOM_IN_USE')])
  })

  test('one transaction id sends one event', async () => {
    const path = `${roomPath(room)}/send/m.room.message/${nextTransaction()}`
    const answers = await Promise.all(
      Array.from({ length: 5 }, (_, n) =>
        ada.put<{ event_id: string }>(path, { msgtype: 'm.text', body: `${n}` }),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    expect(new Set(answers.map(({ body }) => body.event_id)).size).toBe(1)
  })
})

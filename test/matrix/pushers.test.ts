// Pushers: which push gateways may be named, and what they are told.
import { describe, expect, test } from 'bun:test'
import { systemClock } from '../../src/platform'
import { Receiver } from '../support/receiver'
import { MINUTE, world } from '../support/world'
import { acting, roomPath } from './acting'
import { homeserver, refused, SERVER_NAME, signIn, V3 } from './homeserver'
import { accepts, listed, pusher, pushScene, scene, set, TARGETS, told, until } from './pushing'
import { naming, receipt, say } from './unread'

describe('a pusher', () => {
  test('is listed as it was set, and deleted by the kind null', async () => {
    await using w = await homeserver(TARGETS)
    const { ada } = await scene(w, acting(w))
    await set(ada, 'http://127.0.0.1:1/hook', { profile_tag: 'x', append: true })
    expect((await listed(ada)) as unknown[]).toEqual([
      pusher('http://127.0.0.1:1/hook', { profile_tag: 'x' }),
    ])
    await set(ada, 'http://127.0.0.1:1/other')
    expect((await listed(ada)).length).toBe(1)
    await ada.post(`${V3}/pushers/set`, { kind: null, app_id: 'org.example.app', pushkey: 'key' })
    expect(await listed(ada)).toEqual([])
  })

  const GATEWAY = 'https://push.example.com/_matrix/push/v1/notify'
  const bad: readonly [string, object, string][] = [
    ['no app_id', { app_id: undefined }, 'M_MISSING_PARAM'],
    ['a long app_id', { app_id: 'x'.repeat(65) }, 'M_INVALID_PARAM'],
    ['no pushkey', { pushkey: undefined }, 'M_MISSING_PARAM'],
    ['a long pushkey', { pushkey: 'é'.repeat(257) }, 'M_INVALID_PARAM'],
    ['no kind', { kind: undefined }, 'M_MISSING_PARAM'],
    ['the kind email', { kind: 'email' }, 'M_INVALID_PARAM'],
    ['no lang', { lang: undefined }, 'M_MISSING_PARAM'],
    ['a name that is no text', { app_display_name: 1 }, 'M_BAD_JSON'],
    ['no data', { data: undefined }, 'M_MISSING_PARAM'],
    ['no URL', { data: {} }, 'M_MISSING_PARAM'],
    ['a URL that is none', { data: { url: 'push' } }, 'M_INVALID_PARAM'],
    ['http', { data: { url: GATEWAY.replace('https', 'http') } }, 'M_INVALID_PARAM'],
    ['another path', { data: { url: `${GATEWAY}/` } }, 'M_INVALID_PARAM'],
    ['a query', { data: { url: `${GATEWAY}?a=b` } }, 'M_INVALID_PARAM'],
    [
      'an address of its own network',
      { data: { url: GATEWAY.replace('push.example.com', '10.0.0.7') } },
      'M_INVALID_PARAM',
    ],
    [
      'an address of its own machine',
      { data: { url: GATEWAY.replace('push.example.com', '127.0.0.1') } },
      'M_INVALID_PARAM',
    ],
    [
      'a metadata service',
      { data: { url: GATEWAY.replace('push.example.com', '169.254.169.254') } },
      'M_INVALID_PARAM',
    ],
    ['append that is no boolean', { append: 'yes' }, 'M_BAD_JSON'],
  ]
  test('is refused with anything that is wrong', async () => {
    await using w = await homeserver()
    const ada = await signIn(w, await w.human('ada'))
    for (const [what, fields, errcode] of bad)
      expect([what, ...refused(await ada.post(`${V3}/pushers/set`, pusher(GATEWAY, fields)))]).toEqual([
        what,
        400,
        errcode,
      ])
    expect(await listed(ada)).toEqual([])
  })

  test('takes a key from other users, unless it is appended', async () => {
    await using w = await homeserver(TARGETS)
    const { ada, ben } = await scene(w, acting(w))
    await set(ada, 'http://127.0.0.1:1/hook')
    await set(ben, 'http://127.0.0.1:1/hook', { append: true })
    expect([await listed(ada), await listed(ben)].map(({ length }) => length)).toEqual([1, 1])
    await set(ben, 'http://127.0.0.1:1/hook')
    expect([await listed(ada), await listed(ben)].map(({ length }) => length)).toEqual([0, 1])
  })

  test('ends with its session', async () => {
    await using w = await homeserver(TARGETS)
    const person = await w.human('ada')
    const [phone, desk] = [await signIn(w, person), await signIn(w, person)]
    await set(phone, 'http://127.0.0.1:1/hook', { pushkey: 'phone' })
    await set(desk, 'http://127.0.0.1:1/hook', { pushkey: 'desk' })
    await phone.post(`${V3}/logout`, {})
    expect((await listed(desk)).map(({ pushkey }) => pushkey)).toEqual(['desk'])
    const third = await signIn(w, person)
    await set(third, 'http://127.0.0.1:1/hook', { pushkey: 'third' })
    const change = { new_password: 'another battery staple' }
    const { body } = await third.post<{ session: string }>(`${V3}/account/password`, change)
    const auth = {
      ...{ type: 'm.login.password', session: body.session, password: 'correct horse battery staple' },
      identifier: { type: 'm.id.user', user: 'ada' },
    }
    expect((await third.post(`${V3}/account/password`, { ...change, auth })).status).toBe(200)
    expect((await listed(third)).map(({ pushkey }) => pushkey)).toEqual(['third'])
  })
})

describe('a push gateway is told', () => {
  test('of a message, with what the rules say and how many rooms are unread', async () => {
    await using pushed = await pushScene()
    const { receiver, rooms, ada, ben, room } = pushed
    await set(ada, receiver.url)
    const event = await say(rooms, ben, room, 'look', naming(ada))
    const [one] = await until(receiver, 1)
    expect(one as object).toEqual({
      ...{ event_id: event, room_id: room, type: 'm.room.message', sender: ben.userId, prio: 'high' },
      ...{ room_name: 'Garden', sender_display_name: 'ben', counts: { unread: 1 } },
      content: { msgtype: 'm.text', body: 'look', ...naming(ada) },
      devices: [
        {
          ...{ app_id: 'org.example.app', pushkey: 'key', data: { custom: 1 } },
          pushkey_ts: expect.any(Number),
          tweaks: { sound: 'default', highlight: true },
        },
      ],
    })
    await say(rooms, ada, room, 'my own')
    await rooms.send(ben, room, { msgtype: 'm.notice', body: 'a notice' })
    const last = await say(rooms, ben, room, 'the last')
    await until(receiver, 2)
    expect(receiver.received.map(told).at(-1)?.event_id).toBe(last)
    expect(receiver.received).toHaveLength(2)
  })

  test('of an event by its id alone if that is its format', async () => {
    await using pushed = await pushScene()
    const { receiver, rooms, ada, ben, room } = pushed
    await set(ada, receiver.url, { data: { url: receiver.url, format: 'event_id_only' } })
    const event = await say(rooms, ben, room)
    const [one] = await until(receiver, 1)
    expect(Object.keys(one ?? {}).toSorted()).toEqual(['counts', 'devices', 'event_id', 'prio', 'room_id'])
    expect([one?.event_id, one?.room_id]).toEqual([event, room])
  })

  test('of messages over /v1', async () => {
    const settings = { SYNAPSE_MATRIX_SERVER_NAME: SERVER_NAME, ...TARGETS }
    // Rows of the log are gathered for a moment before they become events.
    await using w = await world({ settings, clock: systemClock })
    using receiver = new Receiver()
    receiver.answer = accepts
    await w.channel('family')
    const eve = await w.agent('eve', { channels: { family: 'member' } })
    const ada = await signIn(w, await w.human('ada', { channels: { family: 'member' } }))
    await set(ada, receiver.url)
    await w.bearer(eve.secret).post('/v1/messages', { channel: 'family', body: 'hello' })
    const [one] = await until(receiver, 1)
    expect([one?.content?.body, one?.counts.unread]).toEqual(['hello', 1])
  })

  test('of an invite', async () => {
    await using pushed = await pushScene()
    const { receiver, rooms, ada, ben } = pushed
    await set(ada, receiver.url)
    const room = await rooms.newRoom(ben, { invite: [ada.userId], name: 'Kitchen' })
    const [one] = await until(receiver, 1)
    expect(one as object).toMatchObject({
      room_id: room,
      type: 'm.room.member',
      user_is_target: true,
      room_name: 'Kitchen',
    })
  })

  test('the count alone when something was read elsewhere', async () => {
    await using pushed = await pushScene()
    const { receiver, rooms, ada, ben, room } = pushed
    const other = await rooms.newRoom(ben, { preset: 'public_chat' })
    await ada.post(`${V3}/join/${encodeURIComponent(other)}`, {})
    await set(ada, receiver.url)
    const [first, second] = [await say(rooms, ben, room), await say(rooms, ben, other)]
    expect((await until(receiver, 2)).map(({ counts }) => counts.unread)).toEqual([1, 2])
    await receipt(ada, room, first)
    expect((await until(receiver, 3)).at(-1) as object).toEqual({
      ...{ counts: { unread: 1 }, prio: 'low' },
      devices: [
        { app_id: 'org.example.app', pushkey: 'key', pushkey_ts: expect.any(Number), data: { custom: 1 } },
      ],
    })
    await receipt(ada, other, second, 'm.read.private')
    expect((await until(receiver, 4)).at(-1)?.counts).toEqual({ unread: 0 })
  })

  test('nothing by ignored users, in rooms one has left, and after the session has ended', async () => {
    await using pushed = await pushScene()
    const { w, receiver, rooms, ada, ben, room } = pushed
    const cem = await signIn(w, await w.human('cem'))
    await ben.post(`${roomPath(room)}/invite`, { user_id: cem.userId })
    await cem.post(`${roomPath(room)}/join`, {})
    await set(ada, receiver.url)
    const list = `${V3}/user/${encodeURIComponent(ada.userId)}/account_data/m.ignored_user_list`
    await ada.put(list, { ignored_users: { [cem.userId]: {} } })
    await say(rooms, cem, room, 'ignored')
    await say(rooms, ben, room, 'heard')
    expect((await until(receiver, 1)).map(({ content }) => content?.body)).toEqual(['heard'])
    await ada.post(`${roomPath(room)}/leave`, {})
    await say(rooms, ben, room, 'behind your back')
    await ben.post(`${roomPath(room)}/invite`, { user_id: ada.userId })
    // An invite that is accepted meanwhile is not told.
    await until(receiver, 2)
    await ada.post(`${roomPath(room)}/join`, {})
    await say(rooms, ben, room, 'back')
    const bodies = (await until(receiver, 3)).map(({ content }) => content?.body)
    expect(bodies).toEqual(['heard', undefined, 'back'])
    await ada.post(`${V3}/logout`, {})
    const again = await signIn(w, { handle: 'ada' })
    using other = new Receiver()
    other.answer = accepts
    await set(again, other.url, { pushkey: 'other' })
    await say(rooms, ben, room, 'after')
    await until(other, 1)
    expect(receiver.received).toHaveLength(3)
  })

  test('nothing while an administrator has locked the user, and all of it afterwards', async () => {
    await using pushed = await pushScene()
    const { w, receiver, rooms, ada, ben, room } = pushed
    using other = new Receiver()
    other.answer = accepts
    const cem = await signIn(w, await w.human('cem'))
    await ben.post(`${roomPath(room)}/invite`, { user_id: cem.userId })
    await cem.post(`${roomPath(room)}/join`, {})
    await set(ada, receiver.url)
    await set(cem, other.url, { pushkey: 'other' })
    const lock = (locked: boolean) => w.operator.patch('/v1/admin/matrix/users/ada', { locked })
    expect((await lock(true)).status).toBe(200)
    const event = await say(rooms, ben, room, 'secret')
    await until(other, 1)
    expect(receiver.received).toEqual([])
    expect((await lock(false)).status).toBe(200)
    expect((await until(receiver, 1)).map(({ event_id }) => event_id)).toEqual([event])
  })

  test('each event once and in order, while it is slow', async () => {
    await using pushed = await pushScene()
    const { receiver, rooms, ada, ben, room } = pushed
    receiver.answer = async () => {
      await Bun.sleep(5)
      return accepts()
    }
    await set(ada, receiver.url)
    const events: string[] = []
    // More than wait in memory.
    for (let i = 0; i < 130; i++) events.push(await say(rooms, ben, room, `${i}`))
    expect((await until(receiver, events.length)).map(({ event_id }) => event_id)).toEqual(events)
  })
})

describe('a push gateway that', () => {
  test('rejects a key is not called with it again', async () => {
    await using pushed = await pushScene()
    const { receiver, rooms, ada, ben, room } = pushed
    receiver.answer = () => Response.json({ rejected: ['key'] })
    await set(ada, receiver.url)
    await say(rooms, ben, room)
    await until(receiver, 1)
    for (const end = Date.now() + 10_000; (await listed(ada)).length > 0 && Date.now() < end; )
      await Bun.sleep(5)
    expect(await listed(ada)).toEqual([])
  })

  test('fails is called again later, and then told everything in order', async () => {
    await using pushed = await pushScene()
    const { w, receiver, rooms, ada, ben, room } = pushed
    receiver.answer = () => (receiver.received.length === 1 ? new Response('no', { status: 502 }) : accepts())
    await set(ada, receiver.url)
    const events = [await say(rooms, ben, room, 'one'), await say(rooms, ben, room, 'two')]
    await until(receiver, 1)
    const failures = async () => {
      const [row] = await w.sql<{ failures: number }>('SELECT failures FROM matrix_pushers')
      return row?.failures
    }
    for (const end = Date.now() + 10_000; (await failures()) !== 1 && Date.now() < end; ) await Bun.sleep(5)
    w.clock.advance(2 * MINUTE)
    events.push(await say(rooms, ben, room, 'three'))
    expect((await until(receiver, 4)).map(({ event_id }) => event_id)).toEqual([events[0], ...events])
    for (const end = Date.now() + 10_000; (await failures()) !== 0 && Date.now() < end; ) await Bun.sleep(5)
    expect(await failures()).toBe(0)
  })

  test('fails for a day is told only what happens from then on', async () => {
    await using pushed = await pushScene()
    const { w, receiver, rooms, ada, ben, room } = pushed
    receiver.answer = () => new Response('no', { status: 500 })
    await set(ada, receiver.url)
    const lost = await say(rooms, ben, room, 'lost')
    await until(receiver, 1)
    const since = async () => {
      const [row] = await w.sql<{ failing_since: unknown }>('SELECT failing_since FROM matrix_pushers')
      return row?.failing_since
    }
    for (const end = Date.now() + 10_000; (await since()) === null && Date.now() < end; ) await Bun.sleep(5)
    w.clock.advance(25 * 60 * MINUTE)
    // What is said now may come before the call that is given up, or after it.
    const meanwhile = await say(rooms, ben, room, 'meanwhile')
    await until(receiver, 2)
    const given = () => w.log.includes('what it was not told is dropped')
    for (const end = Date.now() + 10_000; !given() && Date.now() < end; ) await Bun.sleep(5)
    expect(given()).toBe(true)
    const calls = receiver.received.length
    receiver.answer = accepts
    const event = await say(rooms, ben, room, 'told')
    const names = () => receiver.received.map(told).map(({ event_id }) => event_id)
    for (const end = Date.now() + 10_000; names().at(-1) !== event && Date.now() < end; ) await Bun.sleep(5)
    expect(names().at(-1)).toBe(event)
    expect(names().slice(calls)).not.toContain(lost)
    expect(names().filter((one) => one !== lost && one !== meanwhile)).toEqual([event])
  })

  test('answers without end is read no further than it must be', async () => {
    await using pushed = await pushScene()
    const { receiver, rooms, ada, ben, room } = pushed
    receiver.answer = () => new Response('x'.repeat(20_000_000))
    await set(ada, receiver.url)
    const events = [await say(rooms, ben, room), await say(rooms, ben, room)]
    expect((await until(receiver, 2)).map(({ event_id }) => event_id)).toEqual(events)
  })
})

test('what has notified somebody is listed, newest first', async () => {
  await using w = await homeserver()
  const rooms = acting(w)
  const { ada, ben, room } = await scene(w, rooms)
  const first = await say(rooms, ben, room, 'one')
  await say(rooms, ada, room, 'mine')
  await rooms.send(ben, room, { msgtype: 'm.notice', body: 'a notice' })
  const second = await say(rooms, ben, room, 'two', naming(ada))
  const third = await say(rooms, ben, room, 'three')
  await receipt(ada, room, second)
  interface Page {
    next_token?: string
    notifications: {
      event: { event_id: string; room_id?: string }
      read: boolean
      room_id: string
      actions: unknown[]
    }[]
  }
  const list = async (query = '') => (await ada.get<Page>(`${V3}/notifications${query}`)).body
  const whole = await list()
  expect(whole.notifications.map(({ event, read }) => [event.event_id, read])).toEqual([
    [third, false],
    [second, true],
    [first, true],
  ])
  expect(whole.next_token).toBeUndefined()
  expect(whole.notifications[1]).toMatchObject({
    room_id: room,
    actions: ['notify', { set_tweak: 'sound', value: 'default' }, { set_tweak: 'highlight' }],
  })
  expect((await list('?only=highlight')).notifications.map(({ event }) => event.event_id)).toEqual([second])
  const found: string[] = []
  for (let from = ''; ; ) {
    const page = await list(`?limit=1${from}`)
    found.push(...page.notifications.map(({ event }) => event.event_id))
    if (page.next_token === undefined) break
    from = `&from=${page.next_token}`
  }
  expect(found).toEqual([third, second, first])
  expect(refused(await ada.get(`${V3}/notifications?from=nothing`))).toEqual([400, 'M_INVALID_PARAM'])
})

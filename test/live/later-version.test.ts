// A server over a log written by a later version skips the events that it does not know.
import { expect, test } from 'bun:test'
import { catalogueWithNotes, NOTED, notes } from '../support/noted'
import { type EventPage, EventStream, LiveSocket } from '../support/sockets'
import { world } from '../support/world'

test('a server that was downgraded skips events that it does not know', async () => {
  await using w = await world({ catalogue: catalogueWithNotes, surfaces: [notes] })
  const room = await w.channel('general')
  const ann = await w.agent('ann', { channels: { general: 'member' } })
  const noteOn = async (id: string) =>
    expect((await ann.post(`/notes/${id}`, { word: 'x' })).status).toBe(201)
  const first = await ann.posts(room, 'first')
  await noteOn(first.id)
  const second = await ann.posts(room, 'second')
  await noteOn(second.id)
  const page = async (query: string) => (await ann.get<EventPage>(`/v1/events?since=${query}`)).body
  const { head_cursor: head } = await page(first.cursor)

  await w.restart()
  expect(await page(first.cursor)).toMatchObject({
    events: [{ seq: second.seq }],
    cursor: head,
    head_cursor: head,
    has_more: false,
  })
  expect(await page(`${first.cursor}&type=message.*`)).toMatchObject({ events: [{ seq: second.seq }] })
  expect(await page(second.cursor)).toMatchObject({ events: [], cursor: head, has_more: false })
  expect(await ann.hears(room)).toEqual(['first', 'second'])

  using socket = await LiveSocket.open(w.url, ann.credential)
  await socket.subscribe(['*'], { since: first.cursor })
  using stream = await EventStream.open(w.url, ann.credential, { query: `?since=${first.cursor}` })
  expect(await socket.next('position')).toMatchObject({ cursor: head })
  const setting = await w.operator.put('/v1/config/quota.members', { value: 77 })
  expect(setting.status).toBe(200)
  const { limits } = (await ann.get<{ limits: object }>('/v1/server')).body
  expect(limits).toMatchObject({ members_per_channel: 77 })
  const third = await ann.posts(room, 'third')
  await socket.arrivals.next(({ seq }) => seq === third.seq, 'the message of now')
  await stream.arrivals.next(({ id }) => id === third.cursor, 'the message of now')
  for (const heard of [socket, stream])
    expect(heard.events.map(({ seq }) => seq)).toEqual([second.seq, third.seq])

  // No message was lost.
  await w.restart(catalogueWithNotes)
  const { events } = await page(first.cursor)
  expect(events.map(({ type }) => type)).toEqual([NOTED, 'message.created', NOTED, 'message.created'])
})

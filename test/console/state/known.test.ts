// What the state knows after the start and from events, against a real server: counts, items, threads, deliveries, pauses.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Console, Place } from '../../../packages/console/src/state'
import { until } from '../../support/sockets'
import { type Person, type World, world } from '../../support/world'
import { openConsole, shown } from './support'

let w: World
let ada: Person
let bo: Person
let builder: Person
let rooms = 0

beforeAll(async () => {
  w = await world({ settings: { SYNAPSE_CHAIN_LIMIT: '1' } })
  ada = await w.human('ada')
  bo = await w.human('bo')
  builder = await w.agent('builder')
})
afterAll(() => w[Symbol.asyncDispose]())

/** A channel of its own for a test. */
async function room(): Promise<Place> {
  const channel = `room-${++rooms}`
  await w.channel(channel)
  for (const one of [ada, bo, builder]) await w.joins(one, channel)
  return { channel, thread: null }
}

/** The state of a delivery, as its author sees it. */
async function deliveryOf(author: Person, id: string, handle: string): Promise<string | undefined> {
  const { body } = await author.get<{ deliveries: { account: { handle: string }; state: string }[] }>(
    `/v1/messages/${id}/deliveries`,
  )
  return body.deliveries.find(({ account }) => account.handle === handle)?.state
}

async function unreadOf(person: Person, slug: string): Promise<number | undefined> {
  const { body } = await person.get<{ channels: { slug: string; unread: number }[] }>('/v1/channels')
  return body.channels.find((channel) => channel.slug === slug)?.unread
}

const ready = (console: Console) => until('the rest', () => console.store.presence.values().length > 0)

describe('unread', () => {
  test('opening lands on the first unread message, and reads nothing', async () => {
    const place = await room()
    for (let i = 1; i <= 5; i++) await builder.posts(place.channel, `read ${i}`)
    const last = await bo.posts(place.channel, 'the last one read')
    await ada.put(`/v1/channels/${place.channel}/read`, { cursor: last.cursor })
    await ada.posts(place.channel, 'my own')
    for (let i = 1; i <= 3; i++) await builder.posts(place.channel, `new ${i}`)
    await using opened = await openConsole(w, ada)
    const line = await opened.console.openChannel(place.channel)
    expect(line).toMatchObject({ unread: 3, isLanding: true })
    expect(opened.console.store.messages.peek(line?.firstId ?? '')?.body).toBe('new 1')
    expect(await unreadOf(ada, place.channel)).toBe(3)
  })

  test('with more than the server counts, up to 200 are landed on; beyond that one is told since when', async () => {
    const place = await room()
    const first = await builder.posts(place.channel, 'first')
    for (let i = 2; i <= 150; i++) await builder.posts(place.channel, `n ${i}`)
    {
      await using opened = await openConsole(w, ada)
      const position = await opened.console.openChannel(place.channel)
      // Who has never read has no position from which the first could be found.
      expect(position).toMatchObject({ firstId: null, unread: 100, isLanding: false })
    }
    await ada.put(`/v1/channels/${place.channel}/read`, { cursor: first.cursor })
    await using opened = await openConsole(w, ada)
    expect(await opened.console.openChannel(place.channel)).toMatchObject({ unread: 149, isLanding: true })
    for (let i = 151; i <= 260; i++) await builder.posts(place.channel, `n ${i}`)
    await using again = await openConsole(w, ada)
    const line = await again.console.openChannel(place.channel)
    expect(line).toMatchObject({ unread: 259, isLanding: false })
    expect(line?.since).toBe(
      again.console.store.messages.peek(line?.firstId ?? '')?.created_at ?? line?.since ?? '',
    )
    expect(await again.console.timelines.at(place).around(line?.firstId ?? '')).toBe(true)
    expect(shown(again.console, place.channel)[0]).toBe('first')
  })

  test('nothing new is no line; unread from here and mark as read go to the server', async () => {
    const place = await room()
    await using opened = await openConsole(w, ada)
    const { console } = opened
    expect(await console.openChannel(place.channel)).toBeNull()
    const one = await builder.posts(place.channel, 'one')
    const two = await builder.posts(place.channel, 'two')
    await until('both', () => shown(console, place.channel).length === 2)
    await console.reading.mark(place, null)
    expect(await unreadOf(ada, place.channel)).toBe(0)
    await console.unreadFrom(two.id)
    expect(await unreadOf(ada, place.channel)).toBe(1)
    await console.unreadFrom(one.id)
    expect(await unreadOf(ada, place.channel)).toBe(2)
    expect(console.store.channels.get(place.channel)?.unread).toBe(2)
  })
})

describe('the inbox', () => {
  test('it is known at the start, and does not count as seen by that', async () => {
    const place = await room()
    const asked = await bo.posts(place.channel, '@ada look')
    await using opened = await openConsole(w, ada)
    const { store } = opened.console
    await until('the items', () => store.inbox.value.some(({ message }) => message.id === asked.id))
    expect(store.channels.get(place.channel)?.mentions).toBe(1)
    expect(store.inbox.value[0]).toMatchObject({ reason: 'mention', delivery: { state: 'queued' } })
    expect(await deliveryOf(bo, asked.id, 'ada')).not.toBe('seen')
    const { pending } = { pending: store.pending.value }
    await opened.console.acts.acknowledge([asked.id])
    expect(store.pending.value).toBe(pending - 1)
    expect(store.inbox.value[0]?.delivery.state).toBe('acked')
    expect(await deliveryOf(bo, asked.id, 'ada')).toBe('acked')
  })

  test('an item that is acknowledged elsewhere is done here', async () => {
    const place = await room()
    await using opened = await openConsole(w, ada)
    const { store } = opened.console
    await ready(opened.console)
    const asked = await bo.posts(place.channel, '@ada look')
    const item = () => store.inbox.value.find(({ message }) => message.id === asked.id)
    await until('the item', () => item())
    await ada.post('/v1/inbox/ack', { cursor: asked.cursor })
    await until('the end of it', () => item()?.delivery.state === 'acked')
    expect(store.pending.value).toBe(0)
  })

  test('an acknowledgement that is refused is taken back', async () => {
    await using opened = await openConsole(w, ada)
    const message = await bo.posts((await room()).channel, 'nobody is named')
    await expect(opened.console.acts.acknowledge([message.id])).rejects.toMatchObject({
      code: 'not_in_inbox',
    })
  })
})

describe('threads', () => {
  test('under a root stand who takes part and the last reply, without reading the thread', async () => {
    const place = await room()
    const root = await ada.posts(place.channel, 'why?')
    await builder.posts(place.channel, 'a reason', { thread_id: root.id })
    const last = await bo.posts(place.channel, '@ada another', { thread_id: root.id })
    await using opened = await openConsole(w, ada)
    const { console } = opened
    await console.timelines.at(place).open()
    const shownRoot = console.store.messages.peek(root.id)
    if (!shownRoot) throw new Error('the root is not shown')
    console.threads.want(shownRoot)
    const summary = await until('the summary', () => console.store.summaries.get(root.id))
    await until('the last reply', () => console.store.summaries.get(root.id)?.lastReply?.id === last.id)
    expect(summary.participants).toEqual(['ada', 'bo', 'builder'])
    expect(console.store.summaries.get(root.id)?.lastReply).toMatchObject({ id: last.id, handle: 'bo' })
    await until('the items', () => console.store.unseenThreads.value.has(root.id))
    expect(await deliveryOf(bo, last.id, 'ada')).not.toBe('seen')

    const newest = await bo.posts(place.channel, 'third', { thread_id: root.id })
    await until('the reply', () => console.store.summaries.get(root.id)?.lastReply?.id === newest.id)
    expect(console.store.messages.get(root.id)?.reply_count).toBe(3)
    expect(shown(console, place.channel)).toEqual(['why?'])
    await bo.delete(`/v1/messages/${newest.id}`)
    await until('the count', () => console.store.messages.get(root.id)?.reply_count === 2)
  })

  test('a reply is counted once, whether the root was read before or after it', async () => {
    const place = await room()
    const root = await ada.posts(place.channel, 'root')
    await using opened = await openConsole(w, ada)
    const { console } = opened
    await console.timelines.at(place).open()
    const thread: Place = { ...place, thread: root.id }
    await console.timelines.at(thread).open()
    console.send(thread, {
      text: 'mine',
      replyTo: null,
      priority: 'normal',
      ackWithin: null,
      attachments: [],
    })
    await until('the answer', () => console.outbox.all.value.length === 0)
    await until('the count', () => console.store.messages.get(root.id)?.reply_count === 1)
    await bo.posts(place.channel, 'his', { thread_id: root.id })
    await until('the next', () => shown(console, place.channel, root.id).includes('his'))
    expect(shown(console, place.channel, root.id)).toEqual(['root', 'mine', 'his'])
    expect(console.store.messages.get(root.id)?.reply_count).toBe(2)
  })
})

describe('acts', () => {
  test('an edit shows at once, and is taken back when it is refused', async () => {
    const place = await room()
    await using opened = await openConsole(w, ada)
    const { acts, store, timelines } = opened.console
    await timelines.at(place).open()
    const mine = await ada.posts(place.channel, 'teh')
    const theirs = await bo.posts(place.channel, 'theirs')
    await until('both', () => shown(opened.console, place.channel).length === 2)
    const edit = acts.edit(mine.id, 'the')
    expect(store.messages.get(mine.id)?.body).toBe('the')
    await edit
    const refused = acts.edit(theirs.id, 'changed')
    expect(store.messages.get(theirs.id)?.body).toBe('changed')
    await expect(refused).rejects.toMatchObject({ code: 'not_author' })
    expect(store.messages.get(theirs.id)).toMatchObject({ body: 'theirs', edited_at: null })
  })

  test('a reaction is counted once, and one that is refused goes again', async () => {
    const place = await room()
    await using opened = await openConsole(w, ada)
    const { acts, store, timelines } = opened.console
    await timelines.at(place).open()
    const message = await bo.posts(place.channel, 'x')
    await until('it', () => store.messages.peek(message.id))
    await acts.react(message.id, '👍', true)
    await bo.put(`/v1/messages/${message.id}/reactions/👍`, {})
    await until('both', () => store.messages.get(message.id)?.reactions[0]?.count === 2)
    expect(store.messages.get(message.id)?.reactions).toEqual([
      { emoji: '👍', count: 2, handles: ['ada', 'bo'] },
    ])
    await acts.react(message.id, '👍', false)
    await expect(acts.react(message.id, 'two words', true)).rejects.toMatchObject({ code: 'invalid_emoji' })
    expect(store.messages.get(message.id)?.reactions).toEqual([{ emoji: '👍', count: 1, handles: ['bo'] }])
  })

  test('a deletion can be taken back; else the row goes, and stays away', async () => {
    const place = await room()
    await using opened = await openConsole(w, ada)
    const { acts, timelines } = opened.console
    await timelines.at(place).open()
    const one = await ada.posts(place.channel, 'one')
    const two = await ada.posts(place.channel, 'two')
    const rows = () => shown(opened.console, place.channel)
    await until('both', () => rows().length === 2)
    const undone = acts.remove(one.id)
    expect(rows()).toEqual(['two'])
    expect(undone.undo()).toBe(true)
    expect(rows()).toEqual(['one', 'two'])
    const { done, undo } = acts.remove(two.id)
    acts.flush()
    expect(undo()).toBe(false)
    await done
    expect(rows()).toEqual(['one'])
    expect((await ada.get(`/v1/messages/${two.id}`)).status).toBe(404)
  })

  test('the first decision counts, and the second one is shown it', async () => {
    const place = await room()
    await using opened = await openConsole(w, ada)
    const { acts, store } = opened.console
    const asked = await builder.post<{ approval: { id: string } }>('/v1/approvals', {
      ...{ channel: place.channel, question: 'Deploy?', options: ['Deploy', 'Not now'] },
    })
    const { id } = asked.body.approval
    await until('the question', () => store.decidable.value.some((approval) => approval.id === id))
    await bo.post(`/v1/approvals/${id}/decide`, { option: 'Not now' })
    expect(await acts.decide(id, 'Deploy')).toMatchObject({ decision: { option: 'Not now', by: 'bo' } })
    expect(store.decidable.value.some((approval) => approval.id === id)).toBe(false)
  })

  test('a pause is known to all who read, until it ends', async () => {
    const place = await room()
    await using opened = await openConsole(w, ada)
    await using other = await openConsole(w, bo)
    const pause = await opened.console.acts.pause({ channel: place.channel, minutes: 15 })
    const known = () => other.console.store.channels.get(place.channel)?.pause
    await until('the pause', () => known()?.id === pause.id)
    await opened.console.acts.resume(pause.id)
    await until('the end', () => known() === null)
    expect(other.console.store.pauses.values()).toEqual([])
  })

  test('a stopped agent is named until somebody lets it go on', async () => {
    const place = await room()
    await using opened = await openConsole(w, ada)
    const { store, acts, loads } = opened.console
    const root = await ada.posts(place.channel, 'go')
    await builder.posts(place.channel, 'one', { thread_id: root.id })
    await builder.post('/v1/messages', { channel: place.channel, body: 'two', thread_id: root.id })
    await until('the stop', () => store.blocked.get(place.channel)?.length === 1)
    expect(store.blocked.get(place.channel)).toMatchObject([
      { account: { handle: 'builder' }, thread_id: root.id },
    ])
    await loads.thread(root.id)
    expect(store.threads.get(root.id)?.chain.blocked.length).toBe(1)
    await acts.letContinue({ ...place, thread: root.id })
    expect(store.blocked.get(place.channel)).toEqual([])
    expect(store.threads.get(root.id)?.chain.blocked).toEqual([])
  })
})

test('the author sees what becomes of a message', async () => {
  const place = await room()
  await using opened = await openConsole(w, ada)
  const { console } = opened
  await console.timelines.at(place).open()
  console.send(place, {
    text: '@builder go',
    replyTo: null,
    priority: 'normal',
    ackWithin: null,
    attachments: [],
  })
  await until('the answer', () => console.outbox.all.value.length === 0)
  const message = () => console.store.messages.get(console.timelines.at(place).ids()[0] ?? '')
  expect(message()?.deliveries).toEqual({ queued: 1 })
  expect(console.outbox.outcomeOf(message()?.id ?? '').value?.unreachable).toEqual(['builder'])
  await builder.post('/v1/inbox/ack', { message_ids: [message()?.id] })
  await until('the acknowledgement', () => message()?.deliveries?.acked === 1)
})

test('presence and claims come live, and a claim that has ended goes after 10 s', async () => {
  const place = await room()
  await using opened = await openConsole(w, ada)
  const { store } = opened.console
  await ready(opened.console)
  await builder.put('/v1/presence', { state: 'working', note: 'tests' })
  await until('the presence', () => store.presence.get('builder')?.state === 'working')
  const { body } = await builder.post<{ id: string; epoch: number }>('/v1/claims', {
    ...{ resource: 'file:src/ws.ts', channel: place.channel },
  })
  await until('the claim', () => store.claims.get(body.id))
  await builder.post(`/v1/claims/${body.id}/release`, { epoch: body.epoch })
  await until('the release', () => store.claims.get(body.id)?.released_at)
})

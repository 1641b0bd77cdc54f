// The stream of the console over what happens to it: a server that is killed, a machine that sleeps, a purge, another history.
import { expect, setDefaultTimeout, test } from 'bun:test'
import type { Console, Place } from '../../../packages/console/src/state'
import { Room } from '../../client/room'
import { until } from '../../support/sockets'
import { world } from '../../support/world'
import { ByHandClock } from './by-hand-clock'
import { MemoryStorage, openConsole, shown } from './support'

setDefaultTimeout(90_000)

const general: Place = { channel: 'general', thread: null }
/** Draws at once, also while the clock stands still. */
const schedule = (flush: () => void) => queueMicrotask(flush)

function shows(console: Console, body: string): Promise<boolean> {
  return until(`the message ${body}`, () => shown(console, 'general').includes(body))
}

test('a server that is killed is noticed after 5 s, and what was written and posted meanwhile is there once', async () => {
  await using room = await Room.open()
  const builder = await room.as('builder')
  const before = await builder.post('general', 'before')
  const clock = new ByHandClock()
  const storage = new MemoryStorage()
  const token = await room.token('ada', 'person')
  await using opened = await openConsole(room, { token }, { clock, schedule, storage })
  const { console } = opened
  await console.timelines.at(general).open()
  await room.server.kill()
  await until('the connection to be lost', () => console.lostAt.value !== undefined)
  expect(console.isOffline.value).toBe(false)
  clock.advance(4999)
  expect(console.isOffline.value).toBe(false)
  clock.advance(1)
  expect(console.isOffline.value).toBe(true)

  console.drafts.change(general, { text: 'written while it was down' })
  console.post(general)
  expect(shown(console, 'general')).toEqual(['before', '[written while it was down]'])
  const reaction = console.acts.react(before.id, 'seen', true)
  const reactions = () => console.store.messages.peek(before.id)?.reactions.map(({ emoji }) => emoji)
  expect(reactions()).toEqual(['seen'])
  await until('an attempt', () => (console.outbox.all.value[0]?.tries ?? 0) > 0)
  expect(storage.length).toBe(1)
  await room.start()
  await until('the connection', () => console.status.value === 'open')
  expect(console.isOffline.value).toBe(false)
  clock.advance(40_000)
  await reaction
  expect(reactions()).toEqual(['seen'])
  await until('the answer', () => console.outbox.all.value.length === 0)
  await (await room.as('builder')).post('general', 'after')
  await shows(console, 'after')
  expect(shown(console, 'general')).toEqual(['before', 'written while it was down', 'after'])
  expect(storage.length).toBe(0)
})

test('another history empties the store, and everything is read again, each message once', async () => {
  await using room = await Room.open()
  const builder = await room.as('builder')
  const posts = []
  for (const body of ['one', 'two', 'three']) posts.push(await builder.post('general', body))
  const token = await room.token('ada', 'person')
  await using opened = await openConsole(room, { token }, { schedule })
  const { console } = opened
  await console.timelines.at(general).open()
  await builder.post('general', 'four')
  await shows(console, 'four')
  await room.server.stop()
  const from = String(posts[1]?.seq)
  expect((await room.site.run('epoch', 'rotate', '--from', from)).code).toBe(0)
  const reads = opened.requests.length
  await room.start()
  await until('a new reading', () => opened.requests.slice(reads).includes('GET /v1/channels'))
  await (await room.as('builder')).post('general', 'five')
  await shows(console, 'five')
  expect(shown(console, 'general')).toEqual(['one', 'two', 'three', 'four', 'five'])
})

async function scene() {
  const w = await world()
  const room = await w.channel('general')
  const ada = await w.human('ada', { channels: { general: 'member' } })
  const builder = await w.agent('builder', { channels: { general: 'member' } })
  return { ...{ w, ada, builder, room }, [Symbol.asyncDispose]: () => w[Symbol.asyncDispose]() }
}

test('after a sleep of more than 5 min everything is read again, and who read above keeps the place', async () => {
  await using s = await scene()
  for (let i = 1; i <= 130; i++) await s.builder.posts('general', `old ${i}`)
  const clock = new ByHandClock()
  await using opened = await openConsole(s.w, s.ada, { clock, schedule })
  const { console, requests } = opened
  const timeline = console.timelines.at(general)
  await timeline.open()
  await timeline.older()
  await timeline.older()
  timeline.follow(false)
  const before = shown(console, 'general')
  expect([before.length, before[0]]).toEqual([130, 'old 1'])
  const reads = requests.length
  clock.sleep(6 * 60_000)
  await until('a new reading', () => requests.slice(reads).includes('GET /v1/channels'))
  await until('the connection', () => console.status.value === 'open')
  await s.builder.posts('general', 'new')
  await until('the unread one', () => console.store.channels.get('general')?.unread === 100)
  await until('the head', () => {
    const head = console.store.channels.get('general')?.last_message_at
    return head !== undefined && timeline.hasNewer.value
  })
  expect(shown(console, 'general')).toEqual(before)
  await timeline.newer()
  expect(shown(console, 'general')).toEqual([...before, 'new'])
  await s.builder.posts('general', 'newest')
  await shows(console, 'newest')
  expect(shown(console, 'general')).toEqual([...before, 'new', 'newest'])
})

test('a post that is answered before the stream is back leaves no hole behind the messages that were missed', async () => {
  await using s = await scene()
  for (let i = 1; i <= 20; i++) await s.builder.posts('general', `old ${i}`)
  const clock = new ByHandClock()
  await using opened = await openConsole(s.w, s.ada, { clock, schedule })
  const { console } = opened
  const timeline = console.timelines.at(general)
  await timeline.open()
  console.suspend()
  clock.sleep(6 * 60_000)
  for (let i = 1; i <= 70; i++) await s.builder.posts('general', `missed ${i}`)
  console.drafts.change(general, { text: 'mine' })
  console.post(general)
  await until('the answer', () => console.outbox.all.value.length === 0)
  console.resume()
  await until('the connection', () => console.status.value === 'open')
  await shows(console, 'missed 70')
  await timeline.older()
  await timeline.older()
  const all = (kind: string, count: number) => Array.from({ length: count }, (_, at) => `${kind} ${at + 1}`)
  expect(shown(console, 'general')).toEqual([...all('old', 20), ...all('missed', 70), 'mine'])
})

test('a short absence resumes where it was, and reads nothing again', async () => {
  await using s = await scene()
  const clock = new ByHandClock()
  await using opened = await openConsole(s.w, s.ada, { clock, schedule })
  const { console, requests } = opened
  await console.timelines.at(general).open()
  console.suspend()
  expect(console.status.value).toBe('closed')
  await s.builder.posts('general', 'meanwhile')
  const reads = requests.length
  clock.advance(4 * 60_000)
  console.resume()
  await shows(console, 'meanwhile')
  expect(requests.slice(reads)).not.toContain('GET /v1/messages')
  expect(shown(console, 'general')).toEqual(['meanwhile'])
})

test('a purge leaves what remains in its place, and is named', async () => {
  await using s = await scene()
  for (let i = 1; i <= 6; i++) await s.builder.posts('general', `message ${i}`)
  await using opened = await openConsole(s.w, s.ada)
  const timeline = opened.console.timelines.at(general)
  await timeline.open()
  expect(timeline.wasPurged.value).toBe(false)
  const { status } = await s.w.operator.post(`/v1/admin/channels/${s.room.id}/purge`, { keep: 2 })
  expect(status).toBe(200)
  await until('the purge', () => timeline.wasPurged.value && shown(opened.console, 'general').length === 2)
  expect(shown(opened.console, 'general')).toEqual(['message 5', 'message 6'])
  expect(timeline.hasOlder.value).toBe(false)
})

test('a session that ends signs out, and keeps what was written', async () => {
  await using s = await scene()
  const storage = new MemoryStorage()
  await using opened = await openConsole(s.w, s.ada, { storage })
  opened.console.drafts.change(general, { text: 'half a sentence' })
  expect((await s.ada.post('/v1/auth/logout', {})).status).toBe(200)
  await until('the end', opened.isSignedOut)
  expect(storage.length).toBe(1)
  opened.console.forget()
  expect(storage.length).toBe(0)
})

test('a channel that one has to leave is gone, with what it showed', async () => {
  await using s = await scene()
  const room = await s.w.channel('secret', { kind: 'private' })
  await s.w.joins(s.ada, room)
  await using opened = await openConsole(s.w, s.ada)
  const { store } = opened.console
  expect(store.mine.value.map(({ slug }) => slug)).toEqual(['general', 'secret'])
  await s.w.leaves(s.ada, room)
  await until('the channel to go', () => store.mine.value.length === 1)
})

test('what is read before the first stream has begun waits for it, also when that is begun again', async () => {
  await using s = await scene()
  await s.builder.posts('general', 'there')
  const clock = new ByHandClock()
  await using opened = await openConsole(s.w, s.ada, { clock, schedule }, false)
  const { console } = opened
  const started = console.start()
  const opening = console.timelines.at(general).open()
  clock.sleep(6 * 60_000)
  await Promise.all([started, opening])
  expect(shown(console, 'general')).toEqual(['there'])
})

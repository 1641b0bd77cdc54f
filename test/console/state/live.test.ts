// The state of the console against a real server: one stream, what was read after it began, and what was written.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { until } from '../../support/sockets'
import { type Person, type World, world } from '../../support/world'
import { openConsole, shown } from './support'

let w: World
let ada: Person
let builder: Person

beforeAll(async () => {
  w = await world()
  await w.channel('general')
  ada = await w.human('ada', { channels: { general: 'member' } })
  builder = await w.agent('builder', { channels: { general: 'member' } })
})
afterAll(() => w[Symbol.asyncDispose]())

test('a timeline shows what was there, what comes, and what is posted, each once', async () => {
  await builder.posts('general', 'before')
  await using opened = await openConsole(w, ada)
  const { console } = opened
  const timeline = console.timelines.at({ channel: 'general', thread: null })
  await timeline.open()
  expect(shown(console, 'general')).toEqual(['before'])

  await builder.posts('general', 'live')
  await until('the live message', () => shown(console, 'general').includes('live'))

  console.drafts.change({ channel: 'general', thread: null }, { text: 'mine' })
  const key = console.post({ channel: 'general', thread: null })
  expect(shown(console, 'general')).toEqual(['before', 'live', '[mine]'])
  await until('the answer', () => console.outbox.all.value.length === 0)
  expect(shown(console, 'general')).toEqual(['before', 'live', 'mine'])
  expect(timeline.rows.value.at(-1)?.key).toBe(key ?? '')
  await builder.posts('general', 'after')
  await until('the next message', () => shown(console, 'general').includes('after'))
  expect(shown(console, 'general')).toEqual(['before', 'live', 'mine', 'after'])
})

test('unread messages are counted live, and what is read elsewhere is not unread here', async () => {
  await w.channel('news')
  await w.joins(ada, 'news')
  await w.joins(builder, 'news')
  await using opened = await openConsole(w, ada)
  const { store } = opened.console
  expect(store.channels.get('news')?.unread).toBe(0)
  const one = await builder.posts('news', '@ada one')
  await until('the counts', () => store.channels.get('news')?.mentions === 1)
  expect(store.channels.get('news')?.unread).toBe(1)
  await ada.put('/v1/channels/news/read', { cursor: one.cursor })
  await until('the position', () => store.channels.get('news')?.unread === 0)
  expect(store.channels.get('news')).toMatchObject({ mentions: 0, read_cursor: one.cursor })
})

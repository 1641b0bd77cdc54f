// Moving through a long channel: by pages, to a message and to the end, with little in memory.
import { expect, test } from 'bun:test'
import { MOST_ROWS } from '../../../packages/console/src/state'
import { dateCursor } from '../../../packages/console/src/state/timeline-pages'
import { MOST_IN_ALL, MOST_IN_ONE } from '../../../packages/console/src/state/timelines'
import { ByHandClock } from './by-hand-clock'
import { FakeServer, messageOf } from './fake-server'
import { Page, settled } from './page'
import { MemoryStorage } from './support'

function scene(count: number) {
  const server = new FakeServer()
  for (let i = 0; i < count; i++) server.post(`n ${i}`)
  server.events.length = 0
  const page = new Page(server, new MemoryStorage(), new ByHandClock(), 'page')
  /** Lets everything through until something is done. */
  const through = async (work: Promise<unknown>) => {
    let isDone = false
    const done = work.finally(() => {
      isDone = true
    })
    while (!isDone) {
      server.handle(0, 'answered')
      server.arrive(0)
      await settled()
    }
    await done
  }
  return { server, page, through, seqs: () => page.rows().seqs }
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

test('one pages up to the beginning and down to the end, with at most 300 rows', async () => {
  const { page, through, seqs } = scene(620)
  const { timeline } = page
  await through(timeline.open())
  expect(seqs()).toEqual(range(571, 620))
  while (timeline.hasOlder.value) {
    await through(timeline.older())
    expect(seqs().length).toBeLessThanOrEqual(MOST_ROWS)
  }
  expect(seqs()).toEqual(range(1, 300))
  expect(timeline.hasNewer.value).toBe(true)
  while (timeline.hasNewer.value) await through(timeline.newer())
  expect(seqs()).toEqual(range(321, 620))
})

test('from a message far above one comes down to the live end without a hole', async () => {
  const { server, page, through, seqs } = scene(400)
  const { timeline } = page
  await through(timeline.open())
  await through(timeline.around('m100'))
  expect(seqs()).toEqual(range(50, 150))
  server.post('meanwhile')
  for (const event of server.events.splice(0)) page.hear(event)
  while (timeline.hasNewer.value) await through(timeline.newer())
  expect(seqs()).toEqual(range(102, 401))
  server.post('live again')
  for (const event of server.events.splice(0)) page.hear(event)
  expect(seqs().at(-1)).toBe(401)
  expect(page.timeline.hasNewer.value).toBe(true)
  timeline.follow(true)
  await through(timeline.toEnd())
  expect(seqs()).toEqual(range(353, 402))
})

test('a message that is not there changes nothing, and a later jump wins', async () => {
  const { page, through, seqs } = scene(400)
  await through(page.timeline.open())
  const gone = page.timeline.around('gone')
  await through(gone)
  expect(await gone).toBe(false)
  expect(seqs()).toEqual(range(351, 400))
  const first = page.timeline.around('m10')
  await through(page.timeline.around('m200'))
  await through(first)
  expect(seqs()).toContain(200)
  expect(seqs()).not.toContain(10)
})

test('an older page that comes after a jump to the end does not move it', async () => {
  const { page, through, seqs } = scene(400)
  const { timeline } = page
  await through(timeline.open())
  for (let pages = 0; pages < 5; pages++) await through(timeline.older())
  const older = timeline.older()
  await settled()
  await timeline.toEnd()
  await through(older)
  expect(seqs()).toEqual(range(351, 400))
  expect(timeline.hasNewer.value).toBe(false)
})

test('a page that fails leaves the rows, says why, and is read when one tries again', async () => {
  const { server, page, through, seqs } = scene(200)
  const { timeline } = page
  await through(timeline.open())
  const older = timeline.older()
  await settled()
  server.cut(0)
  await older
  expect(timeline.error.value?.code).toBe('network')
  expect(seqs()).toEqual(range(151, 200))
  await through(timeline.older())
  expect(timeline.error.value).toBeUndefined()
  expect(seqs()).toEqual(range(101, 200))
})

test('a first page that fails can be tried again', async () => {
  const { server, page, through, seqs } = scene(3)
  const opening = page.timeline.open()
  await settled()
  server.cut(0)
  await opening
  expect(page.timeline.state.value).toBe('failed')
  await through(page.timeline.retry())
  expect(page.timeline.state.value).toBe('ready')
  expect(seqs()).toEqual([1, 2, 3])
})

test('a busy channel keeps at most 1,000 messages in memory, and those that are shown', async () => {
  const { server, page, through, seqs } = scene(100)
  const { timeline, store } = page
  await through(timeline.open())
  timeline.follow(false)
  for (let i = 0; i < MOST_IN_ONE + 500; i++) server.post('more')
  for (const event of server.events.splice(0)) page.hear(event)
  expect(timeline.size).toBeLessThanOrEqual(MOST_IN_ONE)
  expect(store.messages.values().length).toBe(timeline.size)
  expect(seqs()).toEqual(range(51, 350))
  // What was let go is read again on the way.
  while (timeline.hasNewer.value) await through(timeline.newer())
  expect(seqs()).toEqual(range(1301, 1600))
})

test('of all timelines at most 20,000 messages stay, and the one that was seen least lately goes', async () => {
  const { page, through } = scene(0)
  await through(page.timeline.open())
  const clock = page.clock
  let seq = 0
  for (let channel = 0; channel < 25; channel++) {
    clock.advance(1000)
    const place = { channel: `c${channel}`, thread: null }
    await through(page.timelines.at(place).open())
    for (let i = 0; i < 900; i++) page.hear(messageOf(++seq, 'bob', 'x', place))
  }
  const sizes = range(0, 24).map(
    (channel) => page.timelines.at({ channel: `c${channel}`, thread: null }).size,
  )
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(MOST_IN_ALL)
  expect([sizes[0], sizes[24]]).toEqual([0, 900])
  expect(page.store.messages.values().length).toBeLessThanOrEqual(MOST_IN_ALL)
})

test('a date is a cursor of the earlier form, to the microsecond where it has them', () => {
  const decoded = (cursor: string) => atob(cursor.replaceAll('-', '+').replaceAll('_', '/'))
  const nil = '00000000-0000-0000-0000-000000000000'
  expect(decoded(dateCursor('2026-05-07T15:56:16.123456Z'))).toBe(`2026-05-07T15:56:16.123456+00:00|${nil}`)
  expect(decoded(dateCursor('2026-05-07'))).toBe(`2026-05-07T00:00:00.000000+00:00|${nil}`)
})

// Timelines and the outbox together, over a server whose answers and events come in any order: every message stands once and
// in its place, nothing that was written is lost, and no window has a hole.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { MOST_ROWS } from '../../../packages/console/src/state'
import { emptyDraft } from '../../../packages/console/src/state/types'
import { ByHandClock } from './by-hand-clock'
import { FakeServer, ME } from './fake-server'
import { general, Page, settled } from './page'
import { MemoryStorage } from './support'

class World {
  readonly server = new FakeServer()
  readonly clock = new ByHandClock()
  readonly storage = new MemoryStorage()
  page = new Page(this.server, this.storage, this.clock, 'page0')
  reloads = 0
  written = new Set<string>()

  /** The page is loaded again: only the storage and the server stay. What was on its way is lost. */
  reload(): void {
    this.page.outbox.close()
    this.server.events.length = 0
    this.page = new Page(this.server, this.storage, this.clock, `page${++this.reloads}`)
  }

  check(): void {
    const { seqs, keys, sending } = this.page.rows()
    expect(new Set(keys).size).toBe(keys.length)
    expect(seqs).toEqual(seqs.toSorted((one, other) => one - other))
    expect(new Set(seqs).size).toBe(seqs.length)
    expect(seqs).not.toContain(-1)
    expect(seqs.length).toBeLessThanOrEqual(MOST_ROWS)
    // No hole, but for what has not arrived, and for own messages that wait for their answer.
    const undelivered = new Set(this.server.events.map(({ seq }) => seq))
    const missing = this.server.messages.filter(({ seq, sender_handle }) => {
      const isInside = seq > (seqs[0] ?? 0) && seq < (seqs.at(-1) ?? 0)
      return isInside && !seqs.includes(seq) && !undelivered.has(seq) && sender_handle !== ME.handle
    })
    expect(missing).toEqual([])
    // A text stands in one row.
    const texts = this.page.outbox.all.value
      .filter(({ key }) => sending.includes(key))
      .map(({ text }) => text)
    const bodies = this.page.timeline.rows.value.flatMap(({ id }) =>
      id === null ? [] : (this.page.store.messages.peek(id)?.body ?? ''),
    )
    const own = [...texts, ...bodies.filter((body) => this.written.has(body))]
    expect(new Set(own).size).toBe(own.length)
  }
}

/** What a run consists of; `toString` names it in a counterexample. */
interface Command {
  does(world: World): void
  toString(): string
}

/** A command with a number up to `most`. */
const counted = (name: string, most: number, does: (world: World, count: number) => void) =>
  fc
    .nat(most)
    .map((count): Command => ({ does: (world) => does(world, count), toString: () => `${name} ${count}` }))
const act = (name: string, does: Command['does']) => fc.constant<Command>({ does, toString: () => name })
/** Texts differ, so that each can be counted. */
const write = (kind: string) =>
  act(kind, ({ page, written, server }) => {
    const text = `${kind} ${written.size}`
    written.add(text)
    if (kind === 'refused') server.refused.add(text)
    page.outbox.send(general, { ...emptyDraft, text })
  })
const ignore = () => undefined

const command = fc.oneof(
  {
    weight: 4,
    arbitrary: counted('others post', 30, ({ server }, count) => {
      for (let i = 0; i <= count; i++) server.post(`theirs ${server.messages.length}`)
    }),
  },
  { weight: 4, arbitrary: write('mine') },
  { weight: 1, arbitrary: write('refused') },
  {
    weight: 6,
    arbitrary: counted('events', 40, ({ page, server }, count) => {
      for (const event of server.events.splice(0, count)) page.hear(event)
    }),
  },
  { weight: 8, arbitrary: counted('handle', 5, ({ server }, index) => server.handle(index, 'answered')) },
  { weight: 2, arbitrary: counted('lose', 5, ({ server }, index) => server.handle(index, 'lost')) },
  { weight: 8, arbitrary: counted('arrive', 5, ({ server }, index) => server.arrive(index)) },
  { weight: 1, arbitrary: counted('cut', 5, ({ server }, index) => server.cut(index)) },
  { weight: 1, arbitrary: act('open', ({ page }) => void page.timeline.open()) },
  { weight: 3, arbitrary: act('older', ({ page }) => void page.timeline.older()) },
  { weight: 3, arbitrary: act('newer', ({ page }) => void page.timeline.newer()) },
  { weight: 2, arbitrary: act('to end', ({ page }) => void page.timeline.toEnd().catch(ignore)) },
  { weight: 2, arbitrary: act('follow', ({ page }) => page.timeline.follow(true)) },
  { weight: 2, arbitrary: act('stay', ({ page }) => page.timeline.follow(false)) },
  {
    weight: 2,
    arbitrary: counted('around', 500, ({ page }, at) => void page.timeline.around(`m${at}`).catch(ignore)),
  },
  { weight: 2, arbitrary: counted('seconds', 40, ({ clock }, count) => clock.advance(count * 1000)) },
  { weight: 1, arbitrary: act('reload', (world) => world.reload()) },
)

const runs = fc.array(command, { minLength: 20, maxLength: 120, size: 'max' })

/** How a run begins: with the newest messages shown, or with nothing. */
const opened: Command['does'][] = [
  ({ page }) => void page.timeline.open(),
  ({ server }) => server.handle(0, 'answered'),
  ({ server }) => server.arrive(0),
]

test('whatever overtakes what, each message stands once and in order, and nothing that was written is lost', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(400), fc.boolean(), runs, async (count, isOpen, commands) => {
      const world = new World()
      for (let i = 0; i < count; i++) world.server.post(`before ${i}`)
      world.server.events.length = 0
      for (const act of [...(isOpen ? opened : []), ...commands.map(({ does }) => does)]) {
        act(world)
        await settled()
        world.check()
      }
      const { server, clock } = world
      // At last everything goes through.
      for (let rounds = 0; rounds < 200; rounds++) {
        const isQuiet = server.open === 0 && server.events.length === 0
        const isSent = world.page.outbox.all.value.every(({ state }) => state === 'refused')
        if (isQuiet && isSent) break
        for (const event of server.events.splice(0)) world.page.hear(event)
        server.handle(0, 'answered')
        server.arrive(0)
        clock.advance(5000)
        await settled()
      }
      const end = world.page.timeline.toEnd()
      for (let rounds = 0; rounds < 5; rounds++) {
        await settled()
        server.handle(0, 'answered')
        server.arrive(0)
      }
      await end
      world.check()
      const { seqs, sending } = world.page.rows()
      const newest = server.messages.slice(-seqs.length).map(({ seq }) => seq)
      expect(seqs).toEqual(server.messages.length === 0 ? [] : newest)
      expect(seqs.length).toBeGreaterThanOrEqual(Math.min(server.messages.length, 50))
      const refused = world.page.outbox.all.value.filter(({ key }) => sending.includes(key))
      const there = server.messages.map(({ body }) => body)
      for (const text of world.written)
        expect([...there, ...refused.map((post) => post.text)].filter((one) => one === text)).toEqual([text])
    }),
    // A run is long: to make it shorter takes minutes. Leave `endOnFailure` out for that.
    { numRuns: 300, endOnFailure: true },
  )
})

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { Chance } from '../support/chance'
import { CountedTurns } from '../support/counted-turns'
import { fill } from '../support/fill'
import { placeOf } from '../support/ledger'
import { type Page, type Person, type World, world } from '../support/world'

/** Six quiet channels with a few messages each, before, between and after those of a busy one. */
const QUIET = ['c0', 'c1', 'c2', 'c3', 'c4', 'c5']
const NOISE = 12_000
const PER_ROUND = 40
let turns: CountedTurns
let w: World
let ann: Person
/** The id of the root of a thread in c0. */
let root = ''

interface Stored {
  readonly seq: number
  readonly channel: string
  readonly deleted: number | boolean
  readonly thread: number | null
}
let stored: Stored[]
let rootSeq = 0

beforeAll(async () => {
  turns = new CountedTurns()
  w = await world({ turns, settings: { SYNAPSE_LOG_LEVEL: 'warning' } })
  const slugs = ['busy', ...QUIET, 'never']
  for (const slug of slugs) await w.channel(slug)
  ann = await w.agent('ann', { channels: Object.fromEntries(slugs.map((slug) => [slug, 'member'])) })
  const chance = new Chance(35)
  for (const round of [0, 1, 2]) {
    for (let i = 0; i < PER_ROUND; i++) {
      const channel = QUIET[chance.below(QUIET.length)] ?? 'c0'
      const isReply = channel === 'c0' && root !== ''
      const message = await ann.posts(channel, `${round} ${i}`, isReply ? { thread_id: root } : {})
      if (channel === 'c0' && root === '') root = message.id
    }
    if (round === 2) break
    await w.stop()
    await fill(w, { channel: 'busy', sender: 'ann', count: NOISE })
    await w.restart()
  }
  await w.sql(
    `UPDATE messages SET deleted_at = at
      WHERE seq % 7 = 0 AND channel_id <> (SELECT id FROM channels WHERE slug = 'busy')`,
  )
  await w.restart()
  // Its rows would be counted.
  await w.indexed()
  stored = await w.sql<Stored>(
    `SELECT m.seq, c.slug AS channel, m.deleted_at IS NOT NULL AS deleted, m.thread_seq AS thread
       FROM messages m JOIN channels c ON c.id = m.channel_id ORDER BY m.seq`,
  )
  rootSeq = Math.min(...stored.filter(({ thread }) => thread !== null).map(({ thread }) => Number(thread)))
}, 240_000)
afterAll(async () => {
  await w[Symbol.asyncDispose]()
  turns[Symbol.dispose]()
})

interface Asked {
  readonly channels: readonly string[]
  readonly order: 'asc' | 'desc'
  readonly limit: number
  readonly since?: number
  readonly before?: number
  readonly include_deleted?: boolean
  readonly thread?: string
}

/** The page that the contract asks for, computed by looking at every message. */
function expected({ channels, order, limit, since = 0, before, include_deleted, thread }: Asked) {
  const head = stored.at(-1)?.seq ?? 0
  const end = Math.min(before ?? head + 1, head + 1)
  const rows = stored
    .filter(({ channel }) => channels.includes(channel))
    .filter(({ deleted }) => include_deleted || !deleted)
    .filter((row) => thread === undefined || row.seq === rootSeq || Number(row.thread) === rootSeq)
    .map(({ seq }) => seq)
    .filter((seq) => since < seq && seq < end)
  if (order === 'desc') rows.reverse()
  const seqs = rows.slice(0, limit)
  const hasMore = rows.length > limit
  const last = hasMore ? seqs.at(-1) : undefined
  return {
    seqs,
    hasMore,
    next: last ?? null,
    head: seqs.length === 0 ? null : Math.max(...seqs),
    position: order === 'asc' ? Math.max(last ?? end - 1, since) : end - 1,
  }
}

function shown(page: Page) {
  const at = (cursor: string | null) => (cursor === null ? null : placeOf(cursor).seq)
  return {
    seqs: page.messages.map(({ seq }) => seq),
    hasMore: page.has_more,
    next: at(page.next_cursor),
    head: at(page.head_cursor),
    position: at(page.position),
  }
}

let epoch = ''
async function ask({ channels, since, before, ...rest }: Asked): Promise<Page> {
  if (epoch === '') {
    const { body } = await w.operator.get<{ epoch: string }>('/v1/server')
    epoch = body.epoch
  }
  const cursor = (seq: number) => btoa(`2|${epoch}|${seq}`).replace(/=+$/, '')
  const bounds = {
    ...(since === undefined ? {} : { since: cursor(since) }),
    ...(before === undefined ? {} : { before: cursor(before) }),
  }
  return (await ann.reads(channels.join(), { ...rest, ...bounds })).body
}

describe('a page of several named channels', () => {
  test('the page equals a scan of all messages, in both directions and for any bounds', async () => {
    const chance = new Chance(41)
    const end = (stored.at(-1)?.seq ?? 0) + 2
    for (let i = 0; i < 120; i++) {
      const channels = QUIET.filter(() => chance.below(2) === 0)
      if (chance.below(4) === 0) channels.push('never')
      if (chance.below(6) === 0) channels.push('busy')
      const isThread = chance.below(6) === 0
      if (isThread && !channels.includes('c0')) channels.push('c0')
      if (channels.length === 0) channels.push('c1')
      const asked: Asked = {
        channels,
        order: chance.below(2) === 0 ? 'asc' : 'desc',
        limit: 1 + chance.below(chance.below(2) === 0 ? 5 : 60),
        ...(chance.below(2) === 0 ? { since: chance.below(end) } : {}),
        ...(chance.below(2) === 0 ? { before: 1 + chance.below(end - 1) } : {}),
        ...(chance.below(2) === 0 ? { include_deleted: true } : {}),
        ...(isThread ? { thread: root } : {}),
      }
      expect({ asked, ...shown(await ask(asked)) }).toEqual({ asked, ...expected(asked) })
    }
  })

  test.each(['asc', 'desc'] as const)(
    'the pages lead through all messages of the channels: %s',
    async (order) => {
      const whole = { channels: QUIET, order, limit: 1000 }
      const seen: number[] = []
      let bound: Pick<Asked, 'since' | 'before'> = {}
      for (let pages = 0; pages < 20; pages++) {
        const page = shown(await ask({ channels: QUIET, order, limit: 11, ...bound }))
        seen.push(...page.seqs)
        if (page.next === null) break
        bound = order === 'asc' ? { since: page.next } : { before: page.next }
      }
      expect(seen).toEqual(expected(whole).seqs)
    },
  )

  test.each(['asc', 'desc'] as const)(
    'messages of other channels are not read, however many there are: %s',
    async (order) => {
      await ask({ channels: ['c1', 'c2'], order, limit: 200 })
      turns.clear()
      const page = await ask({ channels: ['c1', 'c2'], order, limit: 200 })
      expect(page.has_more).toBe(false)
      const all = stored.filter(({ channel }) => channel === 'c1' || channel === 'c2').length
      if (w.database.kind === 'sqlite') expect(turns.total).toBeLessThanOrEqual(2 * all + 50)
    },
  )

  test('a poll with a cursor far behind finds its page without a long search', async () => {
    const first = stored.find(({ channel }) => channel === 'c1')?.seq ?? 0
    turns.clear()
    const page = await ask({ channels: ['c1', 'c2'], order: 'asc', limit: 3, since: first })
    expect(page.messages).toHaveLength(3)
    if (w.database.kind === 'sqlite') expect(turns.total).toBeLessThanOrEqual(200)
  })
})

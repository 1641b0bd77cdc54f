import { describe, expect, test } from 'bun:test'
import { Pace } from '../../../src/core/kernel/turns'
import { RecentChannels } from '../../../src/core/log/recent-channels'
import { systemTurns } from '../../../src/platform'
import { type Engine, openEngine } from '../../store/engines'
import { annAndHerRooms, planOf } from '../../store/scene'

/** More events than are remembered. */
const MANY = 70_000
const REMEMBERED = 65_536

describe('the positions of the events of a channel', () => {
  test('are those that the log has, before and after a start', async () => {
    await using engine = await openEngine()
    const { recent, find, head, post, expected } = await scene(engine)
    await post(500)
    const after = head() - 400
    expect(await find('plans', after)).toEqual(await expected('plans', after))
    expect(await find('lunch', after)).toEqual(await expected('lunch', after))
    expect(await find('both', after)).toEqual(await expected('both', after))
    const restarted = new RecentChannels(engine.store.reads, head())
    expect(await find('plans', after, restarted)).toEqual(await expected('plans', after))
    expect(await find('both', 0, restarted)).toEqual(await expected('both', 0))
    expect(await find('both', 0, recent)).toEqual(await expected('both', 0))
  })

  test('are found up to a limit, and up to a position', async () => {
    await using engine = await openEngine()
    const { recent, pace, plans, head, post, expected } = await scene(engine)
    await post(20)
    const all = await expected('plans', 0)
    const some = await recent.find(new Set([plans.id]), { after: 0, upTo: head(), limit: 3 }, pace.loop())
    expect(some).toEqual({ seqs: all.slice(0, 3), position: all[2] ?? 0 })
    const upTo = (all[5] ?? 0) - 1
    const beginning = await recent.find(new Set([plans.id]), { after: 0, upTo, limit: 99 }, pace.loop())
    expect(beginning).toEqual({ seqs: all.slice(0, 5), position: upTo })
  })

  test('are unknown where they are too old, and known again where they are new', async () => {
    await using engine = await openEngine()
    const { plans, head, pace, expected } = await scene(engine)
    await engine.sql(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${MANY})
       INSERT INTO events (seq, at, type, channel_id, subject, actor_id)
       SELECT seq + i, last_at + i, 'message.created', CASE WHEN i % 1000 = 0 THEN ${plans.id} END, seq + i, NULL
       FROM n, log_head`,
    )
    const last = head() + MANY
    const recent = new RecentChannels(engine.store.reads, last)
    const find = (after: number) =>
      recent.find(new Set([plans.id]), { after, upTo: last, limit: MANY }, pace.loop())
    expect(await find(last - REMEMBERED - 1)).toBeUndefined()
    expect((await find(last - REMEMBERED))?.seqs).toEqual(await expected('plans', last - REMEMBERED))
    expect((await find(last - 1500))?.seqs).toEqual(await expected('plans', last - 1500))
  })

  test('are read again after events were left out', async () => {
    await using engine = await openEngine()
    const { recent, find, head, post, expected } = await scene(engine)
    await post(50)
    recent.advanceTo(head())
    await post(10)
    expect(await find('plans', 0)).toEqual(await expected('plans', 0))
  })

  test('are the same for readers who come at the same time', async () => {
    await using engine = await openEngine()
    const { find, head, post, expected } = await scene(engine)
    await post(700)
    const restarted = new RecentChannels(engine.store.reads, head())
    const afters = [0, 600, 10, 300, 0]
    const found = await Promise.all(afters.map((after) => find('lunch', after, restarted)))
    expect(found).toEqual(await Promise.all(afters.map((after) => expected('lunch', after))))
  })
})

/** Two channels that get messages by turns, beside events of no channel. */
async function scene({ store, clock, sql }: Engine) {
  const { ann, plans, lunch } = await annAndHerRooms(store)
  const recent = new RecentChannels(store.reads, await store.reads.head())
  let head = await store.reads.head()
  store.onCommit((events) => {
    for (const event of events) {
      recent.apply(event)
      head = event.seq
    }
  })
  const pace = new Pace(systemTurns, clock, (fault) => {
    throw fault
  })
  const idsOf = { plans: [plans.id], lunch: [lunch.id], both: [plans.id, lunch.id] }
  return {
    recent,
    pace,
    plans,
    head: () => head,
    post: (count: number) =>
      Promise.all(
        Array.from({ length: count }, (_, i) =>
          store.post(planOf({ sender: ann, channel: i % 3 === 0 ? plans : lunch, body: `${i}` })),
        ),
      ),
    find: async (which: keyof typeof idsOf, after: number, among = recent) =>
      (await among.find(new Set(idsOf[which]), { after, upTo: head, limit: 10_000 }, pace.loop()))?.seqs,
    expected: async (which: keyof typeof idsOf, after: number) => {
      const rows = await sql<{ seq: number }>(
        `SELECT seq FROM events WHERE channel_id IN (${idsOf[which].join()}) AND seq > ${after} ORDER BY seq`,
      )
      return rows.map(({ seq }) => seq)
    },
  }
}

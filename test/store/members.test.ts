import { describe, expect, test } from 'bun:test'
import type { KeyPage } from '../../src/core/kernel/ports'
import { engines, openEngine } from './engines'
import { annAndHerRooms, join, makeAccount, makeChannel } from './scene'

/** More than a statement for many channels counts on the main thread. */
const MANY = 600
const ARCHIVED = 7

describe.each(engines)('members on %s', (name) => {
  /** Ann in two channels, one of which has many other members, some archived. */
  const scene = async () => {
    const engine = await openEngine(name)
    const { store, sql } = engine
    const { ann, plans, lunch } = await annAndHerRooms(store)
    for (let from = 0; from < MANY; from += 50)
      await store.transact(async (tx) => {
        for (let i = from; i < from + 50; i++) await join(tx, await makeAccount(tx, `m${i}`), plans)
      })
    await sql(`UPDATE accounts SET archived_at = created_at WHERE id IN (
      SELECT account_id FROM memberships WHERE account_id <> ${ann.id} ORDER BY account_id LIMIT ${ARCHIVED})`)
    return { ...engine, ann, plans, lunch, [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose]() }
  }

  test('archived members are not counted, in one read or page by page', async () => {
    await using s = await scene()
    const { reads } = s.store
    const [few, many] = await reads.countActive([s.lunch.id, s.plans.id])
    expect(few).toMatchObject({ channelId: s.lunch.id, members: 1, isPart: false })
    const active = MANY + 1 - ARCHIVED
    if (name === 'sqlite') expect(many).toMatchObject({ channelId: s.plans.id, isPart: true })
    else expect(many).toMatchObject({ channelId: s.plans.id, isPart: false, members: active })
    let members = 0
    for (let page: KeyPage | undefined = { after: 0, limit: 100 }; page; ) {
      const counted = await reads.countActiveIn(s.plans.id, page)
      expect(counted.asOf).toBe(await reads.head())
      members += counted.members
      page = counted.last === undefined ? undefined : { after: counted.last, limit: 100 }
    }
    expect(members).toBe(active)
  })

  test('pages of memberships contain each exactly once, whatever the order of joining', async () => {
    await using s = await scene()
    const ids = await s.store.transact(async (tx) => {
      const [one, two] = [await makeChannel(tx, 'one'), await makeChannel(tx, 'two')]
      for (const channel of [two, one]) await join(tx, s.ann, channel)
      return [s.plans.id, s.lunch.id, one.id, two.id]
    })
    const found: number[] = []
    for (let after = 0; ; ) {
      const page = await s.store.reads.membershipsOf(s.ann.id, { after, limit: 1 })
      found.push(...page.map(({ id }) => id))
      const last = page.at(-1)
      if (!last) break
      expect(last.key).toBeGreaterThan(after)
      after = last.key
    }
    expect(found.toSorted((one, other) => one - other)).toEqual(ids)
  })
})

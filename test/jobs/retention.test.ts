import { describe, expect, test } from 'bun:test'
import type { Channel, ChannelSettings } from '../../src/core/kernel/entities'
import { toMicros } from '../../src/core/kernel/time'
import { eventCatalogue } from '../../src/core/log/catalogue'
import { channelEvent } from '../../src/core/log/events'
import { retentionJobs } from '../../src/jobs'
import { type EngineName, engines, openEngine } from '../store/engines'
import { annAndHerRooms, post } from '../store/scene'
import { DAY, HOUR, MINUTE } from '../support/fake-clock'
import { liveCore } from '../support/live-core'

const never = new AbortController().signal

/** Two channels with three messages each, a day apart. */
async function scene(name: EngineName) {
  const engine = await openEngine(name)
  const { store, clock } = engine
  const { core, ...live } = await liveCore({ store, clock }, eventCatalogue, () => 0)
  const { ann, plans, lunch } = await annAndHerRooms(store)
  for (const body of ['first', 'second', 'third']) {
    for (const channel of [plans, lunch]) await post(store, { sender: ann, channel, body })
    clock.advance(DAY)
  }
  return {
    core,
    clock,
    plans,
    lunch,
    sets: ({ id }: Channel, settings: ChannelSettings) =>
      store.transact(async (tx) => {
        const channel = await tx.updateChannel(id, { settings })
        await tx.append(channelEvent('channel.updated', channel, { changed: ['settings'] }), null)
      }),
    remaining: async ({ id }: Channel) => {
      const page = { of: { channelIds: [id] }, after: 0, before: Number.MAX_SAFE_INTEGER } as const
      const places = await store.reads.messagePositions({ ...page, order: 'asc', limit: 10 })
      const messages = await store.reads.messagesBySeq(places.map(({ seq }) => seq))
      return messages.sort((one, other) => one.seq - other.seq).map(({ body }) => body)
    },
    [Symbol.asyncDispose]: async () => {
      live[Symbol.dispose]()
      await engine[Symbol.asyncDispose]()
    },
  }
}

describe.each(engines)('the retention of a channel on %s', (name) => {
  test('messages older than its days are purged, and those of other channels stay', async () => {
    await using s = await scene(name)
    await s.sets(s.plans, { retentionDays: 2 })
    await s.core.purges.applyRetention(never)
    expect(await s.remaining(s.plans)).toEqual(['second', 'third'])
    expect(await s.remaining(s.lunch)).toEqual(['first', 'second', 'third'])
  })

  test('only its newest messages stay, a legal hold keeps all, and a second run finds nothing to do', async () => {
    await using s = await scene(name)
    await s.sets(s.plans, { retentionMax: 1 })
    await s.sets(s.lunch, { retentionMax: 1, legalHold: true })
    await s.core.purges.applyRetention(never)
    expect(await s.remaining(s.plans)).toEqual(['third'])
    expect(await s.remaining(s.lunch)).toEqual(['first', 'second', 'third'])
    const { head } = s.core.log
    await s.core.purges.applyRetention(never)
    expect(s.core.log.head).toBe(head)
  })
})

test('the daily purge waits until the date can be trusted, and again after a jump of the clock', async () => {
  await using s = await scene('sqlite')
  await s.sets(s.plans, { retentionMax: 1 })
  // The purge runs at a time of day in the zone of this machine. Noon is far from it.
  s.clock.set(toMicros(new Date(2026, 4, 11, 12).getTime() * 1000))
  const { purges, erasures, settings } = s.core
  const [daily] = retentionJobs({ purges, erasures, settings, clock: s.clock, report: () => {} })
  if (!daily) throw new Error('there is a daily job')
  const isDueWithin = (milliseconds: number) => {
    for (let passed = 0; passed < milliseconds; passed += MINUTE) {
      s.clock.advance(MINUTE)
      if (daily.wait() === 0) return true
    }
    return false
  }
  expect(isDueWithin(HOUR - MINUTE)).toBe(false)
  expect(isDueWithin(2 * MINUTE)).toBe(true)
  await daily.run(never)
  expect(await s.remaining(s.plans)).toEqual(['third'])
  expect(isDueWithin(HOUR)).toBe(false)
})

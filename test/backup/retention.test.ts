import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { namesOf, stampOf } from '../../src/backup/names'
import { planPrune } from '../../src/backup/prune'
import type { Backup } from '../../src/backup/records'
import { PRE_MIGRATION, reasonsToKeep } from '../../src/backup/retention'
import type { Generations } from '../../src/core/governance/settings'

const NONE: Generations = { hourly: 0, daily: 0, weekly: 0, monthly: 0 }

/** A copy made at this local time. */
function backup(
  at: Date,
  { label = 'daily' as string | null, verified = false, messages = 100 } = {},
): Backup {
  const record = {
    created_at: at.toISOString(),
    version: '1.0.0',
    schema: '0000_initial',
    epoch: '01M7Y5WJA00A1B2C3D4E5F6G7H',
    last_seq: messages,
    counts: { messages },
    sha256: '0'.repeat(64),
    blobs: false,
    keys: false,
    label,
    verified_at: verified ? at.toISOString() : null,
  }
  return { names: namesOf('/backups', stampOf(at)), bytes: 1, record }
}

const local = (text: string) => new Date(text)
const newestFirst = (times: readonly string[]) => times.map(local).sort((a, b) => b.getTime() - a.getTime())
const view = (generations: Partial<Generations>, now = local('2026-05-31T12:00')) => ({
  rule: { keep: 7, generations: { ...NONE, ...generations } },
  now,
})

/** The times of the copies that a period keeps, as `MM-DDTHH:MM`. */
function kept(times: readonly string[], generations: Partial<Generations>, period: keyof Generations) {
  const copies = newestFirst(times).map((at) => [at, backup(at)] as const)
  const reasons = reasonsToKeep(
    copies.map(([, copy]) => copy),
    view(generations),
  )
  return copies.filter(([, copy]) => reasons.get(copy)?.includes(period)).map(([at]) => at.getTime())
}
const at = (...times: string[]) => times.map((time) => local(time).getTime())

describe('the copies that backup.retain keeps', () => {
  test('hourly keeps the newest copy of each of the last hours that have one', () => {
    const times = [
      '2026-05-07T10:00',
      '2026-05-07T10:59:59',
      '2026-05-07T08:30',
      '2026-05-07T08:00',
      '2026-05-06T23:00',
    ]
    expect(kept(times, { hourly: 2 }, 'hourly')).toEqual(at('2026-05-07T10:59:59', '2026-05-07T08:30'))
    expect(kept(times, { hourly: 9 }, 'hourly')).toHaveLength(3)
  })

  test('daily counts the days of the local clock, and skips days without a copy', () => {
    const times = [
      '2026-05-07T23:59',
      '2026-05-07T00:00',
      '2026-05-06T23:59',
      '2026-05-01T12:00',
      '2026-04-30T12:00',
    ]
    expect(kept(times, { daily: 3 }, 'daily')).toEqual(
      at('2026-05-07T23:59', '2026-05-06T23:59', '2026-05-01T12:00'),
    )
  })

  test('weekly counts weeks that begin on Monday, also over the end of a year', () => {
    // 2026-05-04 is a Monday; 2026-01-01 is a Thursday in the week of 2025-12-29.
    const times = [
      '2026-05-04T00:00',
      '2026-05-03T23:59',
      '2026-04-27T12:00',
      '2026-01-01T12:00',
      '2025-12-29T12:00',
    ]
    expect(kept(times, { weekly: 9 }, 'weekly')).toEqual(
      at('2026-05-04T00:00', '2026-05-03T23:59', '2026-01-01T12:00'),
    )
  })

  test('monthly counts months, also over the end of a year', () => {
    const times = ['2026-05-31T11:00', '2026-05-01T00:00', '2026-04-30T23:59', '2025-05-30T12:00']
    expect(kept(times, { monthly: 2 }, 'monthly')).toEqual(at('2026-05-31T11:00', '2026-04-30T23:59'))
    expect(kept(times, { monthly: 9 }, 'monthly')).toHaveLength(3)
  })

  test('a copy may count for several periods', () => {
    const [copy] = [backup(local('2026-05-07T10:00'))]
    const rule = view({ hourly: 1, daily: 1, weekly: 1, monthly: 1 })
    expect(reasonsToKeep([copy], rule).get(copy)).toEqual(['hourly', 'daily', 'weekly', 'monthly', 'newest'])
  })

  test('a period without a number keeps nothing, and backup.keep does not count', () => {
    const copies = newestFirst(['2026-05-07T10:00', '2026-05-06T10:00', '2026-05-05T10:00']).map((time) =>
      backup(time),
    )
    expect(planPrune(copies, view({ daily: 1 })).gone).toEqual(copies.slice(1))
  })
})

describe('the copies that are never removed', () => {
  const old = local('2020-01-01T12:00')
  const today = backup(local('2026-05-30T12:00'))

  test('the newest copy, the newest verified one, labelled ones and those dated ahead are kept', () => {
    const ahead = backup(local('2027-01-01T12:00'))
    const verified = backup(local('2021-01-02T12:00'), { verified: true })
    const verifiedBefore = backup(local('2021-01-01T12:00'), { verified: true })
    const labelled = backup(old, { label: 'before-the-move' })
    const all = [ahead, today, verified, verifiedBefore, labelled]
    for (const rule of [view({ daily: 1 }), { ...view({}), rule: { keep: 1, generations: null } }]) {
      const reasons = reasonsToKeep(all, rule)
      expect(reasons.get(ahead)).toEqual(['dated ahead'])
      expect(reasons.get(today)).toContain('newest')
      expect(reasons.get(verified)).toEqual(['newest verified'])
      expect(reasons.get(labelled)).toEqual(['labelled'])
      expect(planPrune(all, rule).gone).toEqual([verifiedBefore])
    }
  })

  test('labels that Synapse gives protect nothing', () => {
    for (const label of ['daily', 'hourly', 'before-upgrade', 'before-reset', null]) {
      const copy = backup(old, { label })
      expect(planPrune([today, copy], view({ daily: 1 })).gone).toEqual([copy])
    }
  })

  test('the last three copies before a migration are kept apart, and take no place in a period', () => {
    const migrated = [4, 3, 2, 1].map((day) =>
      backup(local(`2026-05-0${day}T12:00`), { label: PRE_MIGRATION }),
    )
    const daily = backup(local('2026-05-04T03:00'))
    const plan = planPrune([today, migrated[0] ?? today, daily, ...migrated.slice(1)], view({ daily: 2 }))
    expect(plan.gone).toEqual(migrated.slice(3))
  })

  test('nothing is removed while the newest copy has lost messages', () => {
    const poor = backup(local('2026-05-31T11:00'), { messages: 10 })
    const plan = planPrune([poor, today, backup(old)], view({ daily: 1 }))
    expect(plan).toMatchObject({ gone: [], suspicious: poor })
  })
})

/** The same rule by other means: groups by the text of the local date. */
function expectedOf(copies: readonly Date[], n: number, name: (at: Date) => string): Date[] {
  const names = [...new Set(copies.map(name))].slice(0, n)
  return names.map((wanted) => copies.find((copy) => name(copy) === wanted) ?? new Date(0))
}
const two = (n: number) => String(n).padStart(2, '0')
const day = (at: Date) => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
const NAMES: Record<keyof Generations, (at: Date) => string> = {
  // The offset tells the two hours apart that have one name when summer time ends.
  hourly: (at) => `${day(at)}T${two(at.getHours())}${at.getTimezoneOffset()}`,
  daily: day,
  weekly: (at) => {
    const monday = new Date(at)
    while (monday.getDay() !== 1) monday.setDate(monday.getDate() - 1)
    return day(monday)
  },
  monthly: (at) => day(at).slice(0, 7),
}

test('each period keeps the newest copy of each of its last n, whatever the times of the copies are', () => {
  const now = local('2026-05-31T12:00')
  const times = fc.uniqueArray(fc.integer({ min: 0, max: 20_000 }), { maxLength: 60 })
  const count = fc.integer({ min: 0, max: 12 })
  const counts = fc.record({ hourly: count, daily: count, weekly: count, monthly: count })
  fc.assert(
    fc.property(times, counts, (ages, generations) => {
      // Half hours before now, so that over a year is covered, and many fall into one period.
      const dates = ages.sort((a, b) => a - b).map((age) => new Date(now.getTime() - age * 1_800_000))
      const copies = dates.map((date) => backup(date))
      const reasons = reasonsToKeep(copies, view(generations, now))
      for (const period of ['hourly', 'daily', 'weekly', 'monthly'] as const) {
        const keeps = dates.filter((_, i) => reasons.get(copies[i] ?? backup(now))?.includes(period))
        expect(keeps).toEqual(expectedOf(dates, generations[period], NAMES[period]))
      }
    }),
    { numRuns: 200 },
  )
})

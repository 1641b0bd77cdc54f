import { describe, expect, test } from 'bun:test'
import { namesOf } from '../../src/backup/names'
import { isSuspicious, planPrune } from '../../src/backup/prune'
import type { Backup } from '../../src/backup/records'
import { PRE_MIGRATION, type RetentionView } from '../../src/backup/retention'

function backup(day: number, messages: number, label: string | null = null): Backup {
  const stamp = `202605${String(day).padStart(2, '0')}T030000.000Z`
  const record = {
    created_at: `2026-05-${String(day).padStart(2, '0')}T03:00:00.000Z`,
    version: '1.0.0',
    schema: '0000_initial',
    epoch: '01M7Y5WJA00A1B2C3D4E5F6G7H',
    last_seq: messages,
    counts: { messages },
    sha256: '0'.repeat(64),
    blobs: false,
    keys: false,
    label,
  }
  return { names: namesOf('/backups', stamp), bytes: 1, record }
}

/** The last day of the month, with no copy just made. */
const keeping = (keep: number) => ({
  rule: { keep, generations: null },
  now: new Date('2026-05-31T12:00:00Z'),
})

const superfluous = (all: readonly Backup[], view: RetentionView) => planPrune(all, view).gone

const days = (backups: readonly Backup[]) =>
  backups.map(({ record }) => Number(record.created_at.slice(8, 10)))

describe('pruning backups', () => {
  test('pruning keeps as many of the newest backups as asked', () => {
    const all = [9, 8, 7, 6, 5].map((day) => backup(day, 100))
    expect(days(superfluous(all, keeping(3)))).toEqual([6, 5])
    expect(days(superfluous(all, keeping(5)))).toEqual([])
    expect(days(superfluous(all, keeping(365)))).toEqual([])
  })

  test('pruning keeps the last three backups before a migration in addition', () => {
    const all = [9, 8, 7, 6, 5, 4, 3].map((day) => backup(day, 100, day % 2 === 1 ? PRE_MIGRATION : 'daily'))
    expect(days(superfluous(all, keeping(1)))).toEqual([6, 4, 3])
    expect(days(superfluous(all, keeping(7)))).toEqual([3])
  })

  test('pruning keeps backups dated ahead, and they displace no other', () => {
    const now = new Date('2026-05-07T12:00:00Z')
    const all = [20, 19, 18, 7, 6, 5].map((day) => backup(day, 100))
    expect(days(superfluous(all, { ...keeping(2), now, made: all[3] }))).toEqual([5])
    const migrated = [20, 19, 18, 7, 6, 5, 4].map((day) => backup(day, 100, PRE_MIGRATION))
    expect(days(superfluous(migrated, { ...keeping(2), now, made: migrated[3] }))).toEqual([4])
  })

  test('pruning keeps the backup just made, even if others have later dates', () => {
    const all = [9, 8, 7].map((day) => backup(day, 100))
    expect(days(superfluous(all, { ...keeping(1), made: all[2] }))).toEqual([9, 8])
  })
})

describe('a copy with fewer messages', () => {
  const others = [backup(8, 100), backup(7, 90)]
  test.each([
    [0, true],
    [49, true],
    [50, false],
    [100, false],
    [1000, false],
  ])(
    'a copy with less than half of the messages is suspicious: %d messages beside 100',
    (messages, verdict) => {
      expect(isSuspicious(backup(9, messages), others)).toBe(verdict)
    },
  )

  test('a copy stays suspicious the day after, beside another one like it', () => {
    expect(isSuspicious(backup(10, 10), [backup(9, 10), ...others])).toBe(true)
  })

  test('the first copy is never suspicious', () => expect(isSuspicious(backup(9, 0), [])).toBe(false))
})

import type { Generations } from '../core/governance/settings'
import { type Backup, byDate } from './records'

/** Label of copies made before a migration. They are counted separately. */
export const PRE_MIGRATION = 'pre-migration'
const KEPT_PRE_MIGRATION = 3

/** Labels that Synapse and its installer give. A copy with any other label was labelled by hand. */
const OUR_LABELS: ReadonlySet<string> = new Set([
  PRE_MIGRATION,
  'hourly',
  'daily',
  'before-upgrade',
  'before-reset',
])

/** Which copies to keep: the last `keep`, or, if set, `generations` instead. */
export interface RetentionRule {
  readonly keep: number
  readonly generations: Generations | null
}

/** Why a copy is kept. `recent`: it is one of the last `backup.keep`. */
export type KeepReason =
  | keyof Generations
  | 'recent'
  | 'pre-migration'
  | 'just made'
  | 'newest'
  | 'newest verified'
  | 'labelled'
  | 'dated ahead'

export interface RetentionView {
  readonly rule: RetentionRule
  readonly now: Date
  /** The copy just made. It counts as the newest, whatever the dates of the others are. */
  readonly made?: Backup | undefined
  /** The newest copy that passed a complete check. Default: according to the side files. */
  readonly verified?: Backup | undefined
}

/**
 * Returns for each copy, of those given newest first, why it is kept; a copy without a reason exceeds the limits.
 * Copies dated in the future are kept and count for nothing.
 */
export function reasonsToKeep(
  backups: readonly Backup[],
  { rule, now, made, verified = newestVerified(backups, now) }: RetentionView,
): ReadonlyMap<Backup, readonly KeepReason[]> {
  const reasons = new Map(backups.map((backup): [Backup, KeepReason[]] => [backup, []]))
  const keep = (reason: KeepReason, kept: Iterable<Backup | undefined>) => {
    for (const backup of kept) if (backup !== undefined) reasons.get(backup)?.push(reason)
  }
  const same = (copy: Backup | undefined) => backups.find(({ names }) => names.stamp === copy?.names.stamp)
  const { dated, ahead } = byDate(backups, now)
  const isMade = ({ names }: Backup) => names.stamp === made?.names.stamp
  const line = [...dated.filter(isMade), ...dated.filter((backup) => !isMade(backup))]
  const isApart = ({ record }: Backup) => record.label === PRE_MIGRATION
  const counted = line.filter((backup) => !isApart(backup))
  const { generations } = rule
  if (generations === null) keep('recent', counted.slice(0, rule.keep))
  else for (const period of PERIODS) keep(period, newestOfEach(counted, STARTS[period], generations[period]))
  keep('pre-migration', line.filter(isApart).slice(0, KEPT_PRE_MIGRATION))
  keep('just made', [same(made)])
  keep('newest', line.slice(0, 1))
  keep('newest verified', [same(verified)])
  keep('labelled', dated.filter(isLabelledByHand))
  keep('dated ahead', ahead)
  return reasons
}

/** Returns the newest copy whose complete check is recorded in its side file. */
export function newestVerified(backups: readonly Backup[], now: Date): Backup | undefined {
  return byDate(backups, now).dated.find(({ record }) => (record.verified_at ?? null) !== null)
}

function isLabelledByHand({ record: { label } }: Backup): boolean {
  return label !== null && !OUR_LABELS.has(label)
}

/** Returns the newest copy of each of the last `n` periods that have one. */
function newestOfEach(backups: readonly Backup[], startOf: (at: Date) => number, n: number): Backup[] {
  const newest = new Map<number, Backup>()
  for (const backup of backups) {
    const period = startOf(new Date(backup.record.created_at))
    if (!newest.has(period)) newest.set(period, backup)
  }
  return [...newest.values()].slice(0, n)
}

const PERIODS = ['hourly', 'daily', 'weekly', 'monthly'] as const

/** When a period began, in local time. */
const STARTS: Readonly<Record<keyof Generations, (at: Date) => number>> = {
  hourly: (at) => hourOf(at),
  daily: (at) => dayOf(at, at.getDate()),
  // The days since Monday: Sunday is the seventh day.
  weekly: (at) => dayOf(at, at.getDate() - ((at.getDay() + 6) % 7)),
  monthly: (at) => dayOf(at, 1),
}

/** An hour that is repeated, when summer time ends, is two hours. */
function hourOf(at: Date): number {
  return at.getTime() - ((at.getMinutes() * 60 + at.getSeconds()) * 1000 + at.getMilliseconds())
}

function dayOf(at: Date, day: number): number {
  return new Date(at.getFullYear(), at.getMonth(), day).getTime()
}

import { rmSync } from 'node:fs'
import { dropUnlistedBlobs } from './blobs'
import { type Backup, byDate } from './records'

/** Label of copies made before a migration. They are counted separately. */
export const PRE_MIGRATION = 'pre-migration'
const KEPT_PRE_MIGRATION = 3

/**
 * Reports whether a copy has so few messages compared with others that its source has probably lost some. The others
 * may then be the only copies of the lost messages.
 */
export function isSuspicious(copy: Backup, others: readonly Backup[]): boolean {
  return messagesOf(copy) * 2 < Math.max(0, ...others.map(messagesOf))
}

function messagesOf({ record }: Backup): number {
  return record.counts['messages'] ?? 0
}

export interface Retention {
  readonly keep: number
  readonly now: Date
  /** The copy just made. It counts as the newest of its kind, whatever the dates of the others are. */
  readonly made: Backup | undefined
}

/**
 * Returns which of these copies, newest first, exceed the limits. Copies dated in the future are neither returned nor
 * counted.
 */
export function superfluous(backups: readonly Backup[], { keep, now, made }: Retention): Backup[] {
  const isMade = ({ names }: Backup) => names.stamp === made?.names.stamp
  const isApart = ({ record }: Backup) => record.label === PRE_MIGRATION
  const { dated } = byDate(backups, now)
  const line = [...dated.filter(isMade), ...dated.filter((backup) => !isMade(backup))]
  return [
    ...line.filter((backup) => !isApart(backup)).slice(keep),
    ...line.filter(isApart).slice(KEPT_PRE_MIGRATION),
  ]
}

/**
 * Removes copies. Keeps the newest sealed keys, whichever copy they belong to, because they open every copy of the
 * instance.
 */
export function removeBackups(folder: string, gone: readonly Backup[], kept: readonly Backup[]): void {
  const newestKeys = [...kept, ...gone].find(({ record }) => record.keys)?.names.keys
  for (const { names } of gone) {
    // The largest first: an interruption leaves only small files behind.
    for (const path of [names.database, names.manifest, names.side]) rmSync(path, { force: true })
    if (names.keys !== newestKeys) rmSync(names.keys, { force: true })
  }
  const manifests = kept.filter(({ record }) => record.blobs).map(({ names }) => names.manifest)
  if (gone.some(({ record }) => record.blobs)) dropUnlistedBlobs(folder, manifests)
}

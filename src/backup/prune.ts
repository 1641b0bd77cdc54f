import { rmSync } from 'node:fs'
import { dropUnlistedBlobs } from './blobs'
import { type Backup, byDate } from './records'

/** Copies that are made before a migration, kept apart from the others. */
export const PRE_MIGRATION = 'pre-migration'
const KEPT_PRE_MIGRATION = 3

/**
 * Whether a copy holds so few messages beside the others that its source has probably lost some: then the others may
 * be all that is left of them.
 */
export function isSuspicious(copy: Backup, others: readonly Backup[]): boolean {
  return messagesOf(copy) * 2 < Math.max(0, ...others.map(messagesOf))
}

function messagesOf({ record }: Backup): number {
  return record.counts['messages'] ?? 0
}

export interface Keeping {
  readonly keep: number
  readonly now: Date
  /** The copy just made: it takes the first place of its kind, whatever the dates of the others say. */
  readonly made: Backup | undefined
}

/** Which of these copies, newest first, are more than are kept. A copy dated ahead is none of them, and takes no place. */
export function superfluous(backups: readonly Backup[], { keep, now, made }: Keeping): Backup[] {
  const isMade = ({ names }: Backup) => names.stamp === made?.names.stamp
  const isApart = ({ record }: Backup) => record.label === PRE_MIGRATION
  const { dated } = byDate(backups, now)
  const line = [...dated.filter(isMade), ...dated.filter((backup) => !isMade(backup))]
  return [
    ...line.filter((backup) => !isApart(backup)).slice(keep),
    ...line.filter(isApart).slice(KEPT_PRE_MIGRATION),
  ]
}

/** Removes copies. The newest sealed keys stay, whatever they were taken with: they open every copy of the instance. */
export function removeBackups(folder: string, gone: readonly Backup[], kept: readonly Backup[]): void {
  const newestKeys = [...kept, ...gone].find(({ record }) => record.keys)?.names.keys
  for (const { names } of gone) {
    // The largest first: whatever interrupts this leaves no more than a small file behind.
    for (const path of [names.database, names.manifest, names.side]) rmSync(path, { force: true })
    if (names.keys !== newestKeys) rmSync(names.keys, { force: true })
  }
  const manifests = kept.filter(({ record }) => record.blobs).map(({ names }) => names.manifest)
  if (gone.some(({ record }) => record.blobs)) dropUnlistedBlobs(folder, manifests)
}

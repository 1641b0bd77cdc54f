import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { dropUnlistedBlobs } from './blobs'
import { syncPath } from './inspect'
import { namesOf, stampIn } from './names'
import { type Backup, byDate, namesIn } from './records'
import { type KeepReason, type RetentionView, reasonsToKeep } from './retention'

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

/** A copy, and why it is kept. */
export interface KeptBackup {
  readonly backup: Backup
  readonly reasons: readonly KeepReason[]
}

/** Which copies to remove. */
export interface PrunePlan {
  readonly gone: readonly Backup[]
  readonly kept: readonly KeptBackup[]
  /** The copy because of which nothing is removed: it has lost messages. */
  readonly suspicious: Backup | undefined
}

/** Decides which of these copies, newest first, to remove. */
export function planPrune(all: readonly Backup[], view: RetentionView): PrunePlan {
  const reasons = [...reasonsToKeep(all, view)].map(([backup, reasons]) => ({ backup, reasons }))
  const newest = view.made ?? byDate(all, view.now).dated[0]
  const others = all.filter(({ names }) => names.stamp !== newest?.names.stamp)
  if (newest !== undefined && isSuspicious(newest, others))
    return { gone: [], kept: reasons, suspicious: newest }
  return {
    gone: reasons.filter(({ reasons }) => reasons.length === 0).map(({ backup }) => backup),
    kept: reasons.filter(({ reasons }) => reasons.length > 0),
    suspicious: undefined,
  }
}

/** Behind the name of a copy while its files are removed. A copy with this name is not listed. */
const REMOVED = '.removed'

/**
 * Removes the copies of a plan. Each gets another name first, in one step, so an interruption leaves no copy that is
 * listed and incomplete; the next call removes what is left of it. Keeps the newest sealed keys, whichever copy they
 * belong to, because they open every copy of the instance. `step` is called before each change of a file.
 */
export function removeBackups(folder: string, { gone, kept }: PrunePlan, step: () => void = () => {}): void {
  const left = kept.map(({ backup }) => backup)
  const newestKeys = newestKeysIn(folder, kept)
  const remove = (path: string) => {
    step()
    rmSync(path, { force: true })
  }
  for (const { names } of gone)
    if (existsSync(names.database)) {
      step()
      renameSync(names.database, `${names.database}${REMOVED}`)
    }
  if (gone.length > 0) syncPath(folder)
  const begun = namesIn(folder).filter((name) => name.endsWith(REMOVED))
  for (const name of begun) {
    const stamp = stampIn(name.slice(0, -REMOVED.length))
    if (stamp === undefined) continue
    const { side, keys, manifest } = namesOf(folder, stamp)
    for (const path of [manifest, side]) remove(path)
    if (keys !== newestKeys) remove(keys)
    // The last, because its name says that this copy is being removed.
    remove(join(folder, name))
  }
  const manifests = left.filter(({ record }) => record.blobs).map(({ names }) => names.manifest)
  if (begun.length > 0) dropUnlistedBlobs(folder, manifests)
}

/** Returns the newest sealed keys in a folder, preferably not of a copy that is dated in the future. */
function newestKeysIn(folder: string, kept: readonly KeptBackup[]): string | undefined {
  const ahead = new Set(
    kept.filter(({ reasons }) => reasons.includes('dated ahead')).map(({ backup }) => backup.names.keys),
  )
  const all = namesIn(folder)
    .filter((name) => /^keys-.*\.sealed$/.test(name))
    .sort()
    .reverse()
    .map((name) => join(folder, name))
  return all.find((path) => !ahead.has(path)) ?? all[0]
}

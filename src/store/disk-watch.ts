import { statfsSync } from 'node:fs'
import { AppError } from '../core/kernel/errors'

const MEBIBYTE = 1024 * 1024
/**
 * Below this many free bytes nothing is posted: twice what copying a full write-ahead log back may add to the database,
 * so that SQLite itself does not run out of room, and an operator's acts, such as deleting, still go through.
 */
const FLOOR_BYTES = 32 * MEBIBYTE
/** Posting goes on from here, so that it does not flicker at the floor. */
const RESUME_BYTES = 40 * MEBIBYTE
/** A disk is called nearly full from the first share on, and no longer below the second. */
const NEARLY_FULL = 0.9
const NO_LONGER = 0.85
const EVERY_MILLISECONDS = 1000

/** The room of a file system, in bytes. */
export interface Space {
  /** What this process may still use. */
  readonly free: number
  readonly total: number
}

export interface DiskWatchDeps {
  /** Folders that grow: each may lie on a disk of its own. */
  readonly folders: readonly string[]
  readonly say: (level: 'info' | 'warning', message: string, facts: Readonly<Record<string, unknown>>) => void
  /** Default: what the system says. */
  readonly spaceOf?: (folder: string) => Space
}

/** Sees a disk fill up before SQLite does: warns once when it is nearly full, and refuses posts before it is full. */
export class DiskWatch implements Disposable {
  private readonly nearlyFull = new Set<string>()
  private leastFree = Number.POSITIVE_INFINITY
  private isRefusing = false
  private readonly timer: Timer

  constructor(private readonly deps: DiskWatchDeps) {
    this.look()
    this.timer = setInterval(() => this.look(), EVERY_MILLISECONDS)
    this.timer.unref()
  }

  /** Free bytes on the fullest of the disks, as of the last look. */
  get free(): number {
    return this.leastFree
  }

  /** Looks now; it does so by itself once a second. */
  look(): void {
    const { folders, spaceOf = systemSpaceOf, say } = this.deps
    let least = Number.POSITIVE_INFINITY
    for (const folder of folders) {
      const space = spaceOf(folder)
      least = Math.min(least, space.free)
      this.warn(folder, space)
    }
    this.leastFree = least
    if (!this.isRefusing && least < FLOOR_BYTES) {
      this.isRefusing = true
      say('warning', 'the disk is full: posts are refused until there is room again', { free_bytes: least })
    } else if (this.isRefusing && least >= RESUME_BYTES) {
      this.isRefusing = false
      say('info', 'there is room on the disk again: posts are accepted', { free_bytes: least })
    }
  }

  /** Whether a message may still be stored. @throws storage_full */
  admit(): void {
    if (this.isRefusing) throw storageFull()
  }

  [Symbol.dispose](): void {
    clearInterval(this.timer)
  }

  private warn(folder: string, { free, total }: Space): void {
    const used = total > 0 ? 1 - free / total : 0
    if (used < NO_LONGER) this.nearlyFull.delete(folder)
    if (used < NEARLY_FULL || this.nearlyFull.has(folder)) return
    this.nearlyFull.add(folder)
    const facts = { folder, free_bytes: free, used_percent: Math.floor(used * 100) }
    this.deps.say('warning', 'the disk is nearly full', facts)
  }
}

export function storageFull(): AppError {
  const message = 'The disk is full: nothing was written, reading goes on'
  return new AppError('storage_full', 'storage_full', message)
}

/** A folder that cannot be looked at has other troubles than too little room. */
function systemSpaceOf(folder: string): Space {
  try {
    const { bavail, blocks, bsize } = statfsSync(folder)
    return { free: bavail * bsize, total: blocks * bsize }
  } catch {
    return { free: Number.POSITIVE_INFINITY, total: Number.POSITIVE_INFINITY }
  }
}

import { statfsSync } from 'node:fs'
import { AppError } from '../core/kernel/errors'

const MEBIBYTE = 1024 * 1024
/**
 * Posts are refused below this many free bytes. That is twice what a checkpoint of a full write-ahead log may add to
 * the database, so SQLite itself does not run out of space, and an operator can still delete data.
 */
const FLOOR_BYTES = 32 * MEBIBYTE
/** Posts are accepted again from this many free bytes on. The gap avoids flapping at the limit. */
const RESUME_BYTES = 40 * MEBIBYTE
/** The shares of used space at which the warning "nearly full" is given, and below which it may be given again. */
const NEARLY_FULL = 0.9
const NO_LONGER = 0.85
const EVERY_MILLISECONDS = 1000

/** The space of a file system, in bytes. */
export interface Space {
  /** Available to this process. */
  readonly free: number
  readonly total: number
}

export interface DiskWatchDeps {
  /** Folders that grow. Each may be on a different disk. */
  readonly folders: readonly string[]
  readonly say: (level: 'info' | 'warning', message: string, facts: Readonly<Record<string, unknown>>) => void
  /** Default: asks the operating system. */
  readonly spaceOf?: (folder: string) => Space
}

/**
 * Watches free disk space. Warns once when a disk is nearly full, and refuses posts before SQLite runs out of space.
 */
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

  /** Free bytes on the disk with the least space, as of the last check. */
  get free(): number {
    return this.leastFree
  }

  /** Checks the space now. Also runs once a second. */
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

  /** Throws if no message may be stored now. @throws storage_full */
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

/** A folder that cannot be examined counts as having space: the fault is another one. */
function systemSpaceOf(folder: string): Space {
  try {
    const { bavail, blocks, bsize } = statfsSync(folder)
    return { free: bavail * bsize, total: blocks * bsize }
  } catch {
    return { free: Number.POSITIVE_INFINITY, total: Number.POSITIVE_INFINITY }
  }
}

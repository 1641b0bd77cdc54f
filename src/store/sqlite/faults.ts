import { writeFileSync } from 'node:fs'
import { AppError } from '../../core/kernel/errors'
import type { Reads } from '../../core/kernel/ports'
import { type DiskWatch, storageFull } from '../disk-watch'
import { lazily } from '../lazily'
import { isThreadEnd } from './thread/thread'

/**
 * Returns the path of a file next to the database which marks that damage was found while it was served. The next
 * start then checks every page.
 */
export function suspicionOf(path: string): string {
  return `${path}.suspect`
}

const CODES = {
  full: /^SQLITE_FULL/,
  failing: /^SQLITE_(IOERR|READONLY|BUSY|CANTOPEN|PROTOCOL)/,
  // SQLite reports some read errors of the disk as damage and does not distinguish the two.
  damaged: /^SQLITE_(CORRUPT|NOTADB)/,
}

type Trouble = keyof typeof CODES

/**
 * Handles disk errors of one store: which error a client gets, whether the store may still be written, and when the
 * operator is informed. Errors are recognized by their codes. The driver's text is dropped, because it may quote
 * data.
 */
export class SqliteFaults {
  private trouble: Trouble | undefined

  constructor(
    private readonly path: string,
    private readonly disk: Pick<DiskWatch, 'look' | 'admit'> | undefined,
    private readonly report: (fault: unknown) => void,
  ) {}

  /** Reports whether the last write failed because of the disk. */
  get isFailing(): boolean {
    return this.trouble !== undefined
  }

  /** Reports whether damage was found. This process then no longer writes to the store. */
  get isDamaged(): boolean {
    return this.trouble === 'damaged'
  }

  /** Reports whether the disk caused the error. */
  isTrouble(error: unknown): boolean {
    return this.isDamaged || troubleOf(error) !== undefined
  }

  /** Must be called before anything is written. @throws unavailable */
  admitWrite(): void {
    if (this.isDamaged) throw damaged()
  }

  /** As `admitWrite`, for a post. @throws unavailable, storage_full */
  admitPost(): void {
    this.admitWrite()
    this.disk?.admit()
  }

  /** Must be called after a successful commit. */
  wrote(): void {
    if (!this.isDamaged) this.trouble = undefined
  }

  /** Returns the core's error for a disk error. Returns any other error unchanged. */
  translate(error: unknown): unknown {
    if (isThreadEnd(error)) return notNow()
    const trouble = troubleOf(error)
    if (trouble === undefined) return error
    this.note(trouble, error)
    if (trouble === 'damaged') return damaged()
    if (trouble === 'full') return storageFull()
    // On a full disk SQLite may also report that it cannot write.
    try {
      this.disk?.look()
      this.disk?.admit()
    } catch (full) {
      return full
    }
    return notNow()
  }

  /** Returns the same reads with translated errors. */
  guard({ configsync, matrix, ...reads }: Reads): Reads {
    // Every entry keeps its name, arguments and result type.
    return {
      ...this.guardAll(reads),
      configsync: this.guardAll(configsync),
      matrix: lazily(() => this.guardAll(matrix())),
    }
  }

  private guardAll<Part extends object>(reads: Part): Part {
    const guarded = Object.entries(reads).map(([name, read]: [string, (...args: never[]) => unknown]) => [
      name,
      async (...args: never[]) => {
        try {
          return await read(...args)
        } catch (error) {
          throw this.translate(error)
        }
      },
    ])
    return Object.fromEntries(guarded) as Part
  }

  private note(trouble: Trouble, error: unknown): void {
    if (this.isDamaged || this.trouble === trouble) return
    this.trouble = trouble
    if (trouble === 'full') this.disk?.look()
    this.report(error)
    if (trouble !== 'damaged') return
    const told =
      'the store is damaged, or its disk cannot be read: nothing is written until the next start, which checks all of it; synapse doctor says more, synapse backup restore puts a backup in its place'
    this.report(new Error(told))
    try {
      writeFileSync(suspicionOf(this.path), '', { mode: 0o600 })
    } catch (fault) {
      this.report(fault)
    }
  }
}

function notNow(): AppError {
  const message = 'The store cannot be written or read right now; try again'
  return new AppError('unavailable', 'unavailable', message)
}

function damaged(): AppError {
  const message =
    'The store is damaged and nothing is written: its operator has to repair it or restore a backup'
  return new AppError('unavailable', 'unavailable', message)
}

function troubleOf(error: unknown): Trouble | undefined {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (CODES.full.test(code)) return 'full'
  if (CODES.damaged.test(code)) return 'damaged'
  return CODES.failing.test(code) ? 'failing' : undefined
}

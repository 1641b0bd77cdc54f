import { writeFileSync } from 'node:fs'
import { AppError } from '../../core/kernel/errors'
import type { Reads } from '../../core/kernel/ports'
import { type DiskWatch, storageFull } from '../disk-watch'

/** Stands beside a database in which damage was found while it was served: the next start reads every page of it. */
export function suspicionOf(path: string): string {
  return `${path}.suspect`
}

const CODES = {
  full: /^SQLITE_FULL/,
  failing: /^SQLITE_(IOERR|READONLY|BUSY|CANTOPEN|PROTOCOL)/,
  // A read error of the disk comes as damage, too: SQLite does not tell the two apart.
  damaged: /^SQLITE_(CORRUPT|NOTADB)/,
}

type Trouble = keyof typeof CODES

/**
 * What faults of the disk mean for one store: the answer each becomes, whether it may still be written, and when an
 * operator hears of it. Errors are told apart by their codes; the driver's text stays behind, because it may quote data.
 */
export class SqliteFaults {
  private trouble: Trouble | undefined

  constructor(
    private readonly path: string,
    private readonly disk: Pick<DiskWatch, 'look' | 'admit'> | undefined,
    private readonly report: (fault: unknown) => void,
  ) {}

  /** Whether the last attempt to write failed because of the disk. */
  get isFailing(): boolean {
    return this.trouble !== undefined
  }

  /** Once damaged, a store is not written any more by this process. */
  get isDamaged(): boolean {
    return this.trouble === 'damaged'
  }

  /** Whether the disk is at fault. */
  isTrouble(error: unknown): boolean {
    return this.isDamaged || troubleOf(error) !== undefined
  }

  /** To be called before the first row of anything. @throws unavailable */
  admitWrite(): void {
    if (this.isDamaged) throw damaged()
  }

  /** The same for a message. @throws unavailable, storage_full */
  admitPost(): void {
    this.admitWrite()
    this.disk?.admit()
  }

  /** To be called when a commit went well. */
  wrote(): void {
    if (!this.isDamaged) this.trouble = undefined
  }

  /** An error in the words of the core; what is not about the disk stays what it is. */
  translate(error: unknown): unknown {
    const trouble = troubleOf(error)
    if (trouble === undefined) return error
    this.note(trouble, error)
    if (trouble === 'damaged') return damaged()
    if (trouble === 'full') return storageFull()
    // Where there is no room, SQLite may as well say that it cannot write.
    try {
      this.disk?.look()
      this.disk?.admit()
    } catch (full) {
      return full
    }
    return new AppError(
      'unavailable',
      'unavailable',
      'The store cannot be written or read right now; try again',
    )
  }

  /** The same reads, whose errors are translated. */
  guard(reads: Reads): Reads {
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
    // Every entry keeps its name, its arguments and its answer.
    return Object.fromEntries(guarded) as Reads
  }

  private note(trouble: Trouble, error: unknown): void {
    if (this.isDamaged || this.trouble === trouble) return
    this.trouble = trouble
    if (trouble === 'full') this.disk?.look()
    this.report(error)
    if (trouble !== 'damaged') return
    const told =
      'the store is damaged, or its disk cannot be read: nothing is written until the next start, which reads all of it; synapse doctor says more, synapse backup restore puts a backup in its place'
    this.report(new Error(told))
    try {
      writeFileSync(suspicionOf(this.path), '', { mode: 0o600 })
    } catch (fault) {
      this.report(fault)
    }
  }
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

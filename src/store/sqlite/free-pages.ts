import type { Database } from 'bun:sqlite'
import { SliceSize } from '../../core/kernel/slice-size'
import type { Clock } from '../../core/kernel/time'
import type { Writer } from './writer'

/** Pages that stay in the file for what is written next: 4 MiB. */
const KEPT_PAGES = 1024
const INCREMENTAL = 2

/**
 * Gives pages that a purge has emptied back to the disk, a few in each step, because posts wait meanwhile. The file
 * itself shrinks at the next checkpoint. A file that an earlier version created without `auto_vacuum` keeps its size.
 */
export class FreePages {
  private readonly size: SliceSize

  constructor(
    private readonly reader: Database,
    private readonly writer: Pick<Writer, 'keepUp'>,
    clock: Pick<Clock, 'steady'>,
  ) {
    this.size = new SliceSize(clock)
  }

  /** Gives the next pages back. Returns whether there are more. */
  async release(): Promise<boolean> {
    if (this.pragma('auto_vacuum') !== INCREMENTAL) return false
    const free = this.pragma('freelist_count') - KEPT_PAGES
    if (free <= 0) return false
    const pages = Math.min(free, this.size.limit)
    const timed = this.size.slice()
    await this.writer.keepUp(`PRAGMA incremental_vacuum(${pages})`)
    timed.end()
    return free > pages
  }

  private pragma(name: 'auto_vacuum' | 'freelist_count'): number {
    const [row = []] = this.reader.query(`PRAGMA ${name}`).values()
    return Number(row[0])
  }
}

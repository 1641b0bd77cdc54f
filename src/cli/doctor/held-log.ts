import { existsSync, readFileSync, statSync } from 'node:fs'
import { endianness } from 'node:os'
import { CHECKPOINT_PAGES, KEPT_LOG_BYTES } from '../../backup'
import { type Finding, warn } from './check'

const MIB = 1024 * 1024

// Places in the index of a write-ahead log, and of its locks: https://www.sqlite.org/walformat.html#the_wal_index_file_format
const NEWEST_FRAME = 16
const COPIED_BACK = 96
const READ_MARKS = 100
const READ_LOCKS = 123
const READERS = 5
const HEADER_BYTES = 136

/**
 * Checks for a process with a long read transaction, which keeps the write-ahead log from being copied back, so that it
 * grows with every commit. Opens no connection. Call it while this process has none: closing a file ends its locks.
 */
export function heldLog(database: string): Finding[] {
  const log = statSync(`${database}-wal`, { throwIfNoEntry: false })
  if (log === undefined || log.size <= KEPT_LOG_BYTES) return []
  // If this file is missing, no process has the store open.
  if (!existsSync(`${database}-shm`)) return []
  const index = readFileSync(`${database}-shm`)
  if (index.length < HEADER_BYTES) return []
  const word = (at: number) => (endianness() === 'LE' ? index.readUInt32LE(at) : index.readUInt32BE(at))
  const newest = word(NEWEST_FRAME)
  if (newest - word(COPIED_BACK) <= CHECKPOINT_PAGES) return []
  const detail = `the write-ahead log of the store has grown to ${Math.round(log.size / MIB)} MiB`
  const locks = readLocks(`${database}-shm`)
  if (locks === undefined)
    return [
      warn(
        `${detail}: a process may have a long read transaction`,
        'find it with lsof and end its transaction',
      ),
    ]
  // Frames after the mark of a reader are not copied back. The mark of a short reader is close to the newest frame.
  const holders = locks.filter(({ reader }) => newest - word(READ_MARKS + 4 * reader) > CHECKPOINT_PAGES)
  const pids = [...new Set(holders.map(({ pid }) => pid))]
  if (pids.length === 0) return []
  return [
    warn(
      `${detail}: ${pids.map(named).join(' and ')} has read the store since then, so it cannot be copied back`,
      'end that transaction or that process: the log gives its room back with the next posts',
    ),
  ]
}

/** Returns which process holds which of the five reader locks; undefined on systems other than Linux. */
function readLocks(shm: string): { pid: number; reader: number }[] | undefined {
  if (!existsSync('/proc/locks')) return undefined
  const inode = String(statSync(shm).ino)
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .flatMap((line) => {
      // 1: POSIX  ADVISORY  READ 3981 fe:00:2244762 124 124
      const [, , , , pid = '', place = '', first = '', last = ''] = line.split(/\s+/)
      if (place.split(':')[2] !== inode) return []
      return Array.from({ length: READERS }, (_, reader) => ({ pid: Number(pid), reader })).filter(
        ({ reader }) => Number(first) <= READ_LOCKS + reader && READ_LOCKS + reader <= Number(last),
      )
    })
}

function named(pid: number): string {
  try {
    return `process ${pid} (${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()})`
  } catch {
    return 'a process of another container'
  }
}

import { closeSync, existsSync, openSync, readSync } from 'node:fs'

/**
 * Pages after which the write-ahead log is checkpointed. A large value copies pages that every commit changes less
 * often.
 */
export const CHECKPOINT_PAGES = 4000
/**
 * Size to which the log is truncated when it restarts: twice the checkpoint size, so it is seldom truncated and grown
 * again.
 */
export const KEPT_LOG_BYTES = 32 * 1024 * 1024

// Format: https://www.sqlite.org/fileformat2.html#walformat
const HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24
const MAGIC = 0x377f0682
const CHUNK_FRAMES = 256

/**
 * Returns how many durable commits would be lost because something before them in a SQLite write-ahead log is
 * damaged. SQLite reads such a log up to the first frame with a wrong checksum and takes the rest for an unfinished
 * transaction.
 * After a crash the log may contain one unfinished transaction, and remains of failed ones that were overwritten,
 * each with its own checksum chain. Every commit is synced before the next begins, so two commits in one chain were
 * acknowledged.
 */
export function lostCommits(path: string): number {
  if (!existsSync(path)) return 0
  const file = openSync(path, 'r')
  try {
    const commits = commitsBehindBreak(file)
    return commits > 1 ? commits : 0
  } finally {
    closeSync(file)
  }
}

/** Returns the largest number of commits in one checksum chain after the first bad frame. */
function commitsBehindBreak(file: number): number {
  const header = Buffer.alloc(HEADER_BYTES)
  if (readSync(file, header, 0, HEADER_BYTES, 0) < HEADER_BYTES) return 0
  const isBig = (header.readUInt32BE(0) & 1) === 1
  const pageBytes = header.readUInt32BE(8)
  if (!isPageSize(pageBytes)) return 0
  const salts = header.readBigUInt64BE(16)
  const first = sum({ a: 0, b: 0 }, header, 0, 24, isBig)
  let isBroken = (header.readUInt32BE(0) & ~1) !== MAGIC || !isSame(first, storedAt(header, 24))
  let before = storedAt(header, 24)
  let inChain = 0
  let most = 0
  const frameBytes = FRAME_HEADER_BYTES + pageBytes
  const chunk = Buffer.alloc(frameBytes * CHUNK_FRAMES)
  for (let at = HEADER_BYTES; ; at += chunk.length) {
    const length = readSync(file, chunk, 0, chunk.length, at)
    for (let start = 0; start + frameBytes <= length; start += frameBytes) {
      // Frames of an earlier round of the log have other salts.
      const isOurs = chunk.readBigUInt64BE(start + 8) === salts
      const stored = storedAt(chunk, start + 16)
      const head = sum(before, chunk, start, 8, isBig)
      const follows = isOurs && isSame(sum(head, chunk, start + FRAME_HEADER_BYTES, pageBytes, isBig), stored)
      if (!follows) {
        isBroken = true
        inChain = 0
      }
      if (isBroken && isOurs && chunk.readUInt32BE(start + 4) !== 0) most = Math.max(most, ++inChain)
      before = stored
    }
    if (length < chunk.length) return most
  }
}

function isPageSize(bytes: number): boolean {
  return bytes >= 512 && bytes <= 65_536 && (bytes & (bytes - 1)) === 0
}

interface Sums {
  readonly a: number
  readonly b: number
}

function storedAt(data: Buffer, at: number): Sums {
  return { a: data.readInt32BE(at), b: data.readInt32BE(at + 4) }
}

function isSame(one: Sums, other: Sums): boolean {
  return one.a === other.a && one.b === other.b
}

/** Continues the checksum of the format over pairs of words, in the byte order given by the magic number. */
function sum(before: Sums, data: Buffer, from: number, length: number, isBig: boolean): Sums {
  const view = new DataView(data.buffer, data.byteOffset + from, length)
  let { a, b } = before
  for (let i = 0; i < length; i += 8) {
    a = (a + view.getUint32(i, !isBig) + b) | 0
    b = (b + view.getUint32(i + 4, !isBig) + a) | 0
  }
  return { a, b }
}

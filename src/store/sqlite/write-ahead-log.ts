import { closeSync, existsSync, openSync, readSync } from 'node:fs'

/** Pages that a write-ahead log grows to before it is copied back: fewer copies of the pages that every commit dirties. */
export const CHECKPOINT_PAGES = 4000
/** What a log keeps of its size when it begins anew: twice what it grows to, so that it is seldom cut and grown again. */
export const KEPT_LOG_BYTES = 32 * 1024 * 1024

// The format is that of https://www.sqlite.org/fileformat2.html#walformat
const HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24
const MAGIC = 0x377f0682
const CHUNK_FRAMES = 256

/**
 * How many commits that were on disk would be lost, because something before them in a SQLite write-ahead log is
 * damaged: SQLite reads such a log up to the first frame whose checksum is wrong, and takes the rest for a transaction
 * that did not get to its end. After a crash there may be one such, and what is left of others that failed and were
 * written over, each with a checksum chain of its own. Where every commit is synced before the next begins, two in one
 * chain had been acknowledged.
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

/** The most commits that any one chain behind the first bad frame holds. */
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
      // What an earlier round of the log left behind has other salts.
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

/** The checksum of the format goes on over pairs of words, in the byte order that the magic number names. */
function sum(before: Sums, data: Buffer, from: number, length: number, isBig: boolean): Sums {
  const view = new DataView(data.buffer, data.byteOffset + from, length)
  let { a, b } = before
  for (let i = 0; i < length; i += 8) {
    a = (a + view.getUint32(i, !isBig) + b) | 0
    b = (b + view.getUint32(i + 4, !isBig) + a) | 0
  }
  return { a, b }
}

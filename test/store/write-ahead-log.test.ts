import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lostCommits } from '../../src/store/sqlite/write-ahead-log'
import { fastDirectory } from '../support/fast-directory'

const HEADER = 32
const FRAME = 24 + 4096
const COMMITS = 8

/** The write-ahead log of a store with this many commits, and a place for altered copies. */
function scene({ before = 0, commits = COMMITS }: { before?: number; commits?: number } = {}) {
  const directory = fastDirectory()
  const path = join(directory.path, 'a.db')
  const db = new Database(path)
  db.run('PRAGMA journal_mode = WAL')
  db.run('PRAGMA wal_autocheckpoint = 0')
  db.run('CREATE TABLE t (n integer PRIMARY KEY, text text)')
  const commit = (times: number) => {
    for (let i = 0; i < times; i++) db.run('INSERT INTO t (text) VALUES (?)', ['x'.repeat(5000)])
  }
  commit(before)
  db.run('PRAGMA wal_checkpoint(RESTART)')
  commit(commits)
  const bytes = readFileSync(`${path}-wal`)
  copyFileSync(path, join(directory.path, 'a.copy'))
  db.close()
  const copy = join(directory.path, 'b.db-wal')
  return {
    bytes,
    frames: Math.floor((bytes.length - HEADER) / FRAME),
    /** The number of lost commits in a log of these bytes. */
    lost: (log: Uint8Array) => {
      writeFileSync(copy, log)
      return lostCommits(copy)
    },
    /** The number of rows that SQLite reads with a log of these bytes. */
    rows: (log: Uint8Array) => {
      copyFileSync(join(directory.path, 'a.copy'), join(directory.path, 'b.db'))
      writeFileSync(copy, log)
      using reader = new Database(join(directory.path, 'b.db'))
      return reader.query<{ n: number }, []>('SELECT count(*) AS n FROM t').get()?.n
    },
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  }
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const other = new Uint8Array(bytes)
  other[at] = (other[at] ?? 0) ^ 0x10
  return other
}

describe('checking a write-ahead log', () => {
  test('a missing, empty or complete log has lost nothing', () => {
    using log = scene()
    expect(lostCommits('/nowhere/a.db-wal')).toBe(0)
    expect(log.lost(new Uint8Array())).toBe(0)
    expect(log.lost(log.bytes)).toBe(0)
  })

  test('a log that ends anywhere is the log of a killed process and has lost nothing', () => {
    using log = scene()
    for (let length = 0; length <= log.bytes.length; length += 1021)
      expect([length, log.lost(log.bytes.subarray(0, length))]).toEqual([length, 0])
  })

  test('a flipped bit loses every commit after it, which SQLite does not report', () => {
    using log = scene()
    expect(log.rows(log.bytes)).toBe(COMMITS)
    for (const where of [8, 24 + 2000]) {
      const broken = flipped(log.bytes, HEADER + where)
      expect(log.lost(broken)).toBeGreaterThan(1)
      expect(log.rows(broken)).toBeLessThan(COMMITS)
    }
    expect(log.lost(flipped(log.bytes, 25))).toBe(COMMITS)
  })

  test('a log whose last commit is torn has lost nothing acknowledged', () => {
    using log = scene()
    expect(log.lost(flipped(log.bytes, HEADER + (log.frames - 1) * FRAME + 24 + 100))).toBe(0)
  })

  test('frames left by an earlier checkpoint are not taken for damage', () => {
    using log = scene({ before: 20, commits: 1 })
    expect(log.frames).toBeGreaterThan(20)
    expect(log.lost(log.bytes)).toBe(0)
  })

  test('failed commits that are partly overwritten are not taken for damage', () => {
    using log = scene({ commits: 1 })
    // The last frame of a longer log, and of an even longer one: both are marked as a commit.
    const leftover = log.bytes.subarray(-FRAME)
    expect(leftover.readUInt32BE(4)).toBeGreaterThan(0)
    expect(log.lost(Buffer.concat([log.bytes, leftover, leftover]))).toBe(0)
  })
})

import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { appendRestoreEntry } from '../../src/backup/audit-entry'

test('a copy from before the audit log is restored without one', () => {
  using db = new Database(':memory:')
  const epoch = '01M7Y5WJA00A1B2C3D4E5F6G7H'
  appendRestoreEntry(db, { file: 'synapse.db', now: new Date(0), epoch, lastSeq: 1 })
  expect(db.query('SELECT name FROM sqlite_master').all()).toEqual([])
})

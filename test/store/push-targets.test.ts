// The migration that makes webhooks of the push targets of earlier versions.
import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { readMigrations } from '../../src/store/migrations'
import { fastDirectory } from '../support/fast-directory'

test('a push target of an earlier version is a webhook that counts from the upgrade on', () => {
  using directory = fastDirectory()
  using db = new Database(join(directory.path, 'old.db'))
  const all = readMigrations('sqlite')
  const at = all.findIndex(({ name }) => name.endsWith('_push_targets_are_webhooks'))
  const run = (list: typeof all) => {
    for (const { statements } of list) for (const statement of statements) db.run(statement)
  }
  run(all.slice(0, at))
  db.run(
    `INSERT INTO accounts (id, uuid, kind, handle, display_name, is_admin, created_at)
      VALUES (7, x'00112233445566778899aabbccddeeff', 'agent', 'cairn', 'Cairn', 0, 1)`,
  )
  db.run("INSERT INTO events (seq, at, type, subject) VALUES (41, 1, 'account.created', 7)")
  db.run(
    `INSERT INTO push_targets (account_id, enabled, webhook_url, secret_sealed, wake_on, vouched)
      VALUES (7, 1, 'http://10.0.0.1/hook', 'v1.sealed', '["dm","mention"]', 1)`,
  )
  run(all.slice(at))
  expect(db.query('SELECT * FROM webhooks').all()).toMatchObject([
    {
      ...{ uuid: null, account_id: 7, name: 'push', url: 'http://10.0.0.1/hook', source: 'inbox' },
      ...{ reasons: '["dm","mention"]', mode: 'message', batch_s: 5, enabled: 1, vouched: 1 },
      ...{ secret_sealed: 'v1.sealed', since_seq: 41, dead_in_a_row: 0 },
    },
  ])
  expect(db.query("SELECT position FROM projections WHERE name = 'webhooks'").get()).toEqual({ position: 41 })
  expect(db.query("SELECT name FROM sqlite_master WHERE name = 'push_targets'").get()).toBeNull()
})

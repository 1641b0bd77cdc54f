import { Database } from 'bun:sqlite'
import { expect, setDefaultTimeout, test } from 'bun:test'
import { sealedBytes, stateOf } from '../configsync/blob-scene'
import { keypair } from '../configsync/sync-user'
import type { Caller } from '../support/caller'
import { Site } from '../support/site'

setDefaultTimeout(120_000)

/** What a terminal obeys even inside JSON: C1 controls, DEL, bidi overrides, line separators, tags. */
const HOSTILE = 'x\u009b2Jy\u007f\u202ez\u2028\u{e0041}\u001b[2J\r'
const OBEYED = /[\p{Cc}\p{Zl}\u202e\u{e0041}]/u

test('stored names with control characters are printed as escapes and keep their meaning', async () => {
  await using site = new Site()
  await site.json('admin', 'add-channel', '--slug', 'one', '--name', 'One')
  await site.json('admin', 'onboard-agent', '--handle', 'cairn', '--channels', 'one')
  {
    using db = new Database(site.paths.database)
    db.run('UPDATE channels SET name = ?, description = ?', [HOSTILE, HOSTILE])
    db.run('UPDATE accounts SET display_name = ?', [HOSTILE])
    db.run('UPDATE tokens SET name = ?', [HOSTILE])
  }
  for (const words of [
    ['admin', 'list-channels'],
    ['admin', 'list-accounts'],
    ['admin', 'list-tokens', '--account', 'cairn'],
  ]) {
    const { stdout } = await site.run(...words)
    expect(stdout.split('\n').filter((line) => OBEYED.test(line))).toEqual([])
    const rows = JSON.parse(stdout) as Record<string, unknown>[]
    const names = (Array.isArray(rows) ? rows : Object.values(rows).flat()) as Record<string, unknown>[]
    expect(names.some((row) => Object.values(row).includes(HOSTILE))).toBeTrue()
  }
})

/** Every command of ConfigSync that prints what clients stored, with a field that a client chooses. */
const SYNC_LISTS: readonly (readonly [command: string, fields: readonly string[]])[] = [
  ['machines ada', ['name', 'platform', 'arch', 'client_version']],
  ['snapshots ada', ['machine_name']],
  ['entities ada', ['name']],
  ['versions 1', []],
  ['action list ada', ['payload']],
  ['env list ada', ['name', 'color']],
  ['token list ada', ['label']],
  ['keypair show ada', ['key_algorithm']],
  ['usage', []],
  ['usage ada', []],
  ['quota ada', []],
  ['audit ada', ['ref']],
  ['verify --json', []],
  ['machine rename ada aaaa Plain', ['platform']],
]

/** Stores something of every kind that these commands print. */
async function fill(caller: Caller): Promise<void> {
  const done = async (answer: Promise<{ status: number; text: string }>) => {
    const { status, text } = await answer
    expect(status, text).toBeLessThan(300)
  }
  await done(caller.post('/api/machines/register', { machine_id: 'aaaa', name: HOSTILE, platform: HOSTILE }))
  await done(caller.post('/api/auth/keypair', keypair()))
  const dev = { name: 'dev', tier: 'development', color: HOSTILE, protect: false }
  await done(caller.put('/api/environments/sync', { environments: [dev] }))
  await done(caller.post('/api/machines/snapshot', stateOf(sealedBytes(40), { machine_id: 'aaaa' })))
  await done(caller.post('/api/projects', { slug: 'notes', name: HOSTILE, description: HOSTILE }))
  const version = { ciphertext: sealedBytes(40).toString('base64'), content_hash: 'a'.repeat(64) }
  await done(caller.post('/api/projects/1/versions', version))
}

test('what clients of ConfigSync stored is printed with escapes by every command, and keeps its meaning', async () => {
  await using site = new Site()
  const server = await site.serve()
  const user = '/v1/admin/configsync/users/ada'
  await server.operator.post('/v1/admin/accounts', { kind: 'agent', handle: 'ada' })
  await server.operator.post(`${user}/enable`)
  const { body } = await server.operator.post<{ token: string }>(`${user}/tokens`, { label: 'laptop' })
  await fill(server.as(body.token))
  const action = { action: 'add_module', payload: { name: HOSTILE } }
  expect((await server.operator.post(`${user}/machines/aaaa/actions`, action)).status).toBe(201)
  await server.stop()
  {
    // What the endpoints refuse today may have been stored by another version.
    using db = new Database(site.paths.database)
    db.run('UPDATE cs_machines SET arch = ?, client_version = ?', [HOSTILE, HOSTILE])
    db.run('UPDATE cs_environments SET name = ?', [HOSTILE])
    db.run('UPDATE cs_keypairs SET key_algorithm = ?', [HOSTILE])
    db.run('UPDATE cs_audit SET ref = ?', [HOSTILE])
    db.run('UPDATE tokens SET name = ?', [HOSTILE])
  }
  for (const [command, fields] of SYNC_LISTS) {
    const { code, stdout, stderr } = await site.run('configsync', ...command.split(' '))
    expect([command, code, stderr]).toEqual([command, 0, ''])
    expect([command, stdout.split('\n').filter((line) => OBEYED.test(line))]).toEqual([command, []])
    for (const field of fields)
      expect([command, field, valuesOf(JSON.parse(stdout), field)]).toEqual([
        ...[command, field],
        expect.arrayContaining([field === 'payload' ? { name: HOSTILE } : HOSTILE]),
      ])
  }
  const refused = await site.run('configsync', 'env', 'remove', 'ada', HOSTILE)
  expect([refused.code, OBEYED.test(refused.stdout.replaceAll('\n', ''))]).toEqual([0, false])
  const again = await site.run('configsync', 'env', 'remove', 'ada', HOSTILE)
  expect([again.code, OBEYED.test(again.stderr.replaceAll('\n', ''))]).toEqual([4, false])
})

/** The values of a field in a row, or in the rows of a list or page. */
function valuesOf(answer: unknown, field: string): unknown[] {
  const rows = Array.isArray(answer) ? answer : [answer, ...Object.values(answer as object).flat()]
  return rows.map((row) => (row as Record<string, unknown> | null)?.[field])
}

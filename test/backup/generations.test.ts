/** What keeps each backup, pruning, and the heartbeat, with the commands of an operator. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { copyFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { namesOf, stampOf } from '../../src/backup/names'
import { type Examined, examined } from '../doctor/examined'
import { parsed } from '../support/finished'
import type { ServerProcess } from '../support/server-process'
import { Site } from '../support/site'
import { backUp, served, textOf } from './scene'

setDefaultTimeout(120_000)

interface Listed {
  readonly file: string
  readonly kept_by: readonly string[]
  readonly verified_at: string | null
}

const site = new Site()
// The days of the generations are those of the program's zone.
site.environment.TZ = 'UTC'
let server: ServerProcess
let newest: string
/** The same copy, dated this many days earlier at noon. */
let dated: (days: number, label?: string) => string

beforeAll(async () => {
  server = (await served(site, 2)).server
  newest = (await backUp(site)).file
  dated = (days, label) => {
    const record = JSON.parse(textOf(newest.replace(/db$/, 'json')))
    const at = new Date(record.created_at)
    at.setUTCHours(12, 0, 0, 0)
    at.setUTCDate(at.getUTCDate() - days)
    const names = namesOf(dirname(newest), stampOf(at))
    copyFileSync(newest, names.database)
    const changed = { ...record, created_at: at.toISOString(), label: label ?? 'daily' }
    writeFileSync(names.side, JSON.stringify(changed))
    return names.database
  }
})
afterAll(() => site[Symbol.asyncDispose]())

const list = () => site.json<Listed[]>('backup', 'list', '--json')
const reasons = async () => new Map((await list()).map(({ file, kept_by }) => [file, kept_by]))
const set = (...words: string[]) => site.run('config', 'set', ...words)

describe('the generations of backups', () => {
  test('a copy is verified after it was made, and backup list names what keeps it', async () => {
    const [only] = await list()
    expect(only).toMatchObject({ file: newest, kept_by: ['recent', 'newest', 'newest verified'] })
    expect(Date.parse(only?.verified_at ?? '')).toBeGreaterThan(0)
    expect((await site.run('backup', 'list')).stdout).toContain('(recent, newest, newest verified)')
  })

  test('backup prune applies backup.retain, and --dry-run removes nothing', async () => {
    const [day1, day2, day3, labelled] = [dated(1), dated(2), dated(3), dated(400, 'before-the-move')]
    expect((await set('backup.retain', 'daily=3')).code).toBe(0)
    const expected = new Map([
      [newest, ['daily', 'newest', 'newest verified']],
      [day1, ['daily']],
      [day2, ['daily']],
      [day3, []],
      [labelled, ['labelled']],
    ])
    expect(await reasons()).toEqual(expected)
    const files = readdirSync(dirname(newest))
    const dry = await site.run('backup', 'prune', '--dry-run')
    expect(dry.code).toBe(0)
    expect(dry.stdout).toContain(`remove  ${day3}\n`)
    expect(dry.stdout).toContain(`keep    ${labelled} (labelled)`)
    expect(readdirSync(dirname(newest))).toEqual(files)
    expect((await site.run('backup', 'list')).stdout).toContain('(goes with the next prune)')

    const pruned = await site.json<{ pruned: string[]; kept: unknown[] }>('backup', 'prune', '--json')
    expect(pruned).toMatchObject({ dry_run: false, pruned: [day3], notices: [] })
    expect([...(await reasons()).keys()]).toEqual([newest, day1, day2, labelled])
  })

  test('backup prune keeps the newest copy that is whole when newer ones are damaged', async () => {
    const [day1, day2] = [dated(1), dated(2)]
    for (const file of [newest, day1]) truncateSync(file, 4096)
    expect((await set('backup.retain', 'hourly=1')).code).toBe(0)
    const { kept, pruned } = await site.json<{
      kept: { file: string; kept_by: string[] }[]
      pruned: string[]
    }>('backup', 'prune', '--json')
    expect(pruned).toEqual([day1])
    expect(kept.find(({ file }) => file === day2)?.kept_by).toEqual(['newest verified'])
    const damaged = (await examined(site)).of('backup')
    expect(damaged).toMatchObject({ status: 'fail', detail: expect.stringContaining('is whole was made at') })
    // A check by hand notes what it found.
    expect((await site.run('backup', 'verify')).code).toBe(1)
    expect((await list()).find(({ file }) => file === newest)?.verified_at).toBeNull()
    // Nothing is pruned while no copy is whole.
    const day3 = dated(3)
    for (const { file } of await list()) truncateSync(file, 4096)
    const spared = await site.run('backup', 'prune')
    expect(spared.stderr).toContain('nothing was pruned')
    expect(readdirSync(dirname(newest))).toContain(day3.split('/').at(-1) ?? '')
    for (const { file } of await list()) for (const path of [file, file.replace(/db$/, 'json')]) rmSync(path)
    newest = (await backUp(site)).file
  })

  test('a wrong value of a setting is refused with its fault, and secrets are not repeated', async () => {
    const wrong = await set('backup.retain', 'daily=7,yearly=1')
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("'yearly=1'") })
    const secret = await set('backup.heartbeat_url', 'ftp://hc.example.org/secret')
    expect(secret.code).toBe(2)
    expect(secret.stderr).toContain('http or https URL')
    expect(secret.stderr).not.toContain('/secret')
  })

  test('backup list and backup prune work while no server runs, with the settings in the store', async () => {
    expect((await set('backup.retain', 'daily=1')).code).toBe(0)
    const [day1] = [dated(1)]
    expect(await server.stop()).toBe(0)
    expect(await reasons()).toEqual(
      new Map([
        [newest, ['daily', 'newest', 'newest verified']],
        [day1, []],
      ]),
    )
    expect((await site.json<{ pruned: string[] }>('backup', 'prune', '--json')).pruned).toEqual([day1])
    server = await site.serveWith({ SYNAPSE_LOG_LEVEL: 'warning' })
  })

  test('only the local operator prunes', async () => {
    const token = await server.agent('ops', 'room')
    const answer = await server.as(token).post('/v1/admin/backups/prune', {})
    expect(answer.status).toBe(403)
  })
})

describe('the heartbeat', () => {
  const backupLine = async (environment = {}) => (await examined(site, environment)).of('backup')
  const folder = () => dirname(newest)
  const sealed = { SYNAPSE_BACKUP_PASSPHRASE: 'correct horse' }

  test('doctor reports the last heartbeat that failed, without its URL', async () => {
    await parsed(await site.runWith(sealed, 'backup', 'create', '--with-keys', '--json'))
    const shown = await set('backup.heartbeat_url', 'https://hc.example.org/secret-5f1c')
    expect(shown.code).toBe(0)
    const all = await site.run('config', 'show')
    expect(shown.stdout + all.stdout + (await site.run('config', 'history')).stdout).not.toContain(
      'secret-5f1c',
    )
    expect(await backupLine()).toMatchObject({ status: 'pass' })
    const failed = { at: '2026-05-07T03:00:00.000Z', problem: 'hc.example.org answered 500' }
    writeFileSync(join(folder(), 'heartbeat.json'), JSON.stringify(failed))
    const line = await backupLine()
    expect(line).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('hc.example.org answered 500'),
    })
    expect(JSON.stringify(line)).not.toContain('secret-5f1c')
    writeFileSync(join(folder(), 'heartbeat.json'), JSON.stringify({ ...failed, problem: null }))
    expect(await backupLine()).toMatchObject({ status: 'pass' })
  })

  test('doctor says when the heartbeat is never sent: automatic copies are off, or the store is Postgres', async () => {
    const off = { SYNAPSE_BACKUP_DAILY_AT: 'off' }
    expect((await set('backup.retain', 'off')).code).toBe(0)
    expect(await backupLine(off)).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('are off'),
    })
    expect((await set('backup.retain', 'hourly=1')).code).toBe(0)
    expect(await backupLine(off)).toMatchObject({ status: 'pass' })
    expect(await server.stop()).toBe(0)
    const postgres: Examined = await examined(site, {
      SYNAPSE_DATABASE_URL: 'postgres://synapse@127.0.0.1:1/synapse',
      SYNAPSE_BACKUP_HEARTBEAT_URL: 'https://hc.example.org/secret-5f1c',
    })
    expect(postgres.of('backup')).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('never requested: the store is Postgres'),
    })
  })
})

import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { Site } from '../support/site'
import { backUp, backupsOf, flipBit, pageOf, served } from './scene'

setDefaultTimeout(120_000)

let site: Site
let good: string
let backup: string
let sound: string

beforeAll(async () => {
  site = new Site()
  const { server } = await served(site, 120)
  mkdirSync(site.paths.blobs, { recursive: true })
  writeFileSync(join(site.paths.blobs, 'file'), 'content')
  backup = (await backUp(site, '--with-blobs')).file
  await server.stop()
  good = join(site.directory, 'good.db')
  copyFileSync(site.paths.database, good)
  sound = join(site.directory, 'sound.db')
  copyFileSync(backup, sound)
})
afterAll(() => site[Symbol.asyncDispose]())

/** Restores the undamaged store and backup. */
function heal(): void {
  copyFileSync(good, site.paths.database)
  copyFileSync(sound, backup)
}

describe('a damaged store', () => {
  const injuries: [what: string, injure: (path: string) => void][] = [
    ['a flipped bit in a page of messages', (path) => flipBit(path, pageOf(path, 'messages'))],
    ['a flipped bit in the log', (path) => flipBit(path, pageOf(path, 'events') + 3)],
    ['a changed first byte', (path) => flipBit(path, 0)],
    ['a missing end', (path) => truncateSync(path, statSync(path).size - 8192)],
  ]
  test.each(injuries)(
    'a store with %s is not served, fails doctor, and is neither copied nor pruned',
    async (_, injure) => {
      heal()
      injure(site.paths.database)
      const before = readdirSync(dirname(backup)).sort()
      const served = await site.run('serve', '--port', '0')
      expect({ code: served.code, stderr: served.stderr }).toEqual({
        code: 78,
        stderr: expect.stringContaining('synapse backup restore'),
      })
      const doctor = await site.run('doctor', '--json')
      expect(doctor.code).toBe(2)
      const store = checkOf(doctor.stdout, 'store')
      expect(store).toMatchObject({ status: 'fail', fix: expect.stringContaining('synapse backup restore') })
      const created = await site.run('backup', 'create')
      expect(created.code).toBe(1)
      expect(readdirSync(dirname(backup)).sort()).toEqual(before)
      // The remedy works.
      expect((await site.run('backup', 'restore', backup, '--yes')).code).toBe(0)
      expect(checkOf((await site.run('doctor', '--json')).stdout, 'store').status).toBe('pass')
    },
  )
})

describe('a damaged backup', () => {
  const injuries: [what: string, injure: () => void, problem: string][] = [
    ['a flipped bit', () => flipBit(backup, statSync(backup).size - 2000), 'checksum'],
    ['a missing end', () => truncateSync(backup, statSync(backup).size - 100), 'checksum'],
    ['no content', () => truncateSync(backup, 0), 'checksum'],
    ['a damaged page', () => flipBit(backup, pageOf(backup, 'messages')), 'damaged'],
    ['a missing blob', () => renameSync(blobs(), `${blobs()}-gone`), 'blob'],
    ['a changed blob', () => writeFileSync(blobs(), 'CONTENT'), 'blob'],
  ]
  const blobs = () => join(dirname(backup), 'blobs/file')
  test.each(injuries)(
    'a backup with %s fails verify and doctor, and a restore changes nothing',
    async (_, injure, problem) => {
      heal()
      writeFileSync(blobs(), 'content')
      rmSync(`${blobs()}-gone`, { force: true })
      injure()
      const verified = await site.run('backup', 'verify', backup, '--json')
      expect(verified.code).toBe(1)
      expect(JSON.parse(verified.stdout).problems.join()).toContain(problem)
      expect(checkOf((await site.run('doctor', '--json')).stdout, 'backup')).toMatchObject({
        status: 'fail',
        detail: expect.stringContaining(problem),
      })
      const restored = await site.run('backup', 'restore', backup, '--yes')
      expect(restored.code).toBe(1)
      expect(restored.stderr).toContain('nothing was changed')
      expect(readdirSync(site.home).filter((name) => name.includes('restoring'))).toEqual([])
    },
  )
})

test('a backup of a store that lost most of its messages prunes nothing, and says so', async () => {
  await using other = new Site()
  const { server } = await served(other, 10)
  const { file } = await backUp(other)
  await server.stop()
  writeFileSync(other.paths.env, 'SYNAPSE_BACKUP_KEEP=1\n', { mode: 0o600 })
  forget(other.paths.database)
  const shrunken = await backUp(other)
  expect(shrunken.record?.counts['messages']).toBeLessThan(5)
  expect(shrunken.pruned).toEqual([])
  expect(shrunken.notices.join()).toContain('fewer than half')
  expect(readdirSync(dirname(file)).filter((name) => name.endsWith('.db'))).toHaveLength(2)
  expect(backupsOf(other)).toBe(dirname(dirname(file)))
})

function checkOf(
  stdout: string,
  name: string,
): { name: string; status: string; detail: string; fix: string | null } {
  const { checks } = JSON.parse(stdout)
  return checks.find((check: { name: string }) => check.name === name)
}

/** Deletes most messages of a store that no process has open. */
function forget(path: string): void {
  using db = new Database(path, { readwrite: true })
  db.run('DELETE FROM messages WHERE seq > (SELECT min(seq) + 2 FROM messages)')
}

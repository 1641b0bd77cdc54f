import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readMarker } from '../../src/backup'
import { Site } from '../support/site'
import { backUp, numbersOf, post, served } from './scene'

setDefaultTimeout(120_000)

let site: Site
let backup: string
let token: string
let later: string

beforeAll(async () => {
  site = new Site()
  const scene = await served(site, 3)
  token = scene.token
  mkdirSync(site.paths.blobs, { recursive: true })
  writeFileSync(join(site.paths.blobs, 'file'), 'content')
  backup = (await backUp(site, '--with-blobs')).file
  await post(scene.server, token, 'later')
  await scene.server.stop()
  later = join(site.directory, 'later.db')
  copyFileSync(site.paths.database, later)
})
afterAll(() => site[Symbol.asyncDispose]())

const restoreUntil = (step: string) =>
  site.spawn([process.execPath, join(import.meta.dir, 'fixtures/restore-until.ts'), site.home, backup, step])

/** Restores the home to its state before the first restore. */
function reset(): void {
  for (const name of readdirSync(site.home))
    if (
      name.startsWith('replaced-') ||
      /^synapse\.db/.test(name) ||
      /restoring/.test(name) ||
      name === 'state.json'
    )
      rmSync(join(site.home, name), { recursive: true })
  copyFileSync(later, site.paths.database)
  rmSync(join(site.paths.blobs, 'file'), { force: true })
}

describe('a restore that is killed', () => {
  test.each(['copy', 'mark'])(
    'a restore killed at the step %s leaves the old store, which can be served',
    async (step) => {
      reset()
      await restoreUntil(step)
      expect(readMarker(site.home)).toBeUndefined()
      expect(numbersOf(site.paths.database)?.messages).toBe(4)
      const server = await site.serveWith({ SYNAPSE_LOG_LEVEL: 'warning' })
      expect((await post(server, token, 'goes on')).seq).toBeGreaterThan(0)
      expect(await server.stop()).toBe(0)
    },
  )

  test.each(['move', 'place', 'blobs', 'keys', 'state', 'end'])(
    'a restore killed at the step %s is reported by serve and doctor, and completed by running it again',
    async (step) => {
      reset()
      await restoreUntil(step)
      expect(readMarker(site.home)).toMatchObject({ from: backup })
      const refused = await site.run('serve', '--port', '0')
      expect({ code: refused.code, stderr: refused.stderr }).toEqual({
        code: 78,
        stderr: expect.stringContaining(`synapse backup restore ${backup}`),
      })
      for (const command of [['backup', 'create'], ['list-accounts'], ['epoch', 'rotate'], ['init']])
        expect((await site.run(...command)).code).toBe(1)
      const doctor = await site.run('doctor', '--json')
      expect(doctor.code).toBe(2)
      expect(JSON.parse(doctor.stdout).checks).toContainEqual({
        name: 'store',
        status: 'fail',
        detail: expect.stringContaining('did not end'),
        fix: expect.stringContaining('run it again'),
      })

      const again = await site.run('backup', 'restore', backup, '--blobs', '--yes')
      expect({ code: again.code, stderr: again.stderr }).toMatchObject({ code: 0 })
      expect(readMarker(site.home)).toBeUndefined()
      expect(numbersOf(site.paths.database)?.messages).toBe(3)
      expect(existsSync(join(site.paths.blobs, 'file'))).toBe(true)
      // The store from before the first try is still there.
      const kept = readdirSync(site.home).filter((name) => name.startsWith('replaced-'))
      const stores = kept
        .map((name) => join(site.home, name, 'synapse.db'))
        .filter((path) => existsSync(path))
      expect(stores.map((path) => numbersOf(path)?.messages)).toContain(4)
      const server = await site.serveWith({ SYNAPSE_LOG_LEVEL: 'warning' })
      expect(server.written).not.toContain('older than this home')
      expect(await server.stop()).toBe(0)
    },
  )
})

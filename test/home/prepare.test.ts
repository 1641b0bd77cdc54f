import { describe, expect, test } from 'bun:test'
import { chmodSync, chownSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OperatorError } from '../../src/core/kernel/operator-error'
import { checkHome, makePrivateDirectory, powerNotices, prepareHome } from '../../src/home'
import { world } from '../support/world'
import { startChild } from './child'
import { restoreUmask, temporaryDirectory, thrownBy } from './temporary'

restoreUmask()

const isRoot = process.getuid?.() === 0
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)

function madeHome(parent: string): string {
  const home = join(parent, 'home')
  prepareHome(home)
  return home
}

describe('preparing a home', () => {
  test('preparing a home creates it, its keys and its run directory for the owner alone, whatever the umask', () => {
    using directory = temporaryDirectory()
    process.umask(0)
    const home = join(directory.path, 'deep', 'er', 'home')
    expect(prepareHome(home)).toEqual([])
    expect(readdirSync(home).sort()).toEqual(['keys', 'run'])
    for (const path of [home, join(home, 'keys'), join(home, 'run')]) expect(modeOf(path)).toBe('700')
  })

  test('files created after preparing a home are readable by the owner alone', () => {
    using directory = temporaryDirectory()
    process.umask(0)
    const home = madeHome(directory.path)
    writeFileSync(join(home, 'file'), '')
    expect(modeOf(join(home, 'file'))).toBe('600')
  })

  test('preparing a home again changes nothing in it', () => {
    using directory = temporaryDirectory()
    const home = madeHome(directory.path)
    writeFileSync(join(home, 'synapse.db'), 'data')
    expect(prepareHome(home)).toEqual([])
    expect(readdirSync(home).sort()).toEqual(['keys', 'run', 'synapse.db'])
    expect(statSync(join(home, 'synapse.db')).size).toBe(4)
  })

  test.each([0o770, 0o720, 0o707, 0o702, 0o777])('a home that others can write to is refused: %o', (mode) => {
    using directory = temporaryDirectory()
    const home = madeHome(directory.path)
    chmodSync(home, mode)
    for (const check of [prepareHome, checkHome]) {
      const error = thrownBy(() => check(home))
      expect(error).toBeInstanceOf(OperatorError)
      expect(error).toMatchObject({ kind: 'refused', remedy: expect.stringContaining(`chmod go-w ${home}`) })
    }
  })

  test('a home that others can read is reported, and its mode stays', () => {
    using directory = temporaryDirectory()
    const home = madeHome(directory.path)
    chmodSync(home, 0o755)
    expect(prepareHome(home)).toEqual([`other users can read ${home}: chmod 700 ${home}`])
    expect(modeOf(home)).toBe('755')
  })

  test('files in a home that others can open are closed to them and reported', () => {
    using directory = temporaryDirectory()
    const home = madeHome(directory.path)
    const files = ['synapse.db', 'synapse.db-wal', 'synapse.env', 'state.json', 'run/synapse.json']
    for (const file of files) writeFileSync(join(home, file), '')
    for (const file of files) chmodSync(join(home, file), 0o664)
    for (const part of ['run', 'keys']) chmodSync(join(home, part), 0o775)
    expect(prepareHome(home)).toHaveLength(files.length + 2)
    for (const file of files) expect(modeOf(join(home, file))).toBe('600')
    for (const part of ['run', 'keys']) expect(modeOf(join(home, part))).toBe('700')
    expect(prepareHome(home)).toEqual([])
  })

  test.each(['run', 'keys', 'synapse.db', 'synapse.env'])(
    '%s is refused if others could have written to it in a home that they can enter',
    (part) => {
      using directory = temporaryDirectory()
      const home = madeHome(directory.path)
      writeFileSync(join(home, 'synapse.db'), '')
      writeFileSync(join(home, 'synapse.env'), '')
      chmodSync(home, 0o755)
      chmodSync(join(home, part), 0o772)
      expect(thrownBy(() => prepareHome(home))).toMatchObject({
        problem: expect.stringContaining(join(home, part)),
      })
    },
  )

  test('preparing a home does not change the mode of keys', () => {
    using directory = temporaryDirectory()
    const home = madeHome(directory.path)
    const key = join(home, 'keys', 'instance.ed25519')
    writeFileSync(key, '')
    chmodSync(key, 0o644)
    expect(prepareHome(home)).toEqual([])
    expect(modeOf(key)).toBe('644')
  })

  test('preparing a home follows a symbolic link', () => {
    using directory = temporaryDirectory()
    const home = madeHome(directory.path)
    symlinkSync(home, join(directory.path, 'link'))
    expect(prepareHome(join(directory.path, 'link'))).toEqual([])
  })

  test.each([prepareHome, checkHome, makePrivateDirectory])(
    'a file in place of a home is refused: %p',
    (call) => {
      using directory = temporaryDirectory()
      const path = join(directory.path, 'file')
      writeFileSync(path, '')
      expect(thrownBy(() => call(path))).toMatchObject({ kind: 'refused' })
    },
  )

  test.skipIf(!isRoot)('a home that belongs to another user is refused', async () => {
    using directory = temporaryDirectory()
    chmodSync(directory.path, 0o755)
    const home = join(directory.path, 'home')
    mkdirSync(home, { mode: 0o755 })
    chownSync(home, 65533, 65533)
    await using child = startChild('prepare-as.ts', '65534', home)
    expect(await child.line()).toContain('belongs to user 65533 and this process runs as user 65534')
    expect(readdirSync(home)).toEqual([])
  })
})

test('checking a home that does not exist yet creates nothing', () => {
  using directory = temporaryDirectory()
  checkHome(join(directory.path, 'none'))
  expect(readdirSync(directory.path)).toEqual([])
})

test('a server that runs as root warns about it, and a server of another user does not', async () => {
  expect(powerNotices(0)).toEqual([expect.stringContaining('runs as root')])
  expect([powerNotices(1000), powerNotices(undefined)]).toEqual([[], []])
  const w = await world()
  await w[Symbol.asyncDispose]()
  expect(w.log.includes('runs as root')).toBe(isRoot)
})

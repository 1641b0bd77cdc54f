import { describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OperatorError } from '../../src/core/kernel/operator-error'
import {
  acquireLock,
  HomeLocked,
  homePaths,
  lockHome,
  markOf,
  prepareHome,
  startRunRecord,
  storeLocks,
} from '../../src/home'
import { startChild } from './child'
import { runFile } from './run-file-of'
import { rejectionOf, restoreUmask, temporaryDirectory } from './temporary'

restoreUmask()

const PATIENCE_MS = 10_000

function home(parent: string, name = 'home'): string {
  const path = join(parent, name)
  prepareHome(path)
  return path
}

describe('the lock', () => {
  test('a lock has one holder, even within one process', async () => {
    using directory = temporaryDirectory()
    const path = join(directory.path, 'lock.db')
    using _lock = await acquireLock(path)
    const second = acquireLock(path)
    const error = await rejectionOf(second)
    expect(error).toBeInstanceOf(HomeLocked)
    expect(error).toMatchObject({ kind: 'locked', path })
    expect(await rejectionOf(acquireLock(path, { waitMs: 60 }))).toBeInstanceOf(HomeLocked)
  })

  test('a lock is free again after its scope, its release or its disposal, and releasing twice is harmless', async () => {
    using directory = temporaryDirectory()
    const path = join(directory.path, 'lock.db')
    {
      using first = await acquireLock(path)
      expect(first.paths).toEqual([path])
    }
    {
      await using _second = await acquireLock(path)
    }
    const third = await acquireLock(path)
    third.release()
    third.release()
    using fourth = await acquireLock(path)
    third.release()
    expect(await rejectionOf(acquireLock(path))).toBeInstanceOf(HomeLocked)
    fourth.release()
  })

  test('a released lock leaves its file, with mode 0600, and no journal', async () => {
    using directory = temporaryDirectory()
    const path = join(directory.path, 'lock.db')
    const lock = await acquireLock(path)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(existsSync(`${path}-journal`)).toBe(false)
    lock.release()
    expect(existsSync(path)).toBe(true)
  })

  test('a lock held by another process is refused, and kill -9 of that process frees it', async () => {
    using directory = temporaryDirectory()
    const path = join(directory.path, 'lock.db')
    await using holder = startChild('hold-lock.ts', path)
    expect(await holder.line()).toBe('held')
    expect(await rejectionOf(acquireLock(path))).toBeInstanceOf(HomeLocked)
    await holder.kill()
    using _lock = await acquireLock(path)
  })

  test('a waiting caller gets the lock as soon as its holder releases it', async () => {
    using directory = temporaryDirectory()
    const path = join(directory.path, 'lock.db')
    await using holder = startChild('hold-lock.ts', path)
    await holder.line()
    const waiting = acquireLock(path, { waitMs: PATIENCE_MS })
    await holder.end()
    using lock = await waiting
    expect(lock.paths).toEqual([path])
  })

  test('one of many concurrent callers gets the lock', async () => {
    using directory = temporaryDirectory()
    const path = join(directory.path, 'lock.db')
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => acquireLock(path)))
    const taken = tries.filter(({ status }) => status === 'fulfilled')
    expect(taken).toHaveLength(1)
    for (const result of tries) if (result.status === 'fulfilled') result.value.release()
  })

  test.each(['a file that is no lock', 'a directory', 'a missing directory'])(
    'a lock refuses %s',
    async (what) => {
      using directory = temporaryDirectory()
      const path = join(directory.path, 'lock.db')
      if (what === 'a file that is no lock') writeFileSync(path, 'not a database at all '.repeat(40))
      if (what === 'a directory') mkdirSync(path)
      const refused = acquireLock(what === 'a missing directory' ? join(path, 'none') : path)
      const error = await rejectionOf(refused)
      expect(error).toBeInstanceOf(OperatorError)
      expect(error).toMatchObject({ kind: 'refused' })
      if (what === 'a missing directory')
        expect(error).toMatchObject({ problem: `there is no folder ${path} for none` })
    },
  )
})

describe('locking a home', () => {
  test('locking a home that is in use names the running server', async () => {
    using directory = temporaryDirectory()
    const path = home(directory.path)
    using _lock = await lockHome(path)
    const mark = markOf(process.pid)
    for (const [facts, who] of [
      [{ ...(mark && { process: mark }) }, `pid ${process.pid}, `],
      // The process is in another pid namespace, so its pid means nothing here.
      [{ process: { boot: 'b', namespace: 'n', started: '1' } }, ''],
    ] as const) {
      startRunRecord(path, runFile({ ...facts, urls: ['http://127.0.0.1:8080'] }))
      expect(await rejectionOf(lockHome(path))).toMatchObject({
        message: `synapse is already running on ${path} (${who}http://127.0.0.1:8080): synapse serve --stop ends it`,
      })
    }
  })

  test('locking a home that is in use says so without a run file too', async () => {
    using directory = temporaryDirectory()
    const path = home(directory.path)
    using _lock = await lockHome(path)
    expect(await rejectionOf(lockHome(path))).toMatchObject({
      message: expect.stringContaining(`another synapse process uses ${path}: `),
    })
  })

  test('two homes cannot use one store, however each of them writes its path', async () => {
    using directory = temporaryDirectory()
    const [one, two] = [home(directory.path, 'one'), home(directory.path, 'two')]
    const data = join(directory.path, 'data')
    mkdirSync(data)
    symlinkSync(data, join(directory.path, 'link'))
    const first = await lockHome(one, { database: join(data, 'x.db') })
    expect(first.paths).toEqual([homePaths(one).lock, join(data, 'x.db.lock')])
    const second = lockHome(two, { database: join(directory.path, 'link', 'x.db') })
    expect(await rejectionOf(second)).toMatchObject({ kind: 'locked', path: join(data, 'x.db.lock') })
    // The refused call has released what it had locked.
    using _home = await lockHome(two)
    first.release()
    using _store = await acquireLock(join(data, 'x.db.lock'))
  })

  test('a store inside a home cannot be used from another home at the same time, whichever locked it first', async () => {
    using directory = temporaryDirectory()
    const [mine, foreign] = [home(directory.path, 'mine'), home(directory.path, 'foreign')]
    const database = homePaths(foreign).database
    {
      using _owner = await lockHome(foreign, { database })
      expect(await rejectionOf(lockHome(mine, { database }))).toBeInstanceOf(HomeLocked)
    }
    using _guest = await lockHome(mine, { database })
    expect(await rejectionOf(lockHome(foreign, { database }))).toBeInstanceOf(HomeLocked)
  })

  test('a home cannot lock its own store while another home uses it', async () => {
    using directory = temporaryDirectory()
    const [mine, later] = [home(directory.path, 'mine'), join(directory.path, 'later')]
    mkdirSync(later)
    const database = homePaths(later).database
    using _guest = await lockHome(mine, { database })
    prepareHome(later)
    const error = await rejectionOf(lockHome(later, { database }))
    expect(error).toMatchObject({ kind: 'locked', path: `${database}.lock` })
  })

  test('a store inside the home needs no lock file of its own', async () => {
    using directory = temporaryDirectory()
    const path = home(directory.path)
    using lock = await lockHome(path, { database: homePaths(path).database })
    expect(lock.paths).toEqual([homePaths(path).lock])
    expect(storeLocks(path, homePaths(path).database)).toEqual([])
  })

  test('kill -9 of the process that holds the lock of the store frees it for the next', async () => {
    using directory = temporaryDirectory()
    const path = home(directory.path)
    const store = join(directory.path, 'x.db')
    await using holder = startChild('hold-lock.ts', `${store}.lock`)
    await holder.line()
    expect(await rejectionOf(lockHome(path, { database: store }))).toBeInstanceOf(HomeLocked)
    await holder.kill()
    using _lock = await lockHome(path, { database: store })
  })
})

import { describe, expect, test } from 'bun:test'
import { chmodSync, chownSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { becomeOwner } from '../../src/home'
import { startChild } from './child'
import { temporaryDirectory } from './temporary'

const isRoot = process.getuid?.() === 0

/** A user of this machine other than root, with a group of its own, and a user id without an account. */
const nobody = readFileSync('/etc/passwd', 'utf8')
  .split('\n')
  .map((line) => line.split(':'))
  .find(([name]) => name === 'nobody')
const NOBODYS_ID = 54_321

describe.skipIf(!isRoot)('root, on a home of another user,', () => {
  const users: [string, number, number, number, string | undefined][] = [
    ['a user with an entry in /etc/passwd', Number(nobody?.[2]), 0, Number(nobody?.[3]), 'nobody'],
    ['an id without an entry', NOBODYS_ID, 54_322, 54_322, undefined],
  ]
  test.each(users)(
    'root becomes %s, irrevocably and on every thread, when that user owns the home',
    async (_, uid, homeGroup, gid, name) => {
      using directory = temporaryDirectory()
      chownSync(directory.path, uid, homeGroup)
      await using child = startChild('become-owner.ts', directory.path)
      const report = JSON.parse(await child.line())
      expect(report.owner).toEqual({ uid, gid, ...(name === undefined ? {} : { name }) })
      expect(report).toMatchObject({ uid, back: 'refused' })
      expect(report.groups).toContain(gid)
      expect(report.groups).not.toContain(0)
      if (process.platform === 'linux') {
        const four = (id: number) => Array(4).fill(id).join('\t')
        expect(report.threads).toEqual([`Uid:\t${four(uid)} Gid:\t${four(gid)}`])
      }
      expect(statSync(join(directory.path, 'run', 'made'))).toMatchObject({ uid, gid })
    },
  )

  test('root stays root on a home that root owns', async () => {
    using directory = temporaryDirectory()
    await using child = startChild('become-owner.ts', directory.path)
    expect(JSON.parse(await child.line())).toMatchObject({ uid: 0, back: 'root again' })
  })
})

test('a home that does not exist changes no user', () => {
  using directory = temporaryDirectory()
  expect(becomeOwner(join(directory.path, 'none'))).toBeUndefined()
})

test.skipIf(isRoot)('a user other than root never changes its user id', () => {
  using directory = temporaryDirectory()
  chmodSync(directory.path, 0o700)
  expect(becomeOwner(directory.path)).toBeUndefined()
  expect(becomeOwner('/')).toBeUndefined()
})

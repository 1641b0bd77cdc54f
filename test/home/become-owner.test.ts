import { describe, expect, test } from 'bun:test'
import { chmodSync, chownSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { becomeOwner } from '../../src/home/index'
import { startChild } from './child'
import { temporaryDirectory } from './temporary'

const isRoot = process.getuid?.() === 0

/** A user of this machine other than root, with its own group, and an id that no user has. */
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
  test.each(users)('becomes %s, for good and on every thread', async (_, uid, homeGroup, gid, name) => {
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
  })

  test('stays root on a home of its own', async () => {
    using directory = temporaryDirectory()
    await using child = startChild('become-owner.ts', directory.path)
    expect(JSON.parse(await child.line())).toMatchObject({ uid: 0, back: 'root again' })
  })
})

test('nobody becomes anybody on a home that does not exist', () => {
  using directory = temporaryDirectory()
  expect(becomeOwner(join(directory.path, 'none'))).toBeUndefined()
})

test.skipIf(isRoot)('an ordinary user stays who they are', () => {
  using directory = temporaryDirectory()
  chmodSync(directory.path, 0o700)
  expect(becomeOwner(directory.path)).toBeUndefined()
  expect(becomeOwner('/')).toBeUndefined()
})

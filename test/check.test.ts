import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dir, '..')

test('every test file that bin/check names exists', () => {
  const named = readFileSync(join(root, 'bin/check'), 'utf8').match(/[\w/*-]+\.test\.ts\b/g) ?? []
  expect(named.length).toBeGreaterThan(30)
  const missing = named.filter((name) => {
    const pattern = name.startsWith('test/') ? name : `test/**/${name}`
    return [...new Bun.Glob(pattern).scanSync({ cwd: root })].length === 0
  })
  expect(missing).toEqual([])
})

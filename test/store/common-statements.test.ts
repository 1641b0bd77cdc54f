import { expect, test } from 'bun:test'
import { CommonStatements } from '../../src/store/common-statements'
import { engines, openEngine } from './engines'

test('a statement is built once, at its first use or ahead of it', () => {
  const common = new CommonStatements()
  const built: string[] = []
  const one = common.lazily(() => built.push('one'))
  const other = common.lazily(() => built.push('other'))
  expect([one(), one()]).toEqual([1, 1])
  for (const build of common) build()
  expect(other()).toBe(2)
  expect(built).toEqual(['one', 'other'])
})

test('only the common shapes of a statement are built ahead, and each shape once', () => {
  const common = new CommonStatements()
  const built: number[] = []
  const ofSize = common.byShape([1, 2], String, (size: number) => built.push(size))
  for (const build of common) build()
  expect(built).toEqual([1, 2])
  for (const size of [1, 8, 8]) ofSize(size)
  expect(built).toEqual([1, 2, 8])
})

test.each(engines)('the reads of %s have statements to build ahead, which answer nothing', async (name) => {
  await using engine = await openEngine(name)
  const { store } = engine
  const steps = [...store.common()]
  expect(steps.length).toBeGreaterThan(10)
  for (const build of steps) build()
  expect(await store.reads.messagesBySeq([1, 2])).toEqual([])
})

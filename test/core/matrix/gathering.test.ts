// Works of one moment are done together, in their order.
import { expect, test } from 'bun:test'
import { AppError } from '../../../src/core/kernel/errors'
import { Gathering, type Outcome } from '../../../src/core/matrix/acts/gathering'

/** A gathering whose groups wait until they are let through. Works below zero are refused. */
function scene(fails: (works: readonly number[]) => unknown = () => undefined) {
  const groups: number[][] = []
  const doors: (() => void)[] = []
  const faults: unknown[] = []
  const gathering = new Gathering<number, string>(
    async ({ take }) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      doors.push(resolve)
      await promise
      const works = take()
      groups.push([...works])
      const fault = fails(works)
      if (fault !== undefined) throw fault
      return works.map(
        (work): Outcome<string> =>
          work < 0 ? { refusal: new Error(`no ${work}`) } : { result: `did ${work}` },
      )
    },
    (fault) => faults.push(fault),
  )
  const add = (works: readonly number[]) => Promise.allSettled(works.map((work) => gathering.add(work)))
  /** Lets groups through until everything is answered. */
  const through = async <Result>(answers: Promise<Result>): Promise<Result> => {
    let isDone = false
    const ended = answers.finally(() => {
      isDone = true
    })
    while (!isDone) {
      doors.shift()?.()
      await new Promise(setImmediate)
    }
    return ended
  }
  return { groups, faults, add, through }
}

const said = (answers: readonly PromiseSettledResult<string>[]) =>
  answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : answer.reason.message))

test('works that come before a group begins are in it, and a refused one refuses no other', async () => {
  const { groups, add, through } = scene()
  const answers = await through(add([1, -2, 3]))
  expect(said(answers)).toEqual(['did 1', 'no -2', 'did 3'])
  expect(groups).toEqual([[1, -2, 3]])
})

test('a group has 64 works at most, and none is lost or changes its place', async () => {
  const { groups, add, through } = scene()
  const works = Array.from({ length: 150 }, (_, n) => n)
  const answers = await through(add(works))
  expect(said(answers)).toEqual(works.map((work) => `did ${work}`))
  expect(groups.map((group) => group.length)).toEqual([64, 64, 22])
  expect(groups.flat()).toEqual(works)
})

test('after a failure each work is done alone', async () => {
  const { groups, add, through } = scene((works) => (works.includes(2) ? new Error('broken') : undefined))
  const answers = await through(add([1, 2, 3]))
  expect(said(answers)).toEqual(['did 1', 'broken', 'did 3'])
  expect(groups).toEqual([[1, 2, 3], [1], [2], [3]])
})

test('nothing is tried again while the database is not there', async () => {
  const gone = new AppError('unavailable', 'unavailable', 'gone')
  const { groups, add, through } = scene(() => gone)
  const answers = await through(add([1, 2]))
  expect(said(answers)).toEqual(['gone', 'gone'])
  expect(groups).toEqual([[1, 2]])
})

test('a group that never takes its works rejects them, and the next one is done', async () => {
  let isOpen = false
  let groups = 0
  const gathering = new Gathering<number, string>(
    async ({ take }) => {
      groups++
      if (!isOpen) throw new AppError('unavailable', 'unavailable', 'too far behind')
      return take().map((work) => ({ result: `did ${work}` }))
    },
    () => {},
  )
  const works = Array.from({ length: 100 }, (_, n) => n)
  const refusals = await Promise.allSettled(works.map((work) => gathering.add(work)))
  expect(said(refusals)).toEqual(works.map(() => 'too far behind'))
  expect(groups).toBe(1)
  isOpen = true
  expect(await gathering.add(3)).toBe('did 3')
})

test('what a group leaves comes first in the next one', async () => {
  const groups: number[][] = []
  const gathering = new Gathering<number, number>(
    async ({ take, keep }) => {
      keep(2)
      const works = take()
      groups.push([...works])
      return works.map((work) => ({ result: work }))
    },
    () => {},
  )
  expect(await Promise.all([1, 2, 3, 4, 5].map((work) => gathering.add(work)))).toEqual([1, 2, 3, 4, 5])
  expect(groups.flat()).toEqual([1, 2, 3, 4, 5])
  expect(groups.every(({ length }) => length <= 2)).toBe(true)
})

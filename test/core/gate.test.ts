import { expect, test } from 'bun:test'
import { Semaphore } from '../../src/core/kernel/semaphore'
import { rejectionOf } from '../home/temporary'

/** Tasks that run until the test ends them; `begun` has the admitted ones in order. */
function works(gate: Semaphore) {
  const begun: number[] = []
  const ends = new Map<number, () => void>()
  const start = (number: number) =>
    gate.run(() => {
      begun.push(number)
      return new Promise<number>((resolve) => ends.set(number, () => resolve(number)))
    })
  return { begun, start, end: (number: number) => ends.get(number)?.() }
}

test('tasks beyond the limit wait in line and run first come, first served', async () => {
  let width = 2
  const { begun, start, end } = works(new Semaphore((running) => running < width, 8, 'Too many'))
  const all = [0, 1, 2, 3, 4].map(start)
  expect(begun).toEqual([0, 1])
  width = 1
  end(0)
  await all[0]
  expect(begun).toEqual([0, 1])
  end(1)
  await all[1]
  expect(begun).toEqual([0, 1, 2])
  width = 3
  end(2)
  await all[2]
  expect(begun).toEqual([0, 1, 2, 3, 4])
  end(3)
  end(4)
  expect(await Promise.all(all)).toEqual([0, 1, 2, 3, 4])
})

test('a new task does not overtake the line when there is room again', async () => {
  let width = 1
  const { begun, start, end } = works(new Semaphore((running) => running < width, 8, 'Too many'))
  const first = [0, 1].map(start)
  width = 3
  const last = start(2)
  expect(begun).toEqual([0])
  end(0)
  await first[0]
  expect(begun).toEqual([0, 1, 2])
  end(1)
  end(2)
  await Promise.all([...first, last])
})

test('a full line refuses with a time to retry, and a failed task makes room', async () => {
  const gate = new Semaphore((running) => running < 1, 1, 'Too many')
  const { promise, reject } = Promise.withResolvers<void>()
  const failing = rejectionOf(gate.run(() => promise))
  const waiting = gate.run(async () => 'done')
  expect(await rejectionOf(gate.run(async () => {}))).toMatchObject({
    kind: 'unavailable',
    extra: { retry_after: 1 },
  })
  reject(new Error('no'))
  await failing
  expect(await waiting).toBe('done')
})

import { expect, test } from 'bun:test'
import { buildAhead } from '../../src/app/build-ahead'
import { Pace } from '../../src/core/kernel/turns'
import { systemTurns } from '../../src/platform'

/** Steps, and the turns in which they ran. */
function scene() {
  let turn = 0
  const turns = { next: () => systemTurns.next().then(() => void turn++) }
  const pace = new Pace(turns, { steady: () => 0 }, (fault) => {
    throw fault
  })
  const ranIn: number[] = []
  return { pace, ranIn, steps: Array.from({ length: 5 }, () => () => ranIn.push(turn)) }
}

test('statements are built one in each turn of the event loop', async () => {
  const { pace, ranIn, steps } = scene()
  await buildAhead(steps, pace, () => false)
  expect(ranIn).toHaveLength(5)
  expect(new Set(ranIn).size).toBe(5)
})

test('no statement is built once the server stops', async () => {
  const { pace, ranIn, steps } = scene()
  await buildAhead(steps, pace, () => ranIn.length === 2)
  expect(ranIn).toHaveLength(2)
})

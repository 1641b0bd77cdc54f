import { describe, expect, test } from 'bun:test'
import { Pace, TURN_ROWS, type Turns } from '../../../src/core/kernel/turns'

/** Turns of the event loop that come when the test says so. */
class Steps implements Turns {
  private readonly waiting: (() => void)[] = []

  next(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve))
  }

  async take(): Promise<void> {
    for (const resolve of this.waiting.splice(0)) resolve()
    await settled()
  }
}

/** Resolves when everything that waits for no turn is done. */
async function settled(): Promise<void> {
  for (let i = 0; i < 100; i++) await Promise.resolve()
}

function scene() {
  const steps = new Steps()
  let steady = 0
  const pace = new Pace(steps, { steady: () => steady }, (fault) => {
    throw fault
  })
  const done: string[] = []
  const run = (name: string, slices: number, rows: number) => {
    void (async () => {
      const loop = pace.loop()
      for (let i = 0; i < slices; i++) {
        await loop.turn()
        loop.did(rows)
        done.push(name)
      }
    })()
    return settled()
  }
  return { steps, pace, done, run, pass: (milliseconds: number) => (steady += milliseconds) }
}

describe('a turn of the event loop', () => {
  test('a turn has room for 200 rows over all loops together', async () => {
    const { steps, done, run } = scene()
    await run('a', 3, TURN_ROWS / 2)
    await run('b', 1, 1)
    expect(done).toEqual(['a', 'a'])
    await steps.take()
    expect(done).toHaveLength(3)
  })

  test('a turn ends after 3 ms of work, however few rows that was', async () => {
    const { steps, done, run, pass } = scene()
    await run('a', 1, 1)
    pass(2)
    await run('b', 1, 1)
    pass(1)
    await run('c', 1, 1)
    expect(done).toEqual(['a', 'b'])
    await steps.take()
    expect(done).toEqual(['a', 'b', 'c'])
  })

  test('a new turn starts with a full allowance', async () => {
    const { steps, done, run, pass } = scene()
    await run('a', 1, TURN_ROWS - 1)
    await steps.take()
    pass(1000)
    await run('a', 1, TURN_ROWS)
    expect(done).toHaveLength(2)
  })

  test('a turn resumes one waiting loop, in order', async () => {
    const { steps, done, run } = scene()
    for (const name of ['a', 'b', 'c']) await run(name, 2, TURN_ROWS)
    expect(done).toEqual(['a'])
    for (let i = 0; i < 5; i++) {
      await steps.take()
      expect(done).toHaveLength(i + 2)
    }
    expect(done.toSorted()).toEqual(['a', 'a', 'b', 'b', 'c', 'c'])
  })

  test('a turn prefers new loops, but long ones still get turns', async () => {
    const { steps, done, run } = scene()
    await run('long', 100, TURN_ROWS)
    // From here on it waits for its second or a later turn.
    await steps.take()
    for (let i = 0; i < 8; i++) {
      await run('new', 1, TURN_ROWS)
      await run('new', 1, TURN_ROWS)
      await steps.take()
    }
    const turns = done.slice(2)
    expect(turns).toHaveLength(8)
    expect(turns.filter((name) => name === 'long')).toHaveLength(2)
  })
})

test('values are handled one by one, in order, over several turns', async () => {
  const { steps, pace } = scene()
  const handled: number[] = []
  const values = Array.from({ length: TURN_ROWS + 1 }, (_, i) => i)
  const all = pace.each(values, (value) => handled.push(value))
  await settled()
  for (let i = 0; handled.length < TURN_ROWS && i < 100; i++) await settled()
  expect(handled).toHaveLength(TURN_ROWS)
  await steps.take()
  expect(await all).toHaveLength(TURN_ROWS + 1)
  expect(handled).toEqual(values)
})

test('values are sorted in short runs over several turns', async () => {
  const { steps, pace } = scene()
  const count = 10 * TURN_ROWS + 1
  const values = Array.from({ length: count }, (_, i) => ({ key: (i * 7919) % 100, at: i }))
  let compared = 0
  let most = 0
  const sorting = pace.sorted(values, (one, other) => {
    compared++
    return one.key - other.key
  })
  let sorted: { key: number; at: number }[] | undefined
  void sorting.then((answer) => (sorted = answer))
  while (sorted === undefined) {
    const before = compared
    await steps.take()
    for (let i = 0; i < 20; i++) await settled()
    most = Math.max(most, compared - before)
  }
  expect(sorted).toEqual(values.toSorted((one, other) => one.key - other.key))
  // Four runs of 200 fit into a turn, and sorting takes at most eight comparisons a value.
  expect(most).toBeLessThanOrEqual(5 * 8 * TURN_ROWS)
  expect(await pace.sorted([], () => 0)).toEqual([])
})

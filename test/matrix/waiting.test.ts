// Requests that wait for news: who is woken, when a wait ends, and how other processes learn of it.
import { describe, expect, test } from 'bun:test'
import type { Marks } from '../../src/core/log/marks'
import { WantedRows } from '../../src/core/matrix/projector/wanted-rows'
import { Positions } from '../../src/core/matrix/reading/positions'
import { Deadlines } from '../../src/core/matrix/sync/deadlines'
import { MarkLog } from '../../src/core/matrix/sync/mark-log'
import { type WaitEnd, Waiters } from '../../src/core/matrix/sync/waiting'

/** A timer that a test moves on. */
class ManualTimer {
  private readonly due = new Set<{ at: number; run: () => void }>()
  private now = 0

  readonly timer = (run: () => void, milliseconds: number) => {
    const entry = { at: this.now + milliseconds, run }
    this.due.add(entry)
    return () => void this.due.delete(entry)
  }

  get count(): number {
    return this.due.size
  }

  advance(milliseconds: number): void {
    const end = this.now + milliseconds
    for (;;) {
      const [next] = [...this.due].filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)
      if (!next) break
      this.due.delete(next)
      this.now = next.at
      next.run()
    }
    this.now = end
  }
}

function announcer() {
  const listeners: ((marks: Marks) => void)[] = []
  return {
    store: {
      onMarks: (listener: (marks: Marks) => void) => void listeners.push(listener),
      onCommit: () => {},
    },
    tell: (marks: Marks) => {
      for (const listener of listeners) listener(marks)
    },
  }
}

const marksOf = (upTo: number, keys: Marks['keys']): Marks => ({
  mx: { after: upTo - 1, upTo },
  projected: null,
  keys,
})

describe('waiters', () => {
  test('those of one room wake in slices, each once, and nobody else', async () => {
    const { timer, advance } = bound(new ManualTimer())
    const { store, tell } = announcer()
    const waiters = new Waiters(store, timer)
    const woken: WaitEnd[] = []
    const others: WaitEnd[] = []
    for (let i = 0; i < 150; i++) {
      const waiter = waiters.open(['c1', `a${i}`])
      void waiter.wait(60_000, undefined).then((end) => woken.push(end))
    }
    void waiters
      .open(['c2'])
      .wait(60_000, undefined)
      .then((end) => others.push(end))
    tell(marksOf(1, new Set(['c1', 'a3'] as const)))
    await Promise.resolve()
    expect(woken.length).toBeLessThan(150)
    advance(0)
    await Promise.resolve()
    expect(woken).toEqual(Array(150).fill('woken'))
    expect(others).toEqual([])
  })

  test('wait with one timer for all of them, and end in time', async () => {
    const manual = new ManualTimer()
    const { timer, advance } = bound(manual)
    const waiters = new Waiters(announcer().store, timer)
    const ended: WaitEnd[] = []
    for (let i = 0; i < 100; i++)
      void waiters
        .open(['c1'])
        .wait(30_000, undefined)
        .then((end) => ended.push(end))
    expect(manual.count).toBe(1)
    advance(29_999)
    await Promise.resolve()
    expect(ended).toEqual([])
    advance(600)
    await Promise.resolve()
    expect(ended).toEqual(Array(100).fill('timeout'))
    expect(manual.count).toBe(0)
  })

  test('a deadline that is cancelled does not come', () => {
    const { timer, advance } = bound(new ManualTimer())
    const deadlines = new Deadlines(timer)
    const come: string[] = []
    const cancels = ['short', 'long'].map((name, i) =>
      deadlines.after(i === 0 ? 100 : 10_000, () => come.push(name)),
    )
    deadlines.after(10_000, () => come.push('kept'))
    for (const cancel of cancels) cancel()
    advance(20_000)
    expect(come).toEqual(['kept'])
  })
})

describe('the marks of commits', () => {
  test('say that nothing of a reader has changed, as far back as they are known', () => {
    const { store, tell } = announcer()
    const log = new MarkLog(store)
    const own = new Set(['a1'] as const)
    expect(log.mayConcern(own, 0, 5)).toBeTrue()
    log.begin(5)
    expect(log.mayConcern(own, 5, 5)).toBeFalse()
    tell(marksOf(6, new Set(['a2'] as const)))
    expect(log.mayConcern(own, 5, 6)).toBeFalse()
    expect(log.mayConcern(own, 4, 6)).toBeTrue()
    expect(log.mayConcern(own, 5, 7)).toBeTrue()
    tell(marksOf(7, new Set(['a1', 'c3'] as const)))
    expect(log.mayConcern(own, 6, 7)).toBeTrue()
    expect(log.mayConcern(own, 7, 7)).toBeFalse()
  })

  test('that are missing may concern anyone, and late ones change nothing', () => {
    const { store, tell } = announcer()
    const log = new MarkLog(store)
    const own = new Set(['a1'] as const)
    log.begin(5)
    tell(marksOf(7, null))
    expect(log.mayConcern(own, 5, 7)).toBeTrue()
    tell(marksOf(6, new Set(['a2'] as const)))
    expect(log.mayConcern(own, 5, 7)).toBeTrue()
    tell(marksOf(8, new Set(['a2'] as const)))
    expect(log.mayConcern(own, 7, 8)).toBeFalse()
    tell(marksOf(10, new Set(['a2'] as const)))
    expect(log.mayConcern(own, 8, 10)).toBeTrue()
    expect(log.mayConcern(own, 9, 10)).toBeFalse()
  })
})

test('a reader is answered up to what is projected, also before that is announced', async () => {
  let projected = 0
  const core = {
    reads: { matrix: () => ({ position: async () => ({ projected: 5, mx: 1 }) }) },
    log: { epochs: [] },
  }
  const positions = new Positions(
    core as never,
    announcer().store,
    async () => {},
    () => projected,
  )
  expect(await positions.now()).toMatchObject({ projected: 5, mx: 1 })
  projected = 7
  expect(await positions.now()).toMatchObject({ projected: 7, mx: 1, end: 8 * 64 })
})

test('rows that a reader of another process waits for are wanted until they are projected', () => {
  let position = 5
  let looks = 0
  const wanted = new WantedRows({
    timer: bound(new ManualTimer()).timer,
    position: () => position,
    refresh: async () => {},
  })
  wanted.onMore(() => looks++)
  wanted.wantElsewhere(5)
  expect([wanted.isAny, looks]).toEqual([false, 0])
  wanted.wantElsewhere(9)
  wanted.wantElsewhere(8)
  expect([wanted.isAny, looks]).toEqual([true, 1])
  position = 9
  expect(wanted.isAny).toBeFalse()
})

function bound(manual: ManualTimer) {
  return { timer: manual.timer, advance: (milliseconds: number) => manual.advance(milliseconds) }
}

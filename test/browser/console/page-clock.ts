/**
 * A clock of a page that a test sets forward, as a script for `sit`. Between two calls it runs as it does.
 *
 *   const page = await lab.sit(ada, '/', desktop, PAGE_CLOCK)
 *   await forward(page, 600)     // ten minutes in which every timer ran
 *   await sleep(page, 600)    // ten minutes in which the machine slept
 */
import type { ConsolePage } from './support'

export const PAGE_CLOCK = `{
  const real = {
    now: Date.now,
    steady: performance.now.bind(performance),
    set: setTimeout.bind(globalThis),
    clear: clearTimeout.bind(globalThis),
  }
  const timers = new Map()
  let ahead = 0
  let last = 0
  const now = () => real.now() + ahead
  const arm = (id) => {
    const timer = timers.get(id)
    real.clear(timer.handle)
    timer.handle = real.set(() => fire(id), Math.max(0, timer.due - now()))
  }
  const fire = (id) => {
    const timer = timers.get(id)
    if (!timer) return
    if (timer.every === undefined) timers.delete(id)
    else {
      timer.due += timer.every
      arm(id)
    }
    timer.act(...timer.words)
  }
  const add = (act, after, words, every) => {
    const id = ++last
    timers.set(id, { act, words, every, due: now() + Math.max(0, Number(after) || 0) })
    arm(id)
    return id
  }
  const drop = (id) => {
    real.clear(timers.get(id)?.handle)
    timers.delete(id)
  }
  setTimeout = (act, after, ...words) => add(act, after, words)
  setInterval = (act, after, ...words) => add(act, after, words, Math.max(1, Number(after) || 0))
  clearTimeout = clearInterval = drop
  Date = class extends Date {
    constructor(...words) {
      if (words.length === 0) super(now())
      else super(...words)
    }
    static now() {
      return now()
    }
  }
  performance.now = () => real.steady() + ahead
  globalThis.pageClock = {
    forward: async (milliseconds) => {
      const end = now() + milliseconds
      for (;;) {
        const due = [...timers.keys()].filter((id) => timers.get(id).due <= end)
        const [next] = due.sort((one, other) => timers.get(one).due - timers.get(other).due)
        if (next === undefined) break
        ahead += Math.max(0, timers.get(next).due - now())
        real.clear(timers.get(next).handle)
        fire(next)
        // What the timer began goes on.
        await new Promise((resolve) => real.set(resolve))
      }
      ahead += Math.max(0, end - now())
      for (const id of timers.keys()) arm(id)
    },
    sleep: (milliseconds) => {
      ahead += milliseconds
      for (const timer of timers.values()) timer.due += milliseconds
    },
  }
}`

/** So many seconds go by at once. Every timer that is due in them runs, in its order. */
export function forward(page: ConsolePage, seconds: number): Promise<void> {
  return page.value(`pageClock.forward(${seconds * 1000})`)
}

/** The machine sleeps: only the time of day goes on. */
export function sleep(page: ConsolePage, seconds: number): Promise<void> {
  return page.value(`pageClock.sleep(${seconds * 1000})`)
}

import type { StartWorker } from '../../../src/store/sqlite/thread/thread'
import { startStatementWorker } from '../../../src/store/sqlite/thread/thread'

/** A text in a write during which the thread does what its place says. */
export const TRIGGER = 'now it happens'

/** Threads of which the first ones end before they run what contains TRIGGER, or after it; all later ones are ours. */
export function endingThreads(place: 'before' | 'after', count = 1) {
  let started = 0
  const start: StartWorker = () => (started++ < count ? failing(place) : startStatementWorker())
  return {
    start,
    get started() {
      return started
    },
  }
}

/** Threads that run what contains TRIGGER, and answer only when they are released. */
export function lateThreads() {
  const gate = new Int32Array(new SharedArrayBuffer(8))
  const start: StartWorker = () => {
    const worker = failing('late')
    worker.postMessage({ gate })
    return worker
  }
  const release = () => {
    Atomics.store(gate, 0, 1)
    Atomics.notify(gate, 0)
  }
  return {
    start,
    release,
    /** The number of answers that were or are late. */
    get late() {
      return Atomics.load(gate, 1)
    },
  }
}

function failing(place: string): Worker {
  return new Worker(new URL('./failing-worker.ts', import.meta.url), { argv: [place] })
}

import { until } from './sockets'
import { MINUTE, SECOND, type World } from './world'

/** Waits for a request while the clock of the server runs so fast that the request is answered before its work is done. */
export async function impatiently<Result>(w: World, request: Promise<Result>): Promise<Result> {
  let isOver = false
  const end = request.finally(() => {
    isOver = true
  })
  while (!isOver) {
    w.clock.advance(25 * SECOND)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return end
}

/** Waits until the jobs of a server have done something. The clock makes them due, and each commit wakes them. */
export async function untilJobsHave(w: World, what: string, isDone: () => Promise<boolean>): Promise<void> {
  let commits = 0
  await until(what, async () => {
    w.clock.advance(MINUTE)
    await w.operator.put('/v1/config/instance.name', { value: `jobs ${commits++}` })
    return isDone()
  })
}

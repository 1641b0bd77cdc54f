import type { Clock } from '../core/kernel/time'
import type { Job } from './job'

const EVERY_MILLISECONDS = 60_000
/** The rest after each step, in durations of the step: posts have the writer for most of the time. */
const REST_FACTOR = 9

/** Returns a job that works step by step, once a minute. `step` returns whether there is more to do. */
export function inSteps(name: string, step: () => Promise<boolean>, clock: Pick<Clock, 'steady'>): Job {
  let dueAt = clock.steady() + EVERY_MILLISECONDS
  return {
    name,
    retry: { first: EVERY_MILLISECONDS, longest: EVERY_MILLISECONDS },
    wait: () => Math.max(0, dueAt - clock.steady()),
    run: async () => {
      const began = clock.steady()
      const isMore = await step()
      const now = clock.steady()
      dueAt = now + (isMore ? REST_FACTOR * (now - began) : EVERY_MILLISECONDS)
    },
  }
}

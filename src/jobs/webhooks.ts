import type { Clock } from '../core/kernel/time'
import type { Dispatcher } from '../core/webhooks/dispatcher'
import type { EventFeed } from '../core/webhooks/event-feed'
import { FOLLOWER_LEASE, FOLLOWER_RETRY, type Job } from './job'
import type { LogReader } from './log-reader'

/** How often the outbox of a shared store is looked at, where another process may have queued something. */
const LOOK_MILLISECONDS = 1000

export interface WebhookJobsDeps {
  readonly dispatcher: Pick<Dispatcher, 'onWork' | 'lookAgain' | 'dueIn' | 'look' | 'stop'>
  readonly feed: Pick<EventFeed, 'hasWork' | 'run' | 'forget'>
  readonly log: Pick<LogReader, 'page'>
  readonly clock: Pick<Clock, 'steady'>
  /** Whether other processes write to the same store. */
  readonly isShared: boolean
  readonly wake: () => void
}

/**
 * Returns the job that calls webhooks. One process does it for all, so that the limits hold; the attempts that it begins go on
 * while the job rests.
 */
export function webhookJobs({ dispatcher, feed, log, clock, isShared, wake }: WebhookJobsDeps): Job[] {
  let lookAt = clock.steady()
  const name = 'webhooks'
  dispatcher.onWork(wake)
  return [
    {
      name,
      lease: FOLLOWER_LEASE,
      retry: FOLLOWER_RETRY,
      followsLog: true,
      wait: () => {
        if (feed.hasWork) return 0
        const due = dispatcher.dueIn
        if (!isShared) return due
        return Math.min(due ?? Number.POSITIVE_INFINITY, Math.max(0, lookAt - clock.steady()))
      },
      run: async (signal) => {
        lookAt = clock.steady() + LOOK_MILLISECONDS
        await feed.run(signal, (after, limit) => log.page(after, limit, name))
        await dispatcher.look()
      },
      elsewhere: () => {
        lookAt = clock.steady() + LOOK_MILLISECONDS
        feed.forget()
      },
    },
    {
      name: 'webhook-attempts',
      retry: FOLLOWER_RETRY,
      runsAtEnd: true,
      wait: () => undefined,
      run: () => dispatcher.stop(),
    },
  ]
}

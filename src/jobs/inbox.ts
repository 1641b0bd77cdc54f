import type { AckSettling } from '../core/inbox/ack-settling'
import type { Receipts } from '../core/inbox/receipts'
import type { Seq } from '../core/kernel/ids'
import type { Clock } from '../core/kernel/time'
import type { Frames } from '../core/log/frames'
import { FOLLOWER_LEASE, FOLLOWER_RETRY, type Job } from './job'
import { Throttle } from './throttle'

/** The first delay after a failure, and the longest one. */
const RETRY: Job['retry'] = { first: 1000, longest: 60_000 }

interface InboxJobsDeps {
  readonly frames: Pick<Frames, 'untilSpaced' | 'sendSpaced'>
  readonly ackSettling: AckSettling
  readonly receipts: Receipts
  readonly log: { readonly head: Seq }
  readonly clock: Pick<Clock, 'steady'>
}

/** Returns the jobs that write what became of notifications, and tell their senders. */
export function inboxJobs({ ackSettling, receipts, frames, log, clock }: InboxJobsDeps): Job[] {
  return [
    settling(ackSettling, log, clock),
    {
      name: 'receipts',
      retry: RETRY,
      runsAtEnd: true,
      wait: () => receipts.dueIn,
      run: () => receipts.flush(),
    },
    {
      name: 'spaced-frames',
      retry: RETRY,
      wait: () => frames.untilSpaced,
      run: async () => frames.sendSpaced(),
    },
  ]
}

/** Marks acknowledged items slice by slice. An acknowledgement of many items takes minutes of small steps rather than delay posts. */
function settling(ackSettling: AckSettling, log: InboxJobsDeps['log'], clock: InboxJobsDeps['clock']): Job {
  const throttle = new Throttle(log, clock)
  /** When it may go on, by the steady clock. */
  let rested = Number.NEGATIVE_INFINITY
  let told = 0
  return {
    name: 'ack-settling',
    lease: FOLLOWER_LEASE,
    retry: FOLLOWER_RETRY,
    followsLog: true,
    wait: () => (ackSettling.hasWork ? Math.max(0, rested - clock.steady()) : undefined),
    run: async () => {
      const { size, restFactor } = throttle.next(told)
      const began = clock.steady()
      told = await ackSettling.settle(size)
      const now = clock.steady()
      rested = now + restFactor * (now - began)
    },
  }
}

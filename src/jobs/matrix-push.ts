import type { PushDelivery } from '../core/matrix/push/delivery'
import { FOLLOWER_LEASE, FOLLOWER_RETRY, type Job } from './job'

/** The job that calls the push gateways of Matrix clients, in one process for all. */
export function matrixPushJob(
  delivery: Pick<PushDelivery, 'onWork' | 'dueIn' | 'run' | 'forget'>,
  wake: () => void,
): Job {
  delivery.onWork(wake)
  return {
    name: 'matrix.push',
    lease: FOLLOWER_LEASE,
    retry: FOLLOWER_RETRY,
    followsLog: true,
    wait: () => delivery.dueIn,
    run: (signal) => delivery.run(signal),
    elsewhere: () => delivery.forget(),
  }
}

import { background } from '../core/background'
import type { Leases } from '../core/ports'

/** How long a lease holds, and how often it is prolonged, so that a process that dies gives way soon. */
const LEASE_SECONDS = 30
const RENEW_MILLISECONDS = 10_000

/**
 * Runs a job unless another process is at it. The lease is prolonged while the job runs and is kept afterwards until
 * it is over, so that the processes of one deployment, which all come at about the same time, do it once.
 */
export async function alone(leases: Leases, name: string, job: () => Promise<void>): Promise<void> {
  if (!(await leases.lease(name, LEASE_SECONDS))) return
  const renewal = setInterval(() => {
    // It is tried again before the lease is over.
    background(leases.lease(name, LEASE_SECONDS), () => {})
  }, RENEW_MILLISECONDS)
  try {
    await job()
  } catch (error) {
    // Another one may have more luck.
    await leases.release(name).catch(() => {})
    throw error
  } finally {
    clearInterval(renewal)
  }
}

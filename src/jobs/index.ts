/**
 * Durable background work, independent of requests.
 * Imports only the core. app/ registers jobs with the one runner, and starts and stops it.
 * interval.ts and daily.ts make jobs by time, upkeep.ts lists the jobs of every server, followers.ts makes jobs that
 * follow the log (projections, endpoints of the outbox).
 * Start reading at runner.ts.
 */
export { daily } from './daily'
export { createFollowers } from './followers'
export type { Job } from './job'
export { Runner } from './runner'
export { upkeepJobs } from './upkeep'

/**
 * Durable background work: what has to happen sooner or later, whether it is asked for or not.
 * Imports the core only. The composition hands rows to the one runner, and starts and stops it.
 * A row is a `Job`: interval.ts and daily.ts make them by time, upkeep.ts lists those of every server, followers.ts makes
 * those that follow the log (projections, endpoints of the outbox).
 * Start reading at runner.ts.
 */
export { daily } from './daily'
export { createFollowers } from './followers'
export type { Job } from './job'
export { Runner } from './runner'
export { upkeepJobs } from './upkeep'

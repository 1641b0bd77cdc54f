/**
 * Durable background work, independent of requests.
 * Imports only the core. app/ registers jobs with the one runner, and starts and stops it.
 * interval.ts and scheduled.ts make jobs by time, upkeep.ts, blobs.ts and retention.ts list the jobs of every server,
 * leases.ts announces the ends of leases, inbox.ts lists the jobs of inboxes, followers.ts makes jobs that follow the log
 * (projections, endpoints of the outbox). heartbeat.ts is the job that follows
 * a backup.
 * Start reading at runner.ts.
 */
export { blobJobs } from './blobs'
export { configSyncJobs } from './configsync'
export { createFollowers } from './followers'
export { Heartbeat } from './heartbeat'
export { inboxJobs } from './inbox'
export type { Job } from './job'
export { leaseJobs } from './leases'
export { LogReader } from './log-reader'
export { matrixCountJob, matrixJob, matrixMediaJob } from './matrix'
export { matrixPushJob } from './matrix-push'
export { retentionJobs } from './retention'
export { Runner } from './runner'
export { lastFullHour, lastTimeOfDay, scheduled } from './scheduled'
export { upkeepJobs } from './upkeep'
export { webhookJobs } from './webhooks'

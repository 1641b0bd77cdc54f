import * as sqlite from './index'
import { toPg } from './to-pg'

/** The same tables for Postgres; drizzle-kit reads them here by name. */
export const {
  accounts,
  tokens,
  sessions,
  loginAttempts,
  channels,
  memberships,
  messages,
  events,
  threads,
  idempotency,
  logHead,
  epochs,
  instance,
  reactions,
  pushTargets,
  jobLeases,
  projections,
  outbox,
  settingChanges,
  audit,
  pairCodes,
} = toPg(sqlite)

import { drizzle } from 'drizzle-orm/sqlite-proxy'
import { CommonStatements } from '../common-statements'
import type { Database, Handle } from '../database'
import * as schema from '../schema'
import { dialect } from './open'
import type { Query, Rows } from './thread/protocol'

/** Returns the handle for queries that another thread runs. `runEach` as in `Handle`. */
export function remoteHandle(run: (query: Query) => Promise<Rows>, runEach?: Handle['runEach']): Handle {
  const db = drizzle(async (sql, values, method) => {
    const rows = await run({ sql, values })
    // drizzle expects one row without an array around it from `get`, and types it as one with.
    return { rows: method === 'get' ? (rows[0] as unknown[]) : [...rows] }
  })
  // The queries use what the drivers of SQLite have in common, and await every query.
  return {
    ...{ db: db as unknown as Database, t: schema, dialect, common: new CommonStatements() },
    ...(runEach ? { runEach } : {}),
  }
}

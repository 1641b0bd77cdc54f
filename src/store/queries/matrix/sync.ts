import { and, asc, count, eq, gt, gte, lt, lte, sql } from 'drizzle-orm'
import { EVENTS_PER_ROW } from '../../../core/log/marks'
import type { SyncReads } from '../../../core/matrix/sync-ports'
import type { Handle } from '../../database'
import { lazily } from '../../lazily'
import { eventColumns } from './events'

/** What `/sync` asks beside rooms and their history. */
export function syncReads(handle: Handle): SyncReads {
  const { db, t } = handle
  const data = t.matrixAccountData
  const value = sql.placeholder
  const events = t.matrixEvents
  const ofRows = lazily(() =>
    db
      .select(eventColumns(handle))
      .from(events)
      .where(
        and(
          // Log rows own events of their own channel.
          sql`${events.channelId} IN (SELECT channel_id FROM events WHERE seq > ${value('after')} AND seq <= ${value('upTo')})`,
          gte(events.pos, value('first')),
          lt(events.pos, value('end')),
        ),
      )
      .orderBy(asc(events.pos))
      .limit(value('limit'))
      .prepare(),
  )
  const datum = lazily(() =>
    db
      .select({ json: data.json })
      .from(data)
      .where(
        and(
          eq(data.accountId, value('account')),
          eq(data.channelId, value('channel')),
          eq(data.type, value('type')),
        ),
      )
      .prepare(),
  )
  const changed = lazily(() =>
    db
      .select({ channelId: data.channelId, type: data.type, json: data.json })
      .from(data)
      .where(
        and(eq(data.accountId, value('account')), gt(data.mx, value('after')), lte(data.mx, value('upTo'))),
      )
      .orderBy(asc(data.mx))
      .prepare(),
  )
  const keys = t.matrixOneTimeKeys
  const keyCounts = lazily(() =>
    db
      .select({ algorithm: keys.algorithm, keys: count() })
      .from(keys)
      .where(eq(keys.device, value('device')))
      .groupBy(keys.algorithm)
      .prepare(),
  )
  const { matrixFallbackKeys: fallback } = t
  const unusedKeys = lazily(() =>
    db
      .select({ algorithm: fallback.algorithm })
      .from(fallback)
      .where(and(eq(fallback.device, value('device')), eq(fallback.used, false)))
      .prepare(),
  )
  return {
    async eventsOfRows(after, upTo, limit) {
      const range = { first: (after + 1) * EVENTS_PER_ROW, end: (upTo + 1) * EVENTS_PER_ROW }
      return ofRows().execute({ after, upTo, ...range, limit })
    },

    async accountDatum(accountId, channelId, type) {
      const [found] = await datum().execute({ account: accountId, channel: channelId, type })
      return found?.json
    },

    async changedAccountData(accountId, { after, upTo }) {
      return changed().execute({ account: accountId, after, upTo })
    },

    async storedFilter(accountId, n) {
      const [found] = await db
        .select({ json: t.matrixFilters.json })
        .from(t.matrixFilters)
        .where(and(eq(t.matrixFilters.accountId, accountId), eq(t.matrixFilters.n, n)))
      return found?.json
    },

    async oneTimeKeyCounts(device) {
      const found = await keyCounts().execute({ device })
      return new Map(found.map((row) => [row.algorithm, row.keys]))
    },

    async unusedFallbackKeys(device) {
      const found = await unusedKeys().execute({ device })
      return found.map(({ algorithm }) => algorithm)
    },
  }
}

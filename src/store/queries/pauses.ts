import { and, asc, eq, inArray, isNotNull, isNull, lt, lte, type SQL } from 'drizzle-orm'
import type { Pause, PauseReads, PauseWrites } from '../../core/kernel/pause-ports'
import type { Handle } from '../database'
import { chunks } from './rows'

export function pauseReads({ db, t }: Handle) {
  const { pauses } = t
  const isOpen = isNull(pauses.endedAt)
  const select = (where: SQL | undefined, order: SQL = asc(pauses.seq)): Promise<Pause[]> =>
    Promise.resolve(db.select().from(pauses).where(where).orderBy(order))
  return {
    async pause(uuid) {
      return (await select(eq(pauses.uuid, uuid)))[0]
    },

    async pausesBySeq(seqs) {
      const found: Pause[] = []
      for (const some of chunks(seqs)) found.push(...(await select(inArray(pauses.seq, some))))
      return found
    },

    openPauses(scope) {
      if (!scope) return select(isOpen)
      const { channelId, accountId } = scope
      const isThere = channelId === null ? isNull(pauses.channelId) : eq(pauses.channelId, channelId)
      const isOf = accountId === null ? isNull(pauses.accountId) : eq(pauses.accountId, accountId)
      return select(and(isOpen, isThere, isOf))
    },

    async nextPauseEnd() {
      const [row] = await db
        .select({ at: pauses.until })
        .from(pauses)
        .where(and(isOpen, isNotNull(pauses.until)))
        .orderBy(asc(pauses.until))
        .limit(1)
      return row?.at ?? null
    },

    async expiredPauses(now, limit) {
      return db
        .select()
        .from(pauses)
        .where(and(isOpen, lte(pauses.until, now)))
        .orderBy(asc(pauses.until))
        .limit(limit)
    },
  } satisfies PauseReads
}

export function pauseWrites({ db, t, dialect }: Handle) {
  const { pauses } = t
  return {
    async putPause({ seq, ...pause }) {
      await db
        .insert(pauses)
        .values({ seq, ...pause })
        .onConflictDoUpdate({ target: pauses.seq, set: pause })
    },

    async endPauses(seqs, endedAt) {
      for (const some of chunks(seqs))
        await db.update(pauses).set({ endedAt }).where(inArray(pauses.seq, some))
    },

    async shiftPauses(micros) {
      await db
        .update(pauses)
        .set({ until: dialect.shifted(pauses.until, micros) })
        .where(and(isNull(pauses.endedAt), isNotNull(pauses.until)))
    },

    async forgetPauses(before, limit) {
      const found = await db
        .select({ seq: pauses.seq })
        .from(pauses)
        .where(and(isNotNull(pauses.endedAt), lt(pauses.endedAt, before)))
        .limit(limit)
      for (const some of chunks(found))
        await db.delete(pauses).where(
          inArray(
            pauses.seq,
            some.map(({ seq }) => seq),
          ),
        )
      return found.length
    },

    async forgetPausesOf(accountId) {
      await db.delete(pauses).where(eq(pauses.accountId, accountId))
      await db.update(pauses).set({ note: null }).where(eq(pauses.byId, accountId))
    },
  } satisfies PauseWrites
}

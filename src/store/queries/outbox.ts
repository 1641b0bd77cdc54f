import { and, asc, eq, gt, sql } from 'drizzle-orm'
import type { Reads, Writes } from '../../core/kernel/ports'
import type { Handle } from '../database'

/** Reads of the outbox, and of the positions of projections. */
export function outboxReads({ db, t, common }: Handle) {
  const next = common.lazily(() =>
    db
      .select({ endpoint: t.outbox.endpoint })
      .from(t.outbox)
      .where(gt(t.outbox.endpoint, sql.placeholder('after')))
      .orderBy(asc(t.outbox.endpoint))
      .limit(1)
      .prepare(),
  )
  const page = common.lazily(() =>
    db
      .select({ seq: t.outbox.seq })
      .from(t.outbox)
      .where(eq(t.outbox.endpoint, sql.placeholder('endpoint')))
      .orderBy(asc(t.outbox.seq))
      .limit(sql.placeholder('limit'))
      .prepare(),
  )
  const position = common.lazily(() =>
    db
      .select({ position: t.projections.position })
      .from(t.projections)
      .where(eq(t.projections.name, sql.placeholder('name')))
      .prepare(),
  )
  return {
    async outboxEndpoints() {
      // Steps from one endpoint to the next by the index: an endpoint may have any number of rows.
      const endpoints: string[] = []
      for (let after = ''; ; ) {
        const [found] = await next().execute({ after })
        if (found === undefined) return endpoints
        after = found.endpoint
        endpoints.push(after)
      }
    },

    async outbox(endpoint, limit) {
      return (await page().execute({ endpoint, limit })).map(({ seq }) => seq)
    },

    async projectionPosition(name) {
      const [row] = await position().execute({ name })
      return row?.position ?? 0
    },
  } satisfies Partial<Reads>
}

export function outboxWrites({ db, t, common }: Handle) {
  const { projections } = t
  const move = common.lazily(() =>
    db
      .update(projections)
      .set({ position: sql`${sql.placeholder('to')}` })
      .where(
        and(eq(projections.name, sql.placeholder('name')), eq(projections.position, sql.placeholder('from'))),
      )
      .returning()
      .prepare(),
  )
  return {
    async enqueue(endpoint, seq) {
      await db.insert(t.outbox).values({ endpoint, seq }).onConflictDoNothing()
    },

    async dequeue(endpoint, seq) {
      await db.delete(t.outbox).where(and(eq(t.outbox.endpoint, endpoint), eq(t.outbox.seq, seq)))
    },

    async moveProjection(name, from, to) {
      const moved =
        from === 0
          ? await db
              .insert(projections)
              .values({ name, position: to })
              .onConflictDoUpdate({
                target: projections.name,
                set: { position: to },
                setWhere: eq(projections.position, from),
              })
              .returning()
          : await move().execute({ name, from, to })
      return moved.length > 0
    },
  } satisfies Partial<Writes>
}

import { eq, sql } from 'drizzle-orm'
import { MATRIX_PROJECTION, type OpenMarks } from '../../../core/log/marks'
import type { CompanionReads, CompanionWrites } from '../../../core/matrix/companion-ports'
import type { Handle } from '../../database'
import { lazily } from '../../lazily'
import { only } from '../rows'

/** The head of the companion stream, which is in the row of the head of the log. */
export function companionReads({ db, t }: Handle): CompanionReads {
  const position = lazily(() =>
    db
      .select({ mx: t.logHead.mx, projected: t.projections.position })
      .from(t.logHead)
      .leftJoin(t.projections, eq(t.projections.name, MATRIX_PROJECTION))
      .prepare(),
  )
  return {
    async position() {
      const { mx, projected } = only(await position().execute())
      return { mx, projected: projected ?? 0 }
    },
  }
}

export function companionWrites({ db, t }: Handle, marks: OpenMarks): CompanionWrites {
  return {
    async nextMx(...concerned) {
      const { mx } = only(
        await db
          .update(t.logHead)
          .set({ mx: sql`${t.logHead.mx} + 1` })
          .returning({ mx: t.logHead.mx }),
      )
      marks.raised(mx, concerned)
      return mx
    },

    wakeProjected(after, upTo, concerned) {
      marks.moved(after, upTo, concerned)
    },
  }
}

import { and, desc, eq, gt, lt, lte } from 'drizzle-orm'
import type { ReportReads, ReportWrites } from '../../../core/matrix/report-ports'
import type { Handle, Stamp } from '../../database'
import { only } from '../rows'

export function reportReads({ db, t }: Handle): ReportReads {
  const reports = t.matrixReports
  return {
    async reports({ before, limit }) {
      return db.select().from(reports).where(lt(reports.id, before)).orderBy(desc(reports.id)).limit(limit)
    },

    countReports: () => db.$count(reports),

    countReportsBy: (accountId, since) =>
      db.$count(reports, and(eq(reports.accountId, accountId), gt(reports.createdAt, since))),
  }
}

export function reportWrites({ db, t }: Handle, stamp: Stamp): ReportWrites {
  const reports = t.matrixReports
  return {
    async insertReport(report, keep) {
      const { id } = only(
        await db
          .insert(reports)
          .values({ ...report, createdAt: stamp.now() })
          .returning({ id: reports.id }),
      )
      await db.delete(reports).where(lte(reports.id, id - keep))
    },
  }
}

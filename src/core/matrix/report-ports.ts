import type { Micros } from '../kernel/time'

/** What somebody reported to the operators: a room, an event of a room, or a user. */
export interface Report {
  readonly id: number
  /** Who reported. */
  readonly accountId: number
  /** The room, also that of the event; null for a user. */
  readonly roomId: string | null
  readonly eventId: string | null
  /** The whole id of the user; of an event its sender. */
  readonly userId: string | null
  readonly reason: string
  readonly createdAt: Micros
}

export interface ReportReads {
  /** Reports before an id, newest first. */
  reports(page: { readonly before: number; readonly limit: number }): Promise<Report[]>
  countReports(): Promise<number>
  /** How many reports an account has made since then. */
  countReportsBy(accountId: number, since: Micros): Promise<number>
}

export interface ReportWrites {
  /** Stores a report, and deletes the oldest ones beyond the `keep` newest. */
  insertReport(report: Omit<Report, 'id' | 'createdAt'>, keep: number): Promise<void>
}

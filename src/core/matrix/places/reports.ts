import type { Person } from '../../identity/actor'
import { AppError } from '../../kernel/errors'
import type { Reads } from '../../kernel/ports'
import { later } from '../../kernel/time'
import { matrixRefusal } from '../errors'
import type { CaughtUp, MatrixParts } from '../parts'
import type { Report } from '../report-ports'
import type { Users } from '../users'

const MAX_REASON = 2000
/** Reports that an account makes in an hour. */
const HOURLY = 50
const HOUR_SECONDS = 3600
const HOUR_MICROS = HOUR_SECONDS * 1_000_000
/** Reports that are kept. */
const KEPT = 10_000
const MAX_PAGE = 500

/** What somebody reports. */
export type Reported =
  | { readonly roomId: string; readonly eventId?: string; readonly reason: string }
  | { readonly userId: string; readonly reason: string }

/** Reports of rooms, events and users to the operators. */
export class Reports {
  constructor(
    private readonly parts: Pick<MatrixParts, 'core' | 'store'> & { readonly caughtUp: CaughtUp },
    private readonly users: Users,
  ) {}

  /**
   * Stores a report. What does not exist is answered alike, so that nobody learns what does.
   * @throws m_invalid_param for a reason that is too long, rate_limited
   */
  async report(actor: Person, reported: Reported): Promise<void> {
    if ([...reported.reason].length > MAX_REASON)
      throw matrixRefusal('M_INVALID_PARAM', `reason has at most ${MAX_REASON} characters`)
    const { core, caughtUp } = this.parts
    await caughtUp()
    await core.transactions.run(actor, async (tx) => {
      const { id: accountId } = core.policy.current(actor).account
      const matrix = tx.matrix()
      if ((await matrix.countReportsBy(accountId, later(tx.now(), -HOUR_MICROS))) >= HOURLY) throw tooMany()
      const subject = await this.subjectOf(tx, reported)
      if (subject) await matrix.insertReport({ accountId, reason: reported.reason, ...subject }, KEPT)
    })
  }

  /** Reports before an id, newest first, at most 500. */
  list({
    before = Number.MAX_SAFE_INTEGER,
    limit = 100,
  }: {
    before?: number
    limit?: number
  } = {}): Promise<Report[]> {
    return this.parts.store.slow.matrix().reports({ before, limit: Math.min(limit, MAX_PAGE) })
  }

  count(): Promise<number> {
    return this.parts.store.reads.matrix().countReports()
  }

  private async subjectOf(
    reads: Reads,
    reported: Reported,
  ): Promise<Pick<Report, 'roomId' | 'eventId' | 'userId'> | undefined> {
    if ('userId' in reported) {
      const { userId } = reported
      const account = userId.startsWith('@') ? await this.users.find(userId, reads) : undefined
      return account && { roomId: null, eventId: null, userId }
    }
    const { roomId, eventId } = reported
    const room = await reads.matrix().room({ roomId })
    if (!room || eventId === undefined) return room && { roomId, eventId: null, userId: null }
    const event = await reads.matrix().event({ eventId })
    return event?.channelId === room.channelId ? { roomId, eventId, userId: event.sender } : undefined
  }
}

function tooMany(): AppError {
  return new AppError('rate_limited', 'rate_limited', `An account reports ${HOURLY} times in an hour`, {
    retry_after: HOUR_SECONDS,
  })
}

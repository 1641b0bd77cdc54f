import { and, asc, desc, eq, gt, isNotNull, isNull, lt, lte, or, type SQL, sql } from 'drizzle-orm'
import { stateNumber } from '../../core/inbox/items'
import { reasonSet } from '../../core/inbox/reasons'
import type {
  ApprovalFilter,
  ApprovalReads,
  ApprovalRow,
  ApprovalWrites,
} from '../../core/kernel/approval-ports'
import type { Handle } from '../database'
import { chunks } from './rows'

const ACKED = stateNumber('acked')
const APPROVAL = reasonSet('approval')

export function approvalReads({ db, t, dialect }: Handle) {
  const { approvals } = t
  const isOpen = isNull(approvals.endedAt)
  const select = async (where: SQL | undefined, order: SQL, limit: number): Promise<ApprovalRow[]> =>
    db.select().from(approvals).where(where).orderBy(order).limit(limit)
  const isIn = ({ state, at }: ApprovalFilter): SQL | undefined => {
    switch (state) {
      case undefined:
        return undefined
      case 'pending':
        return and(isOpen, gt(approvals.expiresAt, at))
      case 'expired':
        return or(eq(approvals.state, 'expired'), and(isOpen, lte(approvals.expiresAt, at)))
      default:
        return eq(approvals.state, state)
    }
  }
  return {
    async approval(by) {
      const where = 'seq' in by ? eq(approvals.seq, by.seq) : eq(approvals.uuid, by.uuid)
      return (await select(where, asc(approvals.seq), 1))[0]
    },

    async pendingApproval(accountId, rootSeq, now) {
      const where = and(isOpen, eq(approvals.accountId, accountId), eq(approvals.rootSeq, rootSeq))
      return (await select(and(where, gt(approvals.expiresAt, now)), asc(approvals.seq), 1))[0]
    },

    pendingApprovalsIn: (channelIds, now) =>
      select(
        and(
          isOpen,
          gt(approvals.expiresAt, now),
          dialect.amongNumbers(approvals.channelId, sql`${JSON.stringify(channelIds)}`),
        ),
        asc(approvals.seq),
        Number.MAX_SAFE_INTEGER,
      ),

    async nthApproval(accountId, since, n) {
      const [row] = await db
        .select({ at: approvals.createdAt })
        .from(approvals)
        .where(and(eq(approvals.accountId, accountId), gt(approvals.createdAt, since)))
        .orderBy(desc(approvals.seq))
        .limit(1)
        .offset(n - 1)
      return row?.at
    },

    listApprovals(filter, { before, limit }) {
      const { channelId, accountId } = filter
      const where = and(
        lt(approvals.seq, before),
        channelId === undefined ? undefined : eq(approvals.channelId, channelId),
        accountId === undefined ? undefined : eq(approvals.accountId, accountId),
        isIn(filter),
      )
      return select(where, desc(approvals.seq), limit)
    },

    approvalsOf: (accountId, { after, before, limit }) =>
      select(
        and(
          or(eq(approvals.accountId, accountId), eq(approvals.decidedBy, accountId)),
          gt(approvals.seq, after),
          lt(approvals.seq, before),
        ),
        asc(approvals.seq),
        limit,
      ),

    approvalsDecidedBy: (accountId, { after, limit }) =>
      select(
        and(isNotNull(approvals.decidedBy), eq(approvals.decidedBy, accountId), gt(approvals.seq, after)),
        asc(approvals.seq),
        limit,
      ),

    async openApprovals(messages) {
      const found: ApprovalRow[] = []
      for (const some of chunks(messages)) {
        const named = dialect.amongNumbers(approvals.seq, sql`${JSON.stringify(some)}`)
        found.push(...(await select(and(isOpen, named), asc(approvals.seq), some.length)))
      }
      return found
    },

    async nextApprovalExpiry() {
      const [row] = await db
        .select({ at: approvals.expiresAt })
        .from(approvals)
        .where(isOpen)
        .orderBy(asc(approvals.expiresAt))
        .limit(1)
      return row?.at ?? null
    },

    expiredApprovals: (now, limit) =>
      select(and(isOpen, lte(approvals.expiresAt, now)), asc(approvals.expiresAt), limit),
  } satisfies ApprovalReads
}

export function approvalWrites({ db, t }: Handle) {
  const { approvals, inbox } = t
  return {
    async insertApproval(approval) {
      await db.insert(approvals).values(approval)
    },

    async endApproval(seq, end) {
      await db.update(approvals).set(end).where(eq(approvals.seq, seq))
      const asked = and(eq(inbox.messageSeq, seq), eq(inbox.seq, seq), lt(inbox.state, ACKED))
      await db
        .update(inbox)
        .set({ state: ACKED, stateAt: end.endedAt })
        .where(and(asked, sql`${inbox.reasons} & ${APPROVAL} <> 0`))
    },

    async moveApproval(seq, expiresAt) {
      await db.update(approvals).set({ expiresAt }).where(eq(approvals.seq, seq))
    },
  } satisfies ApprovalWrites
}

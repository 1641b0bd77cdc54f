import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import type { Expiries } from '../coordination/expiring'
import type { Person } from '../identity/actor'
import { reasonsByMembership } from '../inbox/notified'
import { reasonSet } from '../inbox/reasons'
import { type DeliverySummary, summaryOfPost } from '../inbox/summaries'
import type { Approval, ApprovalOption, ApprovalRow } from '../kernel/approval-ports'
import type { Account } from '../kernel/entities'
import { AppError } from '../kernel/errors'
import type { Secrets, Seq } from '../kernel/ids'
import type { LeaseClock } from '../kernel/lease-clock'
import { MAX_APPROVALS_PER_HOUR, MAX_OPTIONS, MIN_OPTIONS } from '../kernel/limits'
import type { Writes } from '../kernel/ports'
import { later, MICROS_PER_MINUTE, MICROS_PER_SECOND, type Micros } from '../kernel/time'
import type { Transactions } from '../kernel/transactions'
import { messageEvent, notifiedIn } from '../log/events'
import type { AttendanceFor } from '../messages/attendance'
import type { Messages } from '../messages/messages'
import type { PostDraft } from '../messages/post-plan'
import { approvalNames } from '../messages/views'
import { ApprovalRights } from './approval-rights'
import { type ApprovalView, approvalFacts, conflict, invalidOptions } from './approval-view'

const DEFAULT_SECONDS = 86_400
const MICROS_PER_HOUR = 60 * MICROS_PER_MINUTE
const APPROVAL = reasonSet('approval')

export interface ApprovalRequest {
  /** Slug. */
  readonly channel: string
  /** 1 to MAX_QUESTION code points. */
  readonly question: string
  readonly options: readonly ApprovalOption[]
  /** Handles; null = every person among the members who may post. */
  readonly approvers: readonly string[] | null
  readonly seconds: number | null
  /** The message to reply to, as the client sent it. */
  readonly replyTo: string | null
  readonly metadata: Readonly<Record<string, unknown>>
}

/** A new approval. */
export interface Asked extends ApprovalView {
  /** What became of its message so far. */
  readonly deliveries: DeliverySummary | undefined
}

export interface ApprovalRequestsDeps {
  readonly directory: Directory
  readonly policy: Policy
  readonly transactions: Transactions
  readonly messages: Pick<Messages, 'draftIn'>
  readonly attendance: AttendanceFor
  readonly secrets: Secrets
  readonly leaseClock: LeaseClock
  readonly expiries: Expiries
}

/** Asks people for decisions (docs/contract/approvals.md#asking). */
export class ApprovalRequests {
  private readonly rights: ApprovalRights

  constructor(private readonly deps: ApprovalRequestsDeps) {
    this.rights = new ApprovalRights(deps)
  }

  /**
   * Asks people for a decision, by a message of kind approval.
   * @throws as a post; invalid_options, no_eligible_approver; approval_pending, with the approval; rate_limited
   */
  async ask(actor: Person, request: ApprovalRequest): Promise<Asked> {
    const { transactions, policy, leaseClock, messages, secrets, expiries } = this.deps
    const there = await this.deps.attendance(request.question)
    const asked = await transactions.run(
      actor,
      async (tx) => {
        const now = policy.current(actor)
        const draft = await messages.draftIn(tx, now, postOf(request), there)
        checkOptions(request.options)
        const approvers = this.rights.approvers(now.account, draft.channel, request.approvers)
        const at = leaseClock.now()
        const { thread } = draft.message
        if (thread) await this.refusePending(tx, now, thread.seq, at)
        await refuseMore(tx, now.account)
        const approval: Approval = {
          uuid: secrets.uuid(),
          options: request.options,
          approvers: approvers?.map(({ id }) => id) ?? null,
          expiresAt: later(at, (request.seconds ?? DEFAULT_SECONDS) * MICROS_PER_SECOND),
          state: 'pending',
          decision: null,
        }
        const posted = await tx.insertMessage(this.asking(draft, approval))
        const { message: view } = posted
        const { seq, channelId, createdAt } = view.message
        const row: ApprovalRow = {
          seq,
          uuid: approval.uuid,
          channelId,
          accountId: now.account.id,
          rootSeq: thread?.seq ?? seq,
          isNamed: approvers !== null,
          state: 'pending',
          createdAt,
          expiresAt: approval.expiresAt,
          endedAt: null,
          decidedBy: null,
          replySeq: null,
        }
        await tx.insertApproval(row)
        await tx.append(messageEvent('approval.created', view, approvalFacts(row)), now.account)
        return { ...approval, message: view, deliveries: summaryOfPost(notifiedIn(posted.facts)) }
      },
      ({ message }) => message.message.seq,
    )
    expiries.note(asked.expiresAt)
    return asked
  }

  /** @throws approval_pending */
  private async refusePending(tx: Writes, { account }: Person, root: Seq, at: Micros): Promise<void> {
    const row = await tx.pendingApproval(account.id, root, at)
    const message = row && (await tx.message({ seq: row.seq }))
    if (message) throw conflict(this.deps.directory, { row, message }, 'approval_pending', at)
  }

  /** Returns the draft of the message of an approval. Those who are to decide are notified for that reason. */
  private asking(draft: PostDraft, approval: Approval): PostDraft {
    const { directory } = this.deps
    const { message, channel, sender } = draft
    const reasons = new Map(draft.notified.map(({ accountId, reasons }) => [accountId, reasons]))
    const add = (id: number, more: number) => {
      if (id !== sender.id) reasons.set(id, (reasons.get(id) ?? 0) | more)
    }
    if (approval.approvers) for (const id of approval.approvers) add(id, APPROVAL)
    else {
      const named = [...reasons.keys()]
      directory.requireAccounts(named)
      directory.requireMembers(channel.id, named)
      for (const id of named) {
        const member = directory.member(id, channel.id)
        const asked = { reasons: APPROVAL }
        add(id, reasonsByMembership(asked, Number.MAX_SAFE_INTEGER, directory.account(id), member))
      }
    }
    return {
      ...draft,
      message: { ...message, approval },
      approval: approvalNames(directory, approval),
      notified: [...reasons].map(([accountId, why]) => ({ accountId, reasons: why })),
    }
  }
}

function postOf({ channel, question, replyTo, metadata }: ApprovalRequest) {
  return {
    channel,
    body: question,
    format: 'markdown',
    threadId: null,
    replyTo,
    kind: 'approval',
    priority: 'normal',
    metadata,
    clientMessageId: null,
    idempotency: null,
  } as const
}

/** @throws rate_limited */
async function refuseMore(tx: Writes, { id }: Account): Promise<void> {
  const now = tx.now()
  const nth = await tx.nthApproval(id, later(now, -MICROS_PER_HOUR), MAX_APPROVALS_PER_HOUR)
  if (nth === undefined) return
  const message = `An account asks for at most ${MAX_APPROVALS_PER_HOUR} approvals in an hour`
  throw new AppError('rate_limited', 'rate_limited', message, {
    retry_after: Math.ceil((nth + MICROS_PER_HOUR - now) / MICROS_PER_SECOND),
  })
}

/** @throws invalid_options */
function checkOptions(options: readonly ApprovalOption[]): void {
  if (options.length < MIN_OPTIONS || options.length > MAX_OPTIONS)
    throw invalidOptions(`An approval has ${MIN_OPTIONS} to ${MAX_OPTIONS} options`)
  for (const key of ['id', 'label'] as const)
    if (new Set(options.map((option) => option[key])).size < options.length)
      throw invalidOptions(`Two options have the same ${key}`)
}

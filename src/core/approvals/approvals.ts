/**
 * Approvals: questions of agents and people that a person decides (docs/contract/approvals.md). Each is a message of kind
 * approval; approval-view.ts says what readers see of it, approval-rights.ts who may decide, approval-list.ts lists them.
 * Imports only the core. Start reading here.
 */

import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import { personReplied } from '../chain/chain'
import type { Expiries, Expiring } from '../coordination/expiring'
import { entryBy } from '../governance/audit'
import { messageVia, type Person } from '../identity/actor'
import { systemAccount } from '../identity/system-account'
import { reasonSet } from '../inbox/reasons'
import type { ApprovalRow, ApprovalState, Decision } from '../kernel/approval-ports'
import type { Account, Message, MessageView } from '../kernel/entities'
import { AppError } from '../kernel/errors'
import { parseUuid, type Secrets, type Uuid } from '../kernel/ids'
import type { LeaseClock } from '../kernel/lease-clock'
import type { Store, Writes } from '../kernel/ports'
import { type Clock, LAST_INSTANT, later, type Micros } from '../kernel/time'
import type { Transactions } from '../kernel/transactions'
import { messageEvent, notifiedFacts } from '../log/events'
import type { Log } from '../log/log'
import type { LongPolls } from '../log/streams'
import { noMentions } from '../messages/mentions'
import type { PostDraft } from '../messages/post-plan'
import { viewMessages } from '../messages/views'
import { ApprovalRights, type FoundApproval } from './approval-rights'
import {
  type ApprovalView,
  approvalFacts,
  conflict,
  invalidOptions,
  stateAt,
  viewApproval,
} from './approval-view'
import { decisionText } from './decision-notes'

const APPROVAL = reasonSet('approval')

export interface Choice {
  /** Id of an option. */
  readonly option: string
  readonly note: string | null
}

export interface ApprovalsDeps {
  readonly store: Store
  readonly directory: Directory
  readonly policy: Policy
  readonly transactions: Transactions
  readonly secrets: Secrets
  readonly log: Log
  readonly longPolls: LongPolls
  readonly clock: Clock
  readonly leaseClock: LeaseClock
  readonly expiries: Expiries
}

/** How an approval ends. */
interface End {
  readonly approval: { readonly state: Exclude<ApprovalState, 'pending'>; readonly decision: Decision | null }
  readonly by: Account | null
}

export class Approvals implements Expiring {
  private readonly rights: ApprovalRights

  constructor(private readonly deps: ApprovalsDeps) {
    this.rights = new ApprovalRights(deps)
    deps.expiries.add(this)
  }

  /**
   * Decides a pending approval, and posts a system message with the decision into its thread.
   * @throws invalid_id; approval_not_found; humans_only, not_an_approver, missing_scope; invalid_options; already_decided,
   *   approval_expired, approval_cancelled, with the approval
   */
  decide(actor: Person, id: string, { option, note }: Choice): Promise<ApprovalView> {
    const uuid = approvalId(id)
    return this.deps.transactions.run(
      actor,
      async (tx) => {
        const { now, at, found } = await this.open(tx, actor, uuid, (now, found) =>
          this.rights.requireApprover(now, found),
        )
        const { row, message, channel } = found
        const chosen = message.approval?.options.findIndex((one) => one.id === option) ?? -1
        const label = message.approval?.options[chosen]?.label
        if (label === undefined) throw invalidOptions('The approval has no option with this id')
        const decision = { option, by: now.account.id, at, note }
        const end: End = { approval: { state: 'decided', decision }, by: now.account }
        const view = this.ended(message, end)
        await this.tell(tx, row, view, end)
        const reply = await tx.insertMessage(this.replyOf(view, now, label, note, await systemAccount(tx)))
        const decided = { state: 'decided', decidedBy: now.account.id, replySeq: reply.seq } as const
        await tx.endApproval(row.seq, { ...decided, endedAt: at })
        const facts = { channel_id: channel.uuid, message_id: message.uuid, choice: chosen + 1 }
        await tx.audit(entryBy(now, 'approval.decide', { type: 'approval', id: row.uuid }, facts))
        return viewOf(row, view)
      },
      ({ message }) => message.message.seq,
    )
  }

  /**
   * Cancels an approval, as the account that asked or as an admin of the channel.
   * @throws invalid_id; approval_not_found; not_author, missing_scope, read_only_role; already_decided, approval_expired,
   *   approval_cancelled, with the approval
   */
  cancel(actor: Person, id: string): Promise<ApprovalView> {
    const uuid = approvalId(id)
    return this.deps.transactions.run(
      actor,
      async (tx) => {
        const { now, at, found } = await this.open(tx, actor, uuid, (now, found) =>
          this.rights.requireCancel(now, found),
        )
        const { row, message, channel } = found
        const end: End = { approval: { state: 'cancelled', decision: null }, by: now.account }
        const view = this.ended(message, end)
        await this.tell(tx, row, view, end)
        await tx.endApproval(row.seq, { state: 'cancelled', endedAt: at, ...undecided })
        const facts = { channel_id: channel.uuid, message_id: message.uuid }
        await tx.audit(entryBy(now, 'approval.cancel', { type: 'approval', id: row.uuid }, facts))
        return viewOf(row, view)
      },
      ({ message }) => message.message.seq,
    )
  }

  /**
   * Returns an approval. With `waitMs`, the answer is held while it is pending.
   * @throws invalid_id; approval_not_found, also if the actor may not read it
   */
  async get(
    actor: Person,
    id: string,
    { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal | undefined },
  ): Promise<ApprovalView> {
    const { store, directory, policy, log, longPolls, clock, leaseClock } = this.deps
    const uuid = approvalId(id)
    const deadline = clock.steady() + waitMs
    for (;;) {
      const { head: after } = log
      const view = await directory.retryUntilLoaded(async () => {
        const { row, message } = await this.rights.visible(store.reads, policy.current(actor), uuid)
        return viewApproval(directory, row, message, leaseClock.now())
      })
      const { message, channel } = view.message
      await store.waitFor(message.seq)
      const left = deadline - clock.steady()
      if (view.state !== 'pending' || left <= 0) return view
      const untilExpiry = leaseClock.until(view.expiresAt)
      const milliseconds = Math.ceil(Math.min(left, untilExpiry)) + 1
      const wait = { accountId: actor.account.id, channelIds: [channel.id], after, milliseconds, signal }
      const isWoken = await longPolls.next(wait)
      if (!isWoken && (untilExpiry > left || signal?.aborted || leaseClock.now() < view.expiresAt))
        return view
    }
  }

  // As a kind of lease.

  next(): Promise<Micros | null> {
    return this.deps.store.reads.nextApprovalExpiry()
  }

  announceExpired(limit: number): Promise<number> {
    const { store, directory, leaseClock } = this.deps
    return directory.retryUntilLoaded(() =>
      store.transact(async (tx) => {
        const at = leaseClock.now()
        const rows = await tx.expiredApprovals(at, limit)
        const stored = await tx.messagesBySeq(rows.map(({ seq }) => seq))
        const end: End = { approval: { state: 'expired', decision: null }, by: null }
        const views = new Map(stored.map((message) => [message.seq, this.ended(message, end)]))
        for (const row of rows) {
          const view = views.get(row.seq)
          if (view) await this.tell(tx, row, view, end)
          await tx.endApproval(row.seq, { state: 'expired', endedAt: at, ...undecided })
        }
        return rows.length
      }),
    )
  }

  /** Moves those that are pending, in their messages, too. */
  async shift(tx: Writes, micros: number): Promise<void> {
    for (const { seq, expiresAt } of await tx.expiredApprovals(LAST_INSTANT, Number.MAX_SAFE_INTEGER)) {
      const moved = later(expiresAt, micros)
      const message = await tx.message({ seq })
      await tx.moveApproval(seq, moved)
      if (message?.approval)
        await tx.updateMessage({ ...message, approval: { ...message.approval, expiresAt: moved } })
    }
  }

  /** Finds an approval that is pending, for an act that `judge` allows. */
  private async open(
    tx: Writes,
    actor: Person,
    uuid: Uuid,
    judge: (now: Person, found: FoundApproval) => void,
  ): Promise<{ readonly now: Person; readonly at: Micros; readonly found: FoundApproval }> {
    const now = this.deps.policy.current(actor)
    const at = this.deps.leaseClock.now()
    const found = await this.rights.visible(tx, now, uuid)
    judge(now, found)
    const state = stateAt(found.row, at)
    if (state !== 'pending') throw conflict(this.deps.directory, found, ENDED[state], at)
    return { now, at, found }
  }

  /** Returns the message of an approval as it is after its end. Call it before the first write: it may load names. */
  private ended(message: Message, { approval: end }: End): MessageView {
    const { directory } = this.deps
    const { approval } = message
    const [view] = viewMessages(directory, [
      approval ? { ...message, approval: { ...approval, ...end } } : message,
    ])
    if (!view) throw new Error('a message has one view')
    return view
  }

  /** Writes how an approval ended into its message, and tells readers and the account that asked. */
  private async tell(tx: Writes, row: ApprovalRow, view: MessageView, { approval, by }: End): Promise<void> {
    const { seq, accountId, channelId } = row
    const { state } = approval
    const isTold = by?.id !== accountId && view.sender.erasedAt === null && view.message.deletedAt === null
    const notified = isTold ? [{ accountId, reasons: APPROVAL }] : []
    if (view.message.approval) await tx.updateMessage(view.message)
    const facts = { ...approvalFacts(row), ...notifiedFacts(notified, null) }
    const event = await tx.append(messageEvent(`approval.${state}`, view, facts), by)
    await tx.insertItems({ seq: event.seq, messageSeq: seq, channelId }, notified)
  }

  /** Returns the system message that announces a decision. For the chain limit it counts as a message of a person. */
  private replyOf(
    { message, channel }: MessageView,
    now: Person,
    label: string,
    note: string | null,
    sender: Account,
  ): PostDraft {
    const asked = { seq: message.seq, uuid: message.uuid }
    return {
      message: {
        uuid: this.deps.secrets.uuid(),
        channelId: channel.id,
        senderId: sender.id,
        thread: message.thread ?? asked,
        replyTo: asked,
        body: decisionText(now.account.handle, label, note),
        format: 'plaintext',
        kind: 'system',
        priority: 'normal',
        via: messageVia(now),
        mentions: noMentions,
        metadata: {},
        attachments: [],
        clientMessageId: null,
        ackWithinSeconds: null,
        actingTokenId: null,
      },
      channel,
      sender,
      mentioned: [],
      attached: [],
      notified: [],
      chain: personReplied,
    }
  }
}

const ENDED = {
  decided: 'already_decided',
  expired: 'approval_expired',
  cancelled: 'approval_cancelled',
} as const

/** What stays empty when nobody decided. */
const undecided = { decidedBy: null, replySeq: null } as const

function viewOf({ uuid, expiresAt }: ApprovalRow, message: MessageView): ApprovalView {
  return { uuid, expiresAt, state: message.message.approval?.state ?? 'cancelled', message }
}

/** @throws invalid_id */
function approvalId(text: string): Uuid {
  const uuid = parseUuid(text)
  if (!uuid) throw new AppError('invalid', 'invalid_id', 'Invalid approval id')
  return uuid
}

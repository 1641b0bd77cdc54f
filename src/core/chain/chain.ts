/**
 * Limits for agents that go on without a person (docs/contract/chain.md): here the replies in a thread. Everything in this
 * file is pure: what is stored comes with the look-ups of a post. rules.ts says which limit applies,
 * run-guard.ts stops agents in a whole channel, blocks.ts announces whom a limit has stopped, chains.ts shows budgets and
 * restores them.
 * Imports only the core. Start reading here.
 */

import type { ThreadFollower } from '../inbox/notified'
import type { MessageKind, MessageRef } from '../kernel/entities'
import { AppError } from '../kernel/errors'
import type { Seq } from '../kernel/ids'
import { MICROS_PER_SECOND, type Micros } from '../kernel/time'

/** Where the budgets of a thread began anew last: a person's message, a decision, or Continue. */
export interface ChainReset {
  /** Its seq; 0 = the root. */
  readonly seq: Seq
  /** The same without the earlier posts of the group. */
  readonly storedSeq: Seq
  /** How many times the limit each agent may reply since then. */
  readonly times: number
}

/** What an account has spent in a thread, as of its last reply that counts. */
export interface Spent {
  /** Seq of that reply. What was spent before the last reset does not count. */
  readonly seq: Seq
  readonly used: number
  readonly corrected: boolean
}

/** The state of a thread, as a post finds it. */
export interface FoundThread {
  /** Those with a part in the thread, its author included. An account may occur several times. */
  readonly followers: readonly ThreadFollower[]
  readonly reset: ChainReset
}

export interface ChainRules {
  /** Replies of the agent without a person; 0 = without a limit. */
  readonly limit: number
  /** Seconds of silence after which budgets begin anew; 0 = never. */
  readonly autoContinueS: number
}

/** A budget as it is shown. */
export interface ChainBudget {
  /** 0 = without a limit. */
  readonly limit: number
  /** Counted up to the limit. */
  readonly used: number
  /** Null = without a limit. */
  readonly remaining: number | null
  readonly corrected: boolean
}

/** What a reply changes of the budgets in its thread. */
export interface ChainDraft {
  /** Whether all budgets of the thread begin anew with it. */
  readonly resets: boolean
  /** What the sender has spent then; null if it does not spend. */
  readonly spent: Omit<Spent, 'seq'> | null
  /** The stored state by which it was judged, for a store that other processes write to: seqs, 0 = none. */
  readonly judgedBy: { readonly reset: Seq; readonly spent: Seq } | null
  /** What is shown to the sender; null for a person. */
  readonly budget: ChainBudget | null
}

export type ChainReason = 'budget_used' | 'correction_used' | 'counter_correction'

/** A reply that the limit refuses. */
export class ChainRefusal extends AppError {
  constructor(
    readonly why: ChainReason,
    readonly thread: MessageRef,
    readonly budget: ChainBudget,
  ) {
    super('rate_limited', 'chain_limit', 'Chain limit reached for this thread', {
      reason: why,
      thread_id: thread.uuid,
      limit: budget.limit,
      used: budget.used,
      resets_on: RESETS_ON,
    })
  }
}

export const RESETS_ON = 'human_message'

/** A seq beyond all that are stored: that of the nth post that is judged in the same group. */
export function seqInGroup(n: number): Seq {
  return 2 ** 52 + n
}

function isStored(seq: Seq): boolean {
  return seq < 2 ** 52
}

/** A reply of a person: all budgets of the thread begin anew. */
export const personReplied: ChainDraft = { resets: true, spent: null, judgedBy: null, budget: null }

/** Returns what an account may still post in a thread. */
export function budgetOf(thread: FoundThread, accountId: number, rules: ChainRules, now: Micros) {
  const { limit, autoContinueS } = rules
  const isSilent = autoContinueS > 0 && isOver(lastPostIn(thread), autoContinueS, now)
  const spent = spentBy(thread, accountId)
  const counts = spent !== undefined && !isSilent && spent.seq >= thread.reset.seq
  const used = counts ? spent.used : 0
  const allowed = limit * (isSilent ? 1 : thread.reset.times)
  const budget = shown(allowed, used, counts && spent.corrected)
  return { isSilent, used, budget }
}

/**
 * Judges a reply of an agent of the kind `message` or `correction`. `target`: the message that it answers.
 * @throws chain_limit, as ChainRefusal
 */
export function judgeReply(
  thread: FoundThread,
  reply: {
    readonly accountId: number
    readonly kind: MessageKind
    readonly root: MessageRef
    readonly target: { readonly kind: MessageKind } | undefined
  },
  rules: ChainRules,
  now: Micros,
): ChainDraft {
  const { isSilent, used, budget } = budgetOf(thread, reply.accountId, rules, now)
  const isCorrection = reply.kind === 'correction'
  if (rules.limit > 0) {
    const refuse = (reason: ChainReason) => new ChainRefusal(reason, reply.root, budget)
    if (isCorrection && reply.target?.kind === 'correction') throw refuse('counter_correction')
    if (isCorrection && budget.corrected) throw refuse('correction_used')
    if (!isCorrection && budget.remaining === 0) throw refuse('budget_used')
  }
  const spent = { used: used + (isCorrection ? 0 : 1), corrected: budget.corrected || isCorrection }
  const stored = thread.followers.findLast(
    (one) => one.accountId === reply.accountId && one.spent !== null && isStored(one.spent.seq),
  )
  return {
    resets: isSilent,
    spent,
    judgedBy: rules.limit === 0 ? null : { reset: thread.reset.storedSeq, spent: stored?.spent?.seq ?? 0 },
    budget: shown(budget.limit, spent.used, spent.corrected),
  }
}

function shown(limit: number, used: number, corrected: boolean): ChainBudget {
  if (limit === 0) return { limit, used: 0, remaining: null, corrected }
  const counted = Math.min(used, limit)
  return { limit, used: counted, remaining: limit - counted, corrected }
}

function spentBy({ followers }: FoundThread, accountId: number): Spent | undefined {
  return followers.findLast((one) => one.accountId === accountId && one.spent !== null)?.spent ?? undefined
}

function lastPostIn({ followers }: FoundThread): number {
  return followers.reduce((last, { postedAt }) => Math.max(last, postedAt ?? 0), 0)
}

/** Reports whether nothing was posted for so many seconds. */
export function isOver(lastAt: number, seconds: number, now: Micros): boolean {
  return now - lastAt >= seconds * MICROS_PER_SECOND
}

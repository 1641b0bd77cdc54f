import type { BlockView } from '../../core/chain/blocks'
import { type ChainBudget, RESETS_ON } from '../../core/chain/chain'
import type { RunBudget, ThreadBudget } from '../../core/chain/chains'
import type { MessageRef } from '../../core/kernel/entities'
import { formatInstant } from '../../core/kernel/time'
import { maybe, Type } from '../schema'
import { accountRef } from './wire'

/** What an agent may still post in a thread, as the answer to its reply shows it (docs/contract/chain.md). */
export function budgetJson({ limit, used, remaining }: ChainBudget, thread: MessageRef) {
  return { thread_id: thread.uuid, limit, used, remaining, resets_on: RESETS_ON }
}

/** The body of Continue. */
export const continuation = Type.Object({
  extra: maybe(
    Type.Integer({ minimum: 1, maximum: 100, description: 'How many times the limit; default 1' }),
  ),
})

function blockedJson(blocked: readonly BlockView[]) {
  return blocked.map(({ account, thread, code, limit, used, at }) => ({
    account: accountRef(account),
    thread_id: thread,
    code,
    limit,
    used,
    at: formatInstant(at),
  }))
}

/** What the caller may still post in a thread, and who is stopped there. */
export function threadChainJson({ limit, used, remaining, corrected, blocked }: ThreadBudget) {
  return { limit, used, remaining, correction_used: corrected, blocked: blockedJson(blocked) }
}

/** What the agents in a channel may still post, and who is stopped there. */
export function runChainJson({ limit, used, remaining, blocked }: RunBudget) {
  return { limit, used, remaining, blocked: blockedJson(blocked) }
}

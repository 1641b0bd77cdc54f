import { type Reasons, reasonSet } from '../inbox/reasons'
import type { ThreadMember } from '../kernel/channel-ports'
import type { AccountKind, MemberPreferences, Message, WakeReason } from '../kernel/entities'
import type { Webhook } from '../kernel/webhook-ports'

/** The reasons for which an account is woken unless it chooses others. */
export const DEFAULT_WAKE_ON: readonly WakeReason[] = [
  'dm',
  'mention',
  'reply',
  'approval',
  'overdue',
  'thread',
]

/** The reasons that do not count where a member wants to be told of mentions only. */
const AMBIENT = reasonSet('thread', 'group', 'broadcast')
const THREAD = reasonSet('thread')

/** What decides whether a notification wakes the account, besides the webhook. */
export interface WakeFacts {
  /** Why the message notifies the account. */
  readonly reasons: Reasons
  readonly priority: Message['priority']
  readonly channelId: number
  readonly authorKind: AccountKind
  /** What the account wants of the channel; undefined = as of all channels. */
  readonly preferences: MemberPreferences | undefined
  /** Whether the account chose to follow the thread; undefined if it has no part in it. */
  readonly follow: ThreadMember['follow'] | undefined
}

/**
 * Reports whether a notification wakes its account by this webhook (docs/contract/webhooks.md#wakes). `accountWakeOn`: the
 * reasons of the push endpoint of the account.
 */
export function wakes(
  webhook: Pick<Webhook, 'reasons' | 'channels'>,
  accountWakeOn: readonly WakeReason[],
  facts: WakeFacts,
): boolean {
  const { reasons, priority, channelId, authorKind, preferences, follow } = facts
  if (priority === 'fyi' || preferences?.notify === 'none') return false
  if (webhook.channels !== null && !webhook.channels.includes(channelId)) return false
  const ofChannel = preferences?.wakeOn ?? null
  let wanted = reasonSet(...(ofChannel ?? webhook.reasons ?? accountWakeOn))
  if (ofChannel !== null && webhook.reasons !== null) wanted &= reasonSet(...webhook.reasons)
  if (preferences?.notify === 'mentions') wanted &= ~AMBIENT
  // Talk among agents wakes only those who chose to follow it.
  if (authorKind === 'agent' && follow !== true) wanted &= ~THREAD
  return (reasons & wanted) !== 0
}

/** Reports whether the decision depends on how the account follows the thread. */
export function dependsOnFollow({ reasons, authorKind }: Pick<WakeFacts, 'reasons' | 'authorKind'>): boolean {
  return authorKind === 'agent' && (reasons & THREAD) !== 0
}

/** Reports whether a message ends a batch at once. */
export function isUrgent(priority: Message['priority'], authorKind: AccountKind): boolean {
  return priority === 'urgent' || authorKind === 'human'
}

import type { InboxItem } from '@synapse/client'
import { isOpen } from '../../state'

type Reason = InboxItem['reason']

/** A selection of the inbox. */
export interface Filter {
  readonly id: string
  readonly label: string
  /** The reasons that it shows; undefined for all. */
  readonly reasons?: readonly Reason[]
  /** Only what is not done. */
  readonly isOpenOnly?: boolean
}

const NEEDS_ME: Filter = {
  id: 'needs',
  label: 'Needs me',
  reasons: ['dm', 'mention', 'reply', 'approval', 'overdue'],
  isOpenOnly: true,
}

export const filters: readonly Filter[] = [
  NEEDS_ME,
  { id: 'mentions', label: 'Mentions', reasons: ['mention', 'dm', 'group', 'broadcast'] },
  { id: 'replies', label: 'Replies', reasons: ['reply'] },
  { id: 'threads', label: 'Threads', reasons: ['thread'] },
  { id: 'all', label: 'All' },
]

/** The filter of an address; what needs me is the first one. */
export function filterOf(id: string | null): Filter {
  return filters.find((filter) => filter.id === id) ?? NEEDS_ME
}

export function passes({ reasons, isOpenOnly }: Filter, item: InboxItem): boolean {
  if (isOpenOnly && !isOpen(item)) return false
  return reasons === undefined || item.reasons.some((reason) => reasons.includes(reason))
}

const WORDS: Readonly<Record<Reason, string>> = {
  dm: 'direct',
  mention: 'mention',
  reply: 'reply',
  approval: 'approval',
  overdue: 'overdue',
  thread: 'thread',
  group: 'group',
  broadcast: 'to all',
}

/** Why an item is here, in a word or two. */
export function reasonOf({ reason, message: { approval } }: InboxItem): string {
  if (reason === 'approval' && approval && approval.state !== 'pending') return approval.state
  return WORDS[reason]
}

/** Whether somebody waits for me: a question that is open, or an answer that I asked for and that is late. */
export function isUrgent(item: InboxItem): boolean {
  if (!isOpen(item)) return false
  return (
    item.reason === 'overdue' ||
    (item.reason === 'approval' && item.message.approval?.state === 'pending') ||
    item.message.priority === 'urgent'
  )
}

export interface Dated {
  readonly item: InboxItem
  /** RFC 3339: when it notified me, as far as that is known. */
  readonly at: string
}

/**
 * Items with their time. What notifies later than its message was posted (an answer that is late, a decision) has no time of
 * its own: it is at least as new as the item before it in the log. `items`: the newest first.
 */
export function dated(items: readonly InboxItem[]): Dated[] {
  let newest = ''
  return items
    .toReversed()
    .map((item) => {
      const { created_at: at, approval } = item.message
      const known = item.event === 'approval.decided' ? (approval?.decision?.at ?? at) : at
      newest = known > newest ? known : newest
      return { item, at: newest }
    })
    .toReversed()
}

import type { Spent } from '../chain/chain'
import type { Account, Member, Message } from '../kernel/entities'
import type { Seq } from '../kernel/ids'
import { MICROS_PER_SECOND, type Micros } from '../kernel/time'
import type { NotifiedFacts } from '../log/events'
import { type Reasons, reasonSet } from './reasons'

/** An account that an event notifies, and why. */
export interface Notified {
  readonly accountId: number
  readonly reasons: Reasons
}

/** An account's part in a thread. */
export interface ThreadFollower {
  readonly accountId: number
  /** When it last posted there; null if it never did. */
  readonly postedAt: Micros | null
  /** Whether it chose to follow the thread; null = it did not choose. */
  readonly follow: boolean | null
  /** What it has spent of its budget there; null if nothing. */
  readonly spent: Spent | null
}

/** The accounts that a new message may notify, by reason; its sender may be among them. `@channel` has no list. */
export interface Concerned {
  /** The other member of a direct channel. */
  readonly dm: readonly number[]
  /** Named by their handles. */
  readonly mention: readonly number[]
  /** The author of the message that is replied to. */
  readonly reply: readonly number[]
  /** Asked for a decision by name. */
  readonly approval: readonly number[]
  /** Those who follow the thread. */
  readonly thread: readonly number[]
  /** Named by an alias. */
  readonly group: readonly number[]
  /** Meant by `@here`. */
  readonly here: readonly number[]
  /** Whether the message notifies all members. */
  readonly isBroadcast: boolean
  /** The members that it does not notify for that. */
  readonly dormant: readonly number[]
}

/** Returns the accounts that a message notifies, each once, without its sender. */
export function notifiedBy(senderId: number, concerned: Partial<Concerned>): Notified[] {
  const {
    dm = [],
    mention = [],
    reply = [],
    approval = [],
    thread = [],
    group = [],
    here = [],
    isBroadcast = false,
    dormant = [],
  } = concerned
  const sets = new Map<number, Reasons>()
  const add = (ids: readonly number[], reason: Reasons) => {
    for (const id of ids) if (id !== senderId) sets.set(id, (sets.get(id) ?? 0) | reason)
  }
  add(dm, reasonSet('dm'))
  add(mention, reasonSet('mention'))
  add(reply, reasonSet('reply'))
  add(approval, reasonSet('approval'))
  add(thread, reasonSet('thread'))
  add(group, reasonSet('group'))
  add(here, reasonSet('broadcast'))
  const commonTo = (id: number) => (isBroadcast && !dormant.includes(id) ? reasonSet('broadcast') : 0)
  return [...sets].map(([accountId, reasons]) => ({ accountId, reasons: reasons | commonTo(accountId) }))
}

const BROADCAST = reasonSet('broadcast')
const APPROVAL = reasonSet('approval')

/** Returns why an event notifies an account; 0 = it does not. `member`: its membership of the channel, if it has one. */
export function reasonsFor(
  account: Pick<Account, 'id' | 'kind'>,
  { notified, broadcast, dormant, asks }: NotifiedFacts,
  event: { readonly seq: Seq; readonly actorId: number | null },
  member: Member | undefined,
): Reasons {
  const named = notified?.find(([id]) => id === account.id)
  if (named) return named[1]
  if (event.actorId === account.id) return 0
  const asked = (broadcast ? BROADCAST : 0) | (asks ? APPROVAL : 0)
  return asked === 0 ? 0 : reasonsByMembership({ reasons: asked, dormant }, event.seq, account, member)
}

/** For what a message may concern members of its channel that it does not name. */
export interface ForMembers {
  readonly reasons: Reasons
  /** The members that its broadcast does not notify. */
  readonly dormant?: readonly number[] | undefined
}

/**
 * Returns those of the reasons of a message that concern an account by its membership: a broadcast every member that had
 * joined before and was not dormant, an approval without names the people among them who may post.
 */
export function reasonsByMembership(
  { reasons, dormant }: ForMembers,
  message: Seq,
  { id, kind }: Pick<Account, 'id' | 'kind'>,
  member: Member | undefined,
): Reasons {
  if (member === undefined || member.joinedSeq >= message) return 0
  const mayDecide = kind === 'human' && member.role !== 'read_only'
  return reasons & ((dormant?.includes(id) ? 0 : BROADCAST) | (mayDecide ? APPROVAL : 0))
}

/** Returns the reasons for which a message may concern members of its channel that it does not name. */
export function reasonsForMembers({ mentions, approval }: Pick<Message, 'mentions' | 'approval'>): Reasons {
  return (mentions.broadcast ? BROADCAST : 0) | (approval?.approvers === null ? APPROVAL : 0)
}

/**
 * Reports whether an account follows a thread: by choice, or because it posted in it; an agent only for `windowSeconds`
 * after that.
 */
export function isFollowing(
  { postedAt, follow }: Pick<ThreadFollower, 'postedAt' | 'follow'>,
  kind: 'human' | 'agent',
  now: Micros,
  windowSeconds: number,
): boolean {
  if (follow !== null) return follow
  if (postedAt === null) return false
  return kind === 'human' || now - postedAt <= windowSeconds * MICROS_PER_SECOND
}

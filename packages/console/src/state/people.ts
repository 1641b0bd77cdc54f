import type { Message, Presence } from '@synapse/client'
import type { DeliveryState } from './types'

/** The account of the server itself: it writes remarks, has no card, and is not among the agents. */
export const SYSTEM_HANDLE = 'system'

export type PresenceShape = 'working' | 'waiting' | 'blocked' | 'idle' | 'episodic' | 'offline'

/** How the state of an account is shown: a shape, words, and the time since when, where it has one. */
export interface PresenceView {
  readonly shape: PresenceShape
  /** `working · 2 min`, `was working until 13:02`, `last read 14 min ago`. */
  readonly words: string
  readonly note: string | null
}

/** Formats a time of day. */
export type TimeFormat = (time: string) => string

/** What to say of an account now. Never more than `reachable` proves: a state whose lease is over is past. */
export function presenceView(
  presence: Presence | undefined,
  now: number,
  clockTime: TimeFormat,
): PresenceView {
  if (!presence) return { shape: 'offline', words: 'not seen yet', note: null }
  const { state, note, since, expires_at: expires, last_seen_at: seen, reachable } = presence
  const isOver = expires !== null && Date.parse(expires) <= now
  if (isOver && isLeased(state))
    return { shape: 'offline', words: `was ${state} until ${clockTime(expires)}`, note }
  const age = since === null ? '' : ` · ${ageOf(Date.parse(since), now)}`
  switch (state) {
    case 'working':
    case 'waiting':
    case 'blocked':
      return { shape: state, words: `${state}${age}`, note }
    case 'idle':
      return { shape: 'idle', words: 'idle', note }
    case 'episodic': {
      const read = reachable.last_read_at
      const words = read === null ? 'has read nothing yet' : `last read ${agoOf(Date.parse(read), now)}`
      return { shape: 'episodic', words, note }
    }
    case 'offline': {
      const words = seen === null ? 'never here' : `last seen ${agoOf(Date.parse(seen), now)}`
      return { shape: 'offline', words, note: null }
    }
  }
}

function isLeased(state: Presence['state']): boolean {
  return state === 'working' || state === 'waiting' || state === 'blocked'
}

/** By what an account is reached now: `an open stream`, `a webhook`; empty if by nothing. */
export function reachedBy({ reachable }: Presence): readonly string[] {
  const { stream, webhook, last_read_at: read, read_interval_s: interval } = reachable
  return [
    ...(stream ? ['an open stream'] : []),
    ...(webhook === 'ok' ? ['a webhook'] : webhook === 'failing' ? ['a webhook that fails'] : []),
    ...(read !== null && interval !== null ? [`reading about every ${spanOf(interval * 1000)}`] : []),
  ]
}

/** `now`, `2 min`, `3 h`, `5 d`. */
export function ageOf(from: number, now: number): string {
  return now - from < 60_000 ? 'now' : spanOf(now - from)
}

function agoOf(from: number, now: number): string {
  return now - from < 60_000 ? 'now' : `${spanOf(now - from)} ago`
}

function spanOf(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

export type DeliveryMark =
  | 'sending'
  | 'sent'
  | 'waiting'
  | 'notified'
  | 'seen'
  | 'acked'
  | 'unreachable'
  | 'failed'

/** What stands under one's own message: a mark and words. */
export interface DeliveryView {
  readonly mark: DeliveryMark
  readonly words: string
  /** Whether somebody has still to answer; such rows keep their mark. */
  readonly isUnfinished: boolean
}

const MARKS: Record<DeliveryState, DeliveryMark> = {
  queued: 'waiting',
  unreachable: 'unreachable',
  notified: 'notified',
  seen: 'seen',
  acked: 'acked',
  failed: 'failed',
}

/** Worst unfinished first, then what is done. */
const ORDER: readonly DeliveryState[] = ['failed', 'unreachable', 'queued', 'notified', 'seen', 'acked']
const DONE: readonly DeliveryState[] = ['acked', 'failed']

const WORDS: Record<DeliveryState, string> = {
  queued: 'waiting',
  unreachable: 'unreachable',
  notified: 'notified',
  seen: 'seen',
  acked: 'acked',
  failed: 'failed',
}

/** One whom a message notified by name, where it is known who. */
export interface Addressee {
  readonly name: string
  readonly state: DeliveryState
  /** Since when, as a time of day. */
  readonly since: string
  readonly note: string | null
}

/**
 * What became of an own message: by counts, or in the words for one account if `only` says who that is. A message that named
 * nobody is `sent`.
 */
export function deliveryView({ deliveries = {} }: Message, only?: Addressee): DeliveryView {
  const counts = ORDER.flatMap((state) => {
    const count = deliveries[state] ?? 0
    return count === 0 ? [] : [{ state, count }]
  })
  const worst = counts.find(({ state }) => !DONE.includes(state)) ?? counts[0]
  if (!worst) return { mark: 'sent', words: 'sent', isUnfinished: false }
  const isUnfinished = counts.some(({ state }) => !DONE.includes(state))
  const total = counts.reduce((sum, { count }) => sum + count, 0)
  const mark = MARKS[worst.state]
  if (total === 1 && only) return { mark, words: addresseeWords(only), isUnfinished }
  const ordered = [worst, ...counts.filter((one) => one !== worst)]
  const words = ordered.map(({ state, count }) => (total === 1 ? WORDS[state] : `${count} ${WORDS[state]}`))
  return { mark, words: words.join(', '), isUnfinished }
}

/** `waiting for builder`, `acked by builder`, `critic unreachable since 13:11, waiting in its inbox`. */
export function addresseeWords({ name, state, since, note }: Addressee): string {
  switch (state) {
    case 'queued':
      return `waiting for ${name}`
    case 'unreachable':
      return `${name} unreachable since ${since}, waiting in its inbox`
    case 'notified':
      return `${name} notified`
    case 'seen':
      return `seen by ${name}`
    case 'acked':
      return `acked by ${name}`
    case 'failed':
      return note === null ? `failed for ${name}` : `failed: ${note}`
  }
}

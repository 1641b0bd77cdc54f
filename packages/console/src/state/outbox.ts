import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import { type Message, type PostedMessage, type Synapse, SynapseError } from '@synapse/client'
import { type Clock, HOUR } from './clock'
import type { Keep } from './keep'
import { mayPass, pauseAfter } from './retry'
import type { Store } from './store'
import { type Draft, type Place, placeKey } from './types'

/** Why a post was refused: what the server says. */
export interface Refusal {
  readonly code: string
  readonly detail: string
  readonly requestId: string | null
  /** How to mend it, where the server knows. */
  readonly fix: string | null
}

/**
 * `waiting`: for the one before it. `sending`: on its way, also while it is tried again. `asking`: for 23 h without an answer;
 * a person decides whether to send it again. `refused`: see `refusal`.
 */
export type OutgoingState = 'waiting' | 'sending' | 'asking' | 'refused'

/** A post that is not on the server yet, as far as is known. */
export interface Outgoing extends Draft {
  readonly key: string
  readonly place: Place
  /** When it was written, in milliseconds since 1970. It orders the posts. */
  readonly at: number
  /** Until when it is repeated without asking. */
  readonly until: number
  readonly state: OutgoingState
  readonly refusal: Refusal | null
  /** How often it was tried without an answer. */
  readonly tries: number
}

/** What became of a post: whom it named in vain, and who cannot be reached now. */
export interface Outcome {
  readonly unresolved: readonly string[]
  readonly unreachable: readonly string[]
}

interface Deps {
  readonly store: Store
  readonly synapse: Synapse
  readonly keep: Keep
  readonly clock: Clock
  newKey(): string
  /** A message is on the server: timelines take it. */
  deliver(message: Message): void
  /** The credential has ended. */
  signedOut(): void
}

/** After so long without an answer a person is asked: the server forgets keys after a day. */
const ASK_AFTER = 23 * HOUR

/**
 * What I have written and the server has not confirmed. A post has one key from the first attempt on, and is stored until the
 * answer, so that it is sent once, also over a reload. In a channel or thread one is sent at a time, in order.
 */
export class Outbox {
  /** Every post, the oldest first. */
  readonly all: Signal<readonly Outgoing[]> = signal([])

  private readonly byPlace = new Map<string, ReadonlySignal<readonly Outgoing[]>>()
  /** Own messages of the stream that may be the post which is on its way, by place. */
  private readonly held = new Map<string, Message[]>()
  /** The keys of rows, by message. */
  private readonly keys = new Map<string, string>()
  private readonly outcomes = new Map<string, Signal<Outcome | undefined>>()
  private readonly busy = new Set<string>()
  private readonly pauses = new Map<string, () => void>()
  private isOpen = false
  private isClosed = false

  constructor(private readonly deps: Deps) {}

  /** Begins to send, also what an earlier page has left. */
  open(): void {
    const { keep } = this.deps
    const stored = keep.list<Outgoing>('outbox').filter(({ key }) => !this.find(key))
    const left = stored.map((post) =>
      post.state === 'sending' ? { ...post, state: 'waiting' as const } : post,
    )
    this.all.value = [...left, ...this.all.peek()].sort((one, other) => one.at - other.at)
    this.isOpen = true
    this.isClosed = false
    for (const { place } of this.all.peek()) this.next(place)
  }

  /** Stops sending. What is stored stays. */
  close(): void {
    this.isOpen = false
    this.isClosed = true
    for (const cancel of this.pauses.values()) cancel()
    this.pauses.clear()
  }

  /** The posts of a place that are not on the server yet. */
  at(place: Place): ReadonlySignal<readonly Outgoing[]> {
    const key = placeKey(place)
    const known = this.byPlace.get(key)
    if (known) return known
    const made = computed(() => this.all.value.filter((post) => placeKey(post.place) === key))
    this.byPlace.set(key, made)
    return made
  }

  /** Takes a text over and sends it. From here on it is not lost. Returns its key. */
  send(place: Place, draft: Draft): string {
    const { newKey, clock } = this.deps
    const key = newKey()
    // Two posts of the same millisecond keep their order.
    const newest = this.all.peek().at(-1)?.at ?? 0
    const at = Math.max(clock.now(), newest + 1)
    this.put({
      ...draft,
      key,
      place,
      at,
      until: clock.now() + ASK_AFTER,
      state: 'waiting',
      refusal: null,
      tries: 0,
    })
    this.next(place)
    return key
  }

  /** Sends a post again that was refused, or that a person was asked about. */
  again(key: string): void {
    const post = this.find(key)
    if (!post || (post.state !== 'refused' && post.state !== 'asking')) return
    // After 23 h the server may have forgotten the key. A person has decided that it is not there.
    this.put({ ...post, state: 'waiting', refusal: null, tries: 0, until: this.deps.clock.now() + ASK_AFTER })
    this.next(post.place)
  }

  /** Takes a post out that was not sent, and returns what it said, to be edited. */
  takeBack(key: string): Draft | undefined {
    const post = this.find(key)
    if (!post || post.state === 'sending') return
    const { text, replyTo, priority, ackWithin, attachments } = post
    this.drop(key)
    return { text, replyTo, priority, ackWithin, attachments }
  }

  /** Gives a post up. */
  discard(key: string): void {
    this.takeBack(key)
  }

  /** Tries at once what waits for the network: it is back, or the page is seen. */
  hurry(): void {
    const waiting = [...this.pauses.entries()]
    this.pauses.clear()
    for (const [place, cancel] of waiting) {
      cancel()
      this.busy.delete(place)
    }
    for (const { place } of this.all.peek()) this.next(place)
  }

  /**
   * A message of the stream. Reports whether it is kept back: it may be the post that is on its way, whose answer says so.
   */
  holds(message: Message): boolean {
    if (message.sender_id !== this.deps.store.me.peek()?.account_id) return false
    if (this.keys.has(message.id)) return false
    const post = this.all.peek().find((one) => isUnderway(one) && mayBe(one, message))
    if (!post) return false
    const key = placeKey(post.place)
    this.held.set(key, [...(this.held.get(key) ?? []), message])
    return true
  }

  /** A message that was read. If it is one of the posts, that one is done. */
  found(message: Message): void {
    const { client_msg_id: key } = message
    if (key !== undefined && this.find(key)) this.confirm(key, message)
  }

  /** The key of the row of a message that was sent from here. */
  keyOf(id: string): string | undefined {
    return this.keys.get(id)
  }

  /** Whom a message that was sent from here named in vain or does not reach now. */
  outcomeOf(id: string): ReadonlySignal<Outcome | undefined> {
    const known = this.outcomes.get(id)
    if (known) return known
    const made = signal<Outcome | undefined>(undefined)
    this.outcomes.set(id, made)
    return made
  }

  private find(key: string): Outgoing | undefined {
    return this.all.peek().find((post) => post.key === key)
  }

  private next(place: Place): void {
    const key = placeKey(place)
    if (!this.isOpen || this.busy.has(key)) return
    const post = this.all.peek().find((one) => placeKey(one.place) === key && one.state !== 'refused')
    if (!post || post.state === 'asking') return
    this.busy.add(key)
    this.attempt(post).then(
      (pause) => {
        if (pause === undefined) {
          this.busy.delete(key)
          return this.next(place)
        }
        const act = () => {
          this.pauses.delete(key)
          this.busy.delete(key)
          this.next(place)
        }
        this.pauses.set(key, this.deps.clock.after(pause, act))
      },
      (error) => {
        this.busy.delete(key)
        throw error
      },
    )
  }

  /** Sends a post once. Returns the milliseconds until it is tried again; undefined if it is decided. */
  private async attempt(post: Outgoing): Promise<number | undefined> {
    const { synapse, clock } = this.deps
    this.put({ ...post, state: 'sending' })
    const { key, place, text, replyTo, priority, ackWithin, attachments } = post
    try {
      const posted = await synapse.request('POST /v1/messages', {
        key,
        body: {
          channel: place.channel,
          body: text,
          client_msg_id: key,
          ...(place.thread === null ? {} : { thread_id: place.thread }),
          ...(replyTo === null ? {} : { reply_to: replyTo }),
          ...(priority === 'normal' ? {} : { priority }),
          ...(ackWithin === null ? {} : { ack_within_s: ackWithin }),
          ...(attachments.length === 0 ? {} : { attachments: attachments.map(({ id }) => id) }),
        },
      })
      this.posted(key, posted)
      return
    } catch (error) {
      if (!(error instanceof SynapseError)) throw error
      // It was found by another way.
      const now = this.find(key)
      if (!now) return
      if (error.status === 401) {
        this.put({ ...now, state: 'waiting' })
        this.isOpen = false
        this.deps.signedOut()
        return
      }
      if (!mayPass(error)) return this.refuse(now, error)
      if (clock.now() > post.until) {
        this.put({ ...now, state: 'asking' })
        this.release(place)
        return
      }
      this.put({ ...now, tries: now.tries + 1 })
      return pauseAfter(now.tries, error)
    }
  }

  private posted(
    key: string,
    { unresolved_mentions, unreachable, chain: _, ...message }: PostedMessage,
  ): void {
    const outcome = { unresolved: unresolved_mentions ?? [], unreachable: unreachable ?? [] }
    batch(() => {
      if (outcome.unresolved.length + outcome.unreachable.length > 0)
        (this.outcomeOf(message.id) as Signal<Outcome | undefined>).value = outcome
      this.confirm(key, message)
    })
  }

  /** The post is this message. */
  private confirm(key: string, message: Message): void {
    const post = this.find(key)
    if (!post) return
    batch(() => {
      this.keys.set(message.id, key)
      this.drop(key)
      this.deps.deliver(message)
      this.release(post.place)
    })
  }

  private refuse(post: Outgoing, error: SynapseError): undefined {
    // It was there, and is deleted.
    if (error.code === 'message_not_found' && post.tries > 0) this.drop(post.key)
    else {
      const { code, detail, requestId = null, body } = error
      const fix = typeof body.fix === 'string' ? body.fix : null
      this.put({ ...post, state: 'refused', refusal: { code, detail, requestId, fix } })
    }
    this.release(post.place)
  }

  /** The messages that were kept back are others. */
  private release(place: Place): void {
    const key = placeKey(place)
    const held = this.held.get(key) ?? []
    this.held.delete(key)
    for (const message of held) this.deps.deliver(message)
  }

  private put(post: Outgoing): void {
    // Another outbox may have finished it since this one was closed.
    if (!this.isClosed) this.deps.keep.set('outbox', post.key, post)
    const others = this.all.peek().filter(({ key }) => key !== post.key)
    this.all.value = [...others, post].sort((one, other) => one.at - other.at)
  }

  private drop(key: string): void {
    this.deps.keep.remove('outbox', key)
    this.all.value = this.all.peek().filter((post) => post.key !== key)
  }
}

/** Whether a post may be on the server without an answer here: also one that waits, because another tab may send it. */
function isUnderway({ state }: Outgoing): boolean {
  return state === 'sending' || state === 'waiting'
}

/** Whether a message may be a post, by where it stands and what it says. */
function mayBe({ place, replyTo, text }: Outgoing, { channel, thread_id, body }: Message): boolean {
  if (channel !== place.channel || body !== text) return false
  // A reply stands in the thread of what it answers.
  return thread_id === place.thread || replyTo !== null
}

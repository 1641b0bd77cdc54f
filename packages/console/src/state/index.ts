// What the pages know of the server and do on it, in one object: `createConsole`. One stream fills the store; views read its
// signals, and call functions of here. Start reading at this file, then store.ts, live.ts, reduce.ts and timeline.ts.

import { batch, type ReadonlySignal } from '@preact/signals'
import {
  type Message,
  type StreamEvent,
  type StreamStatus,
  type Synapse,
  SynapseError,
} from '@synapse/client'
import { background } from '../background'
import { Acts } from './acts'
import { type Clock, SECOND, systemClock } from './clock'
import { Drafts } from './drafts'
import { Keep } from './keep'
import { Live, type Start } from './live'
import { Loads } from './loads'
import { Outbox } from './outbox'
import { Reading } from './reading'
import { type Reread, reduce } from './reduce'
import { Retries } from './retry'
import { ServerTime } from './server-time'
import { Store } from './store'
import { Threads } from './threads'
import { Timelines } from './timelines'
import { type Draft, ENDED_CLAIM_MS, isHeld, type Me, type Place, type TextStorage } from './types'
import { type NewLine, openAtLine } from './unread'

export type { Acts } from './acts'
export { type Clock, systemClock } from './clock'
export type { Drafts } from './drafts'
export type { Outbox, Outgoing, Refusal } from './outbox'
export {
  type Addressee,
  addresseeWords,
  ageOf,
  type DeliveryMark,
  type DeliveryView,
  deliveryView,
  presenceView,
  reachedBy,
  SYSTEM_HANDLE,
} from './people'
export type { Reading } from './reading'
export { letsThrough } from './reduce'
export type { Store } from './store'
export type { Timeline } from './timeline'
export {
  type Activity,
  type Blocked,
  type Channel,
  type Delivery,
  type DeliveryState,
  type Draft,
  emptyDraft,
  isHeld,
  isOpen,
  isUnseen,
  type Me,
  type Member,
  type Notify,
  type Place,
  type Profile,
  placeKey,
  type SearchPage,
  type TextStorage,
} from './types'
export { MOST_COUNTED, type NewLine } from './unread'
export { MOST_ROWS } from './window'

export interface ConsoleOptions {
  readonly synapse: Synapse
  /** Who is signed in. */
  readonly me: Me
  /** `localStorage` in a page. It never has a token. */
  readonly storage: TextStorage
  readonly clock?: Clock
  /** Calls back before the next frame is drawn; default: after 16 ms. */
  readonly schedule?: (flush: () => void) => void
  /** The session has ended on the server. Drafts and the outbox are kept. */
  readonly onSignedOut: () => void
  /** An event has been applied; for notifications and announcements. */
  readonly onEvent?: (event: StreamEvent) => void
}

/** What the pages are given. */
export interface Console {
  readonly store: Store
  readonly timelines: Timelines
  readonly outbox: Outbox
  readonly drafts: Drafts
  readonly reading: Reading
  readonly acts: Acts
  readonly loads: Loads
  /** What stands under the roots of threads. */
  readonly threads: Threads
  /** `open`, `connecting`, `waiting` for the next attempt, or `closed`. */
  readonly status: ReadonlySignal<StreamStatus>
  /** Whether to say that there is no connection: 5 s after it was lost, until it is back. */
  readonly isOffline: ReadonlySignal<boolean>
  /** When the connection was lost, in milliseconds. */
  readonly lostAt: ReadonlySignal<number | undefined>
  /** The time of the server in milliseconds, as far as events tell: for ages and countdowns. */
  now(): number
  /** Opens a channel at its newest messages or at the first unread one. Returns what is new there, or null. */
  openChannel(slug: string): Promise<NewLine | null>
  /** Marks a message and everything after it in its channel or thread as unread. @throws SynapseError */
  unreadFrom(id: string, thread?: string | null): Promise<void>
  /** Connects, and reads the state. Resolves when the channels are known. */
  start(): Promise<void>
  /** Ends everything; the outbox and the drafts stay stored. */
  stop(): void
  /** Applies what another tab has heard and is not in the log; nothing if this one is connected and hears it itself. */
  hear(event: StreamEvent): void
  /** The page is hidden for long: closes the connection. */
  suspend(): void
  /** The page is seen again: goes on. */
  resume(): void
  /** The network is back, or the page is seen: tries at once what waits. */
  hurry(): void
  /** The page may go: stores drafts, sends positions and deletions that wait. */
  flush(): void
  /** Sends the draft of a place. Returns the key of its row; undefined if the draft is empty. */
  post(place: Place): string | undefined
  /** Sends a text without a draft. Returns the key of its row. */
  send(place: Place, draft: Draft): string
  /** Removes drafts and the outbox of this account from the storage: one signs out. */
  forget(): void
}

/** Changes that were announced are read again once, so long after the last one. */
const REREAD = SECOND
/** What could not be read is tried again after so long. */
const RETRY = 10 * SECOND

/** Makes the state of one signed-in account. Nothing is sent before `start`. */
export function createConsole(options: ConsoleOptions): Console {
  const { synapse, me, storage, clock = systemClock, onSignedOut, onEvent } = options
  const schedule =
    options.schedule ??
    ((flush) => {
      clock.after(16, flush)
    })
  const store = new Store()
  store.me.value = me
  const keep = new Keep(storage, me.account_id)
  const drafts = new Drafts(keep, clock)
  const loads = new Loads(synapse, store)
  const subscribed = () => live.subscribed()
  const deliver = (message: Message) => timelines.add(message, 'answer')
  const signedOut = () => {
    stop()
    onSignedOut()
  }
  const outbox = new Outbox({ store, synapse, keep, clock, newKey, deliver, signedOut })
  const timelines: Timelines = new Timelines({
    ...{ store, synapse, outbox, clock, subscribed },
    onPage: () => firstPage.resolve(),
  })
  const reading = new Reading({ store, synapse, clock })
  const retries = new Retries(clock)
  const acts = new Acts({
    store,
    synapse,
    clock,
    loads,
    retries,
    touch: (message) => timelines.touch(message),
  })
  const time = new ServerTime(clock)
  const threads = new Threads({ store, synapse, quietly })
  let started = Promise.withResolvers<void>()

  const firstPage = Promise.withResolvers<void>()
  const pause = (milliseconds: number) =>
    new Promise<void>((resolve) => {
      clock.after(milliseconds, resolve)
    })
  const wanted = new Map<string, Reread>()
  let isWaiting = false
  const again = (reread: Reread) => {
    if (reread.of === 'everything') return live.again('epoch')
    wanted.set(JSON.stringify(reread), reread)
    if (isWaiting) return
    isWaiting = true
    clock.after(REREAD, () => {
      isWaiting = false
      const all = [...wanted.values()]
      wanted.clear()
      // What fails here is read at the next start; what is gone is no fault.
      for (const one of all) quietly(one.of === 'timelines' ? timelines.purge(one.key) : loads.again(one))
    })
  }

  const apply = (event: StreamEvent) => {
    time.hear(event)
    const { created, deleted, lost, rereads = [] } = reduce(store, event)
    if (created && !outbox.holds(created)) timelines.add(created, 'stream')
    const gone = deleted === undefined ? undefined : store.messages.peek(deleted)
    if (gone) timelines.touch(gone)
    if (event.type === 'claim.released' || event.type === 'claim.expired') {
      const { id } = event.claim
      clock.after(ENDED_CLAIM_MS, () => {
        const claim = store.claims.peek(id)
        if (claim && !isHeld(claim, time.now())) store.claims.delete(id)
      })
    }
    if (lost !== undefined) timelines.drop(lost)
    for (const reread of rereads) again(reread)
    onEvent?.(event)
  }

  /** What no page needs to be drawn is read after the first page. */
  let rest = 0
  const readRest = () => {
    const run = ++rest
    const isPast = () => run !== rest
    const all = async () => {
      await Promise.race([firstPage.promise, pause(REREAD)])
      // The page is drawn in the next frame, and seen after it.
      for (let frame = 0; frame < 2; frame++) await new Promise<void>((resolve) => schedule(resolve))
      if (isPast()) return
      await Promise.all([loads.approvals(), loads.claims(), loads.presence(), loads.pauses(), loads.inbox()])
    }
    const retry = (error: unknown) => {
      if (!(error instanceof SynapseError)) throw error
      if (error.status === 401) return signedOut()
      clock.after(RETRY, () => {
        if (!isPast()) readRest()
      })
    }
    background(all().catch(retry))
  }

  const read = async (start: Start) => {
    if (start === 'epoch') store.clear()
    await Promise.all([loads.channels(), start === 'first' ? undefined : loads.me()])
    started.resolve()
    if (start !== 'first') threads.clear()
    if (start === 'epoch') await timelines.empty()
    else if (start !== 'first') await timelines.resume(start === 'expired')
    readRest()
  }

  const live: Live = new Live({
    ...{ synapse, clock, schedule, read, apply, signedOut },
    resumed: () => {
      hurry()
      quietly(loads.unlogged())
    },
  })

  const hurry = () => {
    outbox.hurry()
    retries.hurry()
  }
  const flush = () => {
    drafts.flush()
    reading.flush()
    acts.flush()
  }
  const stop = () => {
    flush()
    outbox.close()
    live.close()
    rest++
  }
  return {
    ...{ store, timelines, outbox, drafts, reading, acts, loads, threads, flush, hurry, stop },
    now: () => time.now(),
    openChannel: (slug) =>
      openAtLine(store, timelines.at({ channel: slug, thread: null }), () => loads.unreadTotal(slug)),
    unreadFrom: async (id, thread = null) => {
      const message = store.messages.peek(id)
      if (!message) return
      const place = { channel: message.channel, thread }
      const before = timelines.at(place).before(id)
      await reading.unreadFrom(place, before?.cursor ?? 'oldest')
    },
    status: live.status,
    isOffline: live.isOffline,
    lostAt: live.lostAt,
    start: () => {
      started = Promise.withResolvers()
      live.open()
      outbox.open()
      return started.promise
    },
    hear: (event) => {
      if (live.status.peek() === 'closed') apply(event)
    },
    suspend: () => live.suspend(),
    resume: () => live.resume(),
    post: (place) => {
      const { text, attachments } = drafts.at(place).peek()
      if (text.trim() === '' && attachments.length === 0) return
      return batch(() => outbox.send(place, drafts.take(place)))
    },
    send: (place, draft) => outbox.send(place, draft),
    forget: () => keep.clear(),
  }
}

/** A key that no other post has. Plain http has no `randomUUID`. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Lets a promise run without waiting for it. What the server refuses or the network loses is read at the next start. */
function quietly(work: Promise<unknown>): void {
  const refused = (error: unknown) => {
    if (!(error instanceof SynapseError)) throw error
  }
  background(work.catch(refused))
}

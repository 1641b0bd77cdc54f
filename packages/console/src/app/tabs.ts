import { effect, type ReadonlySignal, signal } from '@preact/signals'
import type { Message, StreamEvent } from '@synapse/client'
import { background } from '../background'
import type { Console } from '../state'
import { isWide } from '../ui/width'
import { onEvent } from './console'
import { route } from './navigation'
import { findSession } from './session'

/** A tab that is hidden for so long closes its connection, in milliseconds. */
const HIDDEN_MS = 60_000
/** A tab says that it is there each so many milliseconds, and is forgotten after so many: hidden ones are slow. */
const BEAT_MS = 20_000
const FORGOTTEN_MS = 150_000

/** What a tab shows: a conversation by its slug, a thread by the id of its root, or the inbox. */
interface Shown {
  readonly slug?: string
  readonly thread?: string
  readonly isInbox?: boolean
}

interface Here {
  readonly type: 'here'
  readonly id: string
  /** When it was opened. */
  readonly since: number
  readonly isFocused: boolean
  readonly shown: Shown
}

type Word =
  | Here
  | { readonly type: 'gone'; readonly id: string }
  | { readonly type: 'read'; readonly event: ReadPosition }

type ReadPosition = Extract<StreamEvent, { type: 'read.position' }>

/** The tabs of this account in this browser, as one of them sees it. */
export interface Tabs {
  /** One of the tabs shows notifications and stays connected. */
  readonly isNotifier: ReadonlySignal<boolean>
  /** Whether a tab that has the focus shows a message now. */
  isSeen(message: Message): boolean
  /** Leaves the others. */
  stop(): void
}

/**
 * Joins the other tabs of an account. A tab that is hidden for 60 s closes its connection unless it is the notifier: the holder
 * of a lock, or, where pages have none (plain http), the youngest tab. Positions of reading reach tabs without a connection,
 * and the end of the session reaches all.
 */
export function joinTabs(app: Console, account: string): Tabs {
  const id = crypto.getRandomValues(new Uint32Array(2)).join('-')
  const since = Date.now()
  const others = new Map<string, Here & { readonly at: number }>()
  const channel = new BroadcastChannel(`synapse.${account}`)
  const leaving = new AbortController()
  const { signal: left } = leaving
  const isNotifier = signal(false)
  let isRelayed = false
  const isLongHidden = signal(false)

  const say = (word: Word) => channel.postMessage(word)
  const here = (): Here => ({
    type: 'here',
    id,
    since,
    isFocused: document.hasFocus(),
    shown: shownHere(app),
  })
  const sayHere = () => say(here())
  const hasLocks = 'locks' in navigator
  const elect = () => {
    if (hasLocks) return
    const now = Date.now()
    for (const [key, { at }] of others) if (now - at > FORGOTTEN_MS) others.delete(key)
    isNotifier.value = [...others.values()].every(
      (other) => other.since < since || (other.since === since && other.id < id),
    )
  }

  channel.onmessage = ({ data }: MessageEvent<Word>) => {
    switch (data.type) {
      case 'here': {
        const isNew = !others.has(data.id)
        others.set(data.id, { ...data, at: Date.now() })
        if (isNew) sayHere()
        elect()
        return
      }
      case 'gone':
        others.delete(data.id)
        elect()
        return
      case 'read':
        isRelayed = true
        app.hear(data.event)
        isRelayed = false
    }
  }
  if (hasLocks) {
    const hold = navigator.locks.request(
      `synapse.notifier.${account}`,
      { signal: left },
      () =>
        new Promise<void>((resolve) => {
          isNotifier.value = true
          left.addEventListener('abort', () => resolve())
        }),
    )
    // It ends with the tab, or when one signs out before it was this tab's turn.
    hold.catch(() => undefined)
  }

  let timer: ReturnType<typeof setTimeout> | undefined
  const seen = () => {
    clearTimeout(timer)
    if (!document.hidden) isLongHidden.value = false
    else
      timer = setTimeout(() => {
        isLongHidden.value = true
      }, HIDDEN_MS)
    sayHere()
  }
  const leave = () => say({ type: 'gone', id })
  document.addEventListener('visibilitychange', seen, { signal: left })
  addEventListener('focus', sayHere, { signal: left })
  addEventListener('blur', sayHere, { signal: left })
  addEventListener('pagehide', leave, { signal: left })
  // A page that comes back from the cache of the browser.
  addEventListener('pageshow', sayHere, { signal: left })
  addEventListener(
    'storage',
    ({ key }) => {
      // Another tab has signed out: it removes everything.
      if (key === null) background(findSession())
    },
    { signal: left },
  )
  const beat = setInterval(() => {
    sayHere()
    elect()
  }, BEAT_MS)
  const stopHearing = onEvent((event) => {
    if (event.type === 'read.position' && !isRelayed) say({ type: 'read', event })
  })

  let isSuspended = false
  const stopSleeping = effect(() => {
    const sleeps = isLongHidden.value && !isNotifier.value
    if (sleeps === isSuspended) return
    isSuspended = sleeps
    if (sleeps) app.suspend()
    else app.resume()
  })
  const stopSaying = effect(() => {
    // The others learn what is shown here.
    if (route.value) sayHere()
  })
  elect()
  if (document.hidden) seen()

  return {
    isNotifier,
    isSeen: (message) =>
      [...others.values(), here()].some((tab) => tab.isFocused && shows(tab.shown, message)),
    stop: () => {
      leave()
      leaving.abort()
      clearTimeout(timer)
      clearInterval(beat)
      stopHearing()
      stopSleeping()
      stopSaying()
      channel.close()
    },
  }
}

function shownHere({ store }: Console): Shown {
  const now = route.peek()
  switch (now.name) {
    case 'channel':
      return { slug: now.params.slug }
    case 'thread': {
      const { id } = now.params
      const slug = isWide.peek() ? store.messages.peek(id)?.channel : undefined
      return { thread: id, ...(slug === undefined ? {} : { slug }) }
    }
    case 'inbox':
    case 'approvals':
      return { isInbox: true }
    default:
      return {}
  }
}

function shows({ slug, thread, isInbox }: Shown, { id, channel, thread_id: root }: Message): boolean {
  if (isInbox) return true
  if (thread !== undefined && thread === (root ?? id)) return true
  return root === null && slug === channel
}

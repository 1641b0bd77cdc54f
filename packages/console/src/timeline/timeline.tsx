/**
 * The messages of a conversation as a list that slides over a longer one, and keeps what is read in place. Imports state/,
 * text/, ui/ and what app/ knows of the browser. Start reading here, then sliding-list.tsx and anchor.ts (the list),
 * message-row.tsx (a row), opening.ts (where it opens).
 */
import { computed, type ReadonlySignal, useComputed, useSignal } from '@preact/signals'
import type { Message } from '@synapse/client'
import type { ComponentChildren } from 'preact'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import { background } from '../background'
import { type Console, isUnseen, type Place, type Timeline as TimelineState } from '../state'
import { plainSnippet } from '../text'
import { Loading } from '../ui'
import { ErrorState } from '../ui/states'
import { Announcer } from './announcer'
import { copyRows } from './copied'
import { HostContext, type TimelineHost } from './host'
import { DayRow, GapRow, NewRow } from './line-rows'
import { MessageRow } from './message-row'
import type { Opening } from './opening'
import { OutgoingRow } from './outgoing-row'
import { actByKey } from './row-acts'
import { type Item, type NewLine, type Row, rowsOf } from './rows'
import { type Jump, type ListHandle, SlidingList } from './sliding-list'

/** A message that is to be shown. A new object is a new jump. */
export interface Target {
  readonly id: string
}

interface TimelineProps {
  readonly host: TimelineHost
  /** The name of the region, like that of the conversation. */
  readonly label: string
  readonly opening: Opening
  /** A message that is shown now, instead of where one is. */
  readonly target: Target | undefined
  readonly onShown: (target: Target) => void
  /** Is set while the list is shown. */
  readonly handle: { current: ListHandle | undefined }
  /** Above the first message there is. */
  readonly head: () => ComponentChildren
  /** Where there is nothing to show. */
  readonly empty: ComponentChildren
}

/** The messages of a conversation, once it is open. */
export function Timeline({ host, label, opening, target, onShown, handle, head, empty }: TimelineProps) {
  const { app, place } = host
  const { timeline, newLine } = opening
  const rows = useMemo(() => rowSignal(app, timeline, newLine), [timeline])
  const slide = useMemo(
    () =>
      computed(() => ({
        rows: rows.value,
        hasEarlier: timeline.hasOlder.value,
        hasLater: timeline.hasNewer.value,
      })),
    [rows],
  )
  // The newest message that was visible here, or was there when it was opened. What came after it is counted.
  const seenTo = useSignal<number | undefined>(undefined)
  if (seenTo.peek() === undefined && opening.isOpen) seenTo.value = seenAtFirst(app, opening)
  const unseen = useComputed(() => newerThan(app, timeline, place, seenTo.value ?? 0))
  const news = useMemo(() => rootsWithNews(app, timeline, place), [timeline])
  const isAtEnd = useRef(true)
  const say = useRef<(words: string) => void>(() => undefined)
  useEffect(() => goToSent(app, place, () => handle.current?.toNewest()), [timeline])
  useArrivals(app, opening, isAtEnd, (words) => say.current(words))

  const jump: Jump | undefined = useMemo(() => {
    if (!target) return undefined
    const row = timeline.rows.peek().find(({ id }) => id === target.id)
    return { key: row?.key ?? target.id }
  }, [target])

  if (timeline.state.value === 'failed')
    return <ErrorState error={timeline.error.value} onRetry={() => timeline.retry()} />
  if (!opening.isOpen || timeline.state.value !== 'ready')
    return <Loading rows={8} height={56} label="Loading messages" />
  if (rows.value.length === 0)
    return (
      <section class="sliding sliding-empty" aria-label={label}>
        {head()}
        {empty}
      </section>
    )

  return (
    <HostContext.Provider value={host}>
      <SlidingList
        label={label}
        slide={slide}
        row={(row) => <AnyRow key={row.key} row={row} />}
        head={head}
        onEarlier={(rest) => background(timeline.older(rest))}
        onLater={(rest) => background(timeline.newer(rest))}
        onNewest={() => background(timeline.toEnd())}
        start={opening.start}
        jump={jump}
        onJumped={() => target && onShown(target)}
        unseen={unseen}
        news={news}
        newsName={['thread', 'threads']}
        handle={handle}
        onCopy={(event, keys) => copyRows(event, messagesOf(app, rows.peek(), keys))}
        onView={(newest, now) => {
          isAtEnd.current = now === undefined
          opening.keep(now)
          timeline.follow(now === undefined)
          const message = messageOf(app, rows.peek(), newest)
          const newestHere = now === undefined ? newestSeq(app, timeline) : message?.seq
          seenTo.value = Math.max(seenTo.peek() ?? 0, newestHere ?? 0)
          app.reading.see(place, message ? { seq: message.seq, cursor: message.cursor } : null)
        }}
        onKey={(event, key) => {
          const message = messageOf(app, rows.peek(), key)
          if (message && !message.deleted && actByKey(event, message, host)) event.preventDefault()
        }}
      />
      <Announcer
        bind={(speak) => {
          say.current = speak
        }}
      />
    </HostContext.Provider>
  )
}

function AnyRow({ row }: { readonly row: Row }) {
  switch (row.kind) {
    case 'message':
      return row.id === null ? (
        <OutgoingRow rowKey={row.key} isHead={row.isHead} />
      ) : (
        <MessageRow rowKey={row.key} id={row.id} isHead={row.isHead} />
      )
    case 'day':
      return <DayRow rowKey={row.key} at={row.at} />
    case 'new':
      return <NewRow count={row.count} />
    case 'gap':
      return <GapRow rowKey={row.key} text={row.text} />
  }
}

function rowSignal(
  app: Console,
  timeline: TimelineState,
  newLine: ReadonlySignal<NewLine | undefined>,
): ReadonlySignal<readonly Row[]> {
  const { store, outbox } = app
  return computed(() => {
    const items: Item[] = []
    if (timeline.wasPurged.value)
      items.push({ kind: 'gap', key: 'purged', text: 'Older messages were removed from the server.' })
    const me = store.me.value
    for (const { key, id, outgoing } of timeline.rows.value) {
      const message = id === null ? undefined : store.messages.peek(id)
      if (message) items.push({ kind: 'message', key, id, message })
      else if (outgoing !== null && me) {
        const post = outbox.all.peek().find((one) => one.key === outgoing)
        if (post)
          items.push({ kind: 'message', key, id: null, message: sent(me.account_id, post.at, post.priority) })
      }
    }
    return rowsOf(items, newLine.value)
  })
}

function sent(sender_id: string, at: number, priority: Message['priority']) {
  return {
    sender_id,
    created_at: new Date(at).toISOString(),
    kind: 'message' as const,
    via: 'session' as const,
    priority,
  }
}

function messageOf(app: Console, rows: readonly Row[], key: string | undefined): Message | undefined {
  const row = rows.find((one) => one.key === key)
  // The lines between messages belong to the one above.
  const at = row === undefined ? -1 : rows.indexOf(row)
  for (let index = at; index >= 0; index--) {
    const one = rows[index]
    if (one?.kind === 'message' && one.id !== null) return app.store.messages.peek(one.id)
  }
  return undefined
}

function messagesOf(app: Console, rows: readonly Row[], keys: readonly string[]): Message[] {
  const wanted = new Set(keys)
  return rows.flatMap((row) => {
    if (row.kind !== 'message' || row.id === null || !wanted.has(row.key)) return []
    return app.store.messages.peek(row.id) ?? []
  })
}

function newestSeq(app: Console, timeline: TimelineState): number {
  const id = timeline.rows.peek().findLast((row) => row.id !== null)?.id
  return app.store.messages.peek(id ?? '')?.seq ?? 0
}

/** What counts as seen when a conversation opens: everything before the line, else everything that is there. */
function seenAtFirst(app: Console, { timeline, newLine }: Opening): number {
  const first = app.store.messages.peek(newLine.peek()?.before ?? '')
  return first ? first.seq - 1 : newestSeq(app, timeline)
}

/** How many messages of others stand after a place, as far as they are known. */
function newerThan(app: Console, timeline: TimelineState, place: Place, seq: number): number {
  // What is not in the window is known by its count only.
  if (timeline.hasNewer.value)
    return place.thread === null ? (app.store.channels.get(place.channel)?.unread ?? 0) : 0
  const me = app.store.me.peek()?.account_id
  let count = 0
  for (const { id } of timeline.rows.value) {
    const message = id === null ? undefined : app.store.messages.peek(id)
    if (message && message.seq > seq && message.sender_id !== me) count++
  }
  return count
}

/** What one sends from here is shown, wherever one was. */
function goToSent(app: Console, place: Place, toNewest: () => void): () => void {
  let known: ReadonlySet<string> | undefined
  return app.outbox.at(place).subscribe((posts) => {
    const before = known
    known = new Set(posts.map(({ key }) => key))
    if (before && posts.some(({ key }) => !before.has(key))) toNewest()
  })
}

/** The rows of a channel in whose threads something for me is not seen. */
function rootsWithNews(
  app: Console,
  timeline: TimelineState,
  place: Place,
): ReadonlySignal<readonly string[]> {
  return computed(() => {
    if (place.thread !== null) return []
    const roots = new Set(
      app.store.items.all.value.flatMap((item) => {
        const { channel, thread_id } = item.message
        return thread_id !== null && channel === place.channel && isUnseen(item) ? [thread_id] : []
      }),
    )
    if (roots.size === 0) return []
    return timeline.rows.value.flatMap(({ key, id }) => (id !== null && roots.has(id) ? [key] : []))
  })
}

/**
 * Says new messages while the page has the focus and is at the end. While nobody looks, the first of them gets the line above
 * what is new.
 */
function useArrivals(
  app: Console,
  { timeline, newLine }: Opening,
  isAtEnd: { readonly current: boolean },
  say: (words: string) => void,
): void {
  useEffect(() => {
    let newest = Number.POSITIVE_INFINITY
    return timeline.rows.subscribe((rows) => {
      const messages = rows.flatMap(({ id }) => (id === null ? [] : (app.store.messages.peek(id) ?? [])))
      const before = newest
      newest = messages.at(-1)?.seq ?? newest
      if (timeline.hasNewer.peek()) return
      const me = app.store.me.peek()?.account_id
      const came = messages.filter(({ seq, sender_id }) => seq > before && sender_id !== me)
      const [first] = came
      if (!first) return
      const isWatched = document.hasFocus()
      if (!isWatched && newLine.peek() === undefined) newLine.value = { before: first.id, count: 0 }
      if (!isWatched || !isAtEnd.current) return
      for (const message of came)
        say(`${message.sender_display_name || message.sender_handle}: ${plainSnippet(message.body)}`)
    })
  }, [timeline])
}

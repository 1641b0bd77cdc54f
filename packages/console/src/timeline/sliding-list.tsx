import type { ReadonlySignal } from '@preact/signals'
import { Component, type ComponentChildren, type JSX } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { Anchor, type Place } from './anchor'
import { useOncePerFrame } from './frame'

/** Rows are asked for when fewer pixels than this are left above or below what is visible. */
const AHEAD = 1200

/** So few pixels above where one begins are shown too. */
const LITTLE = 160

export interface ListedRow {
  /** Unique in the list, and the same for as long as the row exists. */
  readonly key: string
}

/** A row that is to be shown. A new object is a new jump, also to the same row. */
export interface Jump {
  readonly key: string
}

/** What others do with the list. */
export interface ListHandle {
  /** Goes to the newest row, and stays at the end. */
  readonly toNewest: () => void
}

/** What of a list is in the document. */
export interface Slide<Row extends ListedRow> {
  readonly rows: readonly Row[]
  /** Whether there is more above and below. Without more below, the list ends with the newest row. */
  readonly hasEarlier: boolean
  readonly hasLater: boolean
}

interface SlidingListProps<Row extends ListedRow> {
  /** The name of the region. */
  readonly label: string
  readonly slide: ReadonlySignal<Slide<Row>>
  /** Renders a row as one `<li>` with `data-key`; one that can be focused has `data-focusable`. */
  readonly row: (row: Row) => JSX.Element
  /** Above the first row, when there is nothing earlier. */
  readonly head: () => ComponentChildren
  /** Ask for a page at one end. Called at rest, and again until there is enough or no more. */
  /** More is wanted at an end. It is put in after `rest`: a browser that scrolls by itself does not keep the place. */
  readonly onEarlier: (rest: () => Promise<void>) => void
  readonly onLater: (rest: () => Promise<void>) => void
  /** Goes back to the newest rows; afterwards `hasLater` is false. */
  readonly onNewest: () => void
  /** Where to begin: a place that somebody has left, or undefined for the end. */
  readonly start?: Place | undefined
  readonly jump?: Jump | undefined
  /** Called when the row of a jump is shown. */
  readonly onJumped?: (() => void) | undefined
  /** How many rows somebody has not seen below. */
  readonly unseen: ReadonlySignal<number>
  /** Rows with news, by their keys. Those above what is visible are counted. */
  readonly news?: ReadonlySignal<readonly string[]>
  /** What is counted: `1 thread`, `2 threads`. */
  readonly newsName?: readonly [one: string, many: string]
  /** Is set while the list is shown. */
  readonly handle?: { current: ListHandle | undefined }
  /** Called once a frame when the view has moved: with the newest row seen, and where one is (undefined = at the end). */
  readonly onView?: (newestSeen: string | undefined, place: Place | undefined) => void
  readonly onKey?: (event: KeyboardEvent, key: string) => void
  /** Called when something is copied: with the rows that the selection touches. */
  readonly onCopy?: (event: ClipboardEvent, keys: readonly string[]) => void
}

/** A list that slides over a longer one: real rows, and what is read keeps its place (see {@link Anchor}). */
export function SlidingList<Row extends ListedRow>(props: SlidingListProps<Row>): JSX.Element {
  const { label, slide, row, head, onNewest, start, jump, unseen } = props
  const { rows, hasEarlier, hasLater } = useOncePerFrame(slide)
  const view = useRef<HTMLDivElement>(null)
  const list = useRef<HTMLOListElement>(null)
  const anchor = useRef<Anchor | undefined>(undefined)
  const latest = useRef(props)
  latest.current = props
  const [isAway, setAway] = useState(false)
  // The rows with news above what is visible, the nearest last.
  const [above, setAbove] = useState<readonly string[]>([])
  // The jump that has not been made yet: its row may not be here.
  const pending = useRef<Jump | undefined>(undefined)
  const begin = useRef(start)

  useLayoutEffect(() => {
    if (!view.current || !list.current) return
    let frame = 0
    const moved = () => {
      if (frame !== 0) return
      frame = requestAnimationFrame(() => {
        frame = 0
        const { onView } = latest.current
        setAway(!(keeper.isStuck && keeper.isLive))
        const seen = keeper.newestSeen()
        const isAtEnd = keeper.isStuck && keeper.isLive
        onView?.(keyOf(seen), isAtEnd ? undefined : keeper.current)
        const keys = latest.current.news?.peek() ?? []
        const over = keys.filter((key) => list.current && keeper.isAbove(find(list.current, key)))
        setAbove((known) => (known.join(' ') === over.join(' ') ? known : over))
        page()
      })
    }
    const rest = () => keeper.rest()
    const page = () => {
      const { hasEarlier, hasLater } = latest.current.slide.peek()
      const top = view.current?.scrollTop ?? 0
      if (hasEarlier && top < AHEAD) keeper.atRest(() => latest.current.onEarlier(rest))
      else if (hasLater && keeper.distance < AHEAD) keeper.atRest(() => latest.current.onLater(rest))
    }
    const keeper = new Anchor(view.current, list.current, moved)
    anchor.current = keeper
    const unsubscribe = latest.current.news?.subscribe(moved)
    return () => {
      unsubscribe?.()
      cancelAnimationFrame(frame)
      keeper.close()
    }
  }, [])

  useLayoutEffect(() => {
    pending.current = jump
    if (jump && anchor.current) anchor.current.isStuck = false
  }, [jump])

  useLayoutEffect(() => {
    const keeper = anchor.current
    if (!keeper || !list.current) return
    keeper.isLive = !hasLater
    const { current: place } = begin
    const to = pending.current
    const target = to && find(list.current, to.key)
    if (to && target) {
      pending.current = undefined
      begin.current = undefined
      keeper.show(target)
      focusRow(list.current, target)
      latest.current.onJumped?.()
    } else if (place && rows.length > 0) {
      begin.current = undefined
      const at = find(list.current, place.key)
      if (at) keeper.place(at, place.top)
      // Little is above: then all of it is shown.
      if (at && !hasEarlier && view.current && view.current.scrollTop < LITTLE)
        keeper.place(at, place.top + view.current.scrollTop)
      else keeper.correct()
    } else keeper.correct()
    keepStop(list.current, keeper.isStuck)
  }, [rows, hasEarlier, hasLater, jump])

  // A row that goes with the focus leaves it to the one that takes its place.
  const focused = useRef<string | undefined>(undefined)
  const before = useRef(rows)
  useLayoutEffect(() => {
    const previous = before.current
    before.current = rows
    const key = focused.current
    if (key === undefined || !list.current || find(list.current, key)) return
    focused.current = undefined
    if (document.activeElement !== document.body) return
    const at = previous.findIndex((one) => one.key === key)
    const heir = [...previous.slice(at + 1), ...previous.slice(0, at).reverse()]
      .map((one) => list.current && find(list.current, one.key))
      .find((element) => element?.hasAttribute('data-focusable'))
    if (heir) focusRow(list.current, heir)
  }, [rows])

  const toNewest = () => {
    onNewest()
    anchor.current?.toEnd()
  }

  const { handle, newsName: [one, many] = ['row', 'rows'] } = props
  useLayoutEffect(() => {
    if (!handle) return
    handle.current = { toNewest }
    return () => {
      handle.current = undefined
    }
  }, [])
  const toNews = () => {
    const row = list.current && find(list.current, above.at(-1) ?? '')
    if (!row || !list.current) return
    anchor.current?.show(row)
    focusRow(list.current, row)
  }

  return (
    <section class="sliding" aria-label={label}>
      <div class="sliding-view" ref={view}>
        <div class="sliding-edge">
          {hasEarlier ? <p class="sliding-more">Loading earlier messages</p> : head()}
        </div>
        <ol
          ref={list}
          class="sliding-rows"
          onKeyDown={(event) => moveFocus(event, toNewest, anchor.current, latest.current.onKey)}
          onFocusIn={(event) => {
            const key = list.current && becomeStop(list.current, event.target)
            focused.current = key ?? undefined
          }}
          onCopy={(event) => latest.current.onCopy?.(event, selectedKeys(event.currentTarget))}
          onFocusOut={({ target }) => {
            // Chromium says this also of a row that is removed with the focus in it.
            queueMicrotask(() => {
              if (
                target instanceof Node &&
                target.isConnected &&
                !list.current?.contains(document.activeElement)
              )
                focused.current = undefined
            })
          }}
        >
          <Rows rows={rows} row={row} />
        </ol>
        {hasLater && <p class="sliding-more">Loading later messages</p>}
      </div>
      {above.length > 0 && (
        <button type="button" class="pill above" onClick={toNews}>
          {above.length} {above.length === 1 ? one : many} above
          <span aria-hidden="true"> ↑</span>
        </button>
      )}
      {isAway && <NewerPill unseen={unseen} onPress={toNewest} />}
    </section>
  )
}

interface RowsProps<Row extends ListedRow> {
  readonly rows: readonly Row[]
  readonly row: (row: Row) => JSX.Element
}

/** The rows, drawn again only when they are others: what is around them changes more often. */
class Rows<Row extends ListedRow> extends Component<RowsProps<Row>> {
  override shouldComponentUpdate({ rows }: RowsProps<Row>): boolean {
    return rows !== this.props.rows
  }

  override render({ rows, row }: RowsProps<Row>): ComponentChildren {
    return rows.map(row)
  }
}

function NewerPill({ unseen, onPress }: { unseen: ReadonlySignal<number>; onPress: () => void }) {
  const count = unseen.value
  return (
    <button type="button" class="pill" onClick={onPress}>
      {count > 0 ? `${count > 99 ? '99+' : count} new` : 'Newest'}
      <span aria-hidden="true"> ↓</span>
    </button>
  )
}

function keyOf(row: Element | undefined): string | undefined {
  return row instanceof HTMLElement ? row.dataset.key : undefined
}

function find(list: Element, key: string): HTMLElement | undefined {
  const row = list.querySelector(`:scope > [data-key="${CSS.escape(key)}"]`)
  return row instanceof HTMLElement ? row : undefined
}

function focusables(list: Element): HTMLElement[] {
  return [...list.querySelectorAll<HTMLElement>(':scope > [data-focusable]')]
}

/** Focuses a row, and makes it the one that Tab comes to. */
function focusRow(list: Element, row: HTMLElement): void {
  becomeStop(list, row)
  row.focus({ preventScroll: true })
}

/** Makes the row of an element the one that Tab comes to, and returns its key. */
function becomeStop(list: Element, target: EventTarget | null): string | undefined {
  const row = target instanceof Element ? target.closest<HTMLElement>('[data-focusable]') : null
  if (row?.parentElement !== list) return undefined
  for (const other of list.querySelectorAll<HTMLElement>(':scope > [tabindex="0"]')) other.tabIndex = -1
  row.tabIndex = 0
  return row.dataset.key
}

/** Keeps one row that Tab comes to: the newest while somebody is at the end and has not gone into the list. */
function keepStop(list: Element, isStuck: boolean): void {
  const stop = list.querySelector(':scope > [tabindex="0"]')
  const isInside = list.contains(document.activeElement)
  if (stop && (isInside || !isStuck)) return
  const last = focusables(list).at(-1)
  if (last) becomeStop(list, last)
}

function selectedKeys(list: Element): string[] {
  const selection = getSelection()
  return [...list.children].flatMap((row) => (selection?.containsNode(row, true) ? (keyOf(row) ?? []) : []))
}

/** Up, Down, Home and End move between rows; other keys on a row are the caller's. */
function moveFocus(
  event: KeyboardEvent,
  toNewest: () => void,
  anchor: Anchor | undefined,
  onKey: ((event: KeyboardEvent, key: string) => void) | undefined,
): void {
  const { currentTarget: list, target } = event
  if (!(list instanceof HTMLElement) || !(target instanceof HTMLElement)) return
  // In a button or a field of a row the keys are its own.
  if (target.parentElement !== list || event.isComposing) return
  const rows = focusables(list)
  const at = rows.indexOf(target)
  const next =
    event.key === 'ArrowUp'
      ? rows[at - 1]
      : event.key === 'ArrowDown'
        ? rows[at + 1]
        : event.key === 'Home'
          ? rows[0]
          : event.key === 'End'
            ? rows.at(-1)
            : undefined
  if (event.altKey || event.ctrlKey || event.metaKey || next === undefined) {
    if (target.dataset.key !== undefined) onKey?.(event, target.dataset.key)
    return
  }
  event.preventDefault()
  if (event.key === 'End') toNewest()
  focusRow(list, next)
  if (event.key !== 'End') anchor?.reveal(next)
}

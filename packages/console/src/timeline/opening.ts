// Where a conversation opens: at a message of the address, where one has left it, at what is new, else at its end.
import { type Signal, signal } from '@preact/signals'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { usePlace } from '../app/navigation'
import { background } from '../background'
import { type NewLine as Backlog, type Console, type Place, placeKey, type Timeline } from '../state'
import type { Place as ViewPlace } from './anchor'
import type { NewLine } from './rows'

/** Where the line above what is new stands, in pixels below the top of the view. */
const NEW_LINE_TOP = 72

/** A conversation that is being opened, and how it is shown. */
export interface Opening {
  readonly timeline: Timeline
  readonly newLine: Signal<NewLine | undefined>
  readonly backlog: Signal<Backlog | undefined>
  /** Whether it is known where it opens. */
  readonly isOpen: boolean
  /** Whether one has come back to it. */
  readonly isReturn: boolean
  readonly start: ViewPlace | undefined
  /** Keeps where one is, for the way back. */
  readonly keep: (place: ViewPlace | undefined) => void
}

interface Left {
  /** Null is the end. */
  readonly place: ViewPlace | null
  /** The message of the first visible row. */
  readonly id: string | null
}

/** Where one has left the conversations of this tab, by place. */
const remembered = new Map<string, Left>()

/** Opens a conversation. `target`: a message that is shown instead. */
export function useOpening(app: Console, place: Place, target: string | undefined): Opening {
  const timeline = app.timelines.at(place)
  const kept = useMemo<{ now: Left }>(() => ({ now: { place: null, id: null } }), [timeline])
  const key = placeKey(place)
  const left = usePlace<Left>(`timeline ${key}`, () => kept.now)
  const lines = useMemo(
    () => ({
      newLine: signal<NewLine | undefined>(undefined),
      backlog: signal<Backlog | undefined>(undefined),
    }),
    [timeline],
  )
  const [opened, setOpened] = useState<{ timeline: Timeline; start: ViewPlace | undefined }>()
  // Who comes back is where one was, not at the message of the address.
  const isReturn = left !== undefined
  useEffect(() => {
    let isCurrent = true
    const open = async () => {
      const isNew = (app.store.channels.peek(place.channel)?.unread ?? 0) > 0
      const before = isNew || target !== undefined ? undefined : remembered.get(key)
      const start = await openAt(app, timeline, lines, isReturn ? undefined : target, left ?? before)
      if (isCurrent) setOpened({ timeline, start })
    }
    background(open())
    return () => {
      isCurrent = false
      remembered.set(key, kept.now)
      app.reading.leave(place)
    }
  }, [timeline])
  return {
    timeline,
    ...lines,
    isReturn,
    isOpen: opened?.timeline === timeline,
    start: opened?.start,
    keep: (view) => {
      const row = view && timeline.rows.peek().find(({ key }) => key === view.key)
      kept.now = { place: view ?? null, id: row?.id ?? null }
    },
  }
}

async function openAt(
  app: Console,
  timeline: Timeline,
  lines: Pick<Opening, 'newLine' | 'backlog'>,
  target: string | undefined,
  left: Left | undefined,
): Promise<ViewPlace | undefined> {
  if (target !== undefined && (await timeline.around(target))) return undefined
  if (left?.place) {
    if (has(timeline, left.place.key)) return left.place
    if (left.id !== null && (await timeline.around(left.id))) return left.place
  }
  const { channel, thread } = timeline.place
  if (thread !== null) {
    await timeline.toEnd()
    return undefined
  }
  const line = await app.openChannel(channel)
  if (!line) return undefined
  const { firstId, unread, isLanding } = line
  if (isLanding && firstId !== null) {
    lines.newLine.value = { before: firstId, count: unread }
    return { key: 'new', top: NEW_LINE_TOP }
  }
  lines.backlog.value = line
  return undefined
}

function has(timeline: Timeline, rowKey: string): boolean {
  return timeline.state.peek() === 'ready' && timeline.rows.peek().some(({ key }) => key === rowKey)
}

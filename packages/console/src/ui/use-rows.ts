import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { preferences } from '../app/preferences'

export interface Rows {
  /** The row that Tab reaches; the first one until another has had the focus. */
  readonly active: string | undefined
  /** The properties of a row. */
  readonly row: (key: string) => {
    readonly 'data-row': string
    readonly tabIndex: 0 | -1
    readonly onFocusIn: () => void
  }
  /** The properties of what holds the rows. */
  readonly list: {
    readonly ref: (element: HTMLElement | null) => void
    readonly onKeyDown: (event: KeyboardEvent) => void
    readonly onFocusOut: (event: FocusEvent) => void
  }
}

export interface RowsOptions {
  /** Acts by key on the row that has the focus: `{ d: (row) => … }`. Single letters can be switched off by the person. */
  readonly keys?: Readonly<Record<string, (row: string) => unknown>>
  /** The row that begins as the active one. */
  readonly first?: string | undefined
}

/**
 * Rows as one stop of the Tab key: arrows, Home and End move among them. When the row that has the focus goes, the next one
 * gets it. `order`: the keys of the rows as they are shown.
 */
export function useRows(order: readonly string[], { keys = {}, first }: RowsOptions = {}): Rows {
  const element = useRef<HTMLElement | null>(null)
  const [chosen, setChosen] = useState(first)
  const focused = useRef<{ key: string; index: number } | undefined>(undefined)
  const active = chosen !== undefined && order.includes(chosen) ? chosen : order[0]

  const focus = (key: string | undefined) => {
    if (key === undefined) return
    setChosen(key)
    rowOf(element.current, key)?.focus()
  }
  useLayoutEffect(() => {
    const last = focused.current
    if (!last) return
    const index = order.indexOf(last.key)
    if (index >= 0) last.index = index
    // A row that was removed leaves the focus on the page.
    else if (document.activeElement === document.body) {
      focused.current = undefined
      focus(order[Math.min(last.index, order.length - 1)])
    }
  })

  return {
    active,
    row: (key) => ({
      'data-row': key,
      tabIndex: key === active ? 0 : -1,
      onFocusIn: () => {
        focused.current = { key, index: order.indexOf(key) }
        if (key !== chosen) setChosen(key)
      },
    }),
    list: {
      ref: (found) => {
        element.current = found
      },
      onFocusOut: ({ relatedTarget }) => {
        if (relatedTarget instanceof Node && element.current?.contains(relatedTarget) !== true)
          focused.current = undefined
      },
      onKeyDown: (event) => {
        const { target, key, ctrlKey, metaKey, altKey, isComposing } = event
        if (ctrlKey || metaKey || altKey || isComposing || event.defaultPrevented) return
        const at = order.findIndex((one) => rowOf(element.current, one) === target)
        if (at < 0) return
        const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: order.length - 1 }[key]
        if (to !== undefined) {
          event.preventDefault()
          return focus(order[Math.max(0, Math.min(to, order.length - 1))])
        }
        const act = keys[key.length === 1 ? key.toLowerCase() : key]
        const row = order[at]
        if (!act || row === undefined || (key.length === 1 && !preferences.value.singleKeys)) return
        event.preventDefault()
        act(row)
      },
    },
  }
}

function rowOf(list: HTMLElement | null, key: string): HTMLElement | undefined {
  return [...(list?.querySelectorAll<HTMLElement>('[data-row]') ?? [])].find(
    ({ dataset }) => dataset.row === key,
  )
}

import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { type Route, routeOf } from './routes'

/** Where the console is now. */
export const route = signal<Route>(routeOf(new URL(location.href)))

/** What a page wants to know of a place when one comes back to it, such as the first visible row. */
type Place = Readonly<Record<string, unknown>>

interface EntryState {
  readonly key: string
}

/** The places by entry of the history. They outlive a reload, not the tab. */
const places = new Map<string, Place>(storedPlaces())
const savers = new Map<string, () => unknown>()
const MOST_PLACES = 100
const STORED = 'synapse.places'

let entry = keyOf(history.state) ?? begin()

/**
 * Goes to an address of the console. `replace`: the present entry of the history becomes it, as after a redirect.
 * The place of the page that is left is kept for coming back.
 */
export function navigate(to: string, { replace = false }: { readonly replace?: boolean } = {}): void {
  const url = new URL(to, location.href)
  if (replace) {
    history.replaceState({ key: entry } satisfies EntryState, '', url)
  } else if (url.href !== location.href) {
    keepPlace()
    entry = newKey()
    history.pushState({ key: entry } satisfies EntryState, '', url)
  }
  route.value = routeOf(url)
}

/**
 * Keeps a place of the page over leaving it and coming back. `save` is called when it is left. Returns what was saved when
 * the same entry of the history is shown again; undefined on a new one.
 */
export function usePlace<Value>(name: string, save: () => Value): Value | undefined {
  const latest = useRef(save)
  latest.current = save
  const found = useRef<{ key: string; value: Value | undefined }>(undefined)
  // The page put it there with the same name.
  if (found.current?.key !== entry)
    found.current = { key: entry, value: places.get(entry)?.[name] as Value | undefined }
  useEffect(() => {
    const saver = () => latest.current()
    savers.set(name, saver)
    return () => {
      if (savers.get(name) === saver) savers.delete(name)
    }
  }, [name])
  return found.current.value
}

/** Follows the links and the history of the page. Call it once. */
export function followHistory(): void {
  history.scrollRestoration = 'manual'
  addEventListener('popstate', (event) => {
    keepPlace()
    entry = keyOf(event.state) ?? begin()
    route.value = routeOf(new URL(location.href))
  })
  addEventListener('pagehide', keepPlace)
  document.addEventListener('click', (event) => {
    const link = linkOf(event)
    if (link === undefined) return
    event.preventDefault()
    navigate(link)
  })
}

/** The address of a link to a page of the console that was pressed to be opened in this tab. */
function linkOf(event: MouseEvent): string | undefined {
  if (
    event.defaultPrevented ||
    event.button !== 0 ||
    event.metaKey ||
    event.ctrlKey ||
    event.shiftKey ||
    event.altKey
  )
    return undefined
  const link = event.target instanceof Element ? event.target.closest('a[href]') : null
  if (!(link instanceof HTMLAnchorElement) || link.target !== '' || link.hasAttribute('download'))
    return undefined
  const url = new URL(link.href)
  // A place within the page, such as the skip link.
  if (link.getAttribute('href')?.startsWith('#')) return undefined
  return url.origin === location.origin && routeOf(url).name !== 'unknown' ? link.href : undefined
}

function keepPlace(): void {
  if (savers.size === 0) return
  places.delete(entry)
  places.set(entry, Object.fromEntries([...savers].map(([name, save]) => [name, save()])))
  for (const oldest of places.keys()) {
    if (places.size <= MOST_PLACES) break
    places.delete(oldest)
  }
  try {
    sessionStorage.setItem(STORED, JSON.stringify([...places]))
  } catch {
    // A full or forbidden storage keeps no places over a reload.
  }
}

function storedPlaces(): [string, Place][] {
  try {
    return JSON.parse(sessionStorage.getItem(STORED) ?? '[]') as [string, Place][]
  } catch {
    return []
  }
}

function keyOf(state: unknown): string | undefined {
  return (state as EntryState | null)?.key
}

function newKey(): string {
  return `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}`
}

function begin(): string {
  const key = newKey()
  history.replaceState({ key } satisfies EntryState, '')
  return key
}

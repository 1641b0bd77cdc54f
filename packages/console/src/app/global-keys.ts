import type { Console } from '../state'
import { navigate, route } from './navigation'
import { askPause } from './pausing'
import { preferences } from './preferences'
import { href } from './routes'
import { sideOrder } from './side-order'

export interface GlobalActs {
  readonly palette: () => void
  readonly keys: () => void
}

/** After G the next key has to come within so many milliseconds. */
const SEQUENCE_MS = 1500
const PAGES: Readonly<Record<string, string>> = { i: href('inbox'), a: href('activity'), s: href('search') }
const ROW = '[data-row], [data-focusable]'

/** Acts on keys wherever the focus is. Returns how to stop. */
export function followKeys(app: Console, { palette, keys }: GlobalActs): () => void {
  let goesAt = Number.NEGATIVE_INFINITY
  const pressed = (event: KeyboardEvent) => {
    if (event.isComposing || event.keyCode === 229) return
    const act = actOf(event)
    if (!act) return
    event.preventDefault()
    event.stopPropagation()
    act()
  }
  const actOf = (event: KeyboardEvent): (() => void) | undefined => {
    const { key, code, altKey, shiftKey } = event
    const isControl = event.ctrlKey || event.metaKey
    if (isControl && !altKey && !shiftKey && key.toLowerCase() === 'k') return palette
    if (isControl && !altKey && key === '/') return keys
    if (document.querySelector('dialog[open]')) return undefined
    if (isControl && shiftKey && !altKey && (code === 'Period' || key === '.' || key === '>'))
      return () => pauseHere(app)
    if (altKey && !isControl && (key === 'ArrowUp' || key === 'ArrowDown'))
      return () => move(app, key === 'ArrowUp' ? -1 : 1, shiftKey)
    if (isControl || altKey || !preferences.peek().singleKeys || !isOnRow(event)) return undefined
    const isSecond = event.timeStamp - goesAt < SEQUENCE_MS
    goesAt = Number.NEGATIVE_INFINITY
    if (key.toLowerCase() === 'g')
      return () => {
        goesAt = event.timeStamp
      }
    const page = isSecond ? PAGES[key.toLowerCase()] : undefined
    return page === undefined ? undefined : () => navigate(page)
  }
  // Before rows and fields take the key.
  addEventListener('keydown', pressed, { capture: true })
  return () => removeEventListener('keydown', pressed, { capture: true })
}

function isOnRow({ target }: KeyboardEvent): boolean {
  return target instanceof Element && target.matches(ROW)
}

function pauseHere(app: Console): void {
  const now = route.peek()
  const slug = now.name === 'channel' ? now.params.slug : undefined
  const peer = slug === undefined ? undefined : app.store.channels.peek(slug)?.peer
  askPause({ ...(slug === undefined ? {} : { channel: slug }), ...(peer ? { account: peer.handle } : {}) })
}

/** Goes to the conversation before or after the open one, as the side shows them; to the next unread one if asked. */
function move({ store }: Console, step: 1 | -1, isUnreadOnly: boolean): void {
  const { channels, direct } = sideOrder(store.mine.peek(), [])
  const all = [...channels, ...direct]
  const now = route.peek()
  const here = now.name === 'channel' ? all.findIndex(({ slug }) => slug === now.params.slug) : -1
  const from = here < 0 && step < 0 ? 0 : here
  for (let count = 1; count <= all.length; count++) {
    const next = all[(from + step * count + all.length * 2) % all.length]
    if (!next || next === all[here]) continue
    if (isUnreadOnly && ((next.unread ?? 0) === 0 || next.notify === 'none')) continue
    navigate(href('channel', { slug: next.slug }))
    return
  }
}

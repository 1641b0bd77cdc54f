import { Activity, Inbox, MessagesSquare, User } from 'lucide'
import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'
import { Icon, type IconShape } from '../ui/icon'
import { Toasts } from '../ui/toast'
import { afterwards } from './afterwards'
import { useConsole } from './console'
import { moveRegion } from './focus'
import { setLastOpen } from './last-open'
import { route } from './navigation'
import { OfflineBar } from './offline-bar'
import { Overlays } from './overlays'
import { href, type RouteName } from './routes'
import { Side } from './side'
import { keepTitle } from './title'

/** The panes: the side, what the page renders (`Main`, `Aside`), and the bar at the bottom of a phone. */
export function Shell({ children }: { readonly children: ComponentChildren }) {
  const { store } = useConsole()
  useEffect(() => keepTitle(store.mentions), [store])
  useEffect(afterwards, [])
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.key !== 'F6' || event.isComposing) return
      event.preventDefault()
      moveRegion(event.shiftKey ? -1 : 1)
    }
    addEventListener('keydown', pressed)
    return () => removeEventListener('keydown', pressed)
  }, [])
  const now = route.value
  const slug = now.name === 'channel' ? now.params.slug : undefined
  useEffect(() => {
    if (slug !== undefined) setLastOpen(slug)
  }, [slug])
  return (
    <div class="shell">
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <OfflineBar />
      <Side />
      {children}
      <BottomBar />
      <Toasts />
      <Overlays />
    </div>
  )
}

interface Entry {
  readonly label: string
  readonly to: string
  readonly icon: IconShape
  readonly covers: readonly RouteName[]
}

const bar: readonly Entry[] = [
  { label: 'Inbox', to: href('inbox'), icon: Inbox, covers: ['inbox', 'approvals'] },
  {
    label: 'Chats',
    to: href('home', {}, { list: '' }),
    icon: MessagesSquare,
    covers: ['home', 'channel', 'thread', 'message', 'search'],
  },
  { label: 'Activity', to: href('activity'), icon: Activity, covers: ['activity'] },
  {
    label: 'You',
    to: href('me'),
    icon: User,
    covers: ['me', 'meSection', 'admin', 'adminSection', 'adminItem'],
  },
]

function BottomBar() {
  const { store } = useConsole()
  const now = route.value.name
  const dots: Readonly<Record<string, boolean>> = {
    Inbox: store.pending.value > 0,
    Chats: store.mentions.value > 0,
  }
  return (
    <nav class="bottom" aria-label="Pages">
      {bar.map(({ label, to, icon, covers }) => (
        <a
          key={label}
          href={to}
          aria-current={covers.some((name) => name === now) ? 'page' : undefined}
          class={dots[label] ? 'dotted' : ''}
        >
          <Icon of={icon} size={22} />
          {label}
          {dots[label] && <span class="unseen">, something waits</span>}
        </a>
      ))}
    </nav>
  )
}

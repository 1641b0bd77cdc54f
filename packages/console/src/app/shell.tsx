import { Activity, CircleCheck, Inbox, MessagesSquare, Search, Settings2, User } from 'lucide'
import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'
import { Icon, type IconShape } from '../ui/icon'
import { Mark } from '../ui/mark'
import { Toasts } from '../ui/toast'
import { moveRegion } from './focus'
import { route } from './navigation'
import { href, type RouteName } from './routes'
import { type Me, serverName, session } from './session'
import { keepTitle } from './title'

/** The panes: the side, what the page renders (`Main`, `Aside`), and the bar at the bottom of a phone. */
export function Shell({ children }: { readonly children: ComponentChildren }) {
  useEffect(keepTitle, [])
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.key !== 'F6' || event.isComposing) return
      event.preventDefault()
      moveRegion(event.shiftKey ? -1 : 1)
    }
    addEventListener('keydown', pressed)
    return () => removeEventListener('keydown', pressed)
  }, [])
  const now = session.value
  if (now.state !== 'signed-in') return null
  return (
    <div class="shell">
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <Side me={now.me} />
      {children}
      <BottomBar />
      <Toasts />
    </div>
  )
}

interface Entry {
  readonly name: RouteName
  readonly to: string
  readonly label: string
  readonly icon: IconShape
}

const entries: readonly Entry[] = [
  { name: 'inbox', to: href('inbox'), label: 'Inbox', icon: Inbox },
  { name: 'activity', to: href('activity'), label: 'Activity', icon: Activity },
  { name: 'approvals', to: href('approvals'), label: 'Approvals', icon: CircleCheck },
  { name: 'search', to: href('search'), label: 'Search', icon: Search },
]

function Side({ me }: { readonly me: Me }) {
  return (
    <nav class="side" data-region tabIndex={-1} aria-label="Conversations">
      <a class="server" href={href('home')}>
        <Mark size={22} />
        <b>{serverName.value}</b>
      </a>
      <ul>
        {entries.map(({ name, to, label, icon }) => (
          <li key={name}>
            <a href={to} aria-current={route.value.name === name ? 'page' : undefined}>
              <Icon of={icon} />
              {label}
            </a>
          </li>
        ))}
      </ul>
      <ul class="foot">
        {me.is_admin && (
          <li>
            <a href={href('admin')} aria-current={route.value.name.startsWith('admin') ? 'page' : undefined}>
              <Icon of={Settings2} />
              Administration
            </a>
          </li>
        )}
        <li>
          <a
            href={href('me')}
            aria-current={
              route.value.name.startsWith('me') && route.value.name !== 'message' ? 'page' : undefined
            }
          >
            <Icon of={User} />
            {me.display_name ?? me.handle}
          </a>
        </li>
      </ul>
    </nav>
  )
}

function BottomBar() {
  const now = route.value.name
  const bar: readonly (Entry & { readonly isHere: boolean })[] = [
    {
      name: 'inbox',
      to: href('inbox'),
      label: 'Inbox',
      icon: Inbox,
      isHere: now === 'inbox' || now === 'approvals',
    },
    {
      name: 'home',
      to: href('home'),
      label: 'Chats',
      icon: MessagesSquare,
      isHere: ['home', 'channel', 'thread'].includes(now),
    },
    { name: 'activity', to: href('activity'), label: 'Activity', icon: Activity, isHere: now === 'activity' },
    { name: 'me', to: href('me'), label: 'You', icon: User, isHere: now === 'me' || now === 'meSection' },
  ]
  return (
    <nav class="bottom" aria-label="Pages">
      {bar.map(({ name, to, label, icon, isHere }) => (
        <a key={name} href={to} aria-current={isHere ? 'page' : undefined}>
          <Icon of={icon} size={22} />
          {label}
        </a>
      ))}
    </nav>
  )
}

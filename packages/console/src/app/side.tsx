import { Activity, CircleCheck, Hash, Inbox, Lock, Pause, Plus, Search, Settings2, User } from 'lucide'
import { useRef, useState } from 'preact/hooks'
import type { Channel } from '../state'
import { Avatar } from '../ui/avatar'
import { IconButton } from '../ui/button'
import { Icon, type IconShape } from '../ui/icon'
import { Mark } from '../ui/mark'
import { useConsole } from './console'
import { later, rest } from './later'
import { Presence } from './name-card'
import { route } from './navigation'
import { href, type RouteName } from './routes'
import { serverName } from './session'
import { sideOrder } from './side-order'

const NewConversation = later(
  rest((parts) => parts.NewConversation),
  null,
)

interface Entry {
  readonly name: RouteName
  readonly label: string
  readonly icon: IconShape
}

const entries = [
  { name: 'inbox', label: 'Inbox', icon: Inbox },
  { name: 'activity', label: 'Activity', icon: Activity },
  { name: 'approvals', label: 'Approvals', icon: CircleCheck },
  { name: 'search', label: 'Search', icon: Search },
] as const satisfies readonly Entry[]

/** The pane on the left: pages, channels, direct conversations, oneself. */
export function Side() {
  const { store } = useConsole()
  const me = store.me.value
  const here = route.value.name
  const pending = [...store.approvals.all.value].filter(({ state }) => state === 'pending').length
  const counts: Partial<Record<RouteName, number>> = { inbox: store.pending.value, approvals: pending }
  return (
    <nav class="side" data-region tabIndex={-1} aria-label="Conversations">
      <a class="server" href={href('home')}>
        <Mark size={22} />
        <b>{serverName.value}</b>
      </a>
      <ul>
        {entries.map(({ name, label, icon }) => (
          <li key={name}>
            <a href={href(name)} aria-current={here === name ? 'page' : undefined}>
              <Icon of={icon} />
              <span class="label">{label}</span>
              <Count of={counts[name] ?? 0} words="waiting" />
            </a>
          </li>
        ))}
      </ul>
      <Conversations />
      <ul class="foot">
        {me?.is_admin && (
          <li>
            <a href={href('admin')} aria-current={here.startsWith('admin') ? 'page' : undefined}>
              <Icon of={Settings2} />
              Administration
            </a>
          </li>
        )}
        <li>
          <a href={href('me')} aria-current={here === 'me' || here === 'meSection' ? 'page' : undefined}>
            <Icon of={User} />
            <span class="label">{me?.display_name ?? me?.handle}</span>
          </a>
        </li>
      </ul>
    </nav>
  )
}

/**
 * Channels and direct conversations, unread ones first. While the pointer or the focus is inside, their order stays: what one
 * is about to press does not move.
 */
export function Conversations() {
  const { store } = useConsole()
  const [isHeld, setHeld] = useState(false)
  const [isNew, setNew] = useState(false)
  const held = useRef<readonly string[]>([])
  const { channels, direct } = sideOrder(store.mine.value, isHeld ? held.current : [])
  held.current = [...channels, ...direct].map(({ slug }) => slug)
  const hold = () => setHeld(true)
  return (
    <div
      class="conversations"
      onPointerEnter={hold}
      onPointerLeave={() => setHeld(false)}
      onFocusIn={hold}
      onFocusOut={({ currentTarget, relatedTarget }) => {
        if (!(relatedTarget instanceof Node && currentTarget.contains(relatedTarget))) setHeld(false)
      }}
    >
      <div class="section">
        <h2>Channels</h2>
        <IconButton small icon={Plus} label="New conversation" onPress={() => setNew(true)} />
      </div>
      <ul>
        {channels.map((channel) => (
          <Line key={channel.slug} channel={channel} />
        ))}
      </ul>
      {direct.length > 0 && (
        <>
          <div class="section">
            <h2>Direct</h2>
          </div>
          <ul>
            {direct.map((channel) => (
              <Line key={channel.slug} channel={channel} />
            ))}
          </ul>
        </>
      )}
      {isNew && <NewConversation onClose={() => setNew(false)} />}
    </div>
  )
}

function Line({ channel }: { readonly channel: Channel }) {
  const { slug, kind, peer, pause, notify, unread = 0, mentions = 0 } = channel
  const now = route.value
  const { store } = useConsole()
  const isHere =
    now.name === 'channel'
      ? now.params.slug === slug
      : now.name === 'thread' && store.threads.get(now.params.id)?.root.channel === slug
  const isUnread = unread > 0 && notify !== 'none'
  return (
    <li>
      <a
        href={href('channel', { slug })}
        class={isUnread ? 'unread' : ''}
        aria-current={isHere ? 'page' : undefined}
      >
        {peer ? (
          <Avatar handle={peer.handle} name={peer.display_name} kind={peer.kind} size={20} />
        ) : (
          <Icon of={kind === 'private' ? Lock : Hash} size={16} />
        )}
        <span class="label">{peer ? (peer.display_name ?? peer.handle) : slug}</span>
        {isUnread && <span class="unseen">, {unread >= 100 ? '99+' : unread} unread</span>}
        {pause && <Icon of={Pause} size={14} label="paused" />}
        {peer && <Presence handle={peer.handle} quiet />}
        <Count of={mentions} words="for you" />
      </a>
    </li>
  )
}

function Count({ of: count, words }: { readonly of: number; readonly words: string }) {
  if (count === 0) return null
  return (
    <span class="count">
      {count >= 100 ? '99+' : count}
      <span class="unseen"> {words}</span>
    </span>
  )
}

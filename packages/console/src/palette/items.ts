import type { AccountRef } from '@synapse/client'
import {
  Activity,
  Bot,
  CalendarSearch,
  CheckCheck,
  CircleCheck,
  CirclePause,
  Hash,
  Inbox,
  Keyboard,
  Lock,
  MessagesSquare,
  Moon,
  Play,
  Search,
  Settings2,
  Sun,
  SunMoon,
  User,
} from 'lucide'
import { navigate, route } from '../app/navigation'
import { askPause, mayResume, pausesFor, placesToPause } from '../app/pausing'
import { prefer, preferences } from '../app/preferences'
import { href } from '../app/routes'
import { nameOf } from '../app/side-order'
import { type Channel, type Console, SYSTEM_HANDLE } from '../state'
import { channelWords } from '../text'
import type { IconShape } from '../ui/icon'
import type { Rankable } from './ranking'
import { recent } from './recent'

/** One thing that the palette offers. */
export interface Item extends Rankable {
  readonly id: string
  readonly icon: IconShape
  /** Beside the label: a topic, a handle. */
  readonly detail?: string
  /** A key that does the same. */
  readonly key?: string
  readonly run: () => unknown
}

/** What the palette can open besides pages. */
export interface Openers {
  readonly showKeys: () => void
}

/** Everything that can be chosen now: recent conversations first, then the others, accounts, acts. Subscribes to it. */
export function allItems(app: Console, openers: Openers): Item[] {
  return [...conversations(app), ...accounts(app), ...acts(app, openers)]
}

/** The last line: to search for the words. */
export function searchItem(words: string): Item {
  return {
    id: 'search',
    kind: 'search',
    icon: Search,
    label: `Search for “${words}”`,
    run: () => navigate(href('search', {}, { q: words })),
  }
}

function conversations({ store }: Console): Item[] {
  const last = recent()
  const here = openSlug()
  const place = ({ slug }: Channel) => {
    const at = last.indexOf(slug)
    return slug === here ? Number.POSITIVE_INFINITY : at < 0 ? last.length : at
  }
  const mine = store.mine.value
    .toSorted((one, other) => place(one) - place(other))
    .map((channel): Item => {
      const { slug, kind, topic, peer, name } = channel
      return {
        id: `channel ${slug}`,
        kind: 'conversation',
        icon: kind === 'dm' ? MessagesSquare : kind === 'private' ? Lock : Hash,
        label: nameOf(channel),
        also: `${peer?.handle ?? name} ${topic ?? ''}`,
        ...(peer ? { detail: 'direct' } : topic ? { detail: topic } : {}),
        run: () => navigate(href('channel', { slug })),
      }
    })
  const others = store.channels.all.value
    .filter(({ role }) => role === null)
    .map(
      ({ slug, topic }): Item => ({
        id: `channel ${slug}`,
        kind: 'conversation',
        icon: Hash,
        label: slug,
        detail: 'not joined',
        also: topic ?? '',
        run: () => navigate(href('channel', { slug })),
      }),
    )
  return [...mine, ...others]
}

function accounts({ store, acts }: Console): Item[] {
  const me = store.me.value?.handle
  return store.accounts.all.value
    .filter(({ handle }) => handle !== me && handle !== SYSTEM_HANDLE)
    .toSorted((one, other) => nameOfAccount(one).localeCompare(nameOfAccount(other)))
    .map((account): Item => {
      const { handle, kind } = account
      const isPerson = kind === 'human'
      return {
        id: `account ${handle}`,
        kind: isPerson ? 'person' : 'agent',
        icon: isPerson ? User : Bot,
        label: nameOfAccount(account),
        also: handle,
        detail: isPerson ? `@${handle}` : `@${handle}, agent`,
        run: async () => navigate(href('channel', { slug: await acts.openDirect(handle) })),
      }
    })
}

function acts(app: Console, { showKeys }: Openers): Item[] {
  const { store } = app
  const act = (label: string, icon: IconShape, run: () => unknown, more: Partial<Item> = {}): Item => ({
    ...{ id: `act ${label}`, kind: 'act', label, icon, run },
    ...more,
  })
  const go = (label: string, icon: IconShape, to: string, key?: string) =>
    act(label, icon, () => navigate(to), key === undefined ? {} : { key })
  const slug = openSlug()
  const channel = slug === undefined ? undefined : store.channels.get(slug)
  const places = placesToPause(app)
  const agents = store.accounts.all.value.filter(
    ({ kind, handle }) => kind === 'agent' && handle !== SYSTEM_HANDLE,
  )
  const { theme, density } = preferences.value
  return [
    go('Go to the inbox', Inbox, href('inbox'), 'G I'),
    go('Go to activity', Activity, href('activity'), 'G A'),
    go('Go to approvals', CircleCheck, href('approvals')),
    go('Go to search', Search, href('search'), 'G S'),
    go('Go to my profile and devices', User, href('me')),
    ...(store.me.value?.is_admin ? [go('Go to administration', Settings2, href('admin'))] : []),
    ...(channel?.access.post && channel.peer?.kind !== 'human'
      ? [
          act('Pause agents here', CirclePause, () => askPause({ channel: channel.slug }), {
            key: 'Ctrl Shift .',
            detail: nameOf(channel),
          }),
        ]
      : []),
    ...(store.me.value?.is_admin ? [act('Pause every agent', CirclePause, () => askPause({}))] : []),
    ...(places.length > 0
      ? agents.map((agent) =>
          act(`Pause ${nameOfAccount(agent)}`, CirclePause, () => askPause({ account: agent.handle })),
        )
      : []),
    ...pausesFor(app, {})
      .filter((pause) => mayResume(app, pause))
      .map((pause) => {
        const who = pause.account ? nameOfAccount(pause.account) : 'agents'
        const where = pause.channel === null ? 'everywhere' : `in ${channelWords(pause.channel)}`
        return act(`Resume ${who} ${where}`, Play, () => app.acts.resume(pause.id))
      }),
    ...(channel
      ? [
          act('Jump to a date', CalendarSearch, () =>
            document.querySelector<HTMLElement>('[aria-label="Jump to a date"]')?.click(),
          ),
          act('Mark this conversation as read', CheckCheck, () =>
            app.reading.mark({ channel: channel.slug, thread: null }, null),
          ),
        ]
      : []),
    ...(theme === 'dark' ? [] : [act('Use the dark theme', Moon, () => prefer({ theme: 'dark' }))]),
    ...(theme === 'light' ? [] : [act('Use the light theme', Sun, () => prefer({ theme: 'light' }))]),
    ...(theme === 'system'
      ? []
      : [act('Use the theme of the system', SunMoon, () => prefer({ theme: 'system' }))]),
    density === 'compact'
      ? act('Show rows comfortably', MessagesSquare, () => prefer({ density: 'comfortable' }))
      : act('Show rows compactly', MessagesSquare, () => prefer({ density: 'compact' })),
    act('Show all keys', Keyboard, showKeys, { key: 'Ctrl /' }),
  ]
}

/** The conversation that is open. */
function openSlug(): string | undefined {
  const now = route.value
  return now.name === 'channel' ? now.params.slug : undefined
}

function nameOfAccount({ handle, display_name }: Pick<AccountRef, 'handle' | 'display_name'>): string {
  return display_name || handle
}

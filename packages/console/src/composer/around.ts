import type { Console, Place } from '../state'
import type { Nameable, Surroundings } from './completion'

/** Where one writes, and the named aliases there. */
export interface Around {
  readonly place: Place
  readonly aliases: Readonly<Record<string, readonly string[]>>
}

/** What the store knows of those who can be named at a place. Reading it draws a view again when members change. */
export function surroundingsOf(app: Console, around: Around, others: readonly Nameable[] = []): Surroundings {
  const { store } = app
  const { place, aliases } = around
  const members = store.members.get(place.channel) ?? []
  return {
    me: store.me.value?.handle ?? '',
    members: members.map(({ handle, kind, display_name }) => ({ handle, kind, name: display_name ?? '' })),
    others,
    aliases,
    thread: place.thread === null ? [] : (store.threads.get(place.thread)?.participants ?? []),
    recent: recentIn(app, place.channel),
    here: members.flatMap(({ handle }) => {
      const presence = store.presence.peek(handle)
      const isHere = presence && (presence.reachable.stream || presence.instances.length > 0)
      return isHere ? [handle] : []
    }),
  }
}

/** Who posted in a channel, the last first, as far as its messages are in memory. */
function recentIn(app: Console, channel: string): string[] {
  const last = new Map<string, number>()
  for (const { channel: slug, sender_handle, seq } of app.store.messages.values())
    if (slug === channel && seq > (last.get(sender_handle) ?? 0)) last.set(sender_handle, seq)
  return [...last].sort(([, one], [, other]) => other - one).map(([handle]) => handle)
}

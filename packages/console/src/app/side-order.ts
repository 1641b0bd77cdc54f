import type { Channel } from '../state'

interface Sections {
  readonly channels: readonly Channel[]
  readonly direct: readonly Channel[]
}

/**
 * My conversations in the order of the side: unread ones first, then by name. Those in `held` (slugs) keep their order, and
 * new ones follow them.
 */
export function sideOrder(all: readonly Channel[], held: readonly string[]): Sections {
  const places = new Map(held.map((slug, index) => [slug, index]))
  const sorted = all.toSorted((one, other) => {
    const [a, b] = [places.get(one.slug), places.get(other.slug)]
    if (a !== undefined || b !== undefined) return (a ?? held.length) - (b ?? held.length)
    return rank(one) - rank(other) || nameOf(one).localeCompare(nameOf(other))
  })
  return {
    channels: sorted.filter(({ kind }) => kind !== 'dm'),
    direct: sorted.filter(({ kind }) => kind === 'dm'),
  }
}

/** Muted conversations are never in front. */
function rank({ unread = 0, mentions = 0, notify }: Channel): number {
  return mentions > 0 ? 0 : unread > 0 && notify !== 'none' ? 1 : 2
}

/** How a conversation is called: a channel by its slug, a direct one by its peer. */
export function nameOf({ slug, peer }: Channel): string {
  return peer ? (peer.display_name ?? peer.handle) : slug
}

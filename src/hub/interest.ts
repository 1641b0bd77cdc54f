import { type FeedFilter, wantsType } from '../core/log/feed'

/** What a stream wants of a room's events: all of them, messages alone, or what its filters select one by one. */
export type Interest = 'all' | 'messages' | 'filtered'

/** What the filters of one stream select together of the events of a room; `*` = of all of its rooms. */
export function interestOf(
  filters: readonly FeedFilter[],
  room: number | '*',
  roomTypes: readonly string[],
): Interest {
  const covering = filters.filter(
    ({ channelIds }) => room === '*' || channelIds === '*' || channelIds.has(room),
  )
  const whole = covering.filter(
    ({ channelIds, threadRoot, notActorId }) =>
      (room !== '*' || channelIds === '*') && threadRoot === null && notActorId === null,
  )
  const wantedBy = (some: readonly FeedFilter[]) =>
    roomTypes.filter((type) => some.some((filter) => wantsType(filter, type)))
  const always = wantedBy(whole)
  // Of some types it wants a part.
  if (always.length < wantedBy(covering).length) return 'filtered'
  if (always.length === roomTypes.length) return 'all'
  return always.length === 1 && always[0] === 'message.created' ? 'messages' : 'filtered'
}

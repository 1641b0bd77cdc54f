import { type FeedFilter, wantsType } from '../core/log/feed'

/**
 * The events of a room that a stream selects: all of them, only messages, or a subset that its filters decide per
 * event.
 */
export type Interest = 'all' | 'messages' | 'filtered'

/** Returns what the filters of one stream select together from the events of a room; `*` means all of its rooms. */
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
  // Some types are selected only in part.
  if (always.length < wantedBy(covering).length) return 'filtered'
  if (always.length === roomTypes.length) return 'all'
  return always.length === 1 && always[0] === 'message.created' ? 'messages' : 'filtered'
}

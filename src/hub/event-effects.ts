import { credentialOf } from '../core/identity/actor'
import type { LogEvent } from '../core/log/events'
import type { Stream } from './stream'

/** Returns the streams that were opened with one credential. */
export function holdersOf(streams: readonly Stream[], credential: unknown): readonly Stream[] {
  if (credential === undefined) return []
  return streams.filter((stream) => credentialOf(stream.actor)?.uuid === credential)
}

/** Reports whether the event is about an earlier message, in a room whose readers do not all see its history. */
export function isHiddenFromSome(event: LogEvent): boolean {
  if (event.about !== 'message' || event.channel.settings.history !== 'joined') return false
  return event.message.message.seq !== event.seq
}

/** The types after which other streams may read the room of the event. */
const changingReaders = new Set(['member.joined', 'member.left', 'channel.created', 'channel.unarchived'])

export function changesReaders({ type }: LogEvent): boolean {
  return changingReaders.has(type)
}

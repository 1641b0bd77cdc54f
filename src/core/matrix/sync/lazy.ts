import type { Seq } from '../../kernel/ids'

/** The place of an answer in both streams: a reader that sends it back has received the answer. */
export interface AnswerPlace {
  readonly seq: Seq
  readonly mx: number
}

/** Members that are remembered for each room of a device. */
const MEMBERS = 1000
const ROOMS = 1000
const DEVICES = 2000

type Sent = Map<string, AnswerPlace>

/**
 * Which member events a device was already sent, room by room. It is only a memory: what is forgotten is sent again. A
 * member counts as sent once the reader has sent back the token of that answer, because an answer may be lost.
 */
export class LazyMemory {
  private readonly devices = new Map<string, Map<number, Sent>>()

  /** Reports whether the reader that was answered up to this place has the member event. */
  has(device: string, channelId: number, userId: string, since: AnswerPlace): boolean {
    const sent = this.devices.get(device)?.get(channelId)?.get(userId)
    return sent !== undefined && (sent.seq < since.seq || (sent.seq === since.seq && sent.mx <= since.mx))
  }

  /** Notes that an answer with this place has the member events of users. */
  note(device: string, channelId: number, userIds: Iterable<string>, place: AnswerPlace): void {
    const rooms = recent(this.devices, device, DEVICES, () => new Map<number, Sent>())
    const sent = recent(rooms, channelId, ROOMS, (): Sent => new Map())
    for (const userId of userIds) {
      // The first answer that had it counts.
      if (!sent.has(userId)) sent.set(userId, place)
      if (sent.size > MEMBERS) dropFirst(sent)
    }
  }

  /** Forgets what a device was sent of a room, because it begins with the room anew. */
  forget(device: string, channelId: number): void {
    this.devices.get(device)?.delete(channelId)
  }
}

/** Returns the value of a key, which becomes the one that is dropped last. */
function recent<Key, Value>(map: Map<Key, Value>, key: Key, size: number, make: () => Value): Value {
  const value = map.get(key) ?? make()
  map.delete(key)
  map.set(key, value)
  if (map.size > size) dropFirst(map)
  return value
}

function dropFirst<Key>(map: Map<Key, unknown>): void {
  const [first] = map.keys()
  if (first !== undefined) map.delete(first)
}

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
/** For how many answers of a device it is remembered where they were. */
const ANSWERS = 32

type Sent = Map<string, AnswerPlace>

interface Device {
  readonly rooms: Map<number, Sent>
  /** The places of the answers that this process has made for it last. */
  readonly answers: Set<string>
}

/**
 * Which member events a device was already sent, room by room. It is only a memory: what is forgotten is sent again. A
 * member counts as sent once the reader has sent back the token of that answer, because an answer may be lost. A reader
 * that sends an earlier token has lost the later answers; one that comes with a token of another process may have.
 */
export class LazyMemory {
  private readonly devices = new Map<string, Device>()

  /** Notes that an answer is made. Call it before anything else of the answer. */
  begin(device: string, since: AnswerPlace | undefined, place: AnswerPlace): void {
    const { rooms, answers } = this.of(device)
    if (since && !answers.has(nameOf(since))) rooms.clear()
    // A request that waits makes answers that are not sent. The place where it began must outlive them.
    for (const one of since ? [since, place] : [place]) {
      answers.delete(nameOf(one))
      answers.add(nameOf(one))
    }
    while (answers.size > ANSWERS) dropFirst(answers)
  }

  /** Reports whether the reader that was answered up to this place has the member event. */
  has(device: string, channelId: number, userId: string, since: AnswerPlace): boolean {
    const sent = this.devices.get(device)?.rooms.get(channelId)
    const place = sent?.get(userId)
    if (!place) return false
    if (!isAfter(place, since)) return true
    // The answer was lost.
    sent?.delete(userId)
    return false
  }

  /** Notes that an answer with this place has the member events of users. */
  note(
    device: string,
    channelId: number,
    userIds: Iterable<string>,
    { since, place }: { readonly since: AnswerPlace | undefined; readonly place: AnswerPlace },
  ): void {
    const sent = recent(this.of(device).rooms, channelId, ROOMS, (): Sent => new Map())
    for (const [userId, earlier] of sent) if (!since || isAfter(earlier, since)) sent.delete(userId)
    for (const userId of userIds) {
      // The first answer that had it counts.
      if (!sent.has(userId)) sent.set(userId, place)
      if (sent.size > MEMBERS) dropFirst(sent)
    }
  }

  /** Forgets what a device was sent of a room, because it begins with the room anew. */
  forget(device: string, channelId: number): void {
    this.devices.get(device)?.rooms.delete(channelId)
  }

  private of(device: string): Device {
    return recent(this.devices, device, DEVICES, () => ({ rooms: new Map(), answers: new Set() }))
  }
}

function nameOf({ seq, mx }: AnswerPlace): string {
  return `${seq}_${mx}`
}

function isAfter(one: AnswerPlace, other: AnswerPlace): boolean {
  return one.seq > other.seq || (one.seq === other.seq && one.mx > other.mx)
}

/** Returns the value of a key, which becomes the one that is dropped last. */
function recent<Key, Value>(map: Map<Key, Value>, key: Key, size: number, make: () => Value): Value {
  const value = map.get(key) ?? make()
  map.delete(key)
  map.set(key, value)
  if (map.size > size) dropFirst(map)
  return value
}

function dropFirst<Key>(keys: Map<Key, unknown> | Set<Key>): void {
  const [first] = keys.keys()
  if (first !== undefined) keys.delete(first)
}

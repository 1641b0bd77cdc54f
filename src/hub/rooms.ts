import type { Stream } from './stream'

/** A topic: the streams whose sockets receive an event by one publish. */
export class Topic {
  readonly streams = new Set<Stream>()
  /** Bytes published since the sockets' buffers were last checked. */
  unchecked = 0

  constructor(readonly name: string) {}
}

/**
 * The streams that receive the events of a room, grouped by their interest. A socket is subscribed to at most one of
 * the two topics; a stream in `filtered` is offered each event. If messages are the only events that rooms publish,
 * only the topic `all` is used.
 */
export class Audience {
  readonly all: Topic
  readonly messages: Topic
  readonly filtered = new Set<Stream>()

  /** `room`: an inner id; `*` for a set of rooms with the same audience. */
  constructor(
    name: string,
    private readonly room: number | '*',
  ) {
    this.all = new Topic(name)
    this.messages = new Topic(`${name}.messages`)
  }

  get size(): number {
    return this.all.streams.size + this.messages.streams.size + this.filtered.size
  }

  add(stream: Stream): void {
    const { topics } = stream.sink
    const interest = topics ? stream.interestIn(this.room) : 'filtered'
    if (!topics || interest === 'filtered') {
      this.filtered.add(stream)
      return
    }
    const topic = this[interest]
    topic.streams.add(stream)
    topics.add(topic.name)
  }

  /** Reports whether the stream is subscribed to a topic. */
  publishesTo(stream: Stream): boolean {
    return this.all.streams.has(stream) || this.messages.streams.has(stream)
  }

  delete(stream: Stream): void {
    this.filtered.delete(stream)
    for (const topic of [this.all, this.messages])
      if (topic.streams.delete(stream)) stream.sink.topics?.delete(topic.name)
  }
}

/** The audience of a set of rooms. */
export class RoomSet extends Audience {
  constructor(
    name: string,
    /** Inner ids in ascending order. */
    public ids: Uint32Array,
    public hash: number,
  ) {
    super(name, '*')
  }

  has(id: number): boolean {
    return this.ids[indexIn(this.ids, id)] === id
  }
}

/**
 * The audiences of rooms. A stream that selects rooms by name is in the audience of each room. A stream that follows
 * everything is in the audience of its set of rooms, which it shares with all streams that have the same set. So a
 * socket in thousands of rooms subscribes to one topic, and a room has one entry for each distinct set. A stream is in
 * at most one audience of a room.
 */
export class Rooms {
  private readonly named = new Map<number, Audience>()
  private readonly setsOf = new Map<number, RoomSet[]>()
  private readonly byHash = new Map<number, RoomSet[]>()
  private made = 0

  /** Returns the audiences of a room. */
  of(id: number): readonly Audience[] {
    const named = this.named.get(id)
    const sets = this.setsOf.get(id) ?? []
    return named ? [named, ...sets] : [...sets]
  }

  enter(stream: Stream, id: number): void {
    let audience = this.named.get(id)
    if (!audience) {
      audience = new Audience(`r${id}`, id)
      this.named.set(id, audience)
    }
    audience.add(stream)
  }

  leave(stream: Stream, id: number): void {
    const audience = this.named.get(id)
    audience?.delete(stream)
    if (audience?.size === 0) this.named.delete(id)
  }

  enterSet(stream: Stream, rooms: Iterable<number>): RoomSet {
    const ids = Uint32Array.from(rooms).sort()
    const hash = ids.reduce((sum, id) => (sum + mixed(id)) >>> 0, 0)
    const set = this.find(ids, hash) ?? this.make(ids, hash)
    set.add(stream)
    return set
  }

  leaveSet(stream: Stream, set: RoomSet): void {
    set.delete(stream)
    if (set.size > 0) return
    for (const id of set.ids) this.unlink(set, id)
    remove(this.byHash, set.hash, set)
  }

  /** Moves a stream to the set with one room more or less. Returns that set. */
  change(stream: Stream, set: RoomSet, id: number, isAdded: boolean): RoomSet {
    const ids = isAdded ? withId(set.ids, id) : set.ids.filter((other) => other !== id)
    const hash = (isAdded ? set.hash + mixed(id) : set.hash - mixed(id)) >>> 0
    const other = this.find(ids, hash)
    // A set with a single stream is changed in place.
    if (set.size === 1 && !other) {
      remove(this.byHash, set.hash, set)
      set.ids = ids
      set.hash = hash
      add(this.byHash, hash, set)
      if (isAdded) add(this.setsOf, id, set)
      else this.unlink(set, id)
      return set
    }
    const next = other ?? this.make(ids, hash)
    this.leaveSet(stream, set)
    next.add(stream)
    return next
  }

  private find(ids: Uint32Array, hash: number): RoomSet | undefined {
    return this.byHash.get(hash)?.find((set) => isSame(set.ids, ids))
  }

  private make(ids: Uint32Array, hash: number): RoomSet {
    const set = new RoomSet(`s${++this.made}`, ids, hash)
    add(this.byHash, hash, set)
    for (const id of ids) add(this.setsOf, id, set)
    return set
  }

  private unlink(set: RoomSet, id: number): void {
    remove(this.setsOf, id, set)
  }
}

function add(lists: Map<number, RoomSet[]>, key: number, set: RoomSet): void {
  const list = lists.get(key)
  if (list) list.push(set)
  else lists.set(key, [set])
}

function remove(lists: Map<number, RoomSet[]>, key: number, set: RoomSet): void {
  const list = lists.get(key)
  const last = list?.pop()
  if (!list || !last) return
  // The order of sets is irrelevant: the last one moves into the gap.
  if (last !== set) list[list.indexOf(set)] = last
  if (list.length === 0) lists.delete(key)
}

/** Hashes an id. The hash of a set is the sum of these, so it can be updated when an id is added or removed. */
function mixed(id: number): number {
  const once = Math.imul(id ^ (id >>> 16), 0x45d9f3b)
  return Math.imul(once ^ (once >>> 16), 0x45d9f3b) >>> 0
}

function isSame(one: Uint32Array, other: Uint32Array): boolean {
  return one.length === other.length && one.every((id, i) => id === other[i])
}

function withId(ids: Uint32Array, id: number): Uint32Array {
  const place = indexIn(ids, id)
  const grown = new Uint32Array(ids.length + 1)
  grown.set(ids.subarray(0, place))
  grown[place] = id
  grown.set(ids.subarray(place), place + 1)
  return grown
}

/** Returns the index of the id, or where it would be inserted. */
function indexIn(ids: Uint32Array, id: number): number {
  let low = 0
  let high = ids.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ids[middle] ?? 0) < id) low = middle + 1
    else high = middle
  }
  return low
}

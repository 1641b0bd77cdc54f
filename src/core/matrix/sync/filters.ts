import { isObject, type JsonObject } from '../canonical'
import { matrixRefusal } from '../errors'
import type { StoredEvent } from '../event-ports'

/** Filters of `/sync` and of the history of rooms (spec.matrix.org, client-server API, "Filtering"). */

/** The most patterns with `*` of one list: each is compared with each event. */
const MAX_PATTERNS = 100

/** Which events a list shows. Absent members allow any. */
export interface EventFilter {
  readonly limit: number | undefined
  readonly types: TypeList | undefined
  readonly notTypes: TypeList | undefined
  readonly senders: ReadonlySet<string> | undefined
  readonly notSenders: ReadonlySet<string>
}

/** An event filter for events of rooms. */
export interface RoomEventFilter extends EventFilter {
  readonly rooms: ReadonlySet<string> | undefined
  readonly notRooms: ReadonlySet<string>
  readonly containsUrl: boolean | undefined
  readonly lazyMembers: boolean
  readonly redundantMembers: boolean
  readonly threadCounts: boolean
}

export interface SyncFilter {
  readonly rooms: ReadonlySet<string> | undefined
  readonly notRooms: ReadonlySet<string>
  readonly includeLeave: boolean
  readonly timeline: RoomEventFilter
  readonly state: RoomEventFilter
  readonly ephemeral: RoomEventFilter
  readonly roomAccountData: RoomEventFilter
  readonly accountData: EventFilter
  readonly presence: EventFilter
  /** The members of an event that are shown, as paths; undefined = all. */
  readonly eventFields: readonly (readonly string[])[] | undefined
  readonly federationFormat: boolean
}

/** @throws m_bad_json for a value that is no filter */
export function parseSyncFilter(json: unknown): SyncFilter {
  const filter = new Reader(objectOf(json, 'the filter'), 'filter')
  const room = filter.child('room')
  const format = filter.text('event_format')
  if (format !== undefined && format !== 'client' && format !== 'federation')
    throw bad('event_format', 'client or federation')
  return {
    rooms: room.set('rooms'),
    notRooms: room.set('not_rooms') ?? new Set(),
    includeLeave: room.flag('include_leave') ?? false,
    timeline: roomEventFilter(room.child('timeline')),
    state: roomEventFilter(room.child('state')),
    ephemeral: roomEventFilter(room.child('ephemeral')),
    roomAccountData: roomEventFilter(room.child('account_data')),
    accountData: eventFilter(filter.child('account_data')),
    presence: eventFilter(filter.child('presence')),
    eventFields: filter.list('event_fields')?.map(pathOf),
    federationFormat: format === 'federation',
  }
}

/** @throws m_bad_json for a value that is no filter of events of rooms */
export function parseRoomEventFilter(json: unknown): RoomEventFilter {
  return roomEventFilter(new Reader(objectOf(json, 'the filter'), 'filter'))
}

function eventFilter(given: Reader): EventFilter {
  return {
    limit: given.number('limit'),
    types: given.types('types'),
    notTypes: given.types('not_types'),
    senders: given.set('senders'),
    notSenders: given.set('not_senders') ?? new Set(),
  }
}

function roomEventFilter(given: Reader): RoomEventFilter {
  return {
    ...eventFilter(given),
    rooms: given.set('rooms'),
    notRooms: given.set('not_rooms') ?? new Set(),
    containsUrl: given.flag('contains_url'),
    lazyMembers: given.flag('lazy_load_members') ?? false,
    redundantMembers: given.flag('include_redundant_members') ?? false,
    threadCounts: given.flag('unread_thread_notifications') ?? false,
  }
}

/** Reports whether a list of this filter may show events of a room. */
export function includesRoom(
  { rooms, notRooms }: Pick<RoomEventFilter, 'rooms' | 'notRooms'>,
  roomId: string,
): boolean {
  return !notRooms.has(roomId) && (rooms?.has(roomId) ?? true)
}

/** Reports whether a list of this filter shows data of a type, such as account data. */
export function includesType({ types, notTypes }: EventFilter, type: string): boolean {
  return notTypes?.has(type) !== true && (types?.has(type) ?? true)
}

/** Reports whether a list of this filter shows what a user has sent. */
export function includesSender({ senders, notSenders }: EventFilter, sender: string): boolean {
  return !notSenders.has(sender) && (senders?.has(sender) ?? true)
}

/** Reports whether a list of this filter shows an event of a room. */
export function includesEvent(filter: RoomEventFilter, event: StoredEvent): boolean {
  const { containsUrl } = filter
  if (!includesSender(filter, event.sender) || !includesType(filter, event.type)) return false
  return containsUrl === undefined || containsUrl === hasUrl(event)
}

function hasUrl({ json }: StoredEvent): boolean {
  const { content } = JSON.parse(json) as JsonObject
  return isObject(content) && typeof content['url'] === 'string'
}

/** Types of events, by their names or by patterns. */
class TypeList {
  private readonly names: ReadonlySet<string>
  readonly patterns: readonly string[]

  constructor(given: readonly string[]) {
    this.names = new Set(given)
    this.patterns = [...this.names].filter((one) => one.includes('*'))
  }

  has(type: string): boolean {
    return this.names.has(type) || this.patterns.some((pattern) => matches(pattern, type))
  }
}

/** A pattern has `*` for any characters. */
function matches(pattern: string, type: string): boolean {
  const [first = '', ...others] = pattern.split('*')
  if (!type.startsWith(first)) return false
  let at = first.length
  const last = others.pop() ?? ''
  for (const part of others) {
    const found = type.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return type.length - last.length >= at && type.endsWith(last)
}

/** Splits `content.body` at its dots; a dot or backslash of a name is written after a backslash. */
function pathOf(field: string): readonly string[] {
  const parts = ['']
  for (let i = 0; i < field.length; i++) {
    const character = field[i] ?? ''
    const next = field[i + 1]
    if (character === '\\' && (next === '.' || next === '\\')) {
      parts[parts.length - 1] += next
      i++
    } else if (character === '.') parts.push('')
    else parts[parts.length - 1] += character
  }
  return parts
}

/** Returns an event with the members that a filter shows. */
export function withFields(event: JsonObject, fields: SyncFilter['eventFields']): JsonObject {
  if (!fields) return event
  let shown: JsonObject = {}
  for (const path of fields) shown = withField(shown, event, path)
  return shown
}

function withField(shown: JsonObject, from: JsonObject, [name, ...rest]: readonly string[]): JsonObject {
  if (name === undefined || !Object.hasOwn(from, name)) return shown
  const value = from[name]
  if (rest.length === 0) return { ...shown, [name]: value }
  if (!isObject(value)) return shown
  const known = shown[name]
  return { ...shown, [name]: withField(isObject(known) ? known : {}, value, rest) }
}

/** Reads the members of an object, each of which may be absent. */
class Reader {
  constructor(
    private readonly value: JsonObject,
    private readonly place: string,
  ) {}

  child(name: string): Reader {
    const value = this.value[name]
    const place = `${this.place}.${name}`
    return new Reader(value === undefined || value === null ? {} : objectOf(value, place), place)
  }

  flag(name: string): boolean | undefined {
    return this.member(name, 'true or false', (value) => typeof value === 'boolean')
  }

  number(name: string): number | undefined {
    return this.member(
      name,
      'a whole number, 0 or more',
      (value): value is number => Number.isSafeInteger(value) && (value as number) >= 0,
    )
  }

  text(name: string): string | undefined {
    return this.member(name, 'a string', (value) => typeof value === 'string')
  }

  list(name: string): readonly string[] | undefined {
    return this.member(
      name,
      'a list of strings',
      (value): value is readonly string[] =>
        Array.isArray(value) && value.every((one) => typeof one === 'string'),
    )
  }

  types(name: string): TypeList | undefined {
    const list = this.list(name)
    const types = list && new TypeList(list)
    if (types && types.patterns.length > MAX_PATTERNS)
      throw bad(`${this.place}.${name}`, `a list with at most ${MAX_PATTERNS} patterns with *`)
    return types
  }

  set(name: string): ReadonlySet<string> | undefined {
    const list = this.list(name)
    return list && new Set(list)
  }

  private member<Value>(
    name: string,
    what: string,
    isValue: (value: unknown) => value is Value,
  ): Value | undefined {
    const value = this.value[name]
    if (value === undefined || value === null) return undefined
    if (isValue(value)) return value
    throw bad(`${this.place}.${name}`, what)
  }
}

function objectOf(value: unknown, place: string): JsonObject {
  if (isObject(value)) return value
  throw bad(place, 'an object')
}

function bad(place: string, what: string) {
  return matrixRefusal('M_BAD_JSON', `${place} is not ${what}`)
}

/** The filter that shows everything. It is made last, because it needs the classes above. */
export const noFilter: SyncFilter = parseSyncFilter({})

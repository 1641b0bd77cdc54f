import { isObject, type JsonObject } from '../canonical'
import type { StoredEvent } from '../event-ports'
import { parsedEvent } from '../events'
import type { PowerLevels } from '../power'

/** An event as push rules look at it. It is the same for all readers of its room. */
export class EventFacts {
  readonly pos: number
  readonly eventId: string
  readonly sender: string
  readonly type: string
  readonly stateKey: string | null
  readonly content: JsonObject
  /** Whether its sender says something with it, which shows that it has read what was there. */
  readonly isSaid: boolean
  /** The position of the root of its thread; null outside of threads. */
  readonly thread: number | null
  /** The event id of that root, if the event still names it. */
  readonly root: string | null
  isRedacted: boolean
  /** Loaded when a rule asks whether its sender may notify everybody. */
  levels: PowerLevels | undefined
  private lowerBody: string | null | undefined

  readonly roomId: string

  constructor(event: StoredEvent) {
    this.pos = event.pos
    this.eventId = event.eventId
    this.sender = event.sender
    this.type = event.type
    this.stateKey = event.stateKey
    this.isRedacted = event.redactedBy !== null
    const { content, room_id: roomId = '' } = parsedEvent(event.json)
    this.roomId = roomId
    this.content = isObject(content) ? content : {}
    const isPlain = event.relType === null || event.relType === 'm.thread'
    this.isSaid = event.stateKey === null && isPlain && event.type !== 'm.room.redaction'
    this.thread = event.threadPos
    this.root = event.threadPos === null ? null : rootIn(this.content)
  }

  /** The body in lower case; null if there is none. */
  get body(): string | null {
    if (this.lowerBody === undefined) {
      const { body } = this.content
      this.lowerBody = typeof body === 'string' ? body.toLowerCase() : null
    }
    return this.lowerBody
  }

  /** Returns the value at a path of members; undefined if there is none. */
  valueAt(path: readonly string[]): unknown {
    let value: unknown = this.topLevel(path[0] ?? '')
    for (let i = 1; i < path.length; i++) {
      const name = path[i] ?? ''
      if (!isObject(value) || !Object.hasOwn(value, name)) return undefined
      value = value[name]
    }
    return value
  }

  private topLevel(name: string): unknown {
    switch (name) {
      case 'content':
        return this.content
      case 'type':
        return this.type
      case 'sender':
        return this.sender
      case 'state_key':
        return this.stateKey ?? undefined
      case 'room_id':
        return this.roomId
      case 'event_id':
        return this.eventId
      default:
        return undefined
    }
  }
}

function rootIn(content: JsonObject): string | null {
  const relation = content['m.relates_to']
  const root = isObject(relation) ? relation['event_id'] : undefined
  return typeof root === 'string' ? root : null
}

/** What rules ask about a room and a reader beside the event. What is undefined is not loaded. */
export interface Surroundings {
  /** How many members the room has now. */
  members: number | undefined
  /** The reader's display name in the room; null without one. */
  displayName: string | null | undefined
}

/** Returns the members that a dotted path names. A backslash before a dot or a backslash takes away its meaning. */
export function parsePath(key: string): readonly string[] {
  const parts: string[] = []
  let part = ''
  for (let i = 0; i < key.length; i++) {
    const character = key.charAt(i)
    const next = key.charAt(i + 1)
    if (character === '.') {
      parts.push(part)
      part = ''
    } else if (character === '\\' && (next === '.' || next === '\\')) {
      part += next
      i++
    } else part += character
  }
  return [...parts, part]
}

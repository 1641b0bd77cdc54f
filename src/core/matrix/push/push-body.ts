import type { Core } from '../..'
import { MICROS_PER_SECOND } from '../../kernel/time'
import type { JsonObject } from '../canonical'
import { parsedEvent } from '../events'
import type { PusherQueue, Waiting } from './pusher-queue'

/** Events whose rooms are remembered, because several users are told of one event. */
const KEPT = 200

/** What the body says of the room and the sender of an event. */
interface Shown {
  readonly room_name?: string
  readonly room_alias?: string
  readonly sender_display_name?: string
}

/** The bodies that push gateways are sent (spec.matrix.org, push gateway API). */
export class PushBodies {
  private readonly shown = new Map<string, Promise<Shown>>()

  constructor(private readonly core: Pick<Core, 'reads'>) {}

  /** Returns the body for an event. `unread`: the rooms with unread events. */
  async ofEvent(queue: PusherQueue, { channelId, event, outcome }: Waiting, unread: number): Promise<string> {
    const isQuiet = !outcome.highlights && outcome.tweaks['sound'] === undefined
    const named = {
      event_id: event.eventId,
      room_id: event.roomId,
      prio: isQuiet ? 'low' : 'high',
    }
    const devices = [{ ...device(queue), tweaks: outcome.tweaks }]
    const isShort = queue.fields.data['format'] === 'event_id_only'
    if (isShort) return JSON.stringify({ notification: { ...named, counts: { unread }, devices } })
    const isTarget = event.stateKey === queue.userId
    return JSON.stringify({
      notification: {
        ...named,
        type: event.type,
        sender: event.sender,
        ...(await this.shownOf(channelId, event.eventId, event.sender)),
        ...(event.type === 'm.room.member' ? { user_is_target: isTarget } : {}),
        content: event.content,
        counts: { unread },
        devices,
      },
    })
  }

  /** Returns the body that says only how many rooms have unread events. */
  ofCount(queue: PusherQueue, unread: number): string {
    return JSON.stringify({ notification: { prio: 'low', counts: { unread }, devices: [device(queue)] } })
  }

  private shownOf(channelId: number, eventId: string, sender: string): Promise<Shown> {
    const known = this.shown.get(eventId)
    if (known !== undefined) return known
    const found = this.read(channelId, sender)
    this.shown.set(eventId, found)
    const [oldest] = this.shown.keys()
    if (this.shown.size > KEPT && oldest !== undefined) this.shown.delete(oldest)
    return found
  }

  private async read(channelId: number, sender: string): Promise<Shown> {
    const reads = this.core.reads.matrix()
    const state = await reads.stateNow(channelId, { types: ['m.room.name', 'm.room.canonical_alias'] })
    const [member] = await reads.memberEvents([{ channelId, userId: sender }])
    const contentOf = (type: string) => {
      const event = state.find((one) => one.type === type && one.stateKey === '')
      return event ? parsedEvent(event.json).content : {}
    }
    return {
      ...text('room_name', contentOf('m.room.name')['name']),
      ...text('room_alias', contentOf('m.room.canonical_alias')['alias']),
      ...text('sender_display_name', member && parsedEvent(member.json).content['displayname']),
    }
  }
}

function text(name: keyof Shown, value: unknown): Shown {
  return typeof value === 'string' && value !== '' ? { [name]: value } : {}
}

function device({ pusher, fields }: PusherQueue): JsonObject {
  const { url: _, ...data } = fields.data
  return {
    app_id: pusher.appId,
    pushkey: pusher.pushkey,
    pushkey_ts: Math.floor(pusher.setAt / MICROS_PER_SECOND),
    data,
  }
}

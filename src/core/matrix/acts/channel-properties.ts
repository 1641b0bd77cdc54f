import type { Person } from '../../identity/actor'
import type { ChannelChange } from '../../kernel/channel-ports'
import type { Channel } from '../../kernel/entities'
import { channelEvent } from '../../log/events'
import type { OpenRoom } from '../open-room'
import { joinRuleOf } from '../room-state'
import type { RoomAct } from './room-acts'

/** The longest name and description of a channel, in characters, as v1 has them. */
const MAX_NAME = 128
const MAX_DESCRIPTION = 1024

/** What a channel has from the state of its room. */
type RoomProperties = Pick<Channel, 'name' | 'description' | 'kind' | 'settings'>

/** Returns what the state of a room says about its channel. `former`: what stays where the state says nothing. */
function propertiesOf(room: OpenRoom, former: Pick<Channel, 'slug' | 'kind' | 'settings'>): RoomProperties {
  const text = (type: string, key: string, limit: number) => {
    const value = room.content(type)?.[key]
    return typeof value === 'string' ? [...value.replaceAll('\0', '')].slice(0, limit).join('').trim() : ''
  }
  const { history: _, ...settings } = former.settings
  const isJoined = room.content('m.room.history_visibility')?.['history_visibility'] === 'joined'
  const isPublic = joinRuleOf(room) === 'public' && room.row.published
  return {
    name: text('m.room.name', 'name', MAX_NAME) || former.slug,
    description: text('m.room.topic', 'topic', MAX_DESCRIPTION) || null,
    kind: former.kind === 'dm' ? 'dm' : isPublic ? 'public' : 'private',
    settings: isJoined ? { ...settings, history: 'joined' } : settings,
  }
}

/** Brings a channel into line with the state of its room. Appends nothing if it is; else one row, for which no event is made. */
export async function applyProperties(
  { tx, batch }: Pick<RoomAct, 'tx' | 'batch'>,
  actor: Person,
  channel: Channel,
  room: OpenRoom,
): Promise<void> {
  const now = propertiesOf(room, channel)
  const change: ChannelChange = {
    ...(now.name === channel.name ? {} : { name: now.name }),
    ...(now.description === channel.description ? {} : { description: now.description }),
    ...(now.kind === channel.kind ? {} : { kind: now.kind }),
    ...(now.settings.history === channel.settings.history ? {} : { settings: now.settings }),
  }
  const changed = Object.keys(change)
  if (changed.length === 0 || channel.kind === 'dm') return
  const updated = await tx.updateChannel(channel.id, change)
  const row = tx.nextSeq()
  await tx.append(channelEvent('channel.updated', updated, { changed }), actor.account)
  batch.settle(row)
}

import type { Channel } from '../../kernel/entities'
import type { JsonObject } from '../canonical'
import { isObject } from '../canonical'
import { channelPowerLevels, newRoomPowerLevels } from '../power'
import type { RoomState } from '../room-state'
import type { RoomVersion } from '../versions'

/** The room of a channel as data: the state events with which it begins, and those that follow its properties. */

export interface PlannedState {
  readonly type: string
  readonly sender: string
  readonly stateKey: string
  readonly content: JsonObject
}

/** A user as member events show it. */
export interface Shown {
  readonly userId: string
  readonly displayName: string
  /** `mxc://` URI. */
  readonly avatar: string | null
}

/** Returns the content of a member event. */
export function memberContent(
  membership: 'join' | 'invite',
  { displayName, avatar }: Shown,
  further: JsonObject = {},
): JsonObject {
  return {
    ...(avatar === null ? {} : { avatar_url: avatar }),
    displayname: displayName,
    membership,
    ...further,
  }
}

function createContent(version: RoomVersion, sender: string, federate: boolean): JsonObject {
  return {
    room_version: version.id,
    ...(version.creatorInContent ? { creator: sender } : {}),
    'm.federate': federate,
  }
}

/** Returns the beginning of the room of a channel that is not between two accounts. `system` stays in it. */
export function channelRoom(
  version: RoomVersion,
  channel: Channel,
  system: Shown,
  room: { readonly serverName: string; readonly federate: boolean; readonly alias: string | null },
): PlannedState[] {
  const { userId: sender } = system
  const state = (type: string, content: JsonObject, stateKey = ''): PlannedState => ({
    ...{ type, sender, stateKey, content },
  })
  return [
    state('m.room.create', createContent(version, sender, room.federate)),
    state('m.room.member', memberContent('join', system), sender),
    state('m.room.power_levels', channelPowerLevels(version, sender)),
    state('m.room.join_rules', joinRules(channel)),
    state('m.room.history_visibility', historyVisibility(channel)),
    state('m.room.guest_access', { guest_access: 'forbidden' }),
    state('m.room.name', { name: channel.name }),
    ...(channel.description === null ? [] : [state('m.room.topic', { topic: channel.description })]),
    ...(room.alias === null ? [] : [state('m.room.canonical_alias', { alias: room.alias })]),
    state('io.element.functional_members', { service_members: [sender] }),
  ]
}

/** Returns the beginning of the room of two accounts, as one of them would make it over Matrix. */
export function directRoom(
  version: RoomVersion,
  maker: Shown,
  other: Shown | undefined,
  federate: boolean,
): PlannedState[] {
  const { userId: sender } = maker
  const state = (type: string, content: JsonObject, stateKey = ''): PlannedState => ({
    ...{ type, sender, stateKey, content },
  })
  const invited = other ? [other.userId] : []
  const create = createContent(version, sender, federate)
  const further = version.creatorsAboveLevels ? { additional_creators: invited } : {}
  const power = { preset: 'trusted_private_chat', creator: sender, invited } as const
  return [
    state('m.room.create', { ...create, ...further }),
    state('m.room.member', memberContent('join', maker), sender),
    state('m.room.power_levels', newRoomPowerLevels(version, power)),
    state('m.room.join_rules', { join_rule: 'invite' }),
    state('m.room.history_visibility', { history_visibility: 'shared' }),
    state('m.room.guest_access', { guest_access: 'can_join' }),
    ...(other
      ? [state('m.room.member', memberContent('invite', other, { is_direct: true }), other.userId)]
      : []),
  ]
}

/** Returns the state events by which the room of a channel gets the channel's present properties. */
export function changedProperties(
  channel: Channel,
  state: RoomState,
): { readonly type: string; readonly content: JsonObject; readonly property: keyof Channel }[] {
  if (channel.kind === 'dm') return []
  const now = (type: string, key: string) => state.event(type, '')?.pdu.content[key]
  const changes: { type: string; content: JsonObject; property: keyof Channel }[] = []
  if (now('m.room.name', 'name') !== channel.name)
    changes.push({ type: 'm.room.name', content: { name: channel.name }, property: 'name' })
  // State events do not go, so a topic that was taken away becomes empty.
  const topic = channel.description ?? ''
  if ((now('m.room.topic', 'topic') ?? '') !== topic)
    changes.push({ type: 'm.room.topic', content: { topic }, property: 'description' })
  // Matrix knows more join rules and visibilities than channels: those that mean the same stay.
  if ((now('m.room.join_rules', 'join_rule') === 'public') !== (channel.kind === 'public'))
    changes.push({ type: 'm.room.join_rules', content: joinRules(channel), property: 'kind' })
  const isJoined = now('m.room.history_visibility', 'history_visibility') === 'joined'
  if (isJoined !== (channel.settings.history === 'joined'))
    changes.push({
      ...{ type: 'm.room.history_visibility', content: historyVisibility(channel) },
      property: 'settings',
    })
  return changes
}

function joinRules({ kind }: Channel): JsonObject {
  return { join_rule: kind === 'public' ? 'public' : 'invite' }
}

function historyVisibility({ settings }: Channel): JsonObject {
  return { history_visibility: settings.history === 'joined' ? 'joined' : 'shared' }
}

/** Returns power levels with the users of others. */
export function withUsersOf(content: JsonObject, other: JsonObject): JsonObject {
  return isObject(other['users']) ? { ...content, users: other['users'] } : content
}

import { isObject, type JsonObject } from './canonical'
import type { Pdu } from './events'
import type { RoomVersion } from './versions'

/** What redaction keeps of an event (spec.matrix.org, "Room Versions", "Redactions"). */

const KEPT = [
  'event_id',
  'type',
  'room_id',
  'sender',
  'state_key',
  'content',
  'hashes',
  'signatures',
  'depth',
  'prev_events',
  'auth_events',
  'origin_server_ts',
] as const
const KEPT_EARLIER = [...KEPT, 'origin', 'membership', 'prev_state'] as const

const POWER_LEVELS = [
  'ban',
  'events',
  'events_default',
  'kick',
  'redact',
  'state_default',
  'users',
  'users_default',
] as const

/** Returns an event without the members that redaction removes. Its event id stays the same. */
export function redacted(version: RoomVersion, pdu: Pdu): Pdu {
  const kept = picked(pdu, version.updatedRedaction ? KEPT : KEPT_EARLIER)
  // What a PDU must have is kept by every version.
  return { ...kept, content: redactedContent(version, pdu.type, pdu.content) } as Pdu
}

/** Returns the members of a content that redaction keeps. */
export function redactedContent(version: RoomVersion, type: string, content: JsonObject): JsonObject {
  switch (type) {
    case 'm.room.member':
      return redactedMember(version, content)
    case 'm.room.create':
      return version.updatedRedaction ? content : picked(content, ['creator'])
    case 'm.room.join_rules':
      return picked(content, version.restrictedJoins ? ['allow', 'join_rule'] : ['join_rule'])
    case 'm.room.power_levels':
      return picked(content, version.updatedRedaction ? [...POWER_LEVELS, 'invite'] : POWER_LEVELS)
    case 'm.room.history_visibility':
      return picked(content, ['history_visibility'])
    case 'm.room.aliases':
      return version.aliasRules ? picked(content, ['aliases']) : {}
    case 'm.room.redaction':
      return version.updatedRedaction ? picked(content, ['redacts']) : {}
    default:
      return {}
  }
}

function redactedMember(version: RoomVersion, content: JsonObject): JsonObject {
  const kept = picked(
    content,
    version.keepsAuthorisingUser ? ['membership', 'join_authorised_via_users_server'] : ['membership'],
  )
  const invite = content['third_party_invite']
  if (!version.updatedRedaction || !isObject(invite)) return kept
  return { ...kept, third_party_invite: picked(invite, ['signed']) }
}

function picked(value: JsonObject, keys: readonly string[]): JsonObject {
  const kept: Record<string, unknown> = {}
  for (const key of keys) if (Object.hasOwn(value, key)) kept[key] = value[key]
  return kept
}

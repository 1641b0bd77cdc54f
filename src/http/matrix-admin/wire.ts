/** The wire forms of the administration of the homeserver. */
import type { Core } from '../../core'
import type { MatrixAdministration } from '../../core/matrix/administration/administration'
import type { AdministeredRoom } from '../../core/matrix/administration/rooms'
import type { AdministeredUser } from '../../core/matrix/administration/users'
import type { SeenDevice } from '../../core/matrix/login/devices'
import type { ShownPusher } from '../../core/matrix/push/pushers'
import { instant, instantSchema } from '../instants'
import { named, nullable, oneOf, Type } from '../schema'

export const tag = 'Matrix administration'
export const base = '/v1/admin/matrix'

/** What the endpoints need. */
export interface MatrixAdminParts {
  readonly core: Core
  readonly matrix: () => MatrixAdministration
}

export const usageSchema = Type.Object({ files: Type.Integer(), bytes: Type.Integer() })

export const userSchema = named(
  'MatrixUser',
  Type.Object({
    user_id: Type.String(),
    account_id: Type.String({ format: 'uuid' }),
    handle: Type.String(),
    display_name: Type.String(),
    kind: oneOf(['human', 'agent']),
    is_admin: Type.Boolean(),
    origin: oneOf(['synapse', 'matrix'], 'Where the account was made'),
    locked: Type.Boolean({ description: 'Its devices can do nothing but log out' }),
    suspended: Type.Boolean({ description: 'It reads, and writes nothing' }),
    archived_at: nullable(instantSchema),
    deactivated_at: nullable(instantSchema),
  }),
)

export function userJson({ account, user, userId }: AdministeredUser) {
  return {
    user_id: userId,
    account_id: account.uuid,
    handle: account.handle,
    display_name: account.displayName,
    kind: account.kind,
    is_admin: account.isAdmin,
    origin: user.origin,
    locked: user.locked,
    suspended: user.suspended,
    archived_at: instant(account.archivedAt),
    deactivated_at: instant(user.deactivatedAt),
  }
}

export const deviceSchema = named(
  'MatrixDevice',
  Type.Object({
    device_id: Type.String(),
    name: nullable(Type.String()),
    created_at: instantSchema,
    last_seen_at: nullable(instantSchema),
    last_seen_ip: nullable(Type.String()),
  }),
)

export function deviceJson({ device, seenAt, seenIp }: SeenDevice) {
  return {
    device_id: device.deviceId,
    name: device.name,
    created_at: instant(device.createdAt),
    last_seen_at: instant(seenAt),
    last_seen_ip: seenIp,
  }
}

export const pusherSchema = named(
  'MatrixPusher',
  Type.Object({
    app_id: Type.String(),
    app_display_name: Type.String(),
    device_display_name: Type.String(),
    url: Type.String({ description: 'The push gateway' }),
    failures: Type.Integer({ description: 'Calls in a row that failed' }),
    failing_since: nullable(instantSchema),
  }),
)

/** Without its key, with which anybody could send notifications. */
export function pusherJson({ appId, failures, failingSince, ...shown }: ShownPusher) {
  return {
    app_id: appId,
    app_display_name: shown.app_display_name,
    device_display_name: shown.device_display_name,
    url: shown.data.url,
    failures,
    failing_since: instant(failingSince),
  }
}

export const roomSchema = named(
  'MatrixRoom',
  Type.Object({
    room_id: Type.String(),
    channel: Type.String({ description: 'The slug of its channel' }),
    name: Type.String(),
    kind: oneOf(['public', 'private', 'dm']),
    version: Type.String(),
    born: oneOf(['channel', 'matrix'], 'Where it was made'),
    federate: Type.Boolean(),
    published: Type.Boolean({ description: 'It is in the room directory' }),
    blocked: Type.Boolean({ description: 'Nobody can join it, be invited or knock' }),
    archived_at: nullable(instantSchema),
  }),
)

export function roomJson({ room, channel }: AdministeredRoom) {
  return {
    room_id: room.roomId,
    channel: channel.slug,
    name: channel.name,
    kind: channel.kind,
    version: room.version,
    born: room.born,
    federate: room.federate,
    published: room.published,
    blocked: room.blocked,
    archived_at: instant(channel.archivedAt),
  }
}

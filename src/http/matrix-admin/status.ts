import { type Endpoint, endpoint } from '../endpoint'
import { named, nullable, Type, text } from '../schema'
import { base, type MatrixAdminParts, roomJson, roomSchema, tag, usageSchema } from './wire'

const projectorSchema = named(
  'MatrixProjector',
  Type.Object({
    position: Type.Integer({ description: 'Position of the last event of the log that is in the rooms' }),
    head: Type.Integer({ description: 'Position of the newest one' }),
    lag: Type.Integer(),
    refused: Type.Integer({ description: 'Events that rooms did not allow, since the start of this server' }),
  }),
)

/** What the homeserver is, and how far its rooms are. */
export function statusEndpoints({ core, matrix }: MatrixAdminParts): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: base,
      who: 'admin',
      tag,
      summary: 'Show the homeserver: its name, what it has, and how far its rooms are',
      answers: {
        200: {
          description: 'The homeserver',
          schema: named(
            'MatrixStatus',
            Type.Object({
              server_name: Type.String(),
              base_url: nullable(Type.String()),
              registration: Type.String(),
              room_version: Type.String(),
              key_id: Type.String(),
              rooms: Type.Integer(),
              users: Type.Integer(),
              devices: Type.Integer(),
              media: usageSchema,
              max_upload_bytes: Type.Integer(),
              projector: projectorSchema,
            }),
          ),
        },
      },
      handle: async ({ actor }) => {
        const { serverName, keyId, totals, projector } = await matrix().status.all(actor)
        const { settings } = core
        const json = {
          server_name: serverName,
          base_url: settings.get('matrix.base_url') ?? settings.get('base_url'),
          registration: settings.get('matrix.registration'),
          room_version: settings.get('matrix.room_version'),
          key_id: keyId,
          ...totals,
          max_upload_bytes: settings.get('matrix.media.max_bytes'),
          projector,
        }
        return { status: 200, json }
      },
    }),
    endpoint({
      method: 'GET',
      path: `${base}/projector`,
      who: 'admin',
      tag,
      summary: 'Show how far the rooms are behind the log',
      answers: { 200: { description: 'The projector', schema: projectorSchema } },
      handle: async ({ actor }) => ({ status: 200, json: await matrix().status.projector(actor) }),
    }),
    endpoint({
      method: 'PUT',
      path: `${base}/projector/rebuild`,
      who: 'admin',
      tag,
      summary: 'Make the room of a channel again from the log, while no member has a device',
      body: Type.Object({ channel: text({ minLength: 1, maxLength: 64, description: 'Slug' }) }),
      answers: { 200: { description: 'The room as it was', schema: roomSchema } },
      refusals: ['channel_not_found', 'room_of_matrix', 'room_has_readers'],
      handle: async ({ actor, body }) => {
        const room = await matrix().rooms.find(actor, body.channel)
        await matrix().rebuilding.rebuild(actor, body.channel)
        return { status: 200, json: roomJson(room) }
      },
    }),
  ]
}

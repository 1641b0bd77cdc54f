/** Replacing rooms by rooms of another version. */
import type { Matrix } from '../../core/matrix'
import type { Endpoint } from '../endpoint'
import { maybe, Type, text } from '../schema'
import { matrixEndpoint } from './endpoint'

const upgradeBody = Type.Object({
  new_version: text(),
  additional_creators: maybe(Type.Array(text())),
})

export function upgradeEndpoints(matrix: Matrix): Endpoint[] {
  return matrixEndpoint(matrix, {
    method: 'POST',
    path: '/_matrix/client/v3/rooms/:room/upgrade',
    who: 'account',
    summary: 'Replace a room by one of another version',
    body: upgradeBody,
    handle: async ({ actor, params: { room = '' }, body }) => {
      const replacement = await matrix.upgrades.upgrade(actor, room, {
        version: body.new_version,
        additionalCreators: body.additional_creators ?? [],
      })
      return { status: 200, json: { replacement_room: replacement } }
    },
  })
}

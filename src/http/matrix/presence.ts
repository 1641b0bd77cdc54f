/** Who types, and who is there. */
import type { Matrix } from '../../core/matrix'
import { PRESENCE_STATES } from '../../core/matrix/ephemeral/presence-state'
import type { Endpoint } from '../endpoint'
import { maybe, oneOf, Type, text } from '../schema'
import { matrixEndpoint } from './endpoint'
import { ownUser } from './own-user'

/** How long somebody types who does not say it. */
const DEFAULT_TYPING_MILLISECONDS = 30_000

const typingBody = Type.Object({ typing: Type.Boolean(), timeout: maybe(Type.Integer({ minimum: 0 })) })
const presenceBody = Type.Object({ presence: oneOf(PRESENCE_STATES), status_msg: maybe(text()) })

export function presenceEndpoints(matrix: Matrix): Endpoint[] {
  const { typingActs, presenceActs } = matrix
  const status = '/_matrix/client/v3/presence/:user/status'
  return [
    ...matrixEndpoint(matrix, {
      method: 'PUT',
      path: '/_matrix/client/v3/rooms/:room/typing/:user',
      who: 'account',
      summary: 'Say that one types',
      body: typingBody,
      handle: async ({ actor, params: { room = '', user }, body }) => {
        await ownUser(matrix, actor, user)
        const timeout = body.timeout ?? DEFAULT_TYPING_MILLISECONDS
        await typingActs.set(actor, room, body.typing ? timeout : 0)
        return { status: 200, json: {} }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'PUT',
      path: status,
      who: 'account',
      summary: 'Say whether one is there',
      body: presenceBody,
      handle: async ({ actor, device, params: { user }, body }) => {
        await ownUser(matrix, actor, user)
        await presenceActs.set(actor, device.id, body.presence, body.status_msg ?? null)
        return { status: 200, json: {} }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: status,
      who: 'account',
      summary: 'Show whether a user is there',
      handle: async ({ actor, params: { user = '' } }) => ({
        status: 200,
        json: await presenceActs.find(actor, user),
      }),
    }),
  ]
}

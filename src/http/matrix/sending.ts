/** Sending events, setting state, and the aliases of rooms. */
import type { Core } from '../../core'
import type { Person } from '../../core/identity/actor'
import type { Matrix } from '../../core/matrix'
import type { DeviceName } from '../../core/matrix/login/devices'
import type { Answer, Endpoint } from '../endpoint'
import { onceWithKey } from '../once'
import { Type, text } from '../schema'
import { eventContentIn } from './content'
import { matrixEndpoint } from './endpoint'

const ROOM = '/_matrix/client/v3/rooms/:room'

export function sendingEndpoints(core: Core, matrix: Matrix): Endpoint[] {
  const { sendings, redactions, stateSettings, sentTransactions: sent } = matrix
  /** Sends once for each transaction id of a device, whatever the body of a repeated request. */
  const once = async (
    actor: Person,
    device: DeviceName,
    path: string,
    transactionId: string | undefined,
    send: (actor: Person, sentAs?: string) => Promise<string>,
  ): Promise<Answer> => {
    const answerOf = (eventId: string) => ({ status: 200, json: { event_id: eventId } })
    if (transactionId === undefined) return answerOf(await send(actor))
    const sentAs = sent.nameOf(device, transactionId)
    const key = core.retryKeys.keyOf(actor, sent.keyOf(device, 'PUT', path), '', false)
    const kept = await onceWithKey(core, actor, key, (by) => send(by, sentAs), answerOf, { isNew: true })
    const { headers: _, ...answer } = kept
    return answer
  }
  const send = (method: 'PUT' | 'POST', path: string) =>
    matrixEndpoint(matrix, {
      method,
      path,
      who: 'account',
      rate: 'post',
      summary: 'Send an event',
      handle: ({ actor, device, params: { room: roomId = '', type = '', txnId }, bodyText }) => {
        const content = eventContentIn(bodyText)
        return once(actor, device, `send/${roomId}/${type}/${txnId}`, txnId, (by, sentAs) =>
          sendings.send(by, roomId, { type, content, sentAs }),
        )
      },
    })
  const redact = (method: 'PUT' | 'POST', path: string) =>
    matrixEndpoint(matrix, {
      method,
      path,
      who: 'account',
      rate: 'post',
      summary: 'Redact an event',
      handle: ({ actor, device, params: { room: roomId = '', event: eventId = '', txnId }, bodyText }) => {
        const content = eventContentIn(bodyText)
        return once(actor, device, `redact/${roomId}/${eventId}/${txnId}`, txnId, (by, sentAs) =>
          redactions.redact(by, roomId, eventId, { content, sentAs }),
        )
      },
    })
  const state = (method: 'PUT' | 'POST') =>
    matrixEndpoint(matrix, {
      method,
      path: [`${ROOM}/state/:type`, `${ROOM}/state/:type/`, `${ROOM}/state/:type/:key`],
      who: 'account',
      rate: 'post',
      summary: 'Set a state event',
      handle: async ({ actor, params: { room: roomId = '', type = '', key: stateKey = '' }, bodyText }) => {
        const content = eventContentIn(bodyText)
        return {
          status: 200,
          json: { event_id: await stateSettings.set(actor, roomId, { type, stateKey, content }) },
        }
      },
    })
  return [
    ...send('PUT', `${ROOM}/send/:type/:txnId`),
    ...send('POST', `${ROOM}/send/:type`),
    ...redact('PUT', `${ROOM}/redact/:event/:txnId`),
    ...redact('POST', `${ROOM}/redact/:event`),
    ...state('PUT'),
    ...state('POST'),
  ]
}

export function aliasEndpoints(matrix: Matrix): Endpoint[] {
  const { roomAliases: aliases, serverName } = matrix
  const path = '/_matrix/client/v3/directory/room/:alias'
  return [
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path,
      who: 'anyone',
      summary: 'The room with an alias',
      handle: async ({ params: { alias = '' } }) => ({
        status: 200,
        json: { room_id: await aliases.find(alias), servers: [serverName] },
      }),
    }),
    ...matrixEndpoint(matrix, {
      method: 'PUT',
      path,
      who: 'account',
      summary: 'Give a room an alias',
      body: Type.Object({ room_id: text() }),
      handle: async ({ actor, params: { alias = '' }, body }) => {
        await aliases.add(actor, alias, body.room_id)
        return { status: 200, json: {} }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'DELETE',
      path,
      who: 'account',
      summary: 'Take an alias away',
      handle: async ({ actor, params: { alias = '' } }) => {
        await aliases.remove(actor, alias)
        return { status: 200, json: {} }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: `${ROOM}/aliases`,
      who: 'account',
      summary: 'The aliases of a room',
      handle: async ({ actor, params: { room: roomId = '' } }) => ({
        status: 200,
        json: { aliases: await aliases.list(actor, roomId) },
      }),
    }),
  ]
}

/** The state of a room and its members, and receipts in it. */
import type { Matrix } from '../../core/matrix'
import type { Endpoint } from '../endpoint'
import { maybe, Type, text } from '../schema'
import { matrixEndpoint } from './endpoint'

const ROOM = '/_matrix/client/v3/rooms/:room'
const MEMBERSHIPS = ['join', 'invite', 'knock', 'leave', 'ban'] as const
const MARKERS = ['m.fully_read', 'm.read', 'm.read.private'] as const

export function stateEndpoints(matrix: Matrix): Endpoint[] {
  return [
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: `${ROOM}/state`,
      who: 'account',
      summary: 'The state of a room',
      handle: async ({ actor, params }) => ({
        status: 200,
        json: await matrix.states.state(actor, params['room'] ?? ''),
      }),
    }),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: [`${ROOM}/state/:type`, `${ROOM}/state/:type/`, `${ROOM}/state/:type/:key`],
      who: 'account',
      summary: 'One state event',
      handle: async ({ actor, params, query }) => {
        const format = query.word('format', ['content', 'event'])
        const { room = '', type = '', key = '' } = params
        const event = await matrix.states.stateEvent(actor, room, type, key)
        return { status: 200, json: format === 'event' ? event : event['content'] }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: `${ROOM}/members`,
      who: 'account',
      summary: 'The member events of a room',
      handle: async ({ actor, params, query }) => {
        const asked = {
          at: query.text('at'),
          membership: query.word('membership', MEMBERSHIPS),
          notMembership: query.word('not_membership', MEMBERSHIPS),
        }
        return {
          status: 200,
          json: { chunk: await matrix.states.members(actor, params['room'] ?? '', asked) },
        }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: `${ROOM}/joined_members`,
      who: 'account',
      summary: 'Who is in a room',
      handle: async ({ actor, params }) => ({
        status: 200,
        json: { joined: await matrix.states.joined(actor, params['room'] ?? '') },
      }),
    }),
  ]
}

export function receiptEndpoints(matrix: Matrix): Endpoint[] {
  return [
    ...matrixEndpoint(matrix, {
      method: 'POST',
      path: `${ROOM}/receipt/:kind/:event`,
      who: 'account',
      summary: 'Note up to where one has read',
      body: Type.Object({ thread_id: maybe(text()) }),
      handle: async ({ actor, params, body }) => {
        const { room = '', kind = '', event = '' } = params
        await matrix.receipts.note(actor, room, [
          { kind, eventId: event, thread: body.thread_id ?? undefined },
        ])
        matrix.presences.active(actor.account.id)
        return { status: 200, json: {} }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'POST',
      path: `${ROOM}/read_markers`,
      who: 'account',
      summary: 'Note up to where one has read, all markers at once',
      body: Type.Object({
        'm.fully_read': maybe(text()),
        'm.read': maybe(text()),
        'm.read.private': maybe(text()),
      }),
      handle: async ({ actor, params, body }) => {
        const receipts = MARKERS.flatMap((kind) => {
          const eventId = body[kind]
          return eventId === undefined || eventId === null ? [] : [{ kind, eventId }]
        })
        await matrix.receipts.note(actor, params['room'] ?? '', receipts)
        matrix.presences.active(actor.account.id)
        return { status: 200, json: {} }
      },
    }),
  ]
}

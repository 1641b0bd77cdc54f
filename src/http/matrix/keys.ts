/** Keys of devices, by which clients encrypt for each other. */
import type { Matrix } from '../../core/matrix'
import type { Endpoint } from '../endpoint'
import { freeObject, isObject, maybe, Type } from '../schema'
import { matrixEndpoint } from './endpoint'
import { matrixError } from './errors'

const MAX_BYTES = 10_485_760

const keys = maybe(freeObject('Keys by `<algorithm>:<id>`'))

export function keyEndpoints(matrix: Matrix): Endpoint[] {
  const { deviceKeys } = matrix
  return [
    ...matrixEndpoint(matrix, {
      method: 'POST',
      path: '/_matrix/client/v3/keys/upload',
      who: 'account',
      rate: 'crypto',
      summary: 'Store keys of the device',
      maxBytes: MAX_BYTES,
      body: Type.Object({
        device_keys: maybe(freeObject('The identity keys of the device')),
        one_time_keys: keys,
        fallback_keys: keys,
      }),
      handle: async ({ actor, device, body }) => {
        const counts = await deviceKeys.upload(actor, device, {
          deviceKeys: objectOf(body.device_keys),
          oneTimeKeys: objectOf(body.one_time_keys) ?? {},
          fallbackKeys: objectOf(body.fallback_keys) ?? {},
        })
        return { status: 200, json: { one_time_key_counts: counts } }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'POST',
      path: '/_matrix/client/v3/keys/query',
      who: 'account',
      rate: 'crypto',
      summary: 'Show identity keys of users',
      maxBytes: MAX_BYTES,
      body: Type.Object({ device_keys: freeObject('Device ids by user id; none = all') }),
      handle: async ({ body }) => ({ status: 200, json: await deviceKeys.query(listsIn(body.device_keys)) }),
    }),
    ...matrixEndpoint(matrix, {
      method: 'POST',
      path: '/_matrix/client/v3/keys/claim',
      who: 'account',
      rate: 'crypto',
      summary: 'Take one-time keys of devices',
      maxBytes: MAX_BYTES,
      body: Type.Object({ one_time_keys: freeObject('Algorithms by device id by user id') }),
      handle: async ({ actor, body }) => ({
        status: 200,
        json: await deviceKeys.claim(actor, algorithmsIn(body.one_time_keys)),
      }),
    }),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: '/_matrix/client/v3/room_keys/version',
      who: 'account',
      rate: 'crypto',
      summary: 'The backup of keys of rooms: there is none',
      handle: () => {
        throw matrixError(404, 'M_NOT_FOUND', 'There is no backup of keys')
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'PUT',
      path: '/_matrix/client/v3/sendToDevice/:type/:txn',
      who: 'account',
      rate: 'crypto',
      summary: 'Send to devices; without encryption it is dropped',
      maxBytes: MAX_BYTES,
      body: Type.Object({ messages: freeObject('Messages by device id by user id') }),
      handle: () => ({ status: 200, json: {} }),
    }),
  ]
}

function objectOf(value: object | null | undefined): Readonly<Record<string, unknown>> | undefined {
  // A JSON object, as its schema says.
  return value == null ? undefined : (value as Readonly<Record<string, unknown>>)
}

function listsIn(given: object): Record<string, readonly string[]> {
  const lists = Object.entries(given).map(([userId, devices]: [string, unknown]) => {
    if (!Array.isArray(devices) || devices.some((one) => typeof one !== 'string'))
      throw matrixError(400, 'M_BAD_JSON', 'device_keys has a list of device ids for each user')
    return [userId, devices as readonly string[]] as const
  })
  return Object.fromEntries(lists)
}

function algorithmsIn(given: object): Record<string, Readonly<Record<string, string>>> {
  const users = Object.entries(given).map(([userId, devices]: [string, unknown]) => {
    if (!isObject(devices) || Object.values(devices as object).some((one) => typeof one !== 'string'))
      throw matrixError(400, 'M_BAD_JSON', 'one_time_keys has an algorithm for each device of each user')
    return [userId, devices as Readonly<Record<string, string>>] as const
  })
  return Object.fromEntries(users)
}

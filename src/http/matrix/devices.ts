/** The devices of the caller. */
import type { Core } from '../../core'
import type { Matrix } from '../../core/matrix'
import type { SeenDevice } from '../../core/matrix/login/devices'
import type { Endpoint } from '../endpoint'
import { list, nullable, Type, text } from '../schema'
import { matrixEndpoint } from './endpoint'
import { passwordStage } from './interactive'
import { milliseconds } from './wire'

export function deviceEndpoints(core: Core, matrix: Matrix): Endpoint[] {
  const one = '/_matrix/client/v3/devices/:device'
  const toDelete = passwordStage(core, matrix, Type.Object({}))
  const toDeleteSome = passwordStage(core, matrix, Type.Object({ devices: list(text()) }))
  return [
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: '/_matrix/client/v3/devices',
      who: 'account',
      summary: 'List your devices',
      handle: async ({ actor }) => {
        const userId = await matrix.users.idOf(actor.account)
        const devices = await matrix.devices.list(actor)
        return { status: 200, json: { devices: devices.map((device) => deviceJson(userId, device)) } }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: one,
      who: 'account',
      summary: 'Show a device of yours',
      handle: async ({ actor, params }) => {
        const found = await matrix.devices.find(actor, params.device ?? '')
        return { status: 200, json: deviceJson(await matrix.users.idOf(actor.account), found) }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'PUT',
      path: one,
      who: 'account',
      summary: 'Name a device of yours',
      body: Type.Object({ display_name: Type.Optional(nullable(text({ maxLength: 1000 }))) }),
      handle: async ({ actor, params, body }) => {
        const { display_name: name } = body
        if (name === undefined) await matrix.devices.find(actor, params.device ?? '')
        else await matrix.devices.rename(actor, params.device ?? '', name)
        return { status: 200, json: {} }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'DELETE',
      path: one,
      who: 'account',
      summary: 'End a device of yours',
      handle: async (call) => {
        const deviceId = call.params.device ?? ''
        await matrix.devices.find(call.actor, deviceId)
        const { actor, passed } = await toDelete(call, `DELETE devices/${deviceId}`)
        await matrix.lifecycle.endDevices(actor, [deviceId], passed)
        return { status: 200, json: {} }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'POST',
      path: '/_matrix/client/v3/delete_devices',
      who: 'account',
      summary: 'End devices of yours',
      handle: async (call) => {
        const { actor, passed, body } = await toDeleteSome(call, 'POST delete_devices')
        await matrix.lifecycle.endDevices(actor, body.devices, passed)
        return { status: 200, json: {} }
      },
    }),
  ]
}

function deviceJson(userId: string, { device, seenAt, seenIp }: SeenDevice) {
  return {
    device_id: device.deviceId,
    user_id: userId,
    ...(device.name !== null && { display_name: device.name }),
    ...(seenAt !== null && { last_seen_ts: milliseconds(seenAt) }),
    ...(seenIp !== null && { last_seen_ip: seenIp }),
  }
}

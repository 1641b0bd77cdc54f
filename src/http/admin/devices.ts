import type { Core } from '../../core'
import {
  CODE_SECONDS,
  codeSeconds,
  deviceJson,
  deviceLabel,
  deviceSchema,
  pairedJson,
  pairedSchema,
} from '../device-wire'
import { type Endpoint, endpoint } from '../endpoint'
import { listQuery, numberedPageOf, pageAnswer } from '../list-pages'
import { list, maybe, Type, text } from '../schema'
import { idOf } from './wire'

const newDevice = Type.Object({
  device: deviceLabel,
  account_handle: maybe(
    text({ minLength: 1, maxLength: 64, description: 'Default: the only human who is a system admin' }),
  ),
  scopes: maybe(list(text(), { description: 'Default: by the label' })),
  actors: maybe(
    list(text({ maxLength: 64 }), { maxItems: 100, description: 'Handles that the device may act as' }),
  ),
  ttl_s: codeSeconds,
  direct: maybe(Type.Boolean({ description: 'Returns the token itself instead of a code, for scripts' })),
})

/** Devices and pair codes, as managed by administrators. */
export function deviceEndpoints(core: Core): Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/v1/admin/devices',
      who: 'admin',
      tag: 'Administration',
      summary: 'Create a pair code for one device, for one use; it is shown only here',
      body: newDevice,
      answers: { 201: { description: 'The code', schema: pairedSchema } },
      refusals: [
        'account_required',
        'account_not_found',
        'account_archived',
        'scopes_required',
        'invalid_scope',
        'invalid_handle',
        'quota_exceeded',
      ],
      showsSecret: true,
      handle: ({ body, once }) =>
        once(
          (actor) =>
            core.pairing.create(actor, {
              device: body.device,
              handle: body.account_handle ?? undefined,
              scopes: body.scopes ?? undefined,
              actors: body.actors ?? null,
              ttlSeconds: body.ttl_s ?? CODE_SECONDS,
              direct: body.direct ?? false,
            }),
          (paired) => ({ status: 201, json: pairedJson(core, paired) }),
        ),
    }),
    endpoint({
      method: 'GET',
      path: '/v1/admin/devices',
      who: 'admin',
      tag: 'Administration',
      summary: 'List paired devices and open codes',
      query: Type.Object(listQuery),
      answers: {
        200: { description: 'A bare array in order of creation', schema: Type.Array(deviceSchema) },
      },
      refusals: ['invalid_cursor'],
      handle: async ({ actor, query }) => {
        return pageAnswer(core.pace, numberedPageOf(query), {
          read: (page) => core.pairing.list(actor, page),
          keyOf: ({ code }) => String(code.id),
          toJson: (device) => deviceJson(core, device),
        })
      },
    }),
    endpoint({
      method: 'POST',
      path: '/v1/admin/devices/:id/revoke',
      who: 'admin',
      tag: 'Administration',
      summary: 'Revoke a device: its code, token or session and its streams end',
      answers: { 200: { description: 'The device', schema: deviceSchema } },
      refusals: ['invalid_id', 'device_not_found'],
      handle: ({ params, once }) =>
        once(
          (actor) => core.pairing.revoke(actor, idOf(params.id, 'device id')),
          (device) => ({ status: 200, json: deviceJson(core, device) }),
        ),
    }),
  ]
}

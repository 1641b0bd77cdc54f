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
import { renderPage } from '../long-list'
import { list, maybe, Type, text } from '../schema'
import { idOf } from './credentials'

/** More than the devices of a person. */
const SHOWN_DEVICES = 1000

const personal = ['humans_only', 'missing_scope'] as const

const newDevice = Type.Object({
  device: deviceLabel,
  scopes: maybe(list(text(), { description: 'Default: by the label; none beyond your own' })),
  ttl_s: codeSeconds,
})

/** The devices of a person (docs/contract/pairing.md#devices-of-ones-own). */
export function deviceEndpoints(core: Core): Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/v1/me/devices',
      who: 'account',
      tag: 'Login',
      summary: 'Create a pair code for a device of yours, for one use; it is shown only here',
      body: newDevice,
      answers: { 201: { description: 'The code', schema: pairedSchema } },
      refusals: [...personal, 'scopes_required', 'invalid_scope', 'scope_escalation'],
      showsSecret: true,
      handle: ({ body, once }) =>
        once(
          (actor) =>
            core.pairing.createOwn(actor, {
              device: body.device,
              scopes: body.scopes ?? undefined,
              ttlSeconds: body.ttl_s ?? CODE_SECONDS,
            }),
          (paired) => ({ status: 201, json: pairedJson(core, paired) }),
        ),
    }),
    endpoint({
      method: 'GET',
      path: '/v1/me/devices',
      who: 'account',
      tag: 'Login',
      summary: 'List your paired devices and open codes',
      answers: {
        200: {
          description: 'In order of creation',
          schema: Type.Object({ devices: Type.Array(deviceSchema) }),
        },
      },
      refusals: personal,
      handle: async ({ actor }) => {
        const { text } = await renderPage(
          core.pace,
          { after: '', limit: SHOWN_DEVICES },
          {
            read: (page) => core.pairing.listOwn(actor, page),
            keyOf: ({ code }) => String(code.id),
            toJson: (device) => deviceJson(core, device),
          },
        )
        return { status: 200, text: `{"devices":${text}}` }
      },
    }),
    endpoint({
      method: 'POST',
      path: '/v1/me/devices/:id/revoke',
      who: 'account',
      tag: 'Login',
      summary: 'Revoke a device of yours: its code, token or session and its streams end',
      answers: { 200: { description: 'The device', schema: deviceSchema } },
      refusals: [...personal, 'invalid_id', 'device_not_found'],
      handle: ({ params, once }) =>
        once(
          (actor) => core.pairing.revokeOwn(actor, idOf(params.id, 'device id')),
          (device) => ({ status: 200, json: deviceJson(core, device) }),
        ),
    }),
  ]
}

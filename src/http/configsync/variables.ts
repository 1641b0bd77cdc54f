import type { Core } from '../../core'
import { type Variable, VISIBILITIES } from '../../core/configsync/entity-ports'
import type { Endpoint } from '../endpoint'
import { HttpError } from '../errors'
import { anything, maybe, oneOf, Type, text } from '../schema'
import { idIn, syncEndpoint, wholeNumber } from './endpoint'
import { variableRow } from './entity-wire'

const tier = text({ description: 'The tier, such as `dev`' })

/** Encrypted variables of projects, and the keys of their layers. */
export function variableEndpoints(core: Core): Endpoint[] {
  const project = ({ id }: Readonly<Record<string, string>>) => idIn(id, 'id of the project')
  return [
    ...syncEndpoint(core, {
      method: 'GET',
      path: '/projects/:id/env',
      summary: 'List the variables of a project',
      query: Type.Object({ env: Type.Optional(tier), visibility: Type.Optional(text()) }),
      answers: { 200: { description: '`{"variables":[…]}`' } },
      handle: async ({ actor, params, query }) => {
        const { env, visibility } = query
        const pages = await core.configsync.variables.list(actor, project(params), {
          ...(env === undefined ? {} : { tier: env }),
          ...(visibility === undefined ? {} : { visibility }),
        })
        return { status: 200, headers: { 'content-type': 'application/json' }, pieces: listJson(pages) }
      },
    }),
    ...syncEndpoint(core, {
      method: 'POST',
      path: '/projects/:id/env/keys',
      summary: 'Store the key of a layer of variables',
      body: Type.Object({
        layer_id: text({ description: '`shared:{project}:{tier}` or `personal:{project}:{tier}:{user}`' }),
        wrapped_dek: text({ description: '80 bytes, base64' }),
      }),
      answers: { 200: { description: '`{"ok":true}`' } },
      handle: ({ params, body, once }) =>
        once(
          (actor) => {
            const { layer_id: layerId, wrapped_dek: wrappedDek } = body
            return core.configsync.variables.putLayerKey(actor, project(params), { layerId, wrappedDek })
          },
          () => ({ status: 200, json: { ok: true } }),
        ),
    }),
    ...syncEndpoint(core, {
      method: 'GET',
      path: '/projects/:id/env/keys',
      summary: 'List the keys of the layers of variables',
      answers: { 200: { description: '`{"keys":[{"layer_id","wrapped_dek"}]}`' } },
      handle: async ({ actor, params }) => {
        const keys = await core.configsync.variables.layerKeys(actor, project(params))
        const shown = keys.map(({ layerId, wrappedDek }) => ({ layer_id: layerId, wrapped_dek: wrappedDek }))
        return { status: 200, json: { keys: shown } }
      },
    }),
    ...syncEndpoint(core, {
      method: 'PUT',
      path: '/projects/:id/env/:name',
      summary: 'Set a variable',
      body: Type.Object({
        environment_tier: tier,
        visibility: oneOf(VISIBILITIES),
        owner_user_id: maybe(wholeNumber),
        description: maybe(text()),
        required: maybe(anything('`true`, `false`, 1 or 0')),
        value_source: oneOf(['inline']),
        encrypted_value: text({ description: '28 bytes to 64 KiB, base64' }),
      }),
      answers: { 200: { description: '`{"ok":true,"current_version"}`' } },
      handle: async ({ actor, params, body }) => {
        const version = await core.configsync.variables.put(actor, project(params), {
          name: params.name ?? '',
          tier: body.environment_tier,
          visibility: body.visibility,
          ownerUserId: body.owner_user_id ?? null,
          description: body.description ?? null,
          isRequired: isRequiredIn(body.required),
          encryptedValue: body.encrypted_value,
        })
        return { status: 200, json: { ok: true, current_version: version } }
      },
    }),
    ...syncEndpoint(core, {
      method: 'DELETE',
      path: '/projects/:id/env/:name',
      summary: 'Delete a variable',
      query: Type.Object({ env: tier, visibility: Type.Optional(oneOf(VISIBILITIES)) }),
      answers: { 200: { description: '`{"ok":true}`' } },
      handle: async ({ actor, params, query }) => {
        await core.configsync.variables.delete(actor, project(params), {
          ...{ name: params.name ?? '', tier: query.env, visibility: query.visibility ?? 'shared' },
        })
        return { status: 200, json: { ok: true } }
      },
    }),
  ]
}

const encoder = new TextEncoder()

/** The variables as JSON, page by page. */
async function* listJson(pages: AsyncIterable<readonly Variable[]>): AsyncGenerator<Uint8Array, void> {
  let before = '{"variables":['
  for await (const page of pages) {
    if (page.length === 0) continue
    yield encoder.encode(before + page.map((variable) => JSON.stringify(variableRow(variable))).join(','))
    before = ','
  }
  yield encoder.encode(before === ',' ? ']}' : `${before}]}`)
}

/** @throws 400 */
function isRequiredIn(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0) return false
  if (value === true || value === 1) return true
  throw new HttpError(400, 'invalid', 'required: Input should be true, false, 1 or 0')
}

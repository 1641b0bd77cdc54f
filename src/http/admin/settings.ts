import type { Core } from '../../core'
import type { SettingChangeView, SettingView } from '../../core/governance/configuration'
import { formatInstant } from '../../core/kernel/time'
import { type Endpoint, endpoint } from '../endpoint'
import { rowBefore } from '../row-cursor'
import { anything, nullable, oneOf, Type, text } from '../schema'

export const settingSchema = Type.Object({
  key: Type.String(),
  value: Type.Unknown({ description: 'The current value; secrets are masked' }),
  default: Type.Unknown({
    description: 'The value if it is set neither here nor in the environment',
  }),
  source: oneOf(['default', 'env', 'set']),
  updated_at: nullable(Type.String({ format: 'date-time' })),
  updated_by: nullable(Type.String({ description: 'A handle; null is the operator' })),
})

export const changeSchema = Type.Object({
  seq: Type.Integer({ description: 'Seq of its event `setting.changed`' }),
  key: Type.String(),
  unset: Type.Boolean(),
  value: Type.Unknown(),
  at: Type.String({ format: 'date-time' }),
  by: nullable(Type.String({ description: 'A handle; null is the operator' })),
})

const HISTORY_PAGE = 100

/** Settings of the running server (docs/contract/admin.md#settings). A change takes effect with the next request. */
export function settingEndpoints(core: Core): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/v1/config',
      who: 'admin',
      scope: 'config:read',
      tag: 'Settings',
      summary: 'List the settings that can be changed while the server runs',
      answers: {
        200: {
          description: 'In declaration order',
          schema: Type.Object({ settings: Type.Array(settingSchema) }),
        },
      },
      refusals: ['missing_scope'],
      handle: async ({ actor }) => ({
        status: 200,
        json: { settings: (await core.configuration.list(actor)).map(settingJson) },
      }),
    }),
    endpoint({
      method: 'PUT',
      path: '/v1/config/:key',
      who: 'admin',
      // A drain ends when its setting changes.
      duringDrain: true,
      scope: 'config:write',
      tag: 'Settings',
      summary: 'Set a setting, effective with the next request on every server',
      body: Type.Object({ value: anything('A value of the setting’s type') }),
      answers: { 200: { description: 'The setting', schema: settingSchema } },
      refusals: ['missing_scope', 'setting_unknown', 'setting_invalid'],
      handle: async ({ actor, params, body }) => ({
        status: 200,
        json: settingJson(await core.configuration.set(actor, params.key ?? '', body.value)),
      }),
    }),
    endpoint({
      method: 'DELETE',
      path: '/v1/config/:key',
      who: 'admin',
      // A drain ends when its setting changes.
      duringDrain: true,
      scope: 'config:write',
      tag: 'Settings',
      summary: 'Unset a setting: the value of the environment or the default applies again',
      answers: { 200: { description: 'The setting', schema: settingSchema } },
      refusals: ['missing_scope', 'setting_unknown'],
      handle: async ({ actor, params }) => ({
        status: 200,
        json: settingJson(await core.configuration.unset(actor, params.key ?? '')),
      }),
    }),
    endpoint({
      method: 'GET',
      path: '/v1/config-history',
      who: 'admin',
      scope: 'config:read',
      tag: 'Settings',
      summary: 'List changes of settings, newest first',
      query: Type.Object({
        key: Type.Optional(text({ minLength: 1, maxLength: 128 })),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: 'Default 100' })),
        cursor: Type.Optional(text({ description: '`next_cursor` of the previous page' })),
      }),
      answers: {
        200: {
          description: 'A page',
          schema: Type.Object({
            changes: Type.Array(changeSchema),
            next_cursor: nullable(Type.String()),
          }),
        },
      },
      refusals: ['missing_scope', 'invalid_cursor'],
      handle: async ({ actor, query }) => {
        const limit = query.limit ?? HISTORY_PAGE
        const before = rowBefore(query.cursor)
        const changes = await core.configuration.history(actor, query.key ?? null, { before, limit })
        const last = changes.length === limit ? changes.at(-1) : undefined
        return {
          status: 200,
          json: { changes: changes.map(changeJson), next_cursor: last ? String(last.seq) : null },
        }
      },
    }),
  ]
}

function settingJson({ key, value, default: fallback, source, updatedAt, updatedBy }: SettingView) {
  return {
    key,
    value,
    default: fallback,
    source,
    updated_at: updatedAt === null ? null : formatInstant(updatedAt),
    updated_by: updatedBy?.handle ?? null,
  }
}

function changeJson({ seq, key, isUnset, value, at, by }: SettingChangeView) {
  return { seq, key, unset: isUnset, value, at: formatInstant(at), by: by?.handle ?? null }
}

import type { Core } from '../../core'
import { ACTION_NAMES } from '../../core/configsync/actions'
import { type Endpoint, endpoint } from '../endpoint'
import { tokenName } from '../profile-wire'
import { rowBefore } from '../row-cursor'
import { freeObject, maybe, nullable, Type, text } from '../schema'
import { endOf, issuedAnswer, issuedSchema, tokenJson, tokenSchema } from '../token-wire'
import {
  actionJson,
  actionSchema,
  auditJson,
  environmentSchema,
  keypairJson,
  keypairSchema,
  machineJson,
  machineSchema,
  syncAuditSchema,
  syncUsageSchema,
  syncUserSchema,
  usageJson,
  userJson,
} from './configsync-wire'
import { idOf } from './wire'

const PAGE = 100
const tag = 'ConfigSync administration'
const users = '/v1/admin/configsync/users'
const ofUser = `${users}/:handle`
const ofMachine = `${ofUser}/machines/:machine_id`
const unknown = ['account_not_found', 'configsync_user_not_found'] as const

/** The administration of the users of the encrypted snapshot store (docs/contract/configsync.md#administration). */
export function configSyncEndpoints(core: Core): Endpoint[] {
  return [...userEndpoints(core), ...tokenEndpoints(core), ...machineEndpoints(core), ...ownEndpoints(core)]
}

function userEndpoints(core: Core): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: users,
      who: 'admin',
      tag,
      summary: 'List the accounts that may use ConfigSync, with what they store',
      answers: { 200: { description: 'By id', schema: Type.Array(syncUsageSchema) } },
      handle: async ({ actor }) => {
        const found = await core.configsync.administration.users(actor)
        return { status: 200, json: found.map(usageJson) }
      },
    }),
    endpoint({
      method: 'GET',
      path: ofUser,
      who: 'admin',
      tag,
      summary: 'Show what an account stores in ConfigSync, and may store',
      answers: { 200: { description: 'The user', schema: syncUsageSchema } },
      refusals: unknown,
      handle: async ({ actor, params }) => {
        const found = await core.configsync.administration.user(actor, params.handle ?? '')
        return { status: 200, json: usageJson(found) }
      },
    }),
    endpoint({
      method: 'PATCH',
      path: ofUser,
      who: 'admin',
      tag,
      summary: 'Set how much an account may store in ConfigSync; null = as the setting says',
      body: Type.Object({
        quota_bytes: maybe(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
        max_machines: maybe(
          Type.Integer({ minimum: 0, maximum: 100_000, description: '0 = without a limit' }),
        ),
      }),
      answers: { 200: { description: 'The user', schema: syncUsageSchema } },
      refusals: unknown,
      handle: async ({ actor, params, body }) => {
        const { quota_bytes: quotaBytes, max_machines: maxMachines } = body
        const found = await core.configsync.administration.setQuota(actor, params.handle ?? '', {
          ...(quotaBytes === undefined ? {} : { quotaBytes }),
          ...(maxMachines === undefined ? {} : { maxMachines }),
        })
        return { status: 200, json: usageJson(found) }
      },
    }),
    endpoint({
      method: 'POST',
      path: `${ofUser}/enable`,
      who: 'admin',
      tag,
      summary: 'Let an account use ConfigSync',
      answers: { 200: { description: 'The user', schema: syncUserSchema } },
      refusals: ['account_not_found', 'account_archived'],
      handle: ({ params, once }) =>
        once(
          (actor) => core.configsync.users.enable(actor, params.handle ?? ''),
          (user) => ({ status: 200, json: userJson(user) }),
        ),
    }),
    endpoint({
      method: 'POST',
      path: `${ofUser}/disable`,
      who: 'admin',
      tag,
      summary: 'Refuse all further requests of an account to ConfigSync; its data stays',
      answers: { 200: { description: 'The user', schema: syncUserSchema } },
      refusals: unknown,
      handle: ({ params, once }) =>
        once(
          (actor) => core.configsync.users.disable(actor, params.handle ?? ''),
          (user) => ({ status: 200, json: userJson(user) }),
        ),
    }),
  ]
}

function tokenEndpoints(core: Core): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: `${ofUser}/tokens`,
      who: 'admin',
      tag,
      summary: 'List the tokens of an account that have a ConfigSync scope',
      answers: { 200: { description: 'In order of creation', schema: Type.Array(tokenSchema) } },
      refusals: unknown,
      handle: async ({ actor, params }) => {
        const { account, tokens } = await core.configsync.administration.tokens(actor, params.handle ?? '')
        const json = tokens.map((token) => tokenJson(core.usage.ofToken(token), account))
        return { status: 200, json }
      },
    }),
    endpoint({
      method: 'POST',
      path: `${ofUser}/tokens`,
      who: 'admin',
      tag,
      summary: 'Issue a token for ConfigSync; it is shown only here',
      description: 'Issue one for each machine: revocation is then for one machine.',
      body: Type.Object({
        label: tokenName,
        expires_at: maybe(text({ description: 'ISO 8601; absent = never' })),
        read_only: maybe(Type.Boolean({ description: 'Default false' })),
      }),
      answers: { 201: { description: 'The token', schema: issuedSchema } },
      refusals: [...unknown, 'quota_exceeded'],
      showsSecret: true,
      handle: ({ body, params, once }) =>
        once(
          (actor) =>
            core.configsync.users.issueToken(actor, params.handle ?? '', {
              label: body.label,
              expiresAt: endOf(body.expires_at),
              readOnly: body.read_only ?? false,
            }),
          issuedAnswer,
        ),
    }),
    endpoint({
      method: 'POST',
      path: `${ofUser}/tokens/:id/revoke`,
      who: 'admin',
      tag,
      summary: 'Revoke a token of an account that has a ConfigSync scope',
      answers: { 200: { description: 'The token', schema: tokenSchema } },
      refusals: [...unknown, 'invalid_id', 'token_not_found'],
      handle: ({ params, once }) =>
        once(
          (actor) => {
            const id = idOf(params.id, 'token id')
            return core.configsync.administration.revokeToken(actor, params.handle ?? '', id)
          },
          ({ token, account }) => ({ status: 200, json: tokenJson(core.usage.ofToken(token), account) }),
        ),
    }),
  ]
}

function machineEndpoints(core: Core): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: `${ofUser}/machines`,
      who: 'admin',
      tag,
      summary: 'List the machines of an account',
      answers: { 200: { description: 'In order of registration', schema: Type.Array(machineSchema) } },
      refusals: unknown,
      handle: async ({ actor, params }) => {
        const machines = await core.configsync.administration.machines(actor, params.handle ?? '')
        return { status: 200, json: machines.map(machineJson) }
      },
    }),
    endpoint({
      method: 'PATCH',
      path: ofMachine,
      who: 'admin',
      tag,
      summary: 'Rename a machine, until its client registers it again',
      body: Type.Object({ name: text({ minLength: 1, maxLength: 128, form: 'name' }) }),
      answers: { 200: { description: 'The machine', schema: machineSchema } },
      refusals: [...unknown, 'machine_not_found'],
      handle: async ({ actor, params, body }) => {
        const { handle = '', machine_id: id = '' } = params
        const machine = await core.configsync.administration.renameMachine(actor, handle, id, body.name)
        return { status: 200, json: machineJson(machine) }
      },
    }),
    endpoint({
      method: 'GET',
      path: `${ofUser}/actions`,
      who: 'admin',
      tag,
      summary: 'List the actions that wait for machines',
      query: Type.Object({ machine: Type.Optional(text({ minLength: 1, maxLength: 64 })) }),
      answers: { 200: { description: 'Oldest first', schema: Type.Array(actionSchema) } },
      refusals: unknown,
      handle: async ({ actor, params, query }) => {
        const { administration } = core.configsync
        const actions = await administration.actions(actor, params.handle ?? '', query.machine ?? null)
        return { status: 200, json: actions.map(actionJson) }
      },
    }),
    endpoint({
      method: 'POST',
      path: `${ofMachine}/actions`,
      who: 'admin',
      tag,
      summary: 'Instruct a machine; its client does it when it syncs',
      body: Type.Object({
        action: text({ description: ACTION_NAMES.join(', ') }),
        payload: freeObject('Depends on the action, such as `{"name":"zsh"}`'),
      }),
      answers: { 201: { description: 'What waits for the machine', schema: Type.Array(actionSchema) } },
      refusals: [...unknown, 'machine_not_found', 'invalid_action', 'too_many_actions'],
      handle: ({ params, body, once }) =>
        once(
          (actor) => {
            const { handle = '', machine_id: id = '' } = params
            // The schema has checked that it is a JSON object.
            const payload = body.payload as Readonly<Record<string, unknown>>
            return core.configsync.administration.addAction(actor, handle, id, body.action, payload)
          },
          (actions) => ({ status: 201, json: actions.map(actionJson) }),
        ),
    }),
    endpoint({
      method: 'DELETE',
      path: `${ofMachine}/actions`,
      who: 'admin',
      tag,
      summary: 'Remove the actions that wait for a machine',
      answers: {
        200: { description: 'How many', schema: Type.Object({ removed: Type.Integer() }) },
      },
      refusals: unknown,
      handle: async ({ actor, params }) => {
        const { handle = '', machine_id: id = '' } = params
        const removed = await core.configsync.administration.clearActions(actor, handle, id)
        return { status: 200, json: { removed } }
      },
    }),
    endpoint({
      method: 'DELETE',
      path: ofMachine,
      who: 'admin',
      tag,
      summary: 'Remove a machine with its links and actions; its snapshots stay unless asked',
      query: Type.Object({ snapshots: Type.Optional(Type.Boolean({ description: 'Removes them, too' })) }),
      answers: { 200: { description: 'The machine', schema: machineSchema } },
      refusals: [...unknown, 'machine_not_found'],
      handle: async ({ actor, params, query }) => {
        const { handle = '', machine_id: id = '' } = params
        const { administration } = core.configsync
        const machine = await administration.removeMachine(actor, handle, id, query.snapshots ?? false)
        return { status: 200, json: machineJson(machine) }
      },
    }),
  ]
}

function ownEndpoints(core: Core): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: `${ofUser}/environments`,
      who: 'admin',
      tag,
      summary: 'List the environments of an account',
      answers: { 200: { description: 'By name', schema: Type.Array(environmentSchema) } },
      refusals: unknown,
      handle: async ({ actor, params }) => {
        const found = await core.configsync.administration.environments(actor, params.handle ?? '')
        return { status: 200, json: found }
      },
    }),
    endpoint({
      method: 'DELETE',
      path: `${ofUser}/environments/:name`,
      who: 'admin',
      tag,
      summary: 'Remove an environment of an account',
      answers: { 200: { description: 'The environment', schema: environmentSchema } },
      refusals: [...unknown, 'environment_not_found'],
      handle: async ({ actor, params }) => {
        const { handle = '', name = '' } = params
        const removed = await core.configsync.administration.removeEnvironment(actor, handle, name)
        return { status: 200, json: removed }
      },
    }),
    endpoint({
      method: 'GET',
      path: `${ofUser}/keypair`,
      who: 'admin',
      tag,
      summary: 'Show the public part of the key pair of an account',
      answers: { 200: { description: 'The key pair', schema: keypairSchema } },
      refusals: [...unknown, 'keypair_not_found'],
      handle: async ({ actor, params }) => {
        const keypair = await core.configsync.administration.keypair(actor, params.handle ?? '')
        return { status: 200, json: keypairJson(keypair) }
      },
    }),
    endpoint({
      method: 'DELETE',
      path: `${ofUser}/keypair`,
      who: 'admin',
      tag,
      summary: 'Delete the key pair of an account: nothing stored before can be decrypted with the next one',
      answers: { 200: { description: 'The deleted key pair', schema: keypairSchema } },
      refusals: [...unknown, 'keypair_not_found'],
      handle: async ({ actor, params }) => {
        const keypair = await core.configsync.administration.resetKeypair(actor, params.handle ?? '')
        return { status: 200, json: keypairJson(keypair) }
      },
    }),
    endpoint({
      method: 'GET',
      path: `${ofUser}/audit`,
      who: 'admin',
      tag,
      summary: 'List what an account did in ConfigSync, and admins with it, newest first',
      query: Type.Object({
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: `Default ${PAGE}` })),
        cursor: Type.Optional(text({ description: '`next_cursor` of the previous page' })),
      }),
      answers: {
        200: {
          description: 'A page',
          schema: Type.Object({
            entries: Type.Array(syncAuditSchema),
            next_cursor: nullable(Type.String()),
          }),
        },
      },
      refusals: [...unknown, 'invalid_cursor'],
      handle: async ({ actor, params, query }) => {
        const limit = query.limit ?? PAGE
        const page = { before: rowBefore(query.cursor), limit }
        const entries = await core.configsync.administration.audit(actor, params.handle ?? '', page)
        const last = entries.length === limit ? entries.at(-1) : undefined
        const next_cursor = last ? String(last.id) : null
        return { status: 200, json: { entries: entries.map(auditJson), next_cursor } }
      },
    }),
    endpoint({
      method: 'POST',
      path: `${ofUser}/purge`,
      who: 'admin',
      tag,
      summary: 'Delete everything that ConfigSync has of an account, for good',
      body: Type.Object({ confirm: text({ description: 'The handle once more' }) }),
      answers: { 200: { description: 'Done', schema: Type.Object({ handle: Type.String() }) } },
      refusals: [...unknown, 'confirm_mismatch'],
      handle: ({ params, body, once }) =>
        once(
          (actor) => core.configsync.users.purge(actor, params.handle ?? '', body.confirm),
          ({ handle }) => ({ status: 200, json: { handle } }),
        ),
    }),
  ]
}

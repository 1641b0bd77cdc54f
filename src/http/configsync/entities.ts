import type { Core } from '../../core'
import {
  ENTITY_TYPES,
  type EntityChange,
  type EntityExtra,
  type EntityType,
} from '../../core/configsync/entity-ports'
import { unprocessable } from '../../core/configsync/sealed'
import type { Endpoint } from '../endpoint'
import { maybe, type Static, Type, text } from '../schema'
import { idIn, idOf, syncEndpoint, wholeNumber } from './endpoint'
import { entityRow } from './entity-wire'

const named = { slug: text(), name: text() }
const described = { description: maybe(text()) }
const ofProject = { git_url: maybe(text()), git_branch: maybe(text()) }
const ofConfig = { source_hint: maybe(text()) }
const ofProfile = { is_default: maybe(Type.Boolean()) }

/** What a new entity of each type has. */
const creations = {
  project: Type.Object({ ...named, ...described, ...ofProject }),
  workspace: Type.Object({ ...named, ...described }),
  config: Type.Object({ ...named, ...ofConfig }),
  module: Type.Object({ ...named, module_type: text() }),
  profile: Type.Object({ ...named, ...described, ...ofProfile }),
}

const changes = Type.Partial(Type.Object({ ...named, ...described, ...ofProject, ...ofConfig, ...ofProfile }))

/** The fields of a change that only some types have. */
const fieldsOf: Readonly<Record<EntityType, readonly string[]>> = {
  project: ['git_url', 'git_branch'],
  workspace: [],
  config: ['source_hint'],
  module: [],
  profile: ['is_default'],
}
const ALL_FIELDS = Object.values(fieldsOf).flat()

/** Projects, workspaces, configs, modules and profiles. */
export function entityEndpoints(core: Core): Endpoint[] {
  return [...ENTITY_TYPES.flatMap((type) => endpointsOf(core, type)), ...profileWorkspaceEndpoints(core)]
}

function endpointsOf(core: Core, type: EntityType): Endpoint[] {
  const id = (params: Readonly<Record<string, string>>) => idIn(params.id, `id of the ${type}`)
  return [
    ...listEndpoints(core, type),
    ...syncEndpoint(core, {
      method: 'POST',
      path: `/${type}s`,
      summary: `Create a ${type}`,
      body: creations[type],
      answers: { 201: { description: `\`{"${type}"}\`; 409 if its slug is taken` } },
      handle: ({ body, once }) =>
        once(
          (actor) => {
            const { slug, name, description, ...extra } = givenIn(body)
            return core.configsync.entities.create(actor, {
              ...{ type, slug: slug ?? '', name: name ?? '', description: description ?? null },
              extra: { ...extra.extra, ...('module_type' in body ? { moduleType: body.module_type } : {}) },
            })
          },
          (entity) => ({ status: 201, json: { [type]: entityRow(entity) } }),
        ),
    }),
    ...syncEndpoint(core, {
      method: 'GET',
      path: `/${type}s/:id`,
      summary: `Show a ${type} and its key`,
      answers: { 200: { description: `\`{"${type}","wrapped_dek"}\`` } },
      handle: async ({ actor, params }) => {
        const { entity, wrappedDek } = await core.configsync.entities.get(actor, type, id(params))
        return { status: 200, json: { [type]: entityRow(entity), wrapped_dek: wrappedDek } }
      },
    }),
    ...syncEndpoint(core, {
      method: 'PATCH',
      path: `/${type}s/:id`,
      summary: `Change a ${type}`,
      body: changes,
      answers: { 200: { description: `\`{"${type}"}\`` } },
      handle: async ({ actor, params, body }) => {
        const foreign = ALL_FIELDS.find((field) => field in body && !fieldsOf[type].includes(field))
        if (foreign !== undefined) throw unprocessable(`a ${type} has no ${foreign}`)
        const entity = await core.configsync.entities.update(actor, type, id(params), givenIn(body))
        return { status: 200, json: { [type]: entityRow(entity) } }
      },
    }),
    ...syncEndpoint(core, {
      method: 'DELETE',
      path: `/${type}s/:id`,
      summary: `Delete a ${type}`,
      description:
        'Its slug is free at once. What belongs to it is deleted after `configsync.keep_deleted_days`.',
      answers: { 200: { description: '`{"ok":true}`' } },
      handle: async ({ actor, params }) => {
        await core.configsync.entities.delete(actor, type, id(params))
        return { status: 200, json: { ok: true } }
      },
    }),
    ...syncEndpoint(core, {
      method: 'POST',
      path: `/${type}s/:id/keys`,
      summary: `Store the key of a ${type}`,
      body: Type.Object({ user_id: wholeNumber, wrapped_dek: text({ description: '80 bytes, base64' }) }),
      answers: { 200: { description: '`{"ok":true}`' } },
      handle: ({ params, body, once }) =>
        once(
          (actor) => {
            const { user_id: userId, wrapped_dek: wrappedDek } = body
            return core.configsync.entities.putKey(actor, type, id(params), { userId, wrappedDek })
          },
          () => ({ status: 200, json: { ok: true } }),
        ),
    }),
  ]
}

function listEndpoints(core: Core, type: EntityType): Endpoint[] {
  const shared = {
    method: 'GET',
    path: `/${type}s`,
    summary: `List your ${type}s`,
    answers: { 200: { description: `\`{"${type}s":[…]}\`, by id` } },
  } as const
  if (type !== 'project')
    return syncEndpoint(core, {
      ...shared,
      handle: async ({ actor }) => {
        const found = await core.configsync.entities.list(actor, type)
        return { status: 200, json: { [`${type}s`]: found.map(entityRow) } }
      },
    })
  return syncEndpoint(core, {
    ...shared,
    query: Type.Object({
      // An empty one asks for projects with an empty one. Everything in its place would be taken for the project.
      git_url: Type.Optional(text({ minLength: 0, description: 'Only those of exactly this repository' })),
    }),
    handle: async ({ actor, query }) => {
      const found = await core.configsync.entities.list(actor, type, query.git_url)
      return { status: 200, json: { projects: found.map(entityRow) } }
    },
  })
}

function profileWorkspaceEndpoints(core: Core): Endpoint[] {
  const profile = ({ id }: Readonly<Record<string, string>>) => idIn(id, 'id of the profile')
  return [
    ...syncEndpoint(core, {
      method: 'POST',
      path: '/profiles/:id/workspaces',
      summary: 'Add a workspace to a profile',
      body: Type.Object({ workspace_id: wholeNumber }),
      answers: { 200: { description: '`{"ok":true}`' } },
      handle: ({ params, body, once }) =>
        once(
          (actor) => {
            const workspace = idOf(body.workspace_id, 'workspace_id')
            return core.configsync.entities.addWorkspace(actor, profile(params), workspace)
          },
          () => ({ status: 200, json: { ok: true } }),
        ),
    }),
    ...syncEndpoint(core, {
      method: 'DELETE',
      path: '/profiles/:id/workspaces/:workspace',
      summary: 'Take a workspace from a profile',
      answers: { 200: { description: '`{"ok":true}`' } },
      handle: async ({ actor, params }) => {
        const workspace = idIn(params.workspace, 'id of the workspace')
        await core.configsync.entities.removeWorkspace(actor, profile(params), workspace)
        return { status: 200, json: { ok: true } }
      },
    }),
  ]
}

/** Returns what a body gives. Null removes a text. */
function givenIn(body: Static<typeof changes>): EntityChange {
  const { slug, name, description, git_url: gitUrl, git_branch: gitBranch } = body
  const { source_hint: sourceHint, is_default: isDefault } = body
  const extra: EntityExtra = {
    ...(gitUrl === undefined ? {} : { gitUrl }),
    ...(gitBranch === undefined ? {} : { gitBranch }),
    ...(sourceHint === undefined ? {} : { sourceHint }),
    ...(isDefault === undefined ? {} : { isDefault: isDefault ?? false }),
  }
  return {
    ...(slug === undefined ? {} : { slug }),
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    extra,
  }
}

import type { Core } from '../../core'
import type { EntityType, LinkChange } from '../../core/configsync/entity-ports'
import type { PlannedAction } from '../../core/configsync/links'
import type { Endpoint } from '../endpoint'
import { maybe, Type, text } from '../schema'
import { idIn, idOf, machineIn, syncEndpoint, wholeNumber } from './endpoint'
import { linkRow } from './entity-wire'

/** Entities of one request. */
const MAX_SYNCED = 1000

/** Which machine has which entity, and what it should do to be in sync. */
export function linkEndpoints(core: Core): Endpoint[] {
  return [
    ...(['project', 'config', 'module'] as const).flatMap((type) => listEndpoint(core, type)),
    ...syncEndpoint(core, {
      method: 'POST',
      path: '/machines/:mid/projects',
      summary: 'Link a machine with a project',
      description: 'The machine counts as synced with the current version. It need not be registered.',
      body: Type.Object({ project_id: wholeNumber, local_path: maybe(text()) }),
      answers: { 201: { description: '`{"ok":true}`' }, 200: { description: 'It was linked before' } },
      handle: ({ params, body, once }) =>
        once(
          (actor) =>
            core.configsync.links.put(actor, machineIn(params.mid), {
              ...{
                type: 'project',
                id: idOf(body.project_id, 'project_id'),
                localPath: body.local_path ?? null,
              },
            }),
          (isNew) => ({ status: isNew ? 201 : 200, json: { ok: true } }),
        ),
    }),
    ...syncEndpoint(core, {
      method: 'PATCH',
      path: '/machines/:mid/projects/:pid',
      summary: 'Change the link of a machine with a project',
      body: Type.Object({ last_synced_version: maybe(wholeNumber), local_path: maybe(text()) }),
      answers: { 200: { description: '`{"ok":true}`' } },
      handle: async ({ actor, params, body }) => {
        const { last_synced_version: lastSyncedVersion, local_path: localPath } = body
        const change: LinkChange = {
          ...(typeof lastSyncedVersion === 'number' ? { lastSyncedVersion } : {}),
          ...(localPath === undefined ? {} : { localPath }),
        }
        const id = idIn(params.pid, 'id of the project')
        await core.configsync.links.update(actor, machineIn(params.mid), { type: 'project', id }, change)
        return { status: 200, json: { ok: true } }
      },
    }),
    ...syncEndpoint(core, {
      method: 'PATCH',
      path: '/machines/:mid/profiles/:pid',
      summary: 'Switch a profile on or off on a machine',
      body: Type.Object({ active: Type.Boolean() }),
      answers: { 200: { description: '`{"ok":true}`' } },
      handle: async ({ actor, params, body }) => {
        const profile = idIn(params.pid, 'id of the profile')
        await core.configsync.links.activate(actor, machineIn(params.mid), profile, body.active)
        return { status: 200, json: { ok: true } }
      },
    }),
    ...syncEndpoint(core, {
      method: 'POST',
      path: '/sync/plan',
      summary: 'Plan a synchronization',
      description: 'Versions alone decide; `local_hash` is ignored.',
      body: Type.Object({
        machine_id: text(),
        entities: Type.Array(
          Type.Object({
            type: text(),
            id: wholeNumber,
            local_version: wholeNumber,
            local_hash: maybe(text()),
          }),
          { maxItems: MAX_SYNCED },
        ),
      }),
      answers: { 200: { description: '`{"actions":[…]}`, in the order of the request' } },
      handle: async ({ actor, body }) => {
        const entities = body.entities.map(({ type, id, local_version: localVersion }) => {
          return { type, id: idOf(id, 'id of an entity'), localVersion }
        })
        const actions = await core.configsync.links.plan(actor, machineIn(body.machine_id), entities)
        return { status: 200, json: { actions: actions.map(actionJson) } }
      },
    }),
    ...syncEndpoint(core, {
      method: 'POST',
      path: '/sync/commit',
      summary: 'Note which versions a machine has now',
      description: 'If one is refused, none is noted.',
      body: Type.Object({
        machine_id: text(),
        updates: Type.Array(
          Type.Object({
            entity_type: text(),
            entity_id: wholeNumber,
            new_last_synced_version: wholeNumber,
          }),
          { maxItems: MAX_SYNCED },
        ),
      }),
      answers: { 200: { description: '`{"ok":true}`' } },
      handle: ({ body, once }) =>
        once(
          (actor) => {
            const updates = body.updates.map((update) => {
              const { entity_type: type, entity_id: id, new_last_synced_version: version } = update
              return { type, id: idOf(id, 'id of an entity'), version }
            })
            return core.configsync.links.commit(actor, machineIn(body.machine_id), updates)
          },
          () => ({ status: 200, json: { ok: true } }),
        ),
    }),
  ]
}

function listEndpoint(core: Core, type: EntityType): Endpoint[] {
  return syncEndpoint(core, {
    method: 'GET',
    path: `/machines/:mid/${type}s`,
    summary: `List the ${type}s that a machine has`,
    answers: { 200: { description: `\`{"${type}s":[…]}\`; none if the machine is unknown` } },
    handle: async ({ actor, params }) => {
      const found = await core.configsync.links.list(actor, machineIn(params.mid), type)
      return { status: 200, json: { [`${type}s`]: found.map(linkRow) } }
    },
  })
}

function actionJson({ type, id, action, currentVersion, lastSyncedVersion, error }: PlannedAction) {
  return {
    ...{ type, id, action, current_version: currentVersion, last_synced_version: lastSyncedVersion },
    ...(error === undefined ? {} : { error }),
  }
}

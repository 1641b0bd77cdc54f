import type { Core } from '../../core'
import { MAX_ENVIRONMENTS } from '../../core/configsync/environments'
import { type Environment, type Machine, TIERS } from '../../core/configsync/machine-ports'
import { formatInstant } from '../../core/kernel/time'
import type { Endpoint } from '../endpoint'
import { maybe, oneOf, Type, text } from '../schema'
import { machineIn, syncEndpoint } from './endpoint'

const short = text({ maxLength: 128 })

const registration = Type.Object({
  machine_id: text(),
  name: text({ minLength: 1, maxLength: 128 }),
  platform: maybe(short),
  arch: maybe(short),
  cli_version: maybe(short),
  python_version: maybe(short),
})

const environment = Type.Object({
  name: text(),
  tier: oneOf(TIERS),
  color: maybe(text({ maxLength: 64 })),
  protect: Type.Boolean(),
})

/** Machines, what waits for them, and environments. */
export function machineEndpoints(core: Core): Endpoint[] {
  return [
    ...['/machines/register', '/machines'].flatMap((path) => registerEndpoint(core, path)),
    ...syncEndpoint(core, {
      method: 'GET',
      path: '/machines',
      summary: 'List your machines',
      answers: { 200: { description: '`{"machines":[…]}`' } },
      handle: async ({ actor }) => ({
        status: 200,
        json: { machines: (await core.configsync.machines.list(actor)).map(machineJson) },
      }),
    }),
    ...syncEndpoint(core, {
      method: 'DELETE',
      path: '/machines/:mid',
      summary: 'Remove a machine; its snapshots stay',
      answers: { 200: { description: '`{"ok":true}`' } },
      handle: async ({ actor, params }) => {
        await core.configsync.machines.remove(actor, machineIn(params.mid))
        return { status: 200, json: { ok: true } }
      },
    }),
    ...syncEndpoint(core, {
      method: 'GET',
      path: '/machines/:mid/actions',
      summary: 'List what an admin wants a machine to do',
      answers: { 200: { description: '`{"actions":[{"action","payload"}]}`' } },
      handle: async ({ actor, params }) => {
        const actions = await core.configsync.machines.actions(actor, machineIn(params.mid))
        return {
          status: 200,
          json: { actions: actions.map(({ action, payload }) => ({ action, payload })) },
        }
      },
    }),
    ...syncEndpoint(core, {
      method: 'DELETE',
      path: '/machines/:mid/actions',
      summary: 'Say that they are done',
      answers: { 200: { description: '`{"ok":true}`' } },
      handle: async ({ actor, params }) => {
        await core.configsync.machines.clearActions(actor, machineIn(params.mid))
        return { status: 200, json: { ok: true } }
      },
    }),
    ...syncEndpoint(core, {
      method: 'GET',
      path: '/environments',
      summary: 'List your environments',
      answers: { 200: { description: '`{"environments":[…]}`' } },
      handle: async ({ actor }) => environmentsAnswer(await core.configsync.environments.list(actor)),
    }),
    ...syncEndpoint(core, {
      method: 'PUT',
      path: '/environments/sync',
      summary: 'Merge the environments of a machine with yours',
      // The answer is what the machine has seen. Done again, without that answer, it would delete what is new in it.
      takesRetryKey: true,
      body: Type.Object({
        environments: Type.Array(environment, { maxItems: MAX_ENVIRONMENTS }),
        delete_missing: maybe(Type.Boolean()),
      }),
      answers: { 200: { description: '`{"environments":[…]}`, all of them' } },
      handle: ({ body, once }) =>
        once((actor) => {
          const incoming = body.environments.map((one) => ({ ...one, color: one.color ?? null }))
          return core.configsync.environments.sync(actor, incoming, body.delete_missing ?? false)
        }, environmentsAnswer),
    }),
    ...syncEndpoint(core, {
      method: 'GET',
      path: '/usage',
      summary: 'Show what you store, and may store',
      answers: {
        200: { description: '`{"machines","machine_limit","storage_bytes","storage_limit"}`' },
      },
      handle: async ({ actor }) => {
        const usage = await core.configsync.machines.usage(actor)
        return {
          status: 200,
          json: {
            machines: usage.machines,
            machine_limit: usage.machineLimit,
            storage_bytes: usage.storageBytes,
            storage_limit: usage.storageLimit,
          },
        }
      },
    }),
  ]
}

function registerEndpoint(core: Core, path: string): Endpoint[] {
  return syncEndpoint(core, {
    method: 'POST',
    path,
    summary: 'Register a machine, or update it',
    body: registration,
    answers: { 200: { description: '`{"machine":{…}}`' } },
    handle: ({ body, once }) =>
      once(
        (actor) =>
          core.configsync.machines.register(actor, {
            machineId: machineIn(body.machine_id),
            name: body.name,
            platform: body.platform ?? null,
            arch: body.arch ?? null,
            clientVersion: body.cli_version ?? body.python_version ?? null,
          }),
        (machine) => ({ status: 200, json: { machine: machineJson(machine) } }),
      ),
  })
}

function machineJson(machine: Machine) {
  return {
    id: machine.id,
    user_id: machine.userId,
    machine_id: machine.machineId,
    name: machine.name,
    platform: machine.platform,
    arch: machine.arch,
    last_seen_at: formatInstant(machine.lastSeenAt),
    created_at: formatInstant(machine.createdAt),
    updated_at: formatInstant(machine.updatedAt),
  }
}

function environmentsAnswer(environments: readonly Environment[]) {
  const rows = environments.map(({ name, tier, color, protect }) => ({ name, tier, color, protect }))
  return { status: 200, json: { environments: rows } }
}

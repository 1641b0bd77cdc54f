import type { Core } from '../../core'
import type { ListedSnapshot, Snapshot } from '../../core/configsync/blob-ports'
import type { OpenSnapshot, PushedState } from '../../core/configsync/snapshots'
import { formatInstant } from '../../core/kernel/time'
import type { Endpoint } from '../endpoint'
import { HttpError } from '../errors'
import { anything, type Static, Type, text } from '../schema'
import { validator } from '../validation'
import { idIn, machineIn, syncEndpoint } from './endpoint'
import { sealedAnswer } from './sealed-answer'
import { arrivalOf, contentOf, uploadSchema } from './upload'
import type { Fields } from './upload-body'
import type { UploadSlots } from './upload-slots'

const FIELD = 'encrypted_state'
const LIMIT = 'configsync.max_snapshot_bytes'
const DEFAULT_HISTORY = 20
const MAX_HISTORY = 200

const ofMachine = { machine_id: Type.Optional(text({ minLength: 0 })) }

const state = Type.Object({
  machine_id: text(),
  timestamp: text({ minLength: 1, maxLength: 64 }),
  version: text({ minLength: 1, maxLength: 16 }),
  metadata: Type.Optional(anything('Not encrypted')),
})
const check = validator(state, 'body')

/** Whole states of machines. */
export function snapshotEndpoints(core: Core, slots: UploadSlots): Endpoint[] {
  /** `named`: the machine that the path names. */
  const push = (path: string, named: (params: Readonly<Record<string, string>>) => string | undefined) =>
    syncEndpoint(core, {
      method: 'POST',
      path,
      rate: 'sync_blob_write',
      summary: 'Store the state of a machine',
      description:
        '`{"machine_id","encrypted_state","timestamp","version","metadata"}`. `encrypted_state` is base64; with it in the first 64 KiB, as `"encrypted_state":"`, a large body takes little memory.',
      body: uploadSchema(LIMIT),
      answers: { 200: { description: '`{"ok":true,"snapshot_id","size_bytes","created_at"}`' } },
      handle: async ({ actor, body, request, params, once, isRepeated }) => {
        const fieldsOf = (fields: Fields) => stateIn(fields, named(params))
        const arrival = arrivalOf(request, body, FIELD, core.settings.get(LIMIT), fieldsOf)
        using _ = await slots.take(actor.userId)
        await using received = await core.configsync.sealedBlobs.receive(actor, arrival, await isRepeated())
        return await once(
          (who) => core.configsync.snapshots.push(who, received),
          (snapshot) => ({ status: 200, json: pushedJson(snapshot) }),
          contentOf(received),
        )
      },
    })
  const latest = (path: string) =>
    syncEndpoint(core, {
      method: 'GET',
      path,
      rate: 'sync_blob_read',
      summary: 'Read the newest state, of a machine or of all',
      query: Type.Object(ofMachine),
      answers: { 200: { description: 'The state; 404 if there is none' } },
      handle: async ({ actor, query }) =>
        answerOf(await core.configsync.snapshots.latest(actor, machineOf(query))),
    })
  return [
    ...push('/machines/:mid/push', ({ mid }) => mid),
    ...push('/machines/snapshot', () => undefined),
    ...latest('/machines/latest'),
    ...latest('/machines/snapshot'),
    ...syncEndpoint(core, {
      method: 'GET',
      path: '/machines/snapshot/:id',
      rate: 'sync_blob_read',
      summary: 'Read a state',
      answers: { 200: { description: 'The state' } },
      handle: async ({ actor, params }) =>
        answerOf(await core.configsync.snapshots.find(actor, idIn(params.id, 'snapshot id'))),
    }),
    ...syncEndpoint(core, {
      method: 'GET',
      path: '/machines/history',
      summary: 'List states, newest first',
      query: Type.Object({
        ...ofMachine,
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_HISTORY, default: DEFAULT_HISTORY })),
      }),
      answers: { 200: { description: '`{"snapshots":[…]}`' } },
      handle: async ({ actor, query }) => {
        const { limit = DEFAULT_HISTORY } = query
        const page = { machineId: machineOf(query), before: null, limit }
        const found = await core.configsync.snapshots.list(actor.userId, page)
        return { status: 200, json: { snapshots: found.map(listedJson) } }
      },
    }),
  ]
}

/** The machine that a query names, if it names one. @throws 400, 422 */
function machineOf({ machine_id }: { readonly machine_id?: string }): string | null {
  return machine_id === undefined ? null : machineIn(machine_id)
}

/** @throws 400, 422 */
function stateIn(fields: Fields, machine: string | undefined): PushedState {
  const { machine_id, timestamp, version, metadata } = check(fields) as Static<typeof state>
  if (machine !== undefined && machine !== machine_id)
    throw new HttpError(400, 'machine_mismatch', 'the machine_id of the body is not that of the path')
  return {
    machineId: machineIn(machine_id),
    clientTimestamp: timestamp,
    formatVersion: version,
    metadata: metadata === undefined || metadata === null ? null : JSON.stringify(metadata),
  }
}

function pushedJson({ id, size, createdAt }: Snapshot) {
  return { ok: true, snapshot_id: id, size_bytes: size, created_at: formatInstant(createdAt) }
}

function answerOf({ snapshot, bytes }: OpenSnapshot) {
  const { id, size, createdAt } = snapshot
  const fields = {
    id,
    machine_id: snapshot.machineId,
    size_bytes: size,
    timestamp: snapshot.clientTimestamp,
    version: snapshot.formatVersion,
    created_at: formatInstant(createdAt),
  }
  return sealedAnswer(fields, FIELD, bytes, size)
}

function listedJson({ id, createdAt, machineId, machineName, size }: ListedSnapshot) {
  return {
    id,
    created_at: formatInstant(createdAt),
    machine_id: machineId,
    machine_name: machineName,
    size_bytes: size,
  }
}

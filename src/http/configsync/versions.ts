import type { Core } from '../../core'
import type { EntityVersion } from '../../core/configsync/blob-ports'
import { ENTITY_TYPES, type EntityType } from '../../core/configsync/entity-ports'
import type { PushedVersion } from '../../core/configsync/versions'
import { formatInstant } from '../../core/kernel/time'
import type { Endpoint } from '../endpoint'
import { maybe, type Static, Type, text } from '../schema'
import { bytesAnswer } from '../stored-bytes'
import { validator } from '../validation'
import { idIn, machineIn, syncEndpoint } from './endpoint'
import { keyPrefix } from './entity-wire'
import { arrivalOf, contentOf, uploadSchema } from './upload'
import type { Fields } from './upload-body'
import type { UploadSlots } from './upload-slots'

const FIELD = 'ciphertext'
const LIMIT = 'configsync.max_version_bytes'

const version = Type.Object({
  content_hash: text({ pattern: '^[0-9a-fA-F]{64}$' }),
  pushed_from_machine_id: maybe(text()),
})
const check = validator(version, 'body')

/** The versions of all types of entities. */
export function versionEndpoints(core: Core, slots: UploadSlots): Endpoint[] {
  return ENTITY_TYPES.flatMap((type) => endpointsOf(core, slots, type))
}

function endpointsOf(core: Core, slots: UploadSlots, type: EntityType): Endpoint[] {
  const path = `/${type}s/:id`
  const idOf = (params: Readonly<Record<string, string>>) => idIn(params.id, `${type} id`)
  return [
    ...syncEndpoint(core, {
      method: 'POST',
      path: `${path}/versions`,
      rate: 'sync_blob_write',
      summary: `Store the next version of a ${type}`,
      description: '`{"ciphertext","content_hash","pushed_from_machine_id"}`; `ciphertext` is base64.',
      body: uploadSchema(LIMIT),
      answers: { 201: { description: '`{"version","r2_key","size_bytes"}`' } },
      handle: async ({ actor, body, request, params, once, isRepeated }) => {
        const id = idOf(params)
        const isAgain = await isRepeated()
        if (!isAgain) await core.configsync.versions.requireEntity(actor, type, id)
        const arrival = arrivalOf(request, body, FIELD, core.settings.get(LIMIT), versionIn)
        using _ = await slots.take(actor.userId)
        await using received = await core.configsync.sealedBlobs.receive(actor, arrival, isAgain)
        return await once(
          (who) => core.configsync.versions.push(who, type, id, received),
          (pushed) => ({
            status: 201,
            json: { version: pushed.version, r2_key: nameOf(type, pushed), size_bytes: pushed.size },
          }),
          contentOf(received),
        )
      },
    }),
    ...syncEndpoint(core, {
      method: 'GET',
      path: `${path}/versions`,
      summary: `List the versions of a ${type} that can be fetched, newest first`,
      answers: { 200: { description: '`{"versions":[…]}`' } },
      handle: async ({ actor, params }) => {
        const found = await core.configsync.versions.list(actor, type, idOf(params))
        return { status: 200, json: { versions: found.map((version) => versionJson(type, version)) } }
      },
    }),
    ...syncEndpoint(core, {
      method: 'GET',
      path: `${path}/versions/:n`,
      rate: 'sync_blob_read',
      summary: `Read a version of a ${type}`,
      answers: { 200: { description: 'The bytes of the ciphertext' } },
      handle: async ({ actor, params }) => {
        const number = idIn(params.n, 'version')
        const { version, bytes } = await core.configsync.versions.open(actor, type, idOf(params), number)
        return bytesAnswer(bytes, version.size)
      },
    }),
    ...syncEndpoint(core, {
      method: 'GET',
      path: `${path}/blob`,
      rate: 'sync_blob_read',
      summary: `Read the current version of a ${type}`,
      answers: { 200: { description: 'The bytes of the ciphertext; 404 before the first version' } },
      handle: async ({ actor, params }) => {
        const { version, bytes } = await core.configsync.versions.open(actor, type, idOf(params), null)
        return bytesAnswer(bytes, version.size)
      },
    }),
  ]
}

/** @throws 400, 422 */
function versionIn(fields: Fields): PushedVersion {
  const { content_hash, pushed_from_machine_id } = check(fields) as Static<typeof version>
  const machine = pushed_from_machine_id ?? null
  return {
    contentHash: content_hash.toLowerCase(),
    machineId: machine === null ? null : machineIn(machine),
  }
}

function nameOf(type: EntityType, { entityId, pushedByUserId, version }: EntityVersion): string {
  return `${keyPrefix({ type, userId: pushedByUserId, id: entityId })}v${version}`
}

function versionJson(type: EntityType, version: EntityVersion) {
  return {
    id: version.id,
    version: version.version,
    r2_key: nameOf(type, version),
    size_bytes: version.size,
    content_hash: version.contentHash,
    pushed_by_user_id: version.pushedByUserId,
    pushed_from_machine_id: version.pushedFromMachineId,
    created_at: formatInstant(version.createdAt),
  }
}

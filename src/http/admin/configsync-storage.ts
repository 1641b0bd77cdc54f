import type { Core } from '../../core'
import type { EntityVersion, ListedSnapshot } from '../../core/configsync/blob-ports'
import { ENTITY_TYPES, type SyncEntity } from '../../core/configsync/entity-ports'
import type { StorageReport } from '../../core/configsync/storage'
import { blobPath, sha256OfKey } from '../../core/kernel/blobs'
import { formatInstant } from '../../core/kernel/time'
import { peerOf } from '../client'
import { type Endpoint, endpoint } from '../endpoint'
import { instantSchema } from '../instants'
import { rowBefore } from '../row-cursor'
import { nullable, oneOf, Type, text } from '../schema'
import { bytesAnswer } from '../stored-bytes'
import { rowIdOf } from './wire'

const PAGE = 100
const tag = 'ConfigSync administration'
const base = '/v1/admin/configsync'

const snapshotSchema = Type.Object({
  id: Type.Integer(),
  machine_id: Type.String(),
  machine_name: nullable(Type.String()),
  size_bytes: Type.Integer(),
  sha256: Type.String(),
  created_at: instantSchema,
})

const entitySchema = Type.Object({
  id: Type.Integer(),
  type: oneOf(ENTITY_TYPES),
  slug: Type.String(),
  name: Type.String(),
  current_version: Type.Integer(),
  created_at: instantSchema,
  updated_at: instantSchema,
})

const versionSchema = Type.Object({
  version: Type.Integer(),
  size_bytes: Type.Integer(),
  sha256: Type.String({ description: 'Of the ciphertext' }),
  content_hash: Type.String({ description: 'Of the plaintext, as the client says' }),
  created_at: instantSchema,
})

const orphansSchema = Type.Object({ count: Type.Integer(), bytes: Type.Integer() })
const dryRun = Type.Object({ dry_run: Type.Optional(Type.Boolean({ description: 'Only counts' })) })

/** Snapshots, entities and blobs of the encrypted store (docs/contract/configsync.md#administration). */
export function configSyncStorageEndpoints(core: Core): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: `${base}/users/:handle/snapshots`,
      who: 'admin',
      tag,
      summary: 'List the states of an account, newest first',
      query: Type.Object({
        machine: Type.Optional(text({ minLength: 1, maxLength: 64 })),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: `Default ${PAGE}` })),
        cursor: Type.Optional(text({ description: '`next_cursor` of the previous page' })),
      }),
      answers: {
        200: {
          description: 'A page',
          schema: Type.Object({
            snapshots: Type.Array(snapshotSchema),
            next_cursor: nullable(Type.String()),
          }),
        },
      },
      refusals: ['account_not_found', 'configsync_user_not_found', 'invalid_cursor'],
      handle: async ({ actor, params, query }) => {
        const { machine: machineId = null, limit = PAGE, cursor } = query
        const page = { machineId, before: rowBefore(cursor), limit }
        const found = await core.configsync.storageAdministration.snapshots(actor, params.handle ?? '', page)
        const last = found.length === limit ? found.at(-1) : undefined
        return {
          status: 200,
          json: { snapshots: found.map(snapshotJson), next_cursor: last ? String(last.id) : null },
        }
      },
    }),
    endpoint({
      method: 'GET',
      path: `${base}/snapshots/:id`,
      who: 'admin',
      tag,
      summary: 'Read the ciphertext of a state; the audit log notes it',
      answers: { 200: { description: 'The bytes' } },
      refusals: ['not_found'],
      handle: async ({ actor, params }) => {
        const { snapshot, bytes } = await core.configsync.storageAdministration.open(
          actor,
          rowIdOf(params.id),
        )
        return bytesAnswer(bytes, snapshot.size)
      },
    }),
    endpoint({
      method: 'DELETE',
      path: `${base}/snapshots/:id`,
      who: 'admin',
      tag,
      summary: 'Delete a state',
      answers: { 204: { description: 'Deleted' } },
      refusals: ['not_found'],
      handle: async ({ actor, params }) => {
        await core.configsync.storageAdministration.delete(actor, rowIdOf(params.id))
        return { status: 204 }
      },
    }),
    endpoint({
      method: 'GET',
      path: `${base}/users/:handle/entities`,
      who: 'admin',
      tag,
      summary: 'List the entities of an account',
      query: Type.Object({ type: Type.Optional(oneOf(ENTITY_TYPES)) }),
      answers: {
        200: { description: 'The entities', schema: Type.Object({ entities: Type.Array(entitySchema) }) },
      },
      refusals: ['account_not_found', 'configsync_user_not_found'],
      handle: async ({ actor, params, query }) => {
        const found = await core.configsync.storageAdministration.entities(
          actor,
          params.handle ?? '',
          query.type ?? null,
        )
        return { status: 200, json: { entities: found.map(entityJson) } }
      },
    }),
    endpoint({
      method: 'GET',
      path: `${base}/entities/:id/versions`,
      who: 'admin',
      tag,
      summary: 'List the versions of an entity, newest first',
      answers: {
        200: { description: 'The versions', schema: Type.Object({ versions: Type.Array(versionSchema) }) },
      },
      refusals: ['not_found'],
      handle: async ({ actor, params }) => {
        const found = await core.configsync.storageAdministration.versions(actor, rowIdOf(params.id))
        return { status: 200, json: { versions: found.map(versionJson) } }
      },
    }),
    endpoint({
      method: 'POST',
      path: `${base}/prune`,
      who: 'admin',
      tag,
      summary: 'Delete now what retention would delete within the hour',
      body: dryRun,
      answers: {
        200: {
          description: 'How many were deleted, or would be',
          schema: Type.Object({
            snapshots: Type.Integer(),
            versions: Type.Integer(),
            entities: Type.Integer(),
          }),
        },
      },
      handle: ({ body, request, once }) => {
        peerOf(request).hold?.()
        return once(
          (actor) => core.configsync.storageAdministration.prune(actor, body.dry_run ?? false),
          (pruned) => ({ status: 200, json: pruned }),
        )
      },
    }),
    endpoint({
      method: 'POST',
      path: `${base}/gc`,
      who: 'admin',
      tag,
      summary: 'Remove stored bytes that nothing refers to and that are older than an hour',
      body: dryRun,
      answers: { 200: { description: 'What was removed, or would be', schema: orphansSchema } },
      handle: ({ body, request, once }) => {
        peerOf(request).hold?.()
        return once(
          (actor) => core.configsync.storageAdministration.collect(actor, body.dry_run ?? false),
          (orphans) => ({ status: 200, json: orphans }),
        )
      },
    }),
    endpoint({
      method: 'GET',
      path: `${base}/verify`,
      who: 'admin',
      tag,
      summary: 'Read every stored blob and compare it with its checksum',
      answers: {
        200: {
          description: 'The result; missing and corrupt blobs by their paths',
          schema: Type.Object({
            checked: Type.Integer(),
            bytes: Type.Integer(),
            missing: Type.Array(Type.String()),
            corrupt: Type.Array(Type.String()),
            orphans: nullable(orphansSchema),
          }),
        },
      },
      handle: async ({ actor, request }) => {
        // Reading many blobs exceeds the idle time of a connection.
        peerOf(request).hold?.()
        let found: StorageReport | undefined
        for await (found of core.configsync.storageAdministration.verify(actor)) {
          // Stops when the client disconnects.
          if (request.signal.aborted) break
        }
        return { status: 200, json: found && reportJson(found) }
      },
    }),
  ]
}

function snapshotJson({ id, machineId, machineName, size, blob, createdAt }: ListedSnapshot) {
  return {
    id,
    machine_id: machineId,
    machine_name: machineName,
    size_bytes: size,
    sha256: sha256OfKey(blob),
    created_at: formatInstant(createdAt),
  }
}

function entityJson({ id, type, slug, name, currentVersion, createdAt, updatedAt }: SyncEntity) {
  return {
    id,
    type,
    slug,
    name,
    current_version: currentVersion,
    created_at: formatInstant(createdAt),
    updated_at: formatInstant(updatedAt),
  }
}

function versionJson({ version, size, blob, contentHash, createdAt }: EntityVersion) {
  return {
    version,
    size_bytes: size,
    sha256: sha256OfKey(blob),
    content_hash: contentHash,
    created_at: formatInstant(createdAt),
  }
}

function reportJson({ checked, bytes, missing, corrupt, orphans }: StorageReport) {
  return { checked, bytes, missing: missing.map(blobPath), corrupt: corrupt.map(blobPath), orphans }
}

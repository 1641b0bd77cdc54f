import { and, asc, count, desc, eq, gt, inArray, isNotNull, lt, lte, sql, sum } from 'drizzle-orm'
import type {
  BlobReads,
  BlobRow,
  BlobWrites,
  EntityVersion,
  Snapshot,
} from '../../../core/configsync/blob-ports'
import { parseBlobKey } from '../../../core/kernel/blobs'
import type { Handle, Stamp } from '../../database'
import { only, placeholders } from '../rows'
import { bytesOf, recountUsed } from './used'
import { userWrites } from './users'

/** Snapshots of machines and versions of entities, and the blobs that they refer to. */
export function blobReads({ db, t, common }: Handle) {
  const { csSnapshots: snapshots, csVersions: versions, csEntities: entities, csMachines: machines } = t
  const isOf = (userId: number, machineId: string | null) =>
    and(eq(snapshots.userId, userId), machineId === null ? undefined : eq(snapshots.machineId, machineId))

  const ofUser = common.lazily(() =>
    db
      .select()
      .from(snapshots)
      .where(and(eq(snapshots.id, sql.placeholder('id')), eq(snapshots.userId, sql.placeholder('userId'))))
      .prepare(),
  )
  const afterNewest = common.lazily(() =>
    db
      .select({ id: snapshots.id })
      .from(snapshots)
      .where(
        and(
          eq(snapshots.userId, sql.placeholder('userId')),
          eq(snapshots.machineId, sql.placeholder('machineId')),
        ),
      )
      .orderBy(desc(snapshots.id))
      .limit(1)
      .offset(sql.placeholder('keep'))
      .prepare(),
  )

  return {
    async snapshot(userId, id) {
      const [row] = await ofUser().execute({ userId, id })
      return row && toSnapshot(row)
    },

    async anySnapshot(id) {
      const [row] = await db.select().from(snapshots).where(eq(snapshots.id, id))
      return row && toSnapshot(row)
    },

    async snapshots(userId, { machineId, before, limit }) {
      const rows = await db
        .select({ row: snapshots, machineName: machines.name })
        .from(snapshots)
        .leftJoin(
          machines,
          and(eq(machines.userId, snapshots.userId), eq(machines.machineId, snapshots.machineId)),
        )
        .where(and(isOf(userId, machineId), before === null ? undefined : lt(snapshots.id, before)))
        .orderBy(desc(snapshots.id))
        .limit(limit)
      return rows.map(({ row, machineName }) => ({ ...toSnapshot(row), machineName }))
    },

    async version(entityId, version) {
      const [row] = await db
        .select()
        .from(versions)
        .where(and(eq(versions.entityId, entityId), eq(versions.version, version)))
      return row && toVersion(row)
    },

    async versions(entityId) {
      const rows = await db
        .select()
        .from(versions)
        .where(eq(versions.entityId, entityId))
        .orderBy(desc(versions.version))
      return rows.map(toVersion)
    },

    async snapshotMachines(userId) {
      const rows = await db
        .select({ machineId: snapshots.machineId })
        .from(snapshots)
        .where(eq(snapshots.userId, userId))
        .groupBy(snapshots.machineId)
      return rows.map(({ machineId }) => machineId)
    },

    async surplusSnapshots(userId, { machineId, keep, before, limit }) {
      const [newest] = await afterNewest().execute({ userId, machineId, keep })
      if (!newest) return []
      const rows = await db
        .select({ id: snapshots.id, blob: snapshots.blob, size: snapshots.size })
        .from(snapshots)
        .where(and(isOf(userId, machineId), lte(snapshots.id, newest.id), lt(snapshots.createdAt, before)))
        .orderBy(asc(snapshots.id))
        .limit(limit)
      return rows.map(toBlobRow)
    },

    async blobRows(of, after, limit) {
      const table = of === 'snapshots' ? snapshots : versions
      const rows = await db
        .select({ id: table.id, blob: table.blob, size: table.size })
        .from(table)
        .where(gt(table.id, after))
        .orderBy(asc(table.id))
        .limit(limit)
      return rows.map(toBlobRow)
    },

    async blobSum() {
      let all = { count: 0, bytes: 0 }
      for (const table of [snapshots, versions]) {
        const [row] = await db.select({ count: count(), bytes: sum(table.size) }).from(table)
        all = { count: all.count + (row?.count ?? 0), bytes: all.bytes + Number(row?.bytes ?? 0) }
      }
      return all
    },

    async newestBlobs() {
      const found: BlobRow[] = []
      for (const table of [snapshots, versions]) {
        const { id, blob, size } = table
        const rows = await db.select({ id, blob, size }).from(table).orderBy(desc(id)).limit(1)
        found.push(...rows.map(toBlobRow))
      }
      return found
    },

    async ownerOfEntity(entityId) {
      const [row] = await db
        .select({ userId: entities.userId })
        .from(entities)
        .where(eq(entities.id, entityId))
      return row?.userId
    },

    async endedEntities(before, limit) {
      const rows = await db
        .select({ id: entities.id })
        .from(entities)
        .where(and(isNotNull(entities.deletedAt), lt(entities.deletedAt, before)))
        .orderBy(asc(entities.deletedAt))
        .limit(limit)
      return rows.map(({ id }) => id)
    },

    crowdedEntities: (keep, limit) =>
      db
        .select({ id: entities.id, currentVersion: entities.currentVersion })
        .from(entities)
        .innerJoin(versions, eq(versions.entityId, entities.id))
        .groupBy(entities.id)
        .having(gt(count(), keep))
        .limit(limit),

    async countSurplus({ keepSnapshots, freshSince, keepVersions, deletedBefore }) {
      const isNewer = sql`(SELECT count(*) FROM cs_snapshots AS newer WHERE newer.user_id = cs_snapshots.user_id
        AND newer.machine_id = cs_snapshots.machine_id AND newer.id > cs_snapshots.id)`
      const ofSnapshots = and(lt(snapshots.createdAt, freshSince), sql`${isNewer} >= ${keepSnapshots}`)
      const current = sql`(SELECT current_version FROM cs_entities WHERE cs_entities.id = cs_versions.entity_id)`
      const ofVersions = sql`version <= ${current} - ${keepVersions}`
      const ofEntities = lt(entities.deletedAt, deletedBefore)
      return {
        snapshots: await db.$count(snapshots, ofSnapshots),
        versions: await db.$count(versions, ofVersions),
        entities: await db.$count(entities, ofEntities),
      }
    },
  } satisfies BlobReads
}

export function blobWrites(handle: Handle, stamp: Stamp) {
  const { db, t } = handle
  const { csSnapshots: snapshots, csVersions: versions, csEntities: entities } = t
  const { addUsed } = userWrites(handle, stamp)
  const columns = [
    ...(['userId', 'machineId', 'blob', 'size', 'clientTimestamp'] as const),
    ...(['formatVersion', 'metadata', 'createdAt'] as const),
  ]
  const insert = handle.common.lazily(() =>
    db.insert(snapshots).values(placeholders(columns)).returning().prepare(),
  )
  const markUnused = async (rows: readonly { readonly blob: string }[]) => {
    if (rows.length > 0)
      await db
        .insert(t.unusedBlobs)
        .values(rows.map(({ blob }) => ({ key: blob })))
        .onConflictDoNothing()
  }

  return {
    async insertSnapshot(snapshot) {
      // Neither needs the other, so the second is sent without waiting for the first.
      const [rows] = await Promise.all([
        insert().execute({ ...snapshot, createdAt: stamp.now() }),
        addUsed(snapshot.userId, bytesOf([snapshot])),
      ])
      return toSnapshot(only(rows))
    },

    async deleteSnapshots(userId, ids) {
      if (ids.length === 0) return 0
      const gone = await db
        .delete(snapshots)
        .where(and(eq(snapshots.userId, userId), inArray(snapshots.id, [...ids])))
        .returning({ blob: snapshots.blob, size: snapshots.size })
      await markUnused(gone)
      await addUsed(userId, -bytesOf(gone))
      return gone.length
    },

    async insertVersion(version) {
      const { entityId, pushedByUserId } = version
      const now = stamp.now()
      const entity = only(
        await db
          .update(entities)
          .set({ currentVersion: sql`current_version + 1`, updatedAt: now })
          .where(eq(entities.id, entityId))
          .returning({ currentVersion: entities.currentVersion }),
      )
      const row = only(
        await db
          .insert(versions)
          .values({ ...version, version: entity.currentVersion, createdAt: now })
          .returning(),
      )
      await addUsed(pushedByUserId, bytesOf([version]))
      return toVersion(row)
    },

    async deleteVersions(entityId, upTo, limit) {
      const old = await db
        .select({ id: versions.id })
        .from(versions)
        .where(and(eq(versions.entityId, entityId), lte(versions.version, upTo)))
        .orderBy(asc(versions.version))
        .limit(limit)
      if (old.length === 0) return 0
      const gone = await db
        .delete(versions)
        .where(
          inArray(
            versions.id,
            old.map(({ id }) => id),
          ),
        )
        .returning({ blob: versions.blob, size: versions.size })
      await markUnused(gone)
      const [entity] = await db
        .select({ userId: entities.userId })
        .from(entities)
        .where(eq(entities.id, entityId))
      if (entity) await addUsed(entity.userId, -bytesOf(gone))
      return gone.length
    },

    async endEntity(id) {
      const { csEntityKeys, csLinks, csProfileWorkspaces, csVariables, csLayerKeys } = t
      await db.delete(csVariables).where(eq(csVariables.projectId, id))
      await db.delete(csLayerKeys).where(eq(csLayerKeys.projectId, id))
      await db.delete(csProfileWorkspaces).where(eq(csProfileWorkspaces.profileId, id))
      await db.delete(csProfileWorkspaces).where(eq(csProfileWorkspaces.workspaceId, id))
      await db.delete(csLinks).where(eq(csLinks.entityId, id))
      await db.delete(csEntityKeys).where(eq(csEntityKeys.entityId, id))
      const [gone] = await db
        .delete(entities)
        .where(eq(entities.id, id))
        .returning({ userId: entities.userId })
      if (gone) await recountUsed(handle, gone.userId)
    },
  } satisfies BlobWrites
}

type SnapshotRow = Omit<Snapshot, 'blob'> & { readonly blob: string }
type VersionRow = Omit<EntityVersion, 'blob'> & { readonly blob: string }

function toSnapshot(row: SnapshotRow & { readonly metadata?: string | null }): Snapshot {
  const { metadata: _, blob, ...rest } = row
  return { ...rest, blob: parseBlobKey(blob) }
}

function toVersion({ blob, ...rest }: VersionRow): EntityVersion {
  return { ...rest, blob: parseBlobKey(blob) }
}

function toBlobRow({ id, blob, size }: { id: number; blob: string; size: number }): BlobRow {
  return { id, blob: parseBlobKey(blob), size }
}

import { asc, eq, inArray } from 'drizzle-orm'
import { idsOf } from '../../../core/configsync/imported-rows'
import type { AccountIds, TransferReads, TransferWrites } from '../../../core/configsync/transfer-ports'
import type { Handle, Stamp } from '../../database'
import { chunks } from '../rows'
import { recountUsed } from './used'

/** The rows of one account, as they leave the store and come into it. */
export function transferReads({ db, t }: Handle) {
  return {
    async linksOf(entityId) {
      const { machineId, localPath, lastSyncedVersion, active: isActive } = t.csLinks
      return db
        .select({ entityId: t.csLinks.entityId, machineId, localPath, lastSyncedVersion, isActive })
        .from(t.csLinks)
        .where(eq(t.csLinks.entityId, entityId))
        .orderBy(asc(machineId))
    },

    async workspacesOf(profileId) {
      const { workspaceId } = t.csProfileWorkspaces
      const rows = await db
        .select({ workspaceId })
        .from(t.csProfileWorkspaces)
        .where(eq(t.csProfileWorkspaces.profileId, profileId))
        .orderBy(asc(workspaceId))
      return rows.map((row) => row.workspaceId)
    },

    async environmentViews(userId) {
      const { viewer, names } = t.csEnvironmentViews
      return db
        .select({ viewer, names })
        .from(t.csEnvironmentViews)
        .where(eq(t.csEnvironmentViews.userId, userId))
        .orderBy(asc(viewer))
    },

    async snapshotMetadata(id) {
      const { metadata } = t.csSnapshots
      const [row] = await db.select({ metadata }).from(t.csSnapshots).where(eq(t.csSnapshots.id, id))
      return row?.metadata ?? null
    },

    async takenIds(ids) {
      const taken: Record<keyof AccountIds, number[]> = {
        ...{ user: [], machine: [], entity: [], variable: [], version: [], snapshot: [] },
      }
      for (const [kind, table] of numbered(t))
        for (const some of chunks(ids[kind])) {
          const rows = await db
            .select({ id: table.id })
            .from(table)
            .where(inArray(table.id, some))
            .orderBy(asc(table.id))
          taken[kind].push(...rows.map(({ id }) => id))
        }
      return taken
    },
  } satisfies TransferReads
}

export function transferWrites(handle: Handle, stamp: Stamp) {
  const { db, t, dialect } = handle
  return {
    async insertAccount(accountId, rows) {
      const userId = rows.user.id
      const ids = idsOf(rows)
      for (const [kind, , name] of numbered(t)) {
        const highest = ids[kind].reduce((one, other) => Math.max(one, other), 0)
        if (highest > 0) await dialect.raiseCounter(db, name, highest)
      }
      await db.insert(t.configsyncUsers).values({ ...rows.user, accountId })
      if (rows.keypair) await db.insert(t.csKeypairs).values({ ...rows.keypair, userId })
      for (const some of chunks(rows.machine))
        await db.insert(t.csMachines).values(some.map((row) => ({ ...row, userId })))
      for (const some of chunks(rows.environment))
        await db.insert(t.csEnvironments).values(some.map((row) => ({ ...row, userId })))
      // A token that another account has here keeps what it was shown here.
      for (const some of chunks(rows.environment_view))
        await db
          .insert(t.csEnvironmentViews)
          .values(some.map((row) => ({ ...row, userId })))
          .onConflictDoNothing()
      for (const some of chunks(rows.action))
        await db.insert(t.csActions).values(some.map((row) => ({ ...row, userId })))
      for (const some of chunks(rows.entity))
        await db.insert(t.csEntities).values(some.map((row) => ({ ...row, userId })))
      for (const some of chunks(rows.entity_key))
        await db.insert(t.csEntityKeys).values(some.map((row) => ({ ...row, userId })))
      for (const some of chunks(rows.link))
        await db
          .insert(t.csLinks)
          .values(some.map(({ isActive, ...row }) => ({ ...row, userId, active: isActive })))
      for (const some of chunks(rows.profile_workspace)) await db.insert(t.csProfileWorkspaces).values(some)
      for (const some of chunks(rows.variable))
        await db.insert(t.csVariables).values(
          some.map(({ isRequired, ownerUserId, ...row }) => ({
            ...row,
            ...{ required: isRequired, ownerUserId: ownerUserId ?? 0, updatedAt: stamp.now() },
          })),
        )
      for (const some of chunks(rows.layer_key))
        await db.insert(t.csLayerKeys).values(some.map((row) => ({ ...row, userId })))
      for (const some of chunks(rows.version))
        await db
          .insert(t.csVersions)
          .values(some.map(({ sha256: _, ...row }) => ({ ...row, pushedByUserId: userId })))
      for (const some of chunks(rows.snapshot))
        await db.insert(t.csSnapshots).values(some.map(({ sha256: _, ...row }) => ({ ...row, userId })))
      // An export has the newest entry first.
      for (const some of chunks(rows.audit.toReversed()))
        await db.insert(t.csAudit).values(some.map((row) => ({ ...row, userId })))
      await recountUsed(handle, userId)
    },
  } satisfies TransferWrites
}

/** The tables whose ids clients know, with their names. */
function numbered(t: Handle['t']) {
  return [
    ['user', t.configsyncUsers, 'configsync_users'],
    ['machine', t.csMachines, 'cs_machines'],
    ['entity', t.csEntities, 'cs_entities'],
    ['variable', t.csVariables, 'cs_env_vars'],
    ['version', t.csVersions, 'cs_versions'],
    ['snapshot', t.csSnapshots, 'cs_snapshots'],
  ] as const
}

import { asc, eq, inArray, or } from 'drizzle-orm'
import type { ConfigSyncWrites } from '../../../core/configsync/ports'
import type { Handle } from '../../database'

/** Deletes everything of a user, slice by slice. */
export function purgeWrites({ db, t }: Handle) {
  const forget = async (blobs: readonly { readonly blob: string }[]) => {
    if (blobs.length === 0) return
    await db
      .insert(t.unusedBlobs)
      .values(blobs.map(({ blob }) => ({ key: blob })))
      .onConflictDoNothing()
  }
  const snapshots = async (userId: number, limit: number) => {
    const { id, blob } = t.csSnapshots
    const some = db
      .select({ id })
      .from(t.csSnapshots)
      .where(eq(t.csSnapshots.userId, userId))
      .orderBy(asc(id))
      .limit(limit)
    const gone = await db.delete(t.csSnapshots).where(inArray(id, some)).returning({ blob })
    await forget(gone)
    return gone.length
  }
  const entitiesOf = (userId: number) =>
    db.select({ id: t.csEntities.id }).from(t.csEntities).where(eq(t.csEntities.userId, userId))
  const versions = async (userId: number, limit: number) => {
    const { id, blob, entityId } = t.csVersions
    const some = db
      .select({ id })
      .from(t.csVersions)
      .where(inArray(entityId, entitiesOf(userId)))
      .limit(limit)
    const gone = await db.delete(t.csVersions).where(inArray(id, some)).returning({ blob })
    await forget(gone)
    return gone.length
  }
  const variables = async (userId: number, limit: number) => {
    const { id, projectId } = t.csVariables
    const some = db
      .select({ id })
      .from(t.csVariables)
      .where(inArray(projectId, entitiesOf(userId)))
      .limit(limit)
    return (await db.delete(t.csVariables).where(inArray(id, some)).returning({ id })).length
  }
  const entities = async (userId: number, limit: number) => {
    const rows = await entitiesOf(userId).limit(limit)
    const ids = rows.map(({ id }) => id)
    if (ids.length === 0) return 0
    const { profileId, workspaceId } = t.csProfileWorkspaces
    await db.delete(t.csEntityKeys).where(inArray(t.csEntityKeys.entityId, ids))
    await db.delete(t.csLinks).where(inArray(t.csLinks.entityId, ids))
    await db.delete(t.csLayerKeys).where(inArray(t.csLayerKeys.projectId, ids))
    await db.delete(t.csProfileWorkspaces).where(or(inArray(profileId, ids), inArray(workspaceId, ids)))
    await db.delete(t.csEntities).where(inArray(t.csEntities.id, ids))
    return ids.length
  }
  const audit = async (userId: number, limit: number) => {
    const { id } = t.csAudit
    const some = db.select({ id }).from(t.csAudit).where(eq(t.csAudit.userId, userId)).limit(limit)
    return (await db.delete(t.csAudit).where(inArray(id, some)).returning({ id })).length
  }
  const machines = async (userId: number, limit: number) => {
    const { id } = t.csMachines
    const some = db.select({ id }).from(t.csMachines).where(eq(t.csMachines.userId, userId)).limit(limit)
    return (await db.delete(t.csMachines).where(inArray(id, some)).returning({ id })).length
  }
  const actions = async (userId: number, limit: number) => {
    const { id } = t.csActions
    const some = db.select({ id }).from(t.csActions).where(eq(t.csActions.userId, userId)).limit(limit)
    return (await db.delete(t.csActions).where(inArray(id, some)).returning({ id })).length
  }
  const views = async (userId: number, limit: number) => {
    const { viewer } = t.csEnvironmentViews
    const ofUser = eq(t.csEnvironmentViews.userId, userId)
    const some = db.select({ viewer }).from(t.csEnvironmentViews).where(ofUser).limit(limit)
    return (await db.delete(t.csEnvironmentViews).where(inArray(viewer, some)).returning({ viewer })).length
  }

  return {
    async purgeSlice(userId, limit) {
      for (const step of [snapshots, versions, variables, entities, audit, machines, actions, views])
        if ((await step(userId, limit)) === limit) return false
      await db.delete(t.csEnvironments).where(eq(t.csEnvironments.userId, userId))
      await db.delete(t.csKeypairs).where(eq(t.csKeypairs.userId, userId))
      await db.delete(t.csEntityKeys).where(eq(t.csEntityKeys.userId, userId))
      await db.delete(t.csLayerKeys).where(eq(t.csLayerKeys.userId, userId))
      await db.delete(t.configsyncUsers).where(eq(t.configsyncUsers.id, userId))
      return true
    },
  } satisfies Partial<ConfigSyncWrites>
}

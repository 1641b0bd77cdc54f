import { and, asc, count, eq, inArray, isNull, sql } from 'drizzle-orm'
import type { EntityReads, EntityWrites, LinkKey, SyncEntity } from '../../../core/configsync/entity-ports'
import type { Handle, Stamp } from '../../database'
import { chunks, only } from '../rows'

/** Entities of the encrypted snapshot store, with their keys and links. */
export function entityReads({ db, t }: Handle) {
  const { csEntities, csEntityKeys, csLinks } = t
  const isAlive = isNull(csEntities.deletedAt)
  return {
    async entity(userId, type, by) {
      const isWanted = 'id' in by ? eq(csEntities.id, by.id) : eq(csEntities.slug, by.slug)
      const [row] = await db
        .select()
        .from(csEntities)
        .where(and(eq(csEntities.userId, userId), eq(csEntities.type, type), isWanted, isAlive))
      return row
    },

    entities: (userId, type) =>
      db
        .select()
        .from(csEntities)
        .where(and(eq(csEntities.userId, userId), eq(csEntities.type, type), isAlive))
        .orderBy(asc(csEntities.id)),

    async entitiesById(userId, ids) {
      const found: SyncEntity[] = []
      for (const some of chunks(ids))
        found.push(
          ...(await db
            .select()
            .from(csEntities)
            .where(and(eq(csEntities.userId, userId), inArray(csEntities.id, some), isAlive))),
        )
      return found
    },

    async countEntities(userId, type) {
      const [row] = await db
        .select({ entities: count() })
        .from(csEntities)
        .where(and(eq(csEntities.userId, userId), eq(csEntities.type, type), isAlive))
      return row?.entities ?? 0
    },

    async entityKey(userId, entityId) {
      const [row] = await db
        .select({ wrappedDek: csEntityKeys.wrappedDek })
        .from(csEntityKeys)
        .where(and(eq(csEntityKeys.entityId, entityId), eq(csEntityKeys.userId, userId)))
      return row?.wrappedDek ?? null
    },

    links: (userId, machineId, type) =>
      db
        .select({
          entity: csEntities,
          localPath: csLinks.localPath,
          lastSyncedVersion: csLinks.lastSyncedVersion,
          isActive: csLinks.active,
        })
        .from(csLinks)
        .innerJoin(csEntities, eq(csEntities.id, csLinks.entityId))
        .where(
          and(
            eq(csLinks.userId, userId),
            eq(csLinks.machineId, machineId),
            eq(csEntities.userId, userId),
            eq(csEntities.type, type),
            isAlive,
          ),
        )
        .orderBy(asc(csEntities.id)),

    async countLinks(entityId) {
      const [row] = await db.select({ links: count() }).from(csLinks).where(eq(csLinks.entityId, entityId))
      return row?.links ?? 0
    },

    async link(link) {
      const { localPath, lastSyncedVersion, active: isActive } = csLinks
      const [row] = await db
        .select({ localPath, lastSyncedVersion, isActive })
        .from(csLinks)
        .where(isLink(csLinks, link))
      return row
    },

    async syncedVersions(userId, machineId, entityIds) {
      const found = new Map<number, number>()
      for (const some of chunks(entityIds)) {
        const rows = await db
          .select({ entityId: csLinks.entityId, version: csLinks.lastSyncedVersion })
          .from(csLinks)
          .where(
            and(
              eq(csLinks.userId, userId),
              eq(csLinks.machineId, machineId),
              inArray(csLinks.entityId, some),
            ),
          )
        for (const { entityId, version } of rows) if (version !== null) found.set(entityId, version)
      }
      return found
    },
  } satisfies Partial<EntityReads>
}

export function entityWrites({ db, t }: Handle, stamp: Stamp) {
  const { csEntities, csEntityKeys, csLinks, csProfileWorkspaces } = t
  const isEntity = (userId: number, id: number) => and(eq(csEntities.userId, userId), eq(csEntities.id, id))
  return {
    async insertEntity(entity) {
      const now = stamp.now()
      const rows = await db
        .insert(csEntities)
        .values({ ...entity, createdAt: now, updatedAt: now })
        .returning()
      return only(rows)
    },

    async updateEntity(userId, id, change) {
      const rows = await db
        .update(csEntities)
        .set({ ...change, updatedAt: stamp.now() })
        .where(isEntity(userId, id))
        .returning()
      return only(rows)
    },

    async deleteEntity(userId, id) {
      const now = stamp.now()
      await db.update(csEntities).set({ deletedAt: now, updatedAt: now }).where(isEntity(userId, id))
    },

    async putEntityKey(userId, entityId, wrappedDek) {
      await db
        .insert(csEntityKeys)
        .values({ userId, entityId, wrappedDek })
        .onConflictDoUpdate({
          target: [csEntityKeys.entityId, csEntityKeys.userId],
          set: { wrappedDek },
        })
    },

    async insertLink(link, { localPath, lastSyncedVersion, isActive }) {
      await db.insert(csLinks).values({ ...link, localPath, lastSyncedVersion, active: isActive })
    },

    async updateLink(link, { localPath, lastSyncedVersion, isActive }) {
      const change = { localPath, lastSyncedVersion, active: isActive }
      await db.update(csLinks).set(change).where(isLink(csLinks, link))
    },

    async putSyncedVersions(userId, machineId, versions) {
      const links = [...versions].map(([entityId, lastSyncedVersion]) => {
        return { userId, machineId, entityId, lastSyncedVersion }
      })
      for (const some of chunks(links))
        await db
          .insert(csLinks)
          .values(some)
          .onConflictDoUpdate({
            target: [csLinks.userId, csLinks.machineId, csLinks.entityId],
            set: { lastSyncedVersion: sql`excluded.last_synced_version` },
          })
    },

    async insertProfileWorkspace(profileId, workspaceId) {
      await db.insert(csProfileWorkspaces).values({ profileId, workspaceId }).onConflictDoNothing()
    },

    async deleteProfileWorkspace(profileId, workspaceId) {
      await db
        .delete(csProfileWorkspaces)
        .where(
          and(eq(csProfileWorkspaces.profileId, profileId), eq(csProfileWorkspaces.workspaceId, workspaceId)),
        )
    },
  } satisfies Partial<EntityWrites>
}

function isLink(links: Handle['t']['csLinks'], { userId, machineId, entityId }: LinkKey) {
  return and(eq(links.userId, userId), eq(links.machineId, machineId), eq(links.entityId, entityId))
}

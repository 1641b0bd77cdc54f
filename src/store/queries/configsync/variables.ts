import { and, asc, count, eq, inArray, sql } from 'drizzle-orm'
import type { EntityReads, EntityWrites } from '../../../core/configsync/entity-ports'
import type { Handle, Stamp } from '../../database'

/** Variables of projects, and the keys of their layers. */
export function variableReads({ db, t, dialect }: Handle) {
  const { csVariables, csLayerKeys } = t
  return {
    async variableIds(projectId, { name, tier, visibility }) {
      const rows = await db
        .select({ id: csVariables.id })
        .from(csVariables)
        .where(
          and(
            eq(csVariables.projectId, projectId),
            name === undefined ? undefined : eq(csVariables.name, name),
            tier === undefined ? undefined : eq(csVariables.tier, tier),
            visibility === undefined ? undefined : sql`${csVariables.visibility} = ${visibility}`,
          ),
        )
        .orderBy(asc(csVariables.id))
      return rows.map(({ id }) => id)
    },

    async variables(ids) {
      const rows = await db
        .select()
        .from(csVariables)
        .where(dialect.amongNumbers(csVariables.id, sql`${JSON.stringify(ids)}`))
        .orderBy(asc(csVariables.id))
      return rows.map(toVariable)
    },

    async countVariables(projectId) {
      const [row] = await db
        .select({ variables: count() })
        .from(csVariables)
        .where(eq(csVariables.projectId, projectId))
      return row?.variables ?? 0
    },

    layerKeys: (userId, projectId) =>
      db
        .select({ layerId: csLayerKeys.layerId, wrappedDek: csLayerKeys.wrappedDek })
        .from(csLayerKeys)
        .where(and(eq(csLayerKeys.userId, userId), eq(csLayerKeys.projectId, projectId)))
        .orderBy(asc(csLayerKeys.layerId)),
  } satisfies Partial<EntityReads>
}

export function variableWrites({ db, t }: Handle, stamp: Stamp) {
  const { csVariables, csLayerKeys } = t
  return {
    async insertVariable(projectId, { ownerUserId, isRequired, ...variable }) {
      await db.insert(csVariables).values({
        ...variable,
        ...{ projectId, ownerUserId: ownerUserId ?? 0, required: isRequired },
        ...{ currentVersion: 1, updatedAt: stamp.now() },
      })
    },

    async updateVariable(id, { description, isRequired, encryptedValue }) {
      await db
        .update(csVariables)
        .set({
          ...{ description, required: isRequired, encryptedValue, updatedAt: stamp.now() },
          currentVersion: sql`current_version + 1`,
        })
        .where(eq(csVariables.id, id))
    },

    async deleteVariables(ids) {
      await db.delete(csVariables).where(inArray(csVariables.id, [...ids]))
    },

    async putLayerKey(userId, projectId, { layerId, wrappedDek }) {
      await db
        .insert(csLayerKeys)
        .values({ userId, projectId, layerId, wrappedDek })
        .onConflictDoUpdate({ target: [csLayerKeys.userId, csLayerKeys.layerId], set: { wrappedDek } })
    },
  } satisfies Partial<EntityWrites>
}

function toVariable(row: Handle['t']['csVariables']['$inferSelect']) {
  const { required: isRequired, ownerUserId, updatedAt: _, ...variable } = row
  return { ...variable, isRequired, ownerUserId: ownerUserId === 0 ? null : ownerUserId }
}

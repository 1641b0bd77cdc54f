import { and, asc, eq, inArray, lte, sql } from 'drizzle-orm'
import type { MachineReads, MachineWrites } from '../../../core/configsync/machine-ports'
import type { Handle, Stamp } from '../../database'
import { chunks, only } from '../rows'

export function machineReads({ db, t, common }: Handle) {
  const known = common.lazily(() =>
    db
      .select()
      .from(t.csMachines)
      .where(
        and(
          eq(t.csMachines.userId, sql.placeholder('userId')),
          eq(t.csMachines.machineId, sql.placeholder('machineId')),
        ),
      )
      .prepare(),
  )
  return {
    async machines(userId) {
      return db
        .select()
        .from(t.csMachines)
        .where(eq(t.csMachines.userId, userId))
        .orderBy(asc(t.csMachines.id))
    },

    async machine(userId, machineId) {
      const [row] = await known().execute({ userId, machineId })
      return row
    },

    countMachines: (userId) => db.$count(t.csMachines, eq(t.csMachines.userId, userId)),

    async environments(userId) {
      const { name, tier, color, protect } = t.csEnvironments
      return db
        .select({ name, tier, color, protect })
        .from(t.csEnvironments)
        .where(eq(t.csEnvironments.userId, userId))
        .orderBy(asc(name))
    },

    async environmentView(viewer) {
      const [row] = await db
        .select()
        .from(t.csEnvironmentViews)
        .where(eq(t.csEnvironmentViews.viewer, viewer))
      return row?.names ?? []
    },

    async actions(userId, machineId) {
      const { id, action, payload, delivered: isDelivered, createdAt } = t.csActions
      const ofMachine = machineId === null ? undefined : eq(t.csActions.machineId, machineId)
      return db
        .select({ id, machineId: t.csActions.machineId, action, payload, isDelivered, createdAt })
        .from(t.csActions)
        .where(and(eq(t.csActions.userId, userId), ofMachine))
        .orderBy(asc(id))
    },
  } satisfies MachineReads
}

export function machineWrites({ db, t, common }: Handle, stamp: Stamp) {
  const see = common.lazily(() =>
    db
      .update(t.csMachines)
      .set({ lastSeenAt: sql`${sql.param(sql.placeholder('now'), t.csMachines.lastSeenAt)}` })
      .where(
        and(
          eq(t.csMachines.userId, sql.placeholder('userId')),
          eq(t.csMachines.machineId, sql.placeholder('machineId')),
        ),
      )
      .returning({ id: t.csMachines.id })
      .prepare(),
  )
  const ofMachine = (table: Handle['t']['csLinks'] | Handle['t']['csActions'], userId: number, id: string) =>
    and(eq(table.userId, userId), eq(table.machineId, id))
  return {
    async insertMachine(userId, machine) {
      const now = stamp.now()
      const row = { ...machine, userId, lastSeenAt: now, createdAt: now, updatedAt: now }
      return only(await db.insert(t.csMachines).values(row).returning())
    },

    async updateMachine(id, { name, platform, arch, clientVersion }) {
      const now = stamp.now()
      const change = { name, platform, arch, clientVersion, lastSeenAt: now, updatedAt: now }
      return only(await db.update(t.csMachines).set(change).where(eq(t.csMachines.id, id)).returning())
    },

    async renameMachine(id, name) {
      const change = { name, updatedAt: stamp.now() }
      return only(await db.update(t.csMachines).set(change).where(eq(t.csMachines.id, id)).returning())
    },

    async seeMachine(userId, machineId) {
      const seen = await see().execute({ userId, machineId, now: stamp.now() })
      return seen.length > 0
    },

    async deleteMachine({ id, userId, machineId }) {
      await db.delete(t.csLinks).where(ofMachine(t.csLinks, userId, machineId))
      await db.delete(t.csActions).where(ofMachine(t.csActions, userId, machineId))
      await db.delete(t.csMachines).where(eq(t.csMachines.id, id))
    },

    async putEnvironments(userId, environments) {
      for (const { name, tier, color, protect } of environments)
        await db
          .insert(t.csEnvironments)
          .values({ userId, name, tier, color, protect })
          .onConflictDoUpdate({
            target: [t.csEnvironments.userId, t.csEnvironments.name],
            set: { tier, color, protect },
          })
    },

    async deleteEnvironments(userId, names) {
      for (const some of chunks(names))
        await db
          .delete(t.csEnvironments)
          .where(and(eq(t.csEnvironments.userId, userId), inArray(t.csEnvironments.name, some)))
    },

    async putEnvironmentView(userId, viewer, names) {
      await db
        .insert(t.csEnvironmentViews)
        .values({ userId, viewer, names })
        .onConflictDoUpdate({ target: t.csEnvironmentViews.viewer, set: { names } })
    },

    async insertAction(userId, { machineId, action, payload }, createdBy) {
      await db
        .insert(t.csActions)
        .values({ userId, machineId, action, payload, createdBy, createdAt: stamp.now() })
    },

    async deliverActions(userId, machineId, upTo) {
      await db
        .update(t.csActions)
        .set({ delivered: true })
        .where(and(ofMachine(t.csActions, userId, machineId), lte(t.csActions.id, upTo)))
    },

    async deleteActions(userId, machineId, which) {
      const isWanted = which === 'all' ? undefined : eq(t.csActions.delivered, true)
      const gone = await db
        .delete(t.csActions)
        .where(and(ofMachine(t.csActions, userId, machineId), isWanted))
        .returning({ id: t.csActions.id })
      return gone.length
    },
  } satisfies MachineWrites
}

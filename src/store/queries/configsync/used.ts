import { eq, inArray, type SQL, sql } from 'drizzle-orm'
import { ROW_BYTES } from '../../../core/configsync/quota'
import type { Handle } from '../../database'

/** The bytes that rows with blobs take. */
export function bytesOf(rows: readonly { readonly size: number }[]): number {
  return rows.reduce((sum, { size }) => sum + size + ROW_BYTES, 0)
}

/** Counts the bytes that a user's data takes, and notes them. */
export async function recountUsed({ db, t }: Handle, userId: number): Promise<void> {
  const own = db.select({ id: t.csEntities.id }).from(t.csEntities).where(eq(t.csEntities.userId, userId))
  const rows = [
    await db.$count(t.csSnapshots, eq(t.csSnapshots.userId, userId)),
    await db.$count(t.csEntities, eq(t.csEntities.userId, userId)),
    await db.$count(t.csVersions, inArray(t.csVersions.entityId, own)),
    await db.$count(t.csVariables, inArray(t.csVariables.projectId, own)),
  ]
  const sizeOf = async (from: typeof t.csSnapshots | typeof t.csVersions, where: SQL) => {
    const [row] = await db.select({ bytes: sql<number | string | null>`sum(size)` }).from(from).where(where)
    return Number(row?.bytes ?? 0)
  }
  const blobs =
    (await sizeOf(t.csSnapshots, eq(t.csSnapshots.userId, userId))) +
    (await sizeOf(t.csVersions, inArray(t.csVersions.entityId, own)))
  const usedBytes = blobs + ROW_BYTES * rows.reduce((sum, each) => sum + each, 0)
  await db.update(t.configsyncUsers).set({ usedBytes }).where(eq(t.configsyncUsers.id, userId))
}

import { count, isNotNull, sum } from 'drizzle-orm'
import type { TotalReads } from '../../../core/matrix/total-ports'
import type { Handle } from '../../database'

/** How much the homeserver has. */
export function totalReads({ db, t }: Handle): TotalReads {
  return {
    async totals() {
      const media = t.matrixMedia
      const [row] = await db
        .select({ files: count(), bytes: sum(media.size) })
        .from(media)
        .where(isNotNull(media.blob))
      return {
        rooms: await db.$count(t.matrixRooms),
        users: await db.$count(t.matrixUsers),
        devices: await db.$count(t.matrixDevices),
        media: { files: row?.files ?? 0, bytes: Number(row?.bytes ?? 0) },
      }
    },
  }
}

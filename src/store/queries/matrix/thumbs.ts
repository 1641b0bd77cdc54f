import { and, eq } from 'drizzle-orm'
import { type BlobKey, parseBlobKey } from '../../../core/kernel/blobs'
import type { ThumbnailSize, ThumbReads, ThumbWrites } from '../../../core/matrix/thumb-ports'
import type { Handle, Stamp } from '../../database'

/** Thumbnails of images. */
export function thumbReads({ db, t }: Handle): ThumbReads {
  const thumbs = t.matrixThumbs
  return {
    async thumbnail(source, { width, height, method }) {
      const [found] = await db
        .select({ blob: thumbs.blob, mime: thumbs.mime, size: thumbs.size })
        .from(thumbs)
        .where(
          and(
            eq(thumbs.source, source),
            eq(thumbs.width, width),
            eq(thumbs.height, height),
            eq(thumbs.method, method),
          ),
        )
      return found && { ...found, blob: parseBlobKey(found.blob) }
    },
  }
}

export function thumbWrites({ db, t }: Handle, stamp: Stamp): ThumbWrites {
  return {
    async insertThumbnail(source: BlobKey, { width, height, method }: ThumbnailSize, { blob, mime, size }) {
      const inserted = await db
        .insert(t.matrixThumbs)
        .values({ ...{ source, width, height, method }, blob, mime, size, createdAt: stamp.now() })
        .onConflictDoNothing()
        .returning({ blob: t.matrixThumbs.blob })
      return inserted.length > 0
    },
  }
}

import {
  and,
  asc,
  eq,
  gte,
  inArray,
  isNotNull,
  isNull,
  lt,
  type SQL,
  type SQLWrapper,
  sql,
  sum,
} from 'drizzle-orm'
import type { AttachmentReads, AttachmentWrites } from '../../core/kernel/attachment-ports'
import { areaOfKey, type BlobKey, parseBlobKey, sha256OfKey } from '../../core/kernel/blobs'
import type { StoredAttachment } from '../../core/kernel/entities'
import type { Uuid } from '../../core/kernel/ids'
import type { FoundAttachment } from '../../core/messages/post-plan'
import type { Handle, Stamp } from '../database'
import { chunks } from './rows'

/**
 * Finds rows that refer to blobs of attachments: attachments themselves, files uploaded over Matrix, and thumbnails of
 * both.
 */
function referringTo({ db, t }: Pick<Handle, 'db' | 't'>) {
  const { attachments, matrixMedia, matrixThumbs } = t
  return (isWanted: (blob: SQLWrapper) => SQL | undefined) =>
    db
      .select({ blob: attachments.blob })
      .from(attachments)
      .where(isWanted(attachments.blob))
      .unionAll(
        db
          .select({ blob: sql<string>`${matrixMedia.blob}` })
          .from(matrixMedia)
          .where(and(isNotNull(matrixMedia.blob), isWanted(matrixMedia.blob))),
      )
      .unionAll(db.select({ blob: matrixThumbs.blob }).from(matrixThumbs).where(isWanted(matrixThumbs.blob)))
}

/** Attachments, and which blobs they refer to. */
export function attachmentReads({ db, t }: Handle) {
  const refersTo = referringTo({ db, t })
  const refersToSealed = (isWanted: (blob: SQLWrapper) => SQL | undefined) =>
    db
      .select({ blob: t.csSnapshots.blob })
      .from(t.csSnapshots)
      .where(isWanted(t.csSnapshots.blob))
      .unionAll(db.select({ blob: t.csVersions.blob }).from(t.csVersions).where(isWanted(t.csVersions.blob)))

  return {
    async attachment(uuid) {
      const [found] = await db
        .select({ row: t.attachments, channelId: t.messages.channelId })
        .from(t.attachments)
        .leftJoin(t.messages, eq(t.messages.seq, t.attachments.messageSeq))
        .where(eq(t.attachments.uuid, uuid))
      return found && toAttachment(found.row, found.channelId)
    },

    async hasAttachments() {
      return (await db.select({ id: t.attachments.id }).from(t.attachments).limit(1)).length > 0
    },

    async attachedBytes(accountId) {
      const [row] = await db
        .select({ bytes: sum(t.attachments.size) })
        .from(t.attachments)
        .where(eq(t.attachments.accountId, accountId))
      return Number(row?.bytes ?? 0)
    },

    async blobWith(sha256) {
      // Keys begin with an area and the hash.
      const isOfHash = (blob: SQLWrapper) =>
        and(gte(blob, `attachments/${sha256}-`), lt(blob, `attachments/${sha256}.`))
      const [row] = await refersTo(isOfHash).limit(1)
      return row && parseBlobKey(row.blob)
    },

    async usedBlobs(keys) {
      const used = new Set<BlobKey>()
      for (const [area, ofArea] of Map.groupBy(keys, areaOfKey))
        for (const some of chunks(ofArea)) {
          const isAmong = (blob: SQLWrapper) => inArray(blob, some)
          const rows = await (area === 'attachments' ? refersTo(isAmong) : refersToSealed(isAmong))
          for (const { blob } of rows) used.add(parseBlobKey(blob))
        }
      return used
    },

    async unusedBlobs(limit) {
      const rows = await db.select().from(t.unusedBlobs).orderBy(asc(t.unusedBlobs.key)).limit(limit)
      return rows.map(({ key }) => parseBlobKey(key))
    },
  } satisfies AttachmentReads
}

export function attachmentWrites({ db, t, dialect }: Handle, stamp: Stamp) {
  const refersTo = referringTo({ db, t })
  /** Marks those of these blobs as unused that nothing refers to. */
  const noteUnused = async (keys: readonly string[]) => {
    if (keys.length === 0) return
    const rows = await refersTo((blob) => inArray(blob, [...keys]))
    const used = new Set(rows.map(({ blob }) => blob))
    await insertUnused([...new Set(keys)].filter((key) => !used.has(key)))
  }
  const insertUnused = async (keys: readonly string[]) => {
    if (keys.length === 0) return
    await db
      .insert(t.unusedBlobs)
      .values(keys.map((key) => ({ key })))
      .onConflictDoNothing()
    // The thumbnails of what goes, which somebody may have uploaded as files of their own.
    const thumbs = await db
      .delete(t.matrixThumbs)
      .where(inArray(t.matrixThumbs.source, [...keys]))
      .returning({ blob: t.matrixThumbs.blob })
    await noteUnused(thumbs.map(({ blob }) => blob))
  }

  return {
    async insertAttachment({ uuid, accountId, size, filename, mime, width, height, blob }) {
      const createdAt = stamp.now()
      await db
        .insert(t.attachments)
        .values({ uuid, accountId, createdAt, size, filename, mime, width, height, blob })
    },

    async deleteAttachmentsOf(messages) {
      const gone = await db
        .delete(t.attachments)
        .where(dialect.amongNumbers(sql`message_seq`, sql`${JSON.stringify(messages)}`))
        .returning({ blob: t.attachments.blob })
      await noteUnused(gone.map(({ blob }) => blob))
    },

    async forgetUploads(which, limit) {
      const isWanted =
        'before' in which
          ? lt(t.attachments.createdAt, which.before)
          : eq(t.attachments.accountId, which.accountId)
      const old = db
        .select({ id: t.attachments.id })
        .from(t.attachments)
        .where(and(isNull(t.attachments.messageSeq), isWanted))
        .orderBy(asc(t.attachments.createdAt))
        .limit(limit)
      const gone = await db
        .delete(t.attachments)
        .where(inArray(t.attachments.id, old))
        .returning({ blob: t.attachments.blob })
      await noteUnused(gone.map(({ blob }) => blob))
      return gone.length
    },

    async forgetMedia(which, limit) {
      const { matrixMedia: media } = t
      const isWanted =
        'mediaIds' in which
          ? inArray(media.mediaId, [...which.mediaIds])
          : eq(media.accountId, which.accountId)
      const some = db.select({ mediaId: media.mediaId }).from(media).where(isWanted).limit(limit)
      const gone = await db.delete(media).where(inArray(media.mediaId, some)).returning({ blob: media.blob })
      await noteUnused(gone.flatMap(({ blob }) => blob ?? []))
      return gone.length
    },

    insertUnusedBlobs: insertUnused,

    async deleteUnusedBlobs(keys) {
      for (const some of chunks(keys)) await db.delete(t.unusedBlobs).where(inArray(t.unusedBlobs.key, some))
    },
  } satisfies AttachmentWrites
}

/** A row as both drivers return it: Postgres writes its integers as text. */
export interface AttachmentRow {
  readonly id: number | string
  readonly account_id: number | string
  readonly message_seq: number | string | null
  readonly size: number | string
  readonly filename: string
  readonly mime: string
  readonly width: number | string | null
  readonly height: number | string | null
  readonly blob: string
}

/** Returns what a post may attach. */
export function foundAttachment(uuid: Uuid, row: AttachmentRow): FoundAttachment {
  const numberOf = (value: number | string | null) => (value === null ? null : Number(value))
  const stored = toAttachment(
    {
      id: Number(row.id),
      uuid,
      accountId: Number(row.account_id),
      size: Number(row.size),
      filename: row.filename,
      mime: row.mime,
      width: numberOf(row.width),
      height: numberOf(row.height),
      blob: row.blob,
      messageSeq: numberOf(row.message_seq),
    },
    null,
  )
  return { ...stored, isUsed: stored.messageSeq !== null }
}

type Row = Omit<StoredAttachment, 'kind' | 'sha256' | 'channelId' | 'blob'> & { readonly blob: string }

/** Returns an attachment from its row. Only images have a size in pixels. */
function toAttachment(row: Row, channelId: number | null): StoredAttachment {
  const { id, uuid, accountId, size, filename, mime, width, height, messageSeq } = row
  const blob = parseBlobKey(row.blob)
  const kind = width === null ? 'file' : 'image'
  const sha256 = sha256OfKey(blob)
  return {
    id,
    uuid,
    accountId,
    kind,
    filename,
    mime,
    size,
    sha256,
    width,
    height,
    blob,
    channelId,
    messageSeq,
  }
}

import { and, count, eq, isNotNull, isNull, like, lte, sum } from 'drizzle-orm'
import { parseBlobKey } from '../../../core/kernel/blobs'
import type { JsonObject } from '../../../core/matrix/canonical'
import type { Media, MediaReads, MediaWrites } from '../../../core/matrix/media-ports'
import type { Handle, Stamp } from '../../database'

/** Files of `mxc://` URIs. */
export function mediaReads({ db, t }: Handle): MediaReads {
  const { matrixMedia: media, matrixRooms: rooms, matrixState: state, matrixEvents: events } = t
  return {
    async media(mediaId) {
      const [row] = await db.select().from(media).where(eq(media.mediaId, mediaId))
      return row && toMedia(row)
    },

    async mediaBytes(accountId) {
      const [row] = await db
        .select({ bytes: sum(media.size) })
        .from(media)
        .where(eq(media.accountId, accountId))
      return Number(row?.bytes ?? 0)
    },

    async pendingMedia(accountId) {
      const [row] = await db
        .select({ n: count() })
        .from(media)
        .where(and(eq(media.accountId, accountId), eq(media.size, 0), isNotNull(media.pendingUntil)))
      return row?.n ?? 0
    },

    async isPublishedAvatar(uri) {
      // Events are in canonical JSON, so a member looks the same in all of them. What is found is compared exactly: the
      // pattern has wildcards of its own.
      const found = await db
        .select({ json: events.json })
        .from(rooms)
        .innerJoin(
          state,
          and(eq(state.channelId, rooms.channelId), eq(state.type, 'm.room.avatar'), eq(state.stateKey, '')),
        )
        .innerJoin(events, and(eq(events.channelId, state.channelId), eq(events.pos, state.pos)))
        .where(and(eq(rooms.published, true), like(events.json, `%"url":${JSON.stringify(uri)}%`)))
      return found.some(({ json }) => urlIn(json) === uri)
    },
  }
}

export function mediaWrites({ db, t }: Handle, stamp: Stamp): MediaWrites {
  const { matrixMedia: media } = t
  return {
    async insertMedia(given) {
      const { mediaId, accountId, server } = given
      const rest =
        'uploaded' in given
          ? given.uploaded
          : { mime: 'application/octet-stream', size: 0, pendingUntil: given.pendingUntil }
      await db.insert(media).values({ mediaId, accountId, server, ...rest, createdAt: stamp.now() })
    },

    async completeMedia(mediaId, uploaded) {
      await db
        .update(media)
        .set({ ...uploaded, pendingUntil: null })
        .where(eq(media.mediaId, mediaId))
    },

    async forgetPendingMedia(accountId, by) {
      await db
        .delete(media)
        .where(
          and(
            eq(media.accountId, accountId),
            eq(media.size, 0),
            isNull(media.blob),
            lte(media.pendingUntil, by),
          ),
        )
    },
  }
}

/** Returns the URI in an `m.room.avatar` event. */
function urlIn(json: string): unknown {
  const { content } = JSON.parse(json) as { readonly content: JsonObject }
  return content['url']
}

type Row = Handle['t']['matrixMedia']['$inferSelect']

function toMedia({ mediaId, accountId, blob, mime, name, size, pendingUntil, quarantinedBy }: Row): Media {
  return {
    mediaId,
    accountId,
    blob: blob === null ? null : parseBlobKey(blob),
    mime,
    name,
    size,
    pendingUntil,
    isQuarantined: quarantinedBy !== null,
  }
}

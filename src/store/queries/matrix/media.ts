import { and, asc, count, eq, gt, isNotNull, isNull, like, lt, lte, sql, sum } from 'drizzle-orm'
import { parseBlobKey } from '../../../core/kernel/blobs'
import type { JsonObject } from '../../../core/matrix/canonical'
import type { Media, MediaReads, MediaWrites } from '../../../core/matrix/media-ports'
import type { Handle, Stamp } from '../../database'

/** Matches texts that name a file. */
const ANY_URI = '%mxc://%'

/** Files of `mxc://` URIs. */
export function mediaReads({ db, t, dialect }: Handle): MediaReads {
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

    async mediaUsage(accountId) {
      const [row] = await db
        .select({ files: count(media.blob), bytes: sum(media.size) })
        .from(media)
        .where(eq(media.accountId, accountId))
      return { files: row?.files ?? 0, bytes: Number(row?.bytes ?? 0) }
    },

    async mediaUsages({ after, limit }) {
      const rows = await db
        .select({ accountId: media.accountId, files: count(media.blob), bytes: sum(media.size) })
        .from(media)
        .where(gt(media.accountId, after))
        .groupBy(media.accountId)
        .orderBy(asc(media.accountId))
        .limit(limit)
      return rows.map(({ accountId, files, bytes }) => ({
        accountId: accountId ?? 0,
        files,
        bytes: Number(bytes ?? 0),
      }))
    },

    mediaBefore: async (before, { after, limit, copiesOnly = false }) =>
      db
        .select({ mediaId: media.mediaId, size: media.size })
        .from(media)
        .where(
          and(
            lt(media.createdAt, before),
            gt(dialect.byCodePoint(media.mediaId), after),
            copiesOnly ? isNull(media.accountId) : undefined,
          ),
        )
        .orderBy(asc(dialect.byCodePoint(media.mediaId)))
        .limit(limit),

    eventsWithMedia: async ({ after, limit }) =>
      db
        .select({ id: events.id, json: events.json })
        .from(events)
        .where(and(gt(events.id, after), like(events.json, ANY_URI)))
        .orderBy(asc(events.id))
        .limit(limit),

    async accountDataWithMedia({ after, limit }) {
      const { matrixAccountData: data } = t
      const key = sql`(${data.accountId}, ${data.channelId}, ${dialect.byCodePoint(data.type)})`
      return db
        .select({ accountId: data.accountId, channelId: data.channelId, type: data.type, json: data.json })
        .from(data)
        .where(
          and(
            sql`${key} > (${after.accountId}, ${after.channelId}, ${after.type})`,
            like(data.json, ANY_URI),
          ),
        )
        .orderBy(asc(data.accountId), asc(data.channelId), asc(dialect.byCodePoint(data.type)))
        .limit(limit)
    },

    async profilesWithMedia({ after, limit }) {
      const { matrixUsers: users } = t
      const text = sql<string>`coalesce(${users.avatar}, '') || ' ' || CAST(${users.profile} AS text)`
      return db
        .select({ accountId: users.accountId, text })
        .from(users)
        .where(and(gt(users.accountId, after), like(text, ANY_URI)))
        .orderBy(asc(users.accountId))
        .limit(limit)
    },

    async avatars() {
      const users = await db
        .select({ uri: t.matrixUsers.avatar })
        .from(t.matrixUsers)
        .where(isNotNull(t.matrixUsers.avatar))
      const ofRooms = await db
        .select({ json: events.json })
        .from(state)
        .innerJoin(events, and(eq(events.channelId, state.channelId), eq(events.pos, state.pos)))
        .where(eq(state.type, 'm.room.avatar'))
      const named = [...users.map(({ uri }) => uri), ...ofRooms.map(({ json }) => urlIn(json))]
      return named.filter((uri) => typeof uri === 'string')
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

    async quarantineMedia(mediaId, by) {
      await db.update(media).set({ quarantinedBy: by }).where(eq(media.mediaId, mediaId))
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

import { and, asc, count, eq, gt, gte, inArray, isNotNull, isNull, ne, or, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { NewChannel } from '../../core/kernel/channel-ports'
import type { Channel, Role } from '../../core/kernel/entities'
import {
  MAX_UNREAD,
  MAX_UNREAD_SCAN,
  MAX_UNREAD_TOTAL,
  MAX_UNREAD_TOTAL_SCAN,
} from '../../core/kernel/limits'
import type { Reads, Writes } from '../../core/kernel/ports'
import type { LogEvent } from '../../core/log/events'
import type { Handle, Stamp } from '../database'
import { KIND_MASK, kindFlags } from './message-row'
import { chunks, isStorable, only } from './rows'

export function channelReads({ db, t, dialect, common }: Handle) {
  const value = sql.placeholder
  const byIds = common.lazily(() =>
    db
      .select()
      .from(t.channels)
      .where(dialect.amongNumbers(t.channels.id, value('ids')))
      .prepare(),
  )
  const idsOfKind = common.lazily(() =>
    db
      .select({ id: t.channels.id })
      .from(t.channels)
      .where(and(eq(t.channels.kind, value('kind')), gt(t.channels.id, value('after'))))
      .orderBy(asc(t.channels.id))
      .limit(value('limit'))
      .prepare(),
  )
  const ofAccount = common.lazily(() =>
    db
      .select({
        id: t.memberships.channelId,
        role: t.memberships.role,
        joinedSeq: t.memberships.joinedSeq,
        key: sql<number>`${dialect.membershipKey}`.mapWith(Number),
      })
      .from(t.memberships)
      .where(
        and(eq(t.memberships.accountId, value('account')), sql`${dialect.membershipKey} > ${value('after')}`),
      )
      .orderBy(dialect.membershipKey)
      .limit(value('limit'))
      .prepare(),
  )
  const inChannel = common.lazily(() =>
    db
      .select({
        id: t.memberships.accountId,
        role: t.memberships.role,
        joinedSeq: t.memberships.joinedSeq,
        key: t.memberships.accountId,
      })
      .from(t.memberships)
      .where(and(eq(t.memberships.channelId, value('channel')), gt(t.memberships.accountId, value('after'))))
      .orderBy(asc(t.memberships.accountId))
      .limit(value('limit'))
      .prepare(),
  )
  const firstByHandle = common.lazily(() =>
    db
      .select({ id: t.accounts.id, handle: t.accounts.handle })
      .from(t.memberships)
      .innerJoin(t.accounts, eq(t.accounts.id, t.memberships.accountId))
      .where(and(eq(t.memberships.channelId, value('key')), isNull(t.accounts.archivedAt)))
      .orderBy(dialect.byCodePoint(t.accounts.handle))
      .limit(value('limit'))
      .prepare(),
  )
  // One statement reads one snapshot, so `asOf` tells which events are counted. Accounts are looked up one by one,
  // because a planner without statistics would read all of them for each channel.
  const active = common.lazily(() =>
    db
      .select({
        channelId: sql<number>`wanted.value`.mapWith(Number),
        members: sql<number>`(
        SELECT count(*) FROM (
          SELECT (SELECT a.archived_at FROM accounts a WHERE a.id = m.account_id) AS archived_at
          FROM memberships m WHERE m.channel_id = wanted.value LIMIT ${dialect.countedMembers}) AS looked
        WHERE looked.archived_at IS NULL)`.mapWith(Number),
        isPart: sql<boolean>`EXISTS (
        SELECT 1 FROM memberships m WHERE m.channel_id = wanted.value LIMIT 1 OFFSET ${dialect.countedMembers})`.mapWith(
          Boolean,
        ),
        asOf: sql<number>`(SELECT coalesce(max(seq), 0) FROM events)`.mapWith(Number),
      })
      .from(sql`(${dialect.numbers(value('ids'))}) AS wanted`)
      .prepare(),
  )
  const activePage = common.lazily(() =>
    db
      .select({
        members: sql<number>`count(*) FILTER (WHERE looked.archived_at IS NULL)`.mapWith(Number),
        looked: sql<number>`count(*)`.mapWith(Number),
        last: sql<number>`max(looked.id)`.mapWith(Number),
        asOf: sql<number>`(SELECT coalesce(max(seq), 0) FROM events)`.mapWith(Number),
      })
      .from(
        sql`(SELECT m.account_id AS id, (SELECT a.archived_at FROM accounts a WHERE a.id = m.account_id) AS archived_at
          FROM memberships m WHERE m.channel_id = ${value('channel')} AND m.account_id > ${value('after')}
          ORDER BY m.account_id LIMIT ${value('limit')}) AS looked`,
      )
      .prepare(),
  )
  const own = common.lazily(() =>
    db
      .select({
        channelId: t.memberships.channelId,
        notify: t.memberships.notify,
        readSeq: t.memberships.readSeq,
      })
      .from(t.memberships)
      .where(
        and(
          eq(t.memberships.accountId, value('account')),
          dialect.amongNumbers(t.memberships.channelId, value('ids')),
          or(ne(t.memberships.notify, 'all'), isNotNull(t.memberships.readSeq)),
        ),
      )
      .prepare(),
  )
  const number = (constant: number) => sql.raw(String(constant))
  // One range of the index of messages for each channel. The columns are qualified, because messages has a channel_id too.
  const readUpTo = sql<number>`CASE WHEN memberships.read_seq > memberships.joined_seq
    THEN memberships.read_seq ELSE memberships.joined_seq END`
  const unreadTo = (most: number, scanned: number) =>
    db
      .select({
        channelId: t.memberships.channelId,
        after: readUpTo.mapWith(Number),
        unread: sql<number>`(
          SELECT count(*) FROM (
            SELECT 1 FROM (
              SELECT thread_seq, sender_id, flags, deleted_at FROM messages
              WHERE channel_id = memberships.channel_id AND seq > ${readUpTo}
              ORDER BY seq DESC LIMIT ${number(scanned)}) AS newest
            WHERE thread_seq IS NULL AND sender_id <> memberships.account_id AND deleted_at IS NULL
              AND flags & ${number(KIND_MASK)} <> ${number(kindFlags('system'))}
            LIMIT ${number(most)}) AS counted)`.mapWith(Number),
      })
      .from(t.memberships)
      .where(
        and(
          eq(t.memberships.accountId, value('account')),
          dialect.amongNumbers(t.memberships.channelId, value('ids')),
        ),
      )
      .prepare()
  const unread = common.lazily(() => unreadTo(MAX_UNREAD, MAX_UNREAD_SCAN))
  const allUnread = common.lazily(() => unreadTo(MAX_UNREAD_TOTAL, MAX_UNREAD_TOTAL_SCAN))
  const find = async (by: Parameters<Reads['channel']>[0]): Promise<Channel | undefined> => {
    if ('slug' in by && !isStorable(by.slug)) return undefined
    // Acts ask for it by its id.
    if ('id' in by) return (await byIds().execute({ ids: JSON.stringify([by.id]) }))[0]
    const where = 'uuid' in by ? eq(t.channels.uuid, by.uuid) : eq(t.channels.slug, by.slug)
    const [row] = await db.select().from(t.channels).where(where).limit(1)
    return row
  }
  return {
    channel: find,

    channelsByIds: (ids) => byIds().execute({ ids: JSON.stringify(ids) }),

    async listChannels({ after, limit }) {
      return db
        .select()
        .from(t.channels)
        .where(gt(t.channels.slug, after))
        .orderBy(asc(t.channels.slug))
        .limit(limit)
    },

    async channelIds(kind, page) {
      return (await idsOfKind().execute({ kind, ...page })).map(({ id }) => id)
    },

    async channelAliases(channelId) {
      const { name, handles } = t.channelAliases
      const rows = await db
        .select({ name, handles })
        .from(t.channelAliases)
        .where(eq(t.channelAliases.channelId, channelId))
      return Object.fromEntries(rows.map((row) => [row.name, row.handles]))
    },

    async directChannel(one, other) {
      const [own, theirs] = [alias(t.memberships, 'own'), alias(t.memberships, 'theirs')]
      const [row] = await db
        .select({ channel: t.channels })
        .from(own)
        .innerJoin(theirs, and(eq(theirs.channelId, own.channelId), eq(theirs.accountId, other)))
        .innerJoin(t.channels, and(eq(t.channels.id, own.channelId), eq(t.channels.kind, 'dm')))
        .where(
          and(
            eq(own.accountId, one),
            // An imported one may have more.
            sql`(SELECT count(*) FROM memberships m WHERE m.channel_id = ${own.channelId}) = 2`,
          ),
        )
        .limit(1)
      return row?.channel
    },

    countChannels: () => db.$count(t.channels, ne(t.channels.kind, 'dm')),

    async countMembers(channelIds) {
      const counts = new Map<number, number>()
      for (const some of chunks(channelIds)) {
        const rows = await db
          .select({ id: t.memberships.channelId, members: count() })
          .from(t.memberships)
          .where(inArray(t.memberships.channelId, some))
          .groupBy(t.memberships.channelId)
        for (const { id, members } of rows) counts.set(id, members)
      }
      return counts
    },

    countActive: (channelIds) => active().execute({ ids: JSON.stringify(channelIds) }),

    async countActiveIn(channelId, page) {
      const { looked, last, ...counted } = only(await activePage().execute({ channel: channelId, ...page }))
      return { ...counted, channelId, isPart: false, last: looked < page.limit ? undefined : last }
    },

    membershipsOf: (accountId, page) => ofAccount().execute({ account: accountId, ...page }),

    membershipsIn: (channelId, page) => inChannel().execute({ channel: channelId, ...page }),

    async preferencesIn(channelId, accountIds) {
      const { accountId, notify, wakeOn } = t.memberships
      const rows = await db
        .select({ accountId, notify, wakeOn })
        .from(t.memberships)
        .where(
          and(
            eq(t.memberships.channelId, channelId),
            dialect.amongNumbers(accountId, sql`${JSON.stringify(accountIds)}`),
            or(ne(notify, 'all'), isNotNull(wakeOn)),
          ),
        )
      return new Map(rows.map(({ accountId, ...preferences }) => [accountId, preferences]))
    },

    firstMembers: (channelId, limit) => firstByHandle().execute({ key: channelId, limit }),

    async hasOther(channelId, accountId, role) {
      const found = await db
        .select({ id: t.accounts.id })
        .from(t.memberships)
        .innerJoin(t.accounts, eq(t.accounts.id, t.memberships.accountId))
        .where(
          and(
            eq(t.memberships.channelId, channelId),
            ne(t.memberships.accountId, accountId),
            isNull(t.accounts.archivedAt),
            role === undefined ? undefined : eq(t.memberships.role, role),
          ),
        )
        .limit(1)
      return found.length > 0
    },

    async ownMemberships(accountId, channelIds) {
      const rows = await own().execute({ account: accountId, ids: JSON.stringify(channelIds) })
      return new Map(rows.map(({ channelId, ...membership }) => [channelId, membership]))
    },

    async countUnread(accountId, channelIds) {
      const rows = await unread().execute({ account: accountId, ids: JSON.stringify(channelIds) })
      return new Map(rows.map(({ channelId, ...count }) => [channelId, count]))
    },

    async countAllUnread(accountId, channelId) {
      const [count] = await allUnread().execute({ account: accountId, ids: JSON.stringify([channelId]) })
      return count?.unread
    },

    async listMemberships({ accountId, channelId }, { after, limit }) {
      const [slug, handle] = after ?? []
      return db
        .select({
          account: { id: t.accounts.id, uuid: t.accounts.uuid, handle: t.accounts.handle },
          channel: { id: t.channels.id, uuid: t.channels.uuid, slug: t.channels.slug },
          role: t.memberships.role,
          joinedAt: t.memberships.joinedAt,
        })
        .from(t.channels)
        .innerJoin(t.memberships, eq(t.memberships.channelId, t.channels.id))
        .innerJoin(t.accounts, eq(t.accounts.id, t.memberships.accountId))
        .where(
          and(
            accountId === undefined ? undefined : eq(t.memberships.accountId, accountId),
            channelId === undefined ? undefined : eq(t.channels.id, channelId),
            slug === undefined || handle === undefined
              ? undefined
              : and(gte(t.channels.slug, slug), or(gt(t.channels.slug, slug), gt(t.accounts.handle, handle))),
          ),
        )
        .orderBy(asc(t.channels.slug), asc(t.accounts.handle))
        .limit(limit)
    },
  } satisfies Partial<Reads>
}

export function channelWrites({ db, t }: Handle, stamp: Stamp) {
  const one = (accountId: number, channelId: number) =>
    and(eq(t.memberships.accountId, accountId), eq(t.memberships.channelId, channelId))
  return {
    async insertChannel(channel: NewChannel): Promise<Channel> {
      const row = { uuid: stamp.uuid(), ...channel, createdAt: stamp.now() }
      return only(await db.insert(t.channels).values(row).returning())
    },

    async updateChannel(id, change) {
      return only(await db.update(t.channels).set(change).where(eq(t.channels.id, id)).returning())
    },

    async setAliases(channelId, aliases) {
      await db.delete(t.channelAliases).where(eq(t.channelAliases.channelId, channelId))
      const rows = Object.entries(aliases).map(([name, handles]) => ({ channelId, name, handles }))
      if (rows.length > 0) await db.insert(t.channelAliases).values(rows)
    },

    async insertMembership(accountId: number, channelId: number, role: Role, joined: LogEvent) {
      await db
        .insert(t.memberships)
        .values({ accountId, channelId, role, joinedAt: joined.at, joinedSeq: joined.seq })
    },

    async updateMembership(accountId, channelId, role) {
      await db.update(t.memberships).set({ role }).where(one(accountId, channelId))
    },

    async updatePreferences(accountId, channelId, change) {
      const { notify, wakeOn } = t.memberships
      const isEmpty = Object.keys(change).length === 0
      // An empty update is not a statement.
      const rows = isEmpty
        ? await db.select({ notify, wakeOn }).from(t.memberships).where(one(accountId, channelId))
        : await db
            .update(t.memberships)
            .set(change)
            .where(one(accountId, channelId))
            .returning({ notify, wakeOn })
      return only(rows)
    },

    async updatePosition(accountId, channelId, readSeq) {
      await db.update(t.memberships).set({ readSeq }).where(one(accountId, channelId))
    },

    async deleteMembership(accountId, channelId) {
      await db.delete(t.memberships).where(one(accountId, channelId))
    },
  } satisfies Partial<Writes>
}

import { and, asc, count, eq, gt, gte, inArray, isNull, or, sql } from 'drizzle-orm'
import type { Channel, Role } from '../../core/kernel/entities'
import type { NewChannel, Reads, Writes } from '../../core/kernel/ports'
import type { LogEvent } from '../../core/log/events'
import type { Handle, Stamp } from '../database'
import { chunks, isStorable, only } from './rows'

export function channelReads({ db, t, dialect, common }: Handle) {
  const value = sql.placeholder
  const byIds = common.lazily(() =>
    db
      .select()
      .from(t.channels)
      .where(sql`${t.channels.id} IN (${dialect.numbers(value('ids'))})`)
      .prepare(),
  )
  const publicIds = common.lazily(() =>
    db
      .select({ id: t.channels.id })
      .from(t.channels)
      .where(and(eq(t.channels.kind, 'public'), gt(t.channels.id, value('after'))))
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
  const find = async (by: Parameters<Reads['channel']>[0]): Promise<Channel | undefined> => {
    if ('slug' in by && !isStorable(by.slug)) return undefined
    const where =
      'id' in by
        ? eq(t.channels.id, by.id)
        : 'uuid' in by
          ? eq(t.channels.uuid, by.uuid)
          : eq(t.channels.slug, by.slug)
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

    async publicChannelIds(page) {
      return (await publicIds().execute({ ...page })).map(({ id }) => id)
    },

    countChannels: () => db.$count(t.channels),

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

    firstMembers: (channelId, limit) => firstByHandle().execute({ key: channelId, limit }),

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
      const row = { ...channel, uuid: stamp.uuid(), createdAt: stamp.now() }
      return only(await db.insert(t.channels).values(row).returning())
    },

    async updateChannel(id, change) {
      return only(await db.update(t.channels).set(change).where(eq(t.channels.id, id)).returning())
    },

    async insertMembership(accountId: number, channelId: number, role: Role, joined: LogEvent) {
      await db
        .insert(t.memberships)
        .values({ accountId, channelId, role, joinedAt: joined.at, joinedSeq: joined.seq })
    },

    async updateMembership(accountId, channelId, role) {
      await db.update(t.memberships).set({ role }).where(one(accountId, channelId))
    },

    async deleteMembership(accountId, channelId) {
      await db.delete(t.memberships).where(one(accountId, channelId))
    },
  } satisfies Partial<Writes>
}

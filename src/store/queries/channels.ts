import { and, asc, count, eq, gt, inArray } from 'drizzle-orm'
import type { Channel, Member, Role, Room } from '../../core/entities'
import type { LogEvent } from '../../core/events'
import type { NewChannel, Reads, Writes } from '../../core/ports'
import type { Handle, Stamp } from '../database'
import { chunks, isStorable, only } from './rows'

export function channelReads({ db, t }: Handle) {
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

    async room(by): Promise<Room | undefined> {
      const channel = await find(by)
      if (!channel) return undefined
      const rows = await db
        .select({
          accountId: t.memberships.accountId,
          handle: t.accounts.handle,
          kind: t.accounts.kind,
          role: t.memberships.role,
          joinedAt: t.memberships.joinedAt,
          joinedSeq: t.memberships.joinedSeq,
          archivedAt: t.accounts.archivedAt,
        })
        .from(t.memberships)
        .innerJoin(t.accounts, eq(t.accounts.id, t.memberships.accountId))
        .where(eq(t.memberships.channelId, channel.id))
        .orderBy(asc(t.accounts.handle))
      const members = rows.map(({ archivedAt, ...row }): Member => ({ ...row, active: archivedAt === null }))
      return {
        channel,
        members: new Map(members.map((member) => [member.accountId, member])),
        byHandle: new Map(members.map((member) => [member.handle, member])),
      }
    },

    async listChannels({ after, limit }) {
      return db
        .select()
        .from(t.channels)
        .where(gt(t.channels.slug, after))
        .orderBy(asc(t.channels.slug))
        .limit(limit)
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

    async channelIdsOf(accountId) {
      const rows = await db
        .select({ id: t.memberships.channelId })
        .from(t.memberships)
        .where(eq(t.memberships.accountId, accountId))
        .orderBy(asc(t.memberships.channelId))
      return rows.map(({ id }) => id)
    },

    async listMemberships({ accountId, channelId }) {
      const rows = await db
        .select({ account: t.accounts, channel: t.channels, membership: t.memberships })
        .from(t.memberships)
        .innerJoin(t.accounts, eq(t.accounts.id, t.memberships.accountId))
        .innerJoin(t.channels, eq(t.channels.id, t.memberships.channelId))
        .where(
          and(
            accountId === undefined ? undefined : eq(t.memberships.accountId, accountId),
            channelId === undefined ? undefined : eq(t.memberships.channelId, channelId),
          ),
        )
        .orderBy(asc(t.channels.slug), asc(t.accounts.handle))
      return rows.map(({ account, channel, membership }) => ({
        account,
        channel,
        role: membership.role,
        joinedAt: membership.joinedAt,
      }))
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

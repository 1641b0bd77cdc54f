import { and, desc, eq, gt, isNotNull, lt, sql } from 'drizzle-orm'
import type { Reads, Writes } from '../../core/kernel/ports'
import type { Handle } from '../database'
import { chunks } from './rows'

export function threadReads({ db, t, dialect, common }: Handle) {
  const value = sql.placeholder
  const positions = common.lazily(() =>
    db
      .select({ seq: t.messages.seq, rootSeq: t.messages.threadSeq, lastReplySeq: t.threads.lastReplySeq })
      .from(t.messages)
      .leftJoin(t.threads, eq(t.threads.rootSeq, t.messages.threadSeq))
      .where(
        and(
          eq(t.messages.channelId, value('channel')),
          gt(t.messages.seq, value('after')),
          lt(t.messages.seq, value('before')),
        ),
      )
      .orderBy(desc(t.messages.seq))
      .limit(value('limit'))
      .prepare(),
  )
  const participants = common.lazily(() =>
    db
      .select({ id: t.threadMembers.accountId })
      .from(t.threadMembers)
      .where(and(eq(t.threadMembers.rootSeq, value('root')), isNotNull(t.threadMembers.lastSeq)))
      .orderBy(t.threadMembers.accountId)
      .limit(value('limit'))
      .prepare(),
  )
  const rootOf = common.lazily(() =>
    db
      .select({
        accountId: t.messages.senderId,
        postedAt: t.messages.at,
        resetSeq: t.threads.resetSeq,
        times: t.threads.resetTimes,
      })
      .from(t.messages)
      .leftJoin(t.threads, eq(t.threads.rootSeq, t.messages.seq))
      .where(eq(t.messages.seq, value('root')))
      .prepare(),
  )
  const partsIn = common.lazily(() =>
    db
      .select({
        accountId: t.threadMembers.accountId,
        follow: t.threadMembers.follow,
        postedAt: t.messages.at,
        spentSeq: t.threadMembers.spentSeq,
        used: t.threadMembers.spent,
        corrected: t.threadMembers.corrected,
      })
      .from(t.threadMembers)
      .leftJoin(t.messages, eq(t.messages.seq, t.threadMembers.lastSeq))
      .where(eq(t.threadMembers.rootSeq, value('root')))
      .prepare(),
  )
  return {
    threadPositions: (channelId, page) => positions().execute({ channel: channelId, ...page }),

    async threadParticipants(roots, limit) {
      // One statement for each thread reads no more than it returns.
      const found = await Promise.all(roots.map((root) => participants().execute({ root, limit })))
      return new Map(found.map((rows, i) => [roots[i] ?? 0, rows.map(({ id }) => id)]))
    },

    async foundThread(root) {
      const [[author], members] = await Promise.all([rootOf().execute({ root }), partsIn().execute({ root })])
      const parts = members.map(({ spentSeq: seq, used, corrected, ...part }) => ({
        ...part,
        spent: seq === null ? null : { seq, used, corrected },
      }))
      const seq = author?.resetSeq ?? 0
      const reset = { seq, storedSeq: seq, times: author?.times ?? 1 }
      if (!author) return { followers: parts, reset }
      const { accountId, postedAt } = author
      return { followers: [{ accountId, postedAt, follow: null, spent: null }, ...parts], reset }
    },

    async threadMember(accountId, roots) {
      const found = []
      for (const some of chunks(roots))
        found.push(
          ...(await db
            .select({
              rootSeq: t.threadMembers.rootSeq,
              follow: t.threadMembers.follow,
              seq: t.threadMembers.lastSeq,
              at: t.messages.at,
            })
            .from(t.threadMembers)
            .leftJoin(t.messages, eq(t.messages.seq, t.threadMembers.lastSeq))
            .where(
              and(
                eq(t.threadMembers.accountId, accountId),
                dialect.amongNumbers(t.threadMembers.rootSeq, sql`${JSON.stringify(some)}`),
              ),
            )),
        )
      return new Map(
        found.map(({ rootSeq, follow, seq, at }) => [
          rootSeq,
          { follow, last: seq === null || at === null ? null : { seq, at } },
        ]),
      )
    },
  } satisfies Partial<Reads>
}

export function threadWrites({ db, t }: Handle) {
  return {
    async followThread(rootSeq, accountId, follow) {
      await db
        .insert(t.threadMembers)
        .values({ rootSeq, accountId, follow })
        .onConflictDoUpdate({
          target: [t.threadMembers.rootSeq, t.threadMembers.accountId],
          set: { follow },
        })
    },
  } satisfies Partial<Writes>
}

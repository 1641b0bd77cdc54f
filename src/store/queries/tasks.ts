import { and, desc, eq, gt, inArray, isNull, sql } from 'drizzle-orm'
import type { TaskReads } from '../../core/kernel/task-ports'
import type { Handle } from '../database'
import { A2A, KIND_MASK, kindFlags, VIA_MASK } from './message-row'
import { chunks } from './rows'

export function taskReads({ db, t, dialect, common }: Handle) {
  const { messages } = t
  const sent = common.lazily(() => {
    const { seq, uuid, channelId, senderId, threadSeq, at: createdAt } = messages
    // Written as in the index messages_a2a, so that it serves.
    const isTask = sql.raw(`flags & ${VIA_MASK} = ${A2A}`)
    return db
      .select({ seq, uuid, channelId, senderId, threadSeq, createdAt })
      .from(messages)
      .where(and(eq(senderId, sql.placeholder('account')), isTask, isNull(messages.deletedAt)))
      .orderBy(desc(seq))
      .limit(sql.placeholder('limit'))
      .prepare()
  })
  const target = sql<number>`coalesce(${messages.replySeq}, ${messages.threadSeq})`.mapWith(Number)
  const repliedKinds = (['message', 'correction'] as const).map(kindFlags)
  return {
    async sentTasks(account, limit) {
      const rows = await sent().execute({ account, limit })
      return rows.map(({ threadSeq, ...row }) => ({ ...row, rootSeq: threadSeq ?? row.seq }))
    },

    async answersTo(of) {
      const found = []
      const among = (numbers: Iterable<number>) => sql`${JSON.stringify([...new Set(numbers)])}`
      for (const some of chunks(of)) {
        const seqs = some.map(({ seq }) => seq)
        const roots = some.map(({ rootSeq }) => rootSeq)
        found.push(
          ...(await db
            .select({
              messageSeq: target,
              accountId: messages.senderId,
              seq: sql<number>`min(${messages.seq})`.mapWith(Number),
              at: sql<number>`min(${messages.at})`.mapWith(messages.at),
            })
            .from(messages)
            .where(
              and(
                dialect.amongNumbers(messages.threadSeq, among(roots)),
                dialect.amongNumbers(target, among(seqs)),
                gt(messages.seq, Math.min(...seqs)),
                isNull(messages.deletedAt),
                inArray(sql`${messages.flags} & ${sql.raw(String(KIND_MASK))}`, repliedKinds),
              ),
            )
            .groupBy(target, messages.senderId)),
        )
      }
      return found
    },
  } satisfies TaskReads
}

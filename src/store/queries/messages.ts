import { and, asc, desc, eq, gt, inArray, isNull, lt, lte, max, ne, or, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Message } from '../../core/entities'
import type { MessageQuery, Reads } from '../../core/ports'
import type { Handle } from '../database'
import { HAS_MENTIONS, KIND_MASK, kindFlags, type MessageRow, toMessage } from '../message-row'
import { chunks } from './rows'

export function messageReads({ db, t }: Handle) {
  const root = alias(t.messages, 'root')
  const target = alias(t.messages, 'target')
  const lastReply = alias(t.messages, 'last_reply')
  const select = (where: SQL | undefined) =>
    db
      .select({
        row: t.messages,
        beside: {
          threadUuid: root.uuid,
          replyUuid: target.uuid,
          replyCount: t.threads.replyCount,
          lastReplyAt: lastReply.at,
        },
      })
      .from(t.messages)
      .leftJoin(root, eq(root.seq, t.messages.threadSeq))
      .leftJoin(target, eq(target.seq, t.messages.replySeq))
      .leftJoin(t.threads, eq(t.threads.rootSeq, t.messages.seq))
      .leftJoin(lastReply, eq(lastReply.seq, t.threads.lastReplySeq))
      .where(where)
      .$dynamic()

  // The statement of each shape of page, made once: building one costs more than running it.
  const pages = new Map<string, ReturnType<typeof pageOf>>()

  const filterOf = (query: MessageQuery): SQL | undefined => {
    const value = sql.placeholder
    const { threadRoot } = query
    return and(
      query.channelIds.length === 1
        ? eq(t.messages.channelId, value('channelId'))
        : // The plus keeps the planner on the key: it reads a stretch of the log instead of sorting whole channels.
          sql`+${t.messages.channelId} IN ${[...query.channelIds]}`,
      gt(t.messages.seq, value('after')),
      lt(t.messages.seq, value('before')),
      query.includeDeleted ? undefined : isNull(t.messages.deletedAt),
      threadRoot === undefined
        ? undefined
        : or(eq(t.messages.threadSeq, value('threadRoot')), eq(t.messages.seq, value('threadRoot'))),
      query.senderId === undefined ? undefined : eq(t.messages.senderId, value('senderId')),
      query.notSenderId === undefined ? undefined : ne(t.messages.senderId, value('notSenderId')),
      query.kind === undefined
        ? undefined
        : sql`${t.messages.flags} & ${KIND_MASK} = ${kindFlags(query.kind)}`,
      query.withMentions ? sql`${t.messages.flags} & ${HAS_MENTIONS} <> 0` : undefined,
    )
  }

  const pageOf = (query: MessageQuery) => {
    const order = query.order === 'asc' ? asc(t.messages.seq) : desc(t.messages.seq)
    return select(filterOf(query)).orderBy(order).limit(sql.placeholder('limit')).prepare()
  }

  // Likewise for lists of keys, of a few lengths: what a list has too few of is one of its keys again.
  const sizes = [1, 8, 64, 500]
  const bySeq = new Map<number, ReturnType<typeof bySeqOf>>()
  const bySeqOf = (size: number) => {
    const values = Array.from({ length: size }, (_, i) => sql.placeholder(`s${i}`))
    return select(inArray(t.messages.seq, values)).prepare()
  }

  return {
    async messages(query) {
      const [only] = query.channelIds
      if (only === undefined) return []
      const { threadRoot, senderId, notSenderId, kind, withMentions, includeDeleted } = query
      const given = [threadRoot, senderId, notSenderId].map((value) => value !== undefined)
      const shape = [query.order, kind, withMentions, includeDeleted, ...given].join()
      // A list of channels is part of its statement, so only that of one channel is kept.
      let page = query.channelIds.length === 1 ? pages.get(shape) : pageOf(query)
      if (!page) {
        page = pageOf(query)
        pages.set(shape, page)
      }
      const rows = await page.execute({ ...query, channelId: only })
      return rows.map(({ row, beside }) => toMessage(row, beside))
    },

    async message(by) {
      const where = 'seq' in by ? eq(t.messages.seq, by.seq) : eq(t.messages.uuid, by.uuid)
      const [found] = await select(where).limit(1)
      return found && toMessage(found.row, found.beside)
    },

    async messagesBySeq(seqs) {
      const found: Message[] = []
      for (const some of chunks(seqs)) {
        const size = sizes.find((size) => size >= some.length) ?? some.length
        const statement = bySeq.get(size) ?? bySeqOf(size)
        bySeq.set(size, statement)
        const values = Object.fromEntries(
          Array.from({ length: size }, (_, i) => [`s${i}`, some[i] ?? some[0]]),
        )
        for (const { row, beside } of await statement.execute(values)) found.push(toMessage(row, beside))
      }
      return found
    },

    async messageAway(channelId, from, order, count) {
      const up = order === 'asc'
      const rows = await db
        .select({ seq: t.messages.seq })
        .from(t.messages)
        .where(
          and(eq(t.messages.channelId, channelId), up ? gt(t.messages.seq, from) : lt(t.messages.seq, from)),
        )
        .orderBy(up ? asc(t.messages.seq) : desc(t.messages.seq))
        .limit(1)
        .offset(count - 1)
      return rows[0]?.seq
    },

    async newestIn(channelIds) {
      const newest = new Map<number, { seq: number; at: MessageRow['at'] }>()
      const latest = async (id: number) => {
        const [row] = await db
          .select({ seq: t.messages.seq, at: t.messages.at })
          .from(t.messages)
          .where(eq(t.messages.channelId, id))
          .orderBy(desc(t.messages.seq))
          .limit(1)
        if (row) newest.set(id, row)
      }
      await Promise.all(channelIds.map(latest))
      return newest
    },

    async seqOfMoment(at, message) {
      const [named] = await db
        .select({ seq: t.messages.seq })
        .from(t.messages)
        .where(eq(t.messages.uuid, message))
        .limit(1)
      if (named) return named.seq
      // `at` rises with seq, so this is a binary search on the key; few messages of one log share an instant.
      let low = 0
      let high = (await db.select({ seq: max(t.messages.seq) }).from(t.messages))[0]?.seq ?? 0
      while (low < high) {
        const middle = Math.ceil((low + high) / 2)
        const [row] = await db
          .select({ seq: t.messages.seq, at: t.messages.at, uuid: t.messages.uuid })
          .from(t.messages)
          .where(lte(t.messages.seq, middle))
          .orderBy(desc(t.messages.seq))
          .limit(1)
        if (!row || row.seq <= low) low = middle
        else if (row.at < at || (row.at === at && row.uuid <= message)) low = middle
        else high = row.seq - 1
      }
      const [last] = await db
        .select({ seq: max(t.messages.seq) })
        .from(t.messages)
        .where(lte(t.messages.seq, low))
      return last?.seq ?? 0
    },
  } satisfies Partial<Reads>
}

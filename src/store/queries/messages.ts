import { and, asc, desc, eq, gt, isNull, lt, lte, max, ne, Param, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Message } from '../../core/kernel/entities'
import { MAX_CHANNEL_FILTER } from '../../core/kernel/limits'
import type { MessageFilter, Reads, Writes } from '../../core/kernel/ports'
import type { Handle } from '../database'
import { extraOf, flagsOf, HAS_MENTIONS, KIND_MASK, kindFlags, toMessage } from './message-row'
import { chunks } from './rows'
import { reindex } from './words'

/** The numbers of channels for which a statement is prepared. Unused parameters get an id that does not exist. */
const PARTS = [1, 2, 4, 8, 16, MAX_CHANNEL_FILTER]
const NO_CHANNEL = -1

/** The shape of a statement that finds the positions of messages. `of` is a number of channels, for example. */
interface Stretch {
  readonly of: 'everything' | 'thread' | number
  readonly order: 'asc' | 'desc'
}
const COMMON_STRETCHES = (['everything', 'thread', 1, 2] as const).flatMap((of): Stretch[] => [
  { of, order: 'asc' },
  { of, order: 'desc' },
])

export function messageReads({ db, t, dialect, common }: Handle) {
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

  // One index lookup per channel.
  const newest = common.lazily(() =>
    db
      .select({ channelId: t.messages.channelId, seq: t.messages.seq, at: t.messages.at })
      .from(sql`(${dialect.numbers(sql.placeholder('ids'))}) AS wanted`)
      .innerJoin(
        t.messages,
        sql`${t.messages.seq} = (SELECT max(seq) FROM messages AS own WHERE own.channel_id = wanted.value)`,
      )
      .prepare(),
  )

  const place = { seq: t.messages.seq, channelId: t.messages.channelId }

  /** Builds a statement that merges the positions of several parts, each read by its own index, up to the limit. */
  const mergeOf = ({ of, order }: Stretch) => {
    const value = sql.placeholder
    const [first, ...others] = partsOf(of).map((part) =>
      db
        .select(place)
        .from(t.messages)
        .where(and(part, gt(t.messages.seq, value('after')), lt(t.messages.seq, value('before'))))
        .$dynamic(),
    )
    if (first === undefined) throw new Error('a range of messages has no part')
    return others
      .reduce((merged, other) => merged.unionAll(other), first)
      .orderBy(order === 'asc' ? asc(t.messages.seq) : desc(t.messages.seq))
      .limit(value('limit'))
      .prepare()
  }
  const partsOf = (of: Stretch['of']): SQL[] => {
    const value = sql.placeholder
    if (of === 'everything') return [sql`true`]
    if (of === 'thread') return [eq(t.messages.threadSeq, value('root')), eq(t.messages.seq, value('root'))]
    return namesOf(of).map((name) => eq(t.messages.channelId, value(name)))
  }
  const stretchOf = common.byShape(COMMON_STRETCHES, ({ of, order }) => `${of} ${order}`, mergeOf)

  const filterOf = (filter: MessageFilter): SQL | undefined => {
    const { senderId, notSenderId, kind, withMentions, includeDeleted, topLevel } = filter
    return and(
      includeDeleted ? undefined : isNull(t.messages.deletedAt),
      senderId === undefined ? undefined : eq(t.messages.senderId, sql.placeholder('senderId')),
      notSenderId === undefined ? undefined : ne(t.messages.senderId, sql.placeholder('notSenderId')),
      kind === undefined ? undefined : sql`${t.messages.flags} & ${KIND_MASK} = ${kindFlags(kind)}`,
      withMentions ? sql`${t.messages.flags} & ${HAS_MENTIONS} <> 0` : undefined,
      topLevel ? isNull(t.messages.threadSeq) : undefined,
    )
  }

  const bySeq = common.byShape(
    [{ includeDeleted: true }, { includeDeleted: false }] as readonly MessageFilter[],
    ({ kind, withMentions, includeDeleted, topLevel, senderId, notSenderId }: MessageFilter) =>
      [
        kind,
        withMentions,
        includeDeleted,
        topLevel,
        senderId !== undefined,
        notSenderId !== undefined,
      ].join(),
    (filter) => {
      const wanted = dialect.amongNumbers(t.messages.seq, sql.placeholder('seqs'))
      return select(and(wanted, filterOf(filter))).prepare()
    },
  )

  const one = common.byShape(
    ['seq', 'uuid'] as const,
    (name) => name,
    (name) => {
      const column = t.messages[name]
      // A placeholder alone would not be encoded as the column is.
      return select(eq(column, new Param(sql.placeholder(name), column)))
        .limit(1)
        .prepare()
    },
  )

  return {
    async messagePositions({ of, order, ...bounds }) {
      if (of === 'everything') return stretchOf({ of, order }).execute({ ...bounds })
      if ('threadRoot' in of)
        return stretchOf({ of: 'thread', order }).execute({ ...bounds, root: of.threadRoot })
      const { channelIds } = of
      if (channelIds.length === 0) return []
      const size = padded(PARTS, channelIds.length)
      const values = namesOf(size).map((name, i) => [name, channelIds[i] ?? NO_CHANNEL])
      return stretchOf({ of: size, order }).execute({ ...bounds, ...Object.fromEntries(values) })
    },

    async messagesBySeq(seqs, filter = { includeDeleted: true }) {
      const found: Message[] = []
      const { senderId, notSenderId } = filter
      for (const some of chunks(seqs)) {
        const rows = await bySeq(filter).execute({ senderId, notSenderId, seqs: JSON.stringify(some) })
        for (const { row, beside } of rows) found.push(toMessage(row, beside))
      }
      return found
    },

    async message(by) {
      const [found] = await one('seq' in by ? 'seq' : 'uuid').execute({ ...by })
      return found && toMessage(found.row, found.beside)
    },

    async emojiOf(message, accountId) {
      const rows = await db
        .select({ emoji: t.reactions.emoji })
        .from(t.reactions)
        .where(and(eq(t.reactions.messageSeq, message), eq(t.reactions.accountId, accountId)))
      return rows.map(({ emoji }) => emoji)
    },

    async firstReactors(message, emoji, limit) {
      const rows = await db
        .select({ accountId: t.reactions.accountId })
        .from(t.reactions)
        .where(and(eq(t.reactions.messageSeq, message), eq(t.reactions.emoji, emoji)))
        .orderBy(asc(t.reactions.at), asc(t.reactions.accountId))
        .limit(limit)
      return rows.map(({ accountId }) => accountId)
    },

    async newestIn(channelIds) {
      const rows = await newest().execute({ ids: JSON.stringify(channelIds) })
      return new Map(rows.map(({ channelId, seq, at }) => [channelId, { seq, at }]))
    },

    async seqOfMoment(at, message) {
      const [named] = await db
        .select({ seq: t.messages.seq })
        .from(t.messages)
        .where(eq(t.messages.uuid, message))
        .limit(1)
      if (named) return named.seq
      // Times of events rise with seq, so this is a binary search on the key. An imported message may have an earlier
      // time by microseconds, which its cursors contain, or a time far in the future, which is ignored.
      let low = 0
      let high = (await db.select({ seq: max(t.messages.seq) }).from(t.messages))[0]?.seq ?? 0
      while (low < high) {
        const middle = Math.ceil((low + high) / 2)
        const [row] = await db
          .select({ seq: t.messages.seq, shown: t.messages.at, told: t.events.at, uuid: t.messages.uuid })
          .from(t.messages)
          .innerJoin(t.events, eq(t.events.seq, t.messages.seq))
          .where(lte(t.messages.seq, middle))
          .orderBy(desc(t.messages.seq))
          .limit(1)
        const found = row && Math.min(row.shown, row.told)
        if (!row || found === undefined || row.seq <= low) low = middle
        else if (found < at || (found === at && row.uuid <= message)) low = middle
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

export function messageWrites(handle: Handle) {
  const { db, t, dialect } = handle

  return {
    async updateMessage(message) {
      const { seq, body, editedAt } = message
      await reindex(handle, [message])
      await db
        .update(t.messages)
        .set({ body, editedAt, flags: flagsOf(message), extra: extraOf(message) })
        .where(eq(t.messages.seq, seq))
    },

    async updateBodies(messages) {
      if (messages.length === 0) return
      await reindex(handle, messages)
      const bodies = new Map(messages.map(({ seq, body }) => [seq, body]))
      await db
        .update(t.messages)
        .set({ body: sql`given.text` })
        .from(dialect.textsById(bodies))
        .where(
          and(
            eq(t.messages.seq, sql`given.id`),
            // Otherwise Postgres may compare each message with each of these.
            dialect.amongNumbers(t.messages.seq, sql`${JSON.stringify([...bodies.keys()])}`),
          ),
        )
    },

    async insertReaction(messageSeq, accountId, emoji, at) {
      await db.insert(t.reactions).values({ messageSeq, accountId, emoji, at })
    },

    async deleteReaction(messageSeq, accountId, emoji) {
      const own = and(eq(t.reactions.messageSeq, messageSeq), eq(t.reactions.accountId, accountId))
      await db.delete(t.reactions).where(and(own, eq(t.reactions.emoji, emoji)))
    },
  } satisfies Partial<Writes>
}

function namesOf(channels: number): string[] {
  return Array.from({ length: channels }, (_, i) => `c${i}`)
}

function padded(sizes: readonly number[], count: number): number {
  return sizes.find((size) => size >= count) ?? count
}

import { and, asc, desc, eq, gt, lt, or, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { ChainReads, ChainWrites } from '../../core/kernel/chain-ports'
import type { Handle } from '../database'
import { kindOf, UNATTENDED } from './message-row'

/** Blocks of a channel that are examined, the newest: threads in which nobody goes on stay blocked for ever. */
const MOST = 200

/** In the place of a thread's root, for what concerns the whole channel. */
const CHANNEL = 0

export function chainReads({ db, t, dialect }: Handle) {
  const { chainBlocks, threads, messages } = t
  const root = alias(messages, 'root')
  const last = alias(messages, 'last')
  return {
    async channelsWithBlocks(channelIds) {
      const { channelId: id } = chainBlocks
      const rows = await db
        .select({ id })
        .from(chainBlocks)
        .where(dialect.amongNumbers(id, sql`${JSON.stringify(channelIds)}`))
        .groupBy(id)
      return rows.map((row) => row.id)
    },

    async chainBlocks(channelId, of) {
      const place = of === 'channel' ? CHANNEL : of
      const isThere = place === 'all' ? undefined : eq(chainBlocks.rootSeq, place)
      const block = db
        .select()
        .from(chainBlocks)
        .where(and(eq(chainBlocks.channelId, channelId), isThere))
        .orderBy(desc(chainBlocks.seq))
        .limit(MOST)
        .as('block')
      const found = await db
        .select({
          channelId: block.channelId,
          rootSeq: block.rootSeq,
          accountId: block.accountId,
          seq: block.seq,
          at: block.at,
          limit: block.limit,
          used: block.used,
          rootUuid: root.uuid,
          rootAt: root.at,
          lastAt: last.at,
        })
        .from(block)
        .leftJoin(threads, eq(threads.rootSeq, block.rootSeq))
        .leftJoin(root, eq(root.seq, block.rootSeq))
        .leftJoin(last, eq(last.seq, threads.lastReplySeq))
        .where(or(eq(block.rootSeq, CHANNEL), gt(block.seq, sql`coalesce(${threads.resetSeq}, 0)`)))
        .orderBy(asc(block.seq))
      return found.map(({ rootSeq, rootAt, lastAt, ...rest }) => ({
        ...rest,
        rootSeq: rootSeq === CHANNEL ? null : rootSeq,
        lastAt: lastAt ?? rootAt,
      }))
    },

    async runReset(channelId) {
      const [row] = await db.select().from(t.runResets).where(eq(t.runResets.channelId, channelId))
      return row && { seq: row.seq, times: row.times }
    },

    async runMessages(channelId, { before, limit }) {
      const rows = await db
        .select({
          seq: messages.seq,
          at: messages.at,
          senderId: messages.senderId,
          senderKind: t.accounts.kind,
          flags: messages.flags,
        })
        .from(messages)
        .innerJoin(t.accounts, eq(t.accounts.id, messages.senderId))
        .where(and(eq(messages.channelId, channelId), lt(messages.seq, before)))
        .orderBy(desc(messages.seq))
        .limit(limit)
      return rows.map(({ flags, ...row }) => ({
        ...row,
        kind: kindOf(flags),
        isUnattended: (flags & UNATTENDED) !== 0,
      }))
    },
  } satisfies ChainReads
}

export function chainWrites({ db, t }: Handle) {
  const { chainBlocks } = t
  return {
    async putBlock({ rootSeq, ...block }) {
      await db
        .insert(chainBlocks)
        .values({ ...block, rootSeq: rootSeq ?? CHANNEL })
        .onConflictDoUpdate({
          target: [chainBlocks.channelId, chainBlocks.rootSeq, chainBlocks.accountId],
          set: block,
        })
    },

    async resetThread(rootSeq, { seq, times }) {
      const reset = { resetSeq: seq, resetTimes: times }
      await db
        .insert(t.threads)
        // Without replies there is no last one.
        .values({ rootSeq, replyCount: 0, lastReplySeq: 0, ...reset })
        .onConflictDoUpdate({ target: t.threads.rootSeq, set: reset })
    },

    async resetRun(channelId, reset) {
      await db
        .insert(t.runResets)
        .values({ channelId, ...reset })
        .onConflictDoUpdate({ target: t.runResets.channelId, set: reset })
    },

    async forgetBlocksOf(accountId) {
      await db.delete(chainBlocks).where(eq(chainBlocks.accountId, accountId))
    },
  } satisfies ChainWrites
}

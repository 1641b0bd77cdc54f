import { and, asc, desc, eq, gt, lt, ne, Param, type SQLWrapper, sql } from 'drizzle-orm'
import type { InboxMark, InboxRange, InboxReads, InboxWrites } from '../../core/kernel/inbox-ports'
import type { Reads, Writes } from '../../core/kernel/ports'
import type { Handle } from '../database'
import { BROADCAST, dormantIn, PASSES_OVER } from './message-row'
import { chunks } from './rows'

const ORDERS = ['asc', 'desc'] as const satisfies readonly InboxRange['order'][]

/** The fact that says where inboxes begin. */
export const INBOX_FROM = 'inbox_from'

export function inboxReads({ db, t, dialect, common }: Handle) {
  const value = sql.placeholder
  const { seq, messageSeq, channelId, reasons, state, stateAt, note, accountId: owner } = t.inbox
  const item = { seq, messageSeq, channelId, reasons, state, stateAt, note }
  const isIn = (column: SQLWrapper, numbers: readonly number[]) =>
    dialect.amongNumbers(column, sql`${JSON.stringify(numbers)}`)

  const rows = common.byShape(
    ORDERS,
    (order) => order,
    (order) =>
      db
        .select(item)
        .from(t.inbox)
        .where(and(eq(owner, value('account')), gt(seq, value('after')), lt(seq, value('before'))))
        .orderBy(order === 'asc' ? asc(seq) : desc(seq))
        .limit(value('limit'))
        .prepare(),
  )
  const broadcasts = common.byShape(
    ORDERS,
    (order) => order,
    (order) => {
      const { seq, channelId, senderId, flags } = t.messages
      const extra = sql<
        string | null
      >`CASE WHEN ${flags} & ${sql.raw(String(PASSES_OVER))} <> 0 THEN ${t.messages.extra} END`
      // Written as in the index messages_broadcast, so that it serves.
      const isBroadcast = sql.raw(`flags & ${BROADCAST} <> 0`)
      return db
        .select({ seq, channelId, senderId, extra })
        .from(t.messages)
        .where(and(isBroadcast, gt(seq, value('after')), lt(seq, value('before'))))
        .orderBy(order === 'asc' ? asc(seq) : desc(seq))
        .limit(value('limit'))
        .prepare()
    },
  )
  const requests = common.byShape(
    ORDERS,
    (order) => order,
    (order) => {
      const { seq, channelId, accountId: senderId, endedAt, isNamed } = t.approvals
      return db
        .select({ seq, channelId, senderId, endedAt })
        .from(t.approvals)
        .where(and(eq(isNamed, false), gt(seq, value('after')), lt(seq, value('before'))))
        .orderBy(order === 'asc' ? asc(seq) : desc(seq))
        .limit(value('limit'))
        .prepare()
    },
  )
  const ofMark = {
    ackedSeq: t.inboxes.ackedSeq,
    ackedAt: t.inboxes.ackedAt,
    settledSeq: t.inboxes.settledSeq,
  }
  const mark = common.lazily(() =>
    db
      .select(ofMark)
      .from(t.inboxes)
      .where(eq(t.inboxes.accountId, value('account')))
      .prepare(),
  )
  const from = common.lazily(() =>
    db.select({ value: t.instance.value }).from(t.instance).where(eq(t.instance.name, INBOX_FROM)).prepare(),
  )
  const consumers = common.lazily(() =>
    db
      .select({ name: t.consumers.name, position: t.consumers.position, updatedAt: t.consumers.updatedAt })
      .from(t.consumers)
      .where(eq(t.consumers.accountId, value('account')))
      .orderBy(asc(t.consumers.name))
      .prepare(),
  )

  return {
    inboxRows: (account, { order, ...range }) => rows(order).execute({ account, ...range }),

    async inboxRowsOf(account, messages) {
      const found = []
      for (const some of chunks(messages))
        found.push(
          ...(await db
            .select(item)
            .from(t.inbox)
            .where(and(isIn(messageSeq, some), eq(owner, account)))),
        )
      return found
    },

    async notifiedOf(message) {
      const found = await db.select({ owner }).from(t.inbox).where(eq(messageSeq, message))
      return found.map((row) => row.owner)
    },

    async broadcasts({ order, ...range }) {
      const rows = await broadcasts(order).execute(range)
      return rows.map(({ extra, ...row }) => (extra === null ? row : { ...row, dormant: dormantIn(extra) }))
    },

    openRequests: ({ order, ...range }) => requests(order).execute(range),

    async inboxFrom() {
      const [found] = await from().execute()
      return Number(found?.value ?? 0)
    },

    async inboxMark(account) {
      const [found] = await mark().execute({ account })
      return found
    },

    async inboxMarks(accountIds) {
      const found = new Map<number, InboxMark>()
      const { accountId } = t.inboxes
      for (const some of chunks(accountIds)) {
        const rows = await db
          .select({ accountId, ...ofMark })
          .from(t.inboxes)
          .where(isIn(accountId, some))
        for (const { accountId: id, ...mark } of rows) found.set(id, mark)
      }
      return found
    },

    async unsettledInboxes() {
      const { accountId, settledSeq, ackedSeq } = t.inboxes
      const rows = await db.select({ accountId }).from(t.inboxes).where(lt(settledSeq, ackedSeq))
      return rows.map((row) => row.accountId)
    },

    async itemsAbout(messages) {
      const found = []
      for (const some of chunks(messages))
        found.push(
          ...(await db
            .select({ accountId: owner, ...item })
            .from(t.inbox)
            .where(isIn(messageSeq, some))),
        )
      return found
    },

    consumers: (account) => consumers().execute({ account }),

    async eventTypes(seqs) {
      const types = new Map<number, string>()
      for (const some of chunks(seqs)) {
        const { seq, type } = t.events
        const found = await db.select({ seq, type }).from(t.events).where(isIn(seq, some))
        for (const row of found) types.set(row.seq, row.type)
      }
      return types
    },
  } satisfies InboxReads & Partial<Reads>
}

export function inboxWrites({ db, t }: Handle) {
  return {
    async insertItems(cause, notified) {
      for (const some of chunks(notified))
        await db.insert(t.inbox).values(some.map((one) => ({ ...cause, ...one })))
    },

    async setItemStates(accountId, items, { state, at, note }) {
      const set = { state, stateAt: at, note }
      for (const some of chunks(items))
        await db
          .insert(t.inbox)
          .values(
            some.map(({ seq, messageSeq, channelId, reasons }) => ({
              accountId,
              seq,
              messageSeq,
              channelId,
              reasons,
              ...set,
            })),
          )
          .onConflictDoUpdate({
            target: [t.inbox.accountId, t.inbox.seq],
            set: { state, stateAt: sql`${new Param(at, t.inbox.stateAt)}`, note },
          })
    },

    async setInboxMark(accountId, mark) {
      const row = { accountId, ...mark }
      await db.insert(t.inboxes).values(row).onConflictDoUpdate({ target: t.inboxes.accountId, set: mark })
    },

    async setSettled(accountId, settledSeq) {
      await db.update(t.inboxes).set({ settledSeq }).where(eq(t.inboxes.accountId, accountId))
    },

    async setConsumer(accountId, consumer) {
      const { position, updatedAt } = consumer
      await db
        .insert(t.consumers)
        .values({ accountId, ...consumer })
        .onConflictDoUpdate({
          target: [t.consumers.accountId, t.consumers.name],
          set: { position, updatedAt },
        })
    },

    async deleteConsumer(accountId, name) {
      const gone = await db
        .delete(t.consumers)
        .where(and(eq(t.consumers.accountId, accountId), eq(t.consumers.name, name)))
        .returning({ name: t.consumers.name })
      return gone.length > 0
    },

    async deleteIdleConsumers(before) {
      await db
        .delete(t.consumers)
        .where(and(lt(t.consumers.updatedAt, before), ne(t.consumers.name, 'default')))
    },
  } satisfies InboxWrites & Partial<Writes>
}

import {
  and,
  asc,
  count,
  desc,
  eq,
  gt,
  inArray,
  isNotNull,
  isNull,
  lt,
  lte,
  or,
  type SQL,
  sql,
} from 'drizzle-orm'
import type { Claim, ClaimReads, ClaimWrites } from '../../core/kernel/coordination-ports'
import type { Handle } from '../database'
import { chunks } from './rows'

/** Claims, each with the id of the message that it is about. */
export function claimReads({ db, t, dialect }: Handle) {
  const { claims, messages } = t
  const select = async (where: SQL | undefined, order: SQL, limit: number): Promise<Claim[]> => {
    const found = await db
      .select({ row: claims, message: messages.uuid })
      .from(claims)
      .leftJoin(messages, eq(messages.seq, claims.messageSeq))
      .where(where)
      .orderBy(order)
      .limit(limit)
    return found.map(({ row: { messageSeq, ...row }, message: uuid }) => ({
      ...row,
      message: messageSeq === null || uuid === null ? null : { seq: messageSeq, uuid },
    }))
  }
  const everything = Number.MAX_SAFE_INTEGER
  const isOpen = isNull(claims.endedAt)
  // The lower bound lets SQLite use the index.
  const beginsWith = (text: string) =>
    and(
      sql`${dialect.byCodePoint(claims.resource)} >= ${text}`,
      sql`substr(${claims.resource}, 1, ${[...text].length}) = ${text}`,
    )
  return {
    async claim(uuid) {
      return (await select(eq(claims.uuid, uuid), asc(claims.epoch), 1))[0]
    },

    async claimsByEpoch(epochs) {
      const found: Claim[] = []
      for (const some of chunks(epochs))
        found.push(...(await select(inArray(claims.epoch, some), asc(claims.epoch), some.length)))
      return found
    },

    overlappingClaims(channelId, { resources, below }) {
      const isNamed = dialect.amongTexts(claims.resource, sql`${JSON.stringify(resources)}`)
      const overlaps = below === null ? isNamed : or(isNamed, beginsWith(below))
      const isThere = channelId === null ? isNull(claims.channelId) : eq(claims.channelId, channelId)
      return select(and(isOpen, isThere, overlaps), asc(claims.epoch), everything)
    },

    openClaimsOf: (accountId) =>
      select(and(isOpen, eq(claims.accountId, accountId)), asc(claims.epoch), everything),

    liveClaimsOf: (accountIds, now) =>
      select(
        and(
          isOpen,
          gt(claims.expiresAt, now),
          dialect.amongNumbers(claims.accountId, sql`${JSON.stringify(accountIds)}`),
        ),
        asc(claims.epoch),
        everything,
      ),

    async countLiveClaims(accountId, now) {
      const [row] = await db
        .select({ claims: count() })
        .from(claims)
        .where(and(isOpen, eq(claims.accountId, accountId), gt(claims.expiresAt, now)))
      return row?.claims ?? 0
    },

    listClaims({ channelId, accountId, resource, prefix, liveAt }, { before, limit }) {
      const where = and(
        lt(claims.epoch, before),
        channelId === undefined ? undefined : eq(claims.channelId, channelId),
        accountId === undefined ? undefined : eq(claims.accountId, accountId),
        resource === undefined ? undefined : eq(claims.resource, resource),
        prefix === undefined ? undefined : beginsWith(prefix),
        liveAt === undefined ? undefined : and(isOpen, gt(claims.expiresAt, liveAt)),
      )
      return select(where, desc(claims.epoch), limit)
    },

    claimsOf: (accountId, { after, before, limit }) =>
      select(
        and(eq(claims.accountId, accountId), gt(claims.epoch, after), lt(claims.epoch, before)),
        asc(claims.epoch),
        limit,
      ),

    async nextClaimExpiry() {
      const [row] = await db
        .select({ at: claims.expiresAt })
        .from(claims)
        .where(isOpen)
        .orderBy(asc(claims.expiresAt))
        .limit(1)
      return row?.at ?? null
    },

    expiredClaims: (now, limit) =>
      select(and(isOpen, lte(claims.expiresAt, now)), asc(claims.expiresAt), limit),
  } satisfies ClaimReads
}

export function claimWrites({ db, t, dialect }: Handle) {
  const { claims } = t
  const forget = async (where: SQL | undefined, limit: number): Promise<number> => {
    const found = await db.select({ epoch: claims.epoch }).from(claims).where(where).limit(limit)
    for (const some of chunks(found))
      await db.delete(claims).where(
        inArray(
          claims.epoch,
          some.map(({ epoch }) => epoch),
        ),
      )
    return found.length
  }
  return {
    async insertClaim({ message, ...claim }) {
      await db.insert(claims).values({ ...claim, messageSeq: message?.seq ?? null })
    },

    async renewClaim(epoch, { note, renewedAt, expiresAt }) {
      await db.update(claims).set({ note, renewedAt, expiresAt }).where(eq(claims.epoch, epoch))
    },

    async releaseClaim(epoch, { note, outcome, at }) {
      await db
        .update(claims)
        .set({ note, outcome, endedAt: at, releasedAt: at })
        .where(eq(claims.epoch, epoch))
    },

    async endClaims(epochs, endedAt) {
      for (const some of chunks(epochs))
        await db.update(claims).set({ endedAt }).where(inArray(claims.epoch, some))
    },

    async shiftClaims(micros) {
      await db
        .update(claims)
        .set({
          renewedAt: dialect.shifted(claims.renewedAt, micros),
          expiresAt: dialect.shifted(claims.expiresAt, micros),
        })
        .where(isNull(claims.endedAt))
    },

    forgetClaims: (before, limit) =>
      forget(and(isNotNull(claims.endedAt), lt(claims.endedAt, before)), limit),

    forgetClaimsOf: (accountId, limit) => forget(eq(claims.accountId, accountId), limit),
  } satisfies ClaimWrites
}

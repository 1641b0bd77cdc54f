/**
 * Full-text search. words.ts cuts texts into words, query.ts parses queries, hits.ts scores and highlights, and
 * index-words.ts says what the store keeps in its index. The index finds candidates; everything that a result shows is
 * decided here, so both databases answer alike.
 * Imports only the core. Start reading here.
 */

import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import type { Person } from '../identity/actor'
import type { Channel, MessageKind, MessageView } from '../kernel/entities'
import { AppError } from '../kernel/errors'
import type { Seq, Uuid } from '../kernel/ids'
import { SCAN_LIMIT } from '../kernel/limits'
import type { Store } from '../kernel/ports'
import { later, type Micros } from '../kernel/time'
import type { Pace } from '../kernel/turns'
import type { Log } from '../log/log'
import type { RecentEvents } from '../log/recent-events'
import type { MessageScan } from '../messages/scan'
import { threadRoot } from '../messages/threads'
import { hitsIn, type Snippet, snippetOf } from './hits'
import { type Facets, type IndexQuery, indexQuery } from './index-words'
import { parseQuery, type Query } from './query'

/** The best results are looked for among so many of the newest matches. */
const RANKED = 1000
/** Candidates read together. */
const FEW = 50
const MANY = 500
/** With more channels than this, the index is asked for all of them and the others are left out here. */
const MAX_INDEXED_CHANNELS = 200
/** Higher than every id, so that a moment includes every message of its time. */
const LAST_UUID = 'ffffffff-ffff-ffff-ffff-ffffffffffff' as Uuid

export interface SearchRequest {
  readonly text: string
  /** Slugs; `*` alone = every readable channel. */
  readonly channels: readonly string[]
  readonly from: string | null
  readonly kind: MessageKind | null
  /** A message of the thread; its root is included. */
  readonly thread: string | null
  /** Only messages posted earlier. */
  readonly before: Micros | null
  /** Only messages posted then or later. */
  readonly after: Micros | null
  readonly sort: 'best' | 'new'
  readonly limit: number
  /** Where the previous page ended. */
  readonly cursor: string | null
}

export interface Result {
  readonly view: MessageView
  /** Between 0 and 1; higher is better. */
  readonly score: number
  readonly snippet: Snippet
}

export interface Results {
  readonly results: readonly Result[]
  /** Where the next page begins; null at the end. */
  readonly next: string | null
}

export interface MessageSearchDeps {
  readonly store: Pick<Store, 'reads' | 'slow'>
  readonly directory: Directory
  readonly policy: Policy
  readonly log: Log
  readonly recent: RecentEvents
  readonly scan: MessageScan
  readonly pace: Pace
}

/** A position in the results by score: those of a moment, without all that arrived later. */
interface Rank {
  readonly upTo: Seq
  readonly score: number
  readonly seq: Seq
}

interface Match {
  readonly seq: Seq
  readonly score: number
}

/** What a search looks through. Both ends are exclusive. */
interface Scope {
  readonly query: Query
  readonly index: IndexQuery
  readonly channelIds: ReadonlySet<number>
  /** Seq by channel id, up to which its messages are hidden from the reader. */
  readonly hidden: ReadonlyMap<number, Seq>
  readonly after: Seq
  readonly before: Seq
}

const nothing: Results = { results: [], next: null }

/** Searches messages (docs/contract/search.md). */
export class MessageSearch {
  constructor(private readonly deps: MessageSearchDeps) {}

  /**
   * Returns one page of results. A query without a word to look for, and an unknown sender or thread, find nothing.
   * @throws the access errors of reading, naming the channel; invalid_cursor, cursor_expired, cursor_epoch, unavailable
   */
  async find(actor: Person, request: SearchRequest): Promise<Results> {
    const { directory, policy, log } = this.deps
    const { head } = log
    const channels = await directory.retryUntilLoaded(() =>
      policy.channels(policy.current(actor), request.channels),
    )
    const rank = request.sort === 'best' ? await this.rankOf(request.cursor, channels) : null
    const next = request.sort === 'new' ? await this.position(request.cursor, channels) : null
    const scope = await this.scopeOf(actor, request, channels)
    if (!scope) return nothing
    const end = Math.min(scope.before, next ?? head + 1, head + 1)
    if (request.sort === 'new') return this.newest(actor, { ...scope, before: end }, request.limit)
    const upTo = Math.min(rank?.upTo ?? head, end - 1)
    return this.best(actor, { ...scope, before: upTo + 1 }, request.limit, rank)
  }

  private async newest(actor: Person, scope: Scope, limit: number): Promise<Results> {
    const { matches, stop } = await this.collect(scope, limit + 1, FEW)
    const page = matches.slice(0, limit)
    const last = matches.length > limit ? (page.at(-1)?.seq ?? null) : stop
    return {
      results: await this.show(actor, page, scope.query),
      next: last === null ? null : this.deps.log.cursor(last),
    }
  }

  private async best(actor: Person, scope: Scope, limit: number, rank: Rank | null): Promise<Results> {
    const { matches } = await this.collect(scope, RANKED, MANY)
    const ranked = matches.sort(byRank)
    const rest = rank === null ? ranked : ranked.filter((match) => byRank(rank, match) < 0)
    const page = rest.slice(0, limit)
    const last = page.at(-1)
    const hasMore = last !== undefined && rest.length > limit
    const upTo = scope.before - 1
    return {
      results: await this.show(actor, page, scope.query),
      next: hasMore ? this.rankCursor({ upTo, ...last }) : null,
    }
  }

  /**
   * Returns up to `wanted` matches, newest first, and where it stopped; null if it reached the end or has enough.
   * Examines at most SCAN_LIMIT candidates.
   */
  private async collect(
    { query, index, channelIds, hidden, after, before }: Scope,
    wanted: number,
    size: number,
  ): Promise<{ matches: Match[]; stop: Seq | null }> {
    const { store, pace } = this.deps
    const loop = pace.loop()
    const matches: Match[] = []
    let end = before
    for (let looked = 0, limit = size; looked < SCAN_LIMIT; limit = MANY) {
      const rows = await store.slow.messagesWithWords(index, { after, before: end, limit })
      looked += rows.length
      for (const { seq, channelId, body } of rows) {
        if (!channelIds.has(channelId) || seq <= (hidden.get(channelId) ?? 0)) continue
        await loop.turn()
        loop.did(1)
        const hits = hitsIn(body, query)
        if (hits && matches.push({ seq, score: hits.score }) === wanted) return { matches, stop: null }
      }
      const last = rows.at(-1)
      if (!last || rows.length < limit) return { matches, stop: null }
      end = last.seq
    }
    return { matches, stop: end }
  }

  /** Returns these matches as they read now, without those that the actor may not read or that no longer match. */
  private async show(actor: Person, matches: readonly Match[], query: Query): Promise<Result[]> {
    const { store, recent, scan, pace } = this.deps
    const { mark } = recent
    const stored = await store.reads.messagesBySeq(
      matches.map(({ seq }) => seq),
      {},
    )
    const bySeq = new Map(stored.map((message) => [message.seq, message]))
    const views = await scan.view(
      actor,
      matches.flatMap(({ seq }) => bySeq.get(seq) ?? []),
      null,
      mark,
    )
    const shown = await pace.each(views, (view): Result | undefined => {
      const hits = view.message.deletedAt === null ? hitsIn(view.message.body, query) : undefined
      return hits && { view, score: hits.score, snippet: snippetOf(view.message.body, hits) }
    })
    return shown.flatMap((result) => result ?? [])
  }

  /** Translates the request; undefined if nothing can match. */
  private async scopeOf(
    actor: Person,
    request: SearchRequest,
    channels: readonly Channel[],
  ): Promise<Scope | undefined> {
    const { store, directory, policy } = this.deps
    const query = parseQuery(request.text)
    if (query.wanted.length === 0 || channels.length === 0) return undefined
    const { from } = request
    const sender =
      from === null ? null : await directory.retryUntilLoaded(() => directory.accountByHandle(from))
    if (sender === undefined) return undefined
    const ids = channels.map(({ id }) => id)
    const channelIds = new Set(ids)
    const hidden = await directory.retryUntilLoaded(() => policy.hiddenIn(policy.current(actor), channels))
    const thread =
      request.thread === null
        ? null
        : await threadRoot(store.reads, request.thread, channelIds, hidden).catch(noThread)
    if (thread === undefined) return undefined
    const facets: Facets = {
      channelIds: ids.length > MAX_INDEXED_CHANNELS ? null : ids,
      senderId: sender === null ? null : sender.id,
      kind: request.kind,
      thread,
    }
    const bounds = {
      after: request.after === null ? 0 : await this.lastBefore(request.after),
      before: request.before === null ? Number.MAX_SAFE_INTEGER : (await this.lastBefore(request.before)) + 1,
    }
    return { query, index: indexQuery(query, facets), channelIds, hidden, ...bounds }
  }

  /** Returns the seq of the last message posted before an instant. */
  private lastBefore(at: Micros): Promise<Seq> {
    return this.deps.store.reads.seqOfMoment(later(at, -1), LAST_UUID)
  }

  private async position(cursor: string | null, channels: readonly Channel[]): Promise<Seq | null> {
    return cursor === null ? null : this.deps.log.position(cursor, 'cursor', channels)
  }

  /** A cursor by rank: where the first page began, and the last result of the previous one. */
  private rankCursor({ upTo, score, seq }: Rank): string {
    return `${this.deps.log.cursor(upTo)}.${score}.${seq}`
  }

  /** @throws invalid_cursor, cursor_expired, cursor_epoch */
  private async rankOf(cursor: string | null, channels: readonly Channel[]): Promise<Rank | null> {
    if (cursor === null) return null
    const [, start = '', score, seq] = /^([\w-]+)\.(0\.\d{1,4}|[01])\.(\d{1,15})$/.exec(cursor) ?? []
    const upTo = await this.deps.log.position(start, 'cursor', channels)
    return { upTo, score: Number(score), seq: Number(seq) }
  }
}

/** The better one first, among equals the newer one. */
function byRank(one: Match, other: Match): number {
  return other.score - one.score || other.seq - one.seq
}

function noThread(error: unknown): undefined {
  if (
    error instanceof AppError &&
    (error.reason === 'thread_not_found' || error.reason === 'invalid_thread_id')
  )
    return undefined
  throw error
}

/**
 * Reading along: what `/sync` answers. Imports only the core.
 * An answer is made of texts, because readers who wake together share most of theirs. What is new is taken from memory
 * (reading/recent.ts, mark-log.ts, known-readers.ts) where a reader is not far behind, else from the store.
 * Start reading here; then tokens.ts (the positions that clients send back), answer-rooms.ts (which rooms an answer has),
 * room.ts (what is said of one room) and waiting.ts.
 */
import type { Core } from '../..'
import type { Person } from '../../identity/actor'
import type { MarkKey } from '../../log/marks'
import type { MatrixMeters } from '../meters'
import type { Now, Positions } from '../reading/positions'
import type { Reader } from '../reading/readers'
import type { RecentEvents } from '../reading/recent'
import { globalData } from './account-data'
import type { Ephemeral } from './additions'
import type { AnswerRooms } from './answer-rooms'
import { includesSender, includesType } from './filters'
import type { KnownFilters } from './known-filters'
import type { KnownReaders } from './known-readers'
import type { MarkLog } from './mark-log'
import type { SyncScope } from './room'
import { type EphemeralPosition, formatSyncToken, isInHistory, parseSyncToken } from './tokens'
import type { Waiters } from './waiting'

/** The device of a reader. */
export interface SyncDevice {
  /** Its inner id. */
  readonly id: number
}

export interface SyncRequest {
  readonly since: string | undefined
  /** JSON, or the id of a stored filter. */
  readonly filter: string | undefined
  readonly fullState: boolean
  readonly timeoutMs: number
  readonly stateAfter: SyncScope['stateAfter']
}

export interface SyncDeps {
  readonly core: Pick<Core, 'reads' | 'clock' | 'directory' | 'policy'>
  readonly positions: Positions
  readonly recent: RecentEvents
  readonly marks: MarkLog
  readonly known: KnownReaders
  readonly filters: KnownFilters
  readonly rooms: AnswerRooms
  readonly waiters: Waiters
  readonly ephemeral?: Ephemeral | undefined
  readonly meters?: MatrixMeters | undefined
}

interface Answer {
  /** JSON. */
  readonly text: string
  readonly isEmpty: boolean
  /** Where it is in what is not stored. */
  readonly ephemeral: EphemeralPosition | undefined
}

/** What is new for a reader, in all its rooms (spec.matrix.org, client-server API, "Syncing"). */
export class Sync {
  constructor(private readonly deps: SyncDeps) {}

  /**
   * Returns JSON. Answers at once if there is something new, or if the request is the first one, asks for all state or has
   * no timeout; else waits for something new.
   * @throws m_invalid_param for a malformed token; m_bad_json for a filter that is none; invalid_session, invalid_token,
   *   account_unavailable and the like if the credential ends while the request waits
   */
  async sync(
    actor: Person,
    device: SyncDevice,
    request: SyncRequest,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    const { positions, known, filters, waiters, marks } = this.deps
    const now = await positions.now()
    marks.begin(now.mx)
    const filter = await filters.of(actor.account.id, request.filter)
    const given = request.since === undefined ? undefined : parseSyncToken(request.since)
    const isKnown = given !== undefined && isInHistory(given, now.epochs, { seq: now.projected, mx: now.mx })
    const since = isKnown ? given : undefined
    const scopeAt = (at: Now): SyncScope => ({
      ...{ since, now: at, filter, fullState: request.fullState, stateAfter: request.stateAfter },
      isRestart: given !== undefined && !isKnown,
      device: String(device.id),
    })
    const mayWait = since !== undefined && !request.fullState && request.timeoutMs > 0
    if (!mayWait) return (await this.answer(actor, device, scopeAt(now))).text
    const until = this.deps.core.clock.steady() + request.timeoutMs
    let { text, ephemeral } = await this.news(actor, device, scopeAt(now))
    if (text !== undefined) return text
    const reader = await known.reader(actor, now)
    using waiter = waiters.open(await this.keysOf(reader, device, now))
    let last = now
    for (;;) {
      waiter.reset()
      await this.refuseEnded(actor)
      // Read after the waiter is open, so nothing is missed in between.
      const then = positions.heard()
      const isMoved =
        then.projected !== last.projected ||
        then.mx !== last.mx ||
        this.deps.ephemeral?.position.n !== ephemeral?.n
      if (isMoved) ({ text, ephemeral } = await this.news(actor, device, scopeAt(then)))
      if (text !== undefined) return text
      const left = until - this.deps.core.clock.steady()
      if (left <= 0 || (await waiter.wait(left, signal)) === 'ended')
        return (await this.answer(actor, device, scopeAt(then))).text
      last = then
    }
  }

  /** Whose session ended while it waited is not told what came afterwards. */
  private async refuseEnded(actor: Person): Promise<void> {
    const { directory, policy } = this.deps.core
    await directory.retryUntilLoaded(() => policy.current(actor))
  }

  /** Returns an answer unless it is empty. What waits keeps no answer meanwhile. */
  private async news(
    actor: Person,
    device: SyncDevice,
    scope: SyncScope,
  ): Promise<{ text: string | undefined; ephemeral: EphemeralPosition | undefined }> {
    const { text, isEmpty, ephemeral } = await this.answer(actor, device, scope)
    return { text: isEmpty ? undefined : text, ephemeral }
  }

  private async keysOf({ accountId, userId }: Reader, device: SyncDevice, now: Now): Promise<MarkKey[]> {
    const rooms = await this.deps.known.joinedRooms(userId, now)
    return [
      `a${accountId}`,
      `d${device.id}`,
      ...[...rooms.keys()].map((channelId): MarkKey => `c${channelId}`),
    ]
  }

  private async answer(actor: Person, device: SyncDevice, scope: SyncScope): Promise<Answer> {
    const { core, meters } = this.deps
    const began = core.clock.steady()
    const answer = await this.made(actor, device, scope)
    meters?.synced(scope.since === undefined ? 'initial' : 'incremental', core.clock.steady() - began)
    return answer
  }

  private async made(actor: Person, device: SyncDevice, scope: SyncScope): Promise<Answer> {
    const { known, recent, ephemeral, rooms } = this.deps
    const { now, filter, since } = scope
    await recent.reach(now.projected)
    const reader = await known.reader(actor, now)
    const data = await this.changedData(reader, scope)
    const news = await ephemeral?.news(reader, since?.ephemeral, since === undefined)
    const answered = await rooms.of(reader, scope, { data, news })
    const accountData = globalData(data, reader, { filter, isFirst: since === undefined })
    const presence = (news?.presence ?? []).filter(
      ({ type, sender }) =>
        includesType(filter.presence, String(type)) && includesSender(filter.presence, String(sender)),
    )
    const place = { seq: now.projected, mx: now.mx, ephemeral: news?.position }
    const events = (list: readonly unknown[]) => `{"events":${JSON.stringify(list)}}`
    const text = `{"next_batch":"${formatSyncToken(place, now.epochs)}","rooms":${answered.text},"account_data":${events(
      accountData,
    )},"presence":${events(presence)},"to_device":{"events":[]},"device_lists":{"changed":[],"left":[]},${await known.deviceKeys(
      device.id,
      now,
    )}}`
    const isQuiet = presence.length === 0 || news?.isLoud !== true
    const isEmpty = answered.isEmpty && accountData.length === 0 && isQuiet
    return { text, isEmpty, ephemeral: news?.position }
  }

  /** The account data that changed. */
  private async changedData({ accountId }: Reader, { since, now }: SyncScope) {
    const span = { after: since?.mx ?? 0, upTo: now.mx }
    const isSame =
      since !== undefined &&
      !this.deps.marks.mayConcern(new Set<MarkKey>([`a${accountId}`]), span.after, span.upTo)
    if (isSame || span.after >= span.upTo) return []
    return this.deps.core.reads.matrix().changedAccountData(accountId, span)
  }
}

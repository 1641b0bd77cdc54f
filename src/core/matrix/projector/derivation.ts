import type { Account, Channel, Role } from '../../kernel/entities'
import { refusal } from '../../kernel/errors'
import type { Seq } from '../../kernel/ids'
import type { Reads, Writes } from '../../kernel/ports'
import { channelEvent, type EventRecord } from '../../log/events'
import { EVENTS_PER_ROW } from '../../log/marks'
import { canonicalJson, isObject, type JsonObject } from '../canonical'
import type { EventBatch, Refusal, RoomDraft } from '../event-batch'
import type { StoredEvent } from '../event-ports'
import { parsedEvent } from '../events'
import type { Html } from '../html'
import { roomIdOfChannel } from '../ids'
import type { OpenRoom, StateEvent } from '../open-room'
import type { People } from '../people'
import { withRole } from '../power'
import type { Rooms } from '../rooms'
import { roomVersion } from '../versions'
import { channelRoom, directRoom, memberContent, type PlannedState, type Shown } from './room-of-channel'
import { type ConsequenceFacts, type LogRows, renewedAccount } from './rows'

/** The account data that says with whom rooms are direct ones. */
const DIRECT = 'm.direct'
/** Memberships that are read together. */
const PAGE = 500

export interface DerivationParts {
  readonly serverName: string
  readonly html: Html
  readonly rooms: Pick<Rooms, 'open' | 'begin'>
  readonly people: People
  /** The room version and federation of rooms of channels that are made from now on. */
  readonly newRooms: { readonly version: string; readonly federate: boolean }
  readonly system: Account
}

/** A derivation in which every event must be allowed. */
export interface Strict {
  /** Who acts where nobody else may, the first of them who may. */
  readonly deputies: readonly string[]
  /** Those of them who did. */
  readonly acted: Set<string>
}

/** Events were to be derived before a transaction that can be derived only in it. */
export class NeedsTransaction extends Error {}

/** What the events of one transaction are derived from, and where they go. */
export class Derivation {
  /** By channel. */
  private rooms: Map<number, OpenRoom> = new Map()
  private shown: ReadonlyMap<number, Shown> = new Map()
  /** Events of earlier rows, by the row that owns them. */
  private earlier: ReadonlyMap<Seq, readonly StoredEvent[]> = new Map()
  /** The newest event of threads, by the position of the root. */
  readonly newestInThread = new Map<number, string>()
  refused = 0

  /** `strict` absent: what rooms do not allow is counted and not made. */
  constructor(
    readonly parts: DerivationParts,
    readonly reads: Reads,
    readonly rows: LogRows,
    readonly batch: EventBatch,
    private readonly within: { readonly tx?: Writes; readonly strict?: Strict | undefined } = {},
  ) {}

  /** The transaction. @throws NeedsTransaction before there is one */
  private get tx(): Writes {
    if (!this.within.tx) throw new NeedsTransaction()
    return this.within.tx
  }

  /** Loads what the rows need, in a few statements. */
  async load(shown: ReadonlyMap<number, Shown>): Promise<void> {
    this.shown = shown
    const matrix = this.reads.matrix()
    const { rows, parts } = this
    const needed = new Map<number, Set<string>>()
    const need = (channelId: number, accountId: number | null) => {
      const userId = accountId === null ? undefined : this.userId(accountId)
      if (userId !== undefined) needed.get(channelId)?.add(userId)
    }
    for (const record of rows.records) {
      const { channelId, subject, actorId, type } = record
      if (channelId === null) continue
      if (!needed.has(channelId)) needed.set(channelId, new Set())
      need(channelId, parts.system.id)
      need(channelId, actorId)
      need(channelId, rows.messages.get(subject)?.senderId ?? null)
      need(channelId, renewedAccount(record) ?? null)
      if (type.startsWith('member.')) need(channelId, subject)
    }
    this.rooms = await parts.rooms.open(matrix, needed)
    const earlier = await matrix.eventsOwnedBy(this.referredTo())
    this.earlier = Map.groupBy(earlier, ({ pos }) => Math.floor(pos / EVENTS_PER_ROW))
    const roots = this.threadRoots(earlier)
    if (roots.length === 0) return
    for (const { relPos, eventId } of await matrix.newestRelated('m.thread', roots))
      this.newestInThread.set(relPos, eventId)
  }

  /** Returns the user of an account; undefined for an account that is gone. */
  user(accountId: number | null): Shown | undefined {
    return accountId === null ? undefined : this.shown.get(accountId)
  }

  userId(accountId: number): string | undefined {
    return this.user(accountId)?.userId
  }

  get system(): Shown {
    const system = this.user(this.parts.system.id)
    if (!system) throw new Error('the account system has no user')
    return system
  }

  /** The events of messages, edits and reactions that a row owns. */
  eventsOf(seq: Seq): readonly StoredEvent[] {
    const own = this.batch.ofRow(seq)
    return own.length > 0 ? own : (this.earlier.get(seq) ?? [])
  }

  /** Returns the room of the row's channel, which is made if there is none. Undefined if the channel shall have none. */
  async roomOf(record: EventRecord): Promise<OpenRoom | undefined> {
    const { channelId } = record
    const channel = channelId === null ? undefined : this.rows.channels.get(channelId)
    if (!channel) return undefined
    const known = this.rooms.get(channel.id)
    if (channel.settings.matrix === false && known?.row.born !== 'matrix') return undefined
    if (known) return known
    const room = await this.newRoom(channel, record)
    if (room) this.rooms.set(channel.id, room)
    return room
  }

  /** Adds an event in the name of the first of these users whom the room lets. @returns undefined if it lets none */
  offerAs(
    room: OpenRoom,
    { seq, at }: EventRecord,
    senders: readonly (string | undefined)[],
    draft: Omit<RoomDraft, 'sender' | 'ts'>,
  ): StoredEvent | undefined {
    const tried = new Set<string>()
    for (const sender of senders) {
      if (sender === undefined || tried.has(sender) || !room.hasLoaded(sender)) continue
      tried.add(sender)
      const added = this.batch.offer(room, seq, { ...draft, sender, ts: milliseconds(at) })
      if (!isRefusal(added)) return added
    }
    if (this.within.strict) return this.offerAsDeputy(room, tried, { ...draft, ts: milliseconds(at) }, seq)
    this.refused++
    return undefined
  }

  private offerAsDeputy(
    room: OpenRoom,
    tried: ReadonlySet<string>,
    draft: Omit<RoomDraft, 'sender'>,
    seq: Seq,
  ): StoredEvent {
    const { deputies = [], acted } = this.within.strict ?? {}
    for (const sender of deputies) {
      const added = tried.has(sender) ? undefined : this.batch.offer(room, seq, { ...draft, sender })
      if (!added || isRefusal(added)) continue
      acted?.add(sender)
      return added
    }
    throw refusal('matrix_no_power')
  }

  /** Lets a user join: by itself where the room is open to it, else after an invite by one of these users. */
  join(
    room: OpenRoom,
    record: EventRecord,
    user: Shown,
    inviters: readonly (string | undefined)[],
    isOwn: boolean,
  ): boolean {
    const { userId } = user
    const membership = room.membershipOf(userId)
    if (membership === 'join') return true
    const member = (sender: readonly (string | undefined)[], content: JsonObject) =>
      this.offerAs(room, record, sender, { type: 'm.room.member', stateKey: userId, content })
    if (membership === 'ban') member(inviters, { membership: 'leave' })
    const isOpen = isOwn && room.content('m.room.join_rules')?.['join_rule'] === 'public'
    if (!isOpen && membership !== 'invite') member(inviters, memberContent('invite', user))
    return member([userId], memberContent('join', user)) !== undefined
  }

  /** Gives a user the power level of a role. */
  setRole(room: OpenRoom, record: EventRecord, userId: string, role: Role): void {
    const now = room.content('m.room.power_levels')
    if (!now) return
    const content = withRole(now, userId, role)
    if (content === now) return
    const senders = [this.user(record.actorId)?.userId, this.system.userId]
    this.offerAs(room, record, senders, { type: 'm.room.power_levels', stateKey: '', content })
  }

  /** Appends rows to the log of channels in which an account's member event has to follow its account. */
  async renewIn(channelIds: readonly number[], accountId: number): Promise<void> {
    if (channelIds.length === 0) return
    const channels = await this.tx.channelsByIds(channelIds)
    const facts: ConsequenceFacts = { type: 'm.room.member', account: accountId }
    const inOrder = channels.sort((one, other) => one.id - other.id)
    await this.tx.appendAll(
      inOrder.map((channel) => ({ body: channelEvent('matrix.event', channel, facts), actor: null })),
    )
  }

  /** Returns the event at a position, among those that the rows refer to. */
  at(pos: number): StoredEvent | undefined {
    return this.eventsOf(Math.floor(pos / EVENTS_PER_ROW)).find((event) => event.pos === pos)
  }

  /** The content of the power levels before the present ones. */
  async levelsBefore({ row }: OpenRoom, { pos }: StateEvent): Promise<JsonObject | undefined> {
    const [before] = await this.tx
      .matrix()
      .stateAt(row.channelId, pos - 1, { types: ['m.room.power_levels'], stateKeys: [''] })
    return before && parsedEvent(before.json).content
  }

  /** Channels in which an account is on either side. */
  async channelsOf(userId: string, accountId: number): Promise<number[]> {
    const inRooms = await this.tx.matrix().roomsOf(userId, ['join', 'invite', 'knock'])
    const found = new Set(inRooms.map(({ channelId }) => channelId))
    let after = 0
    for (;;) {
      const page = await this.tx.membershipsOf(accountId, { after, limit: PAGE })
      for (const { id } of page) found.add(id)
      const last = page.at(-1)
      if (page.length < PAGE || !last) return [...found]
      after = last.key
    }
  }

  /** Lets an account back into a room of whose channel it is a member. */
  async rejoin(room: OpenRoom, record: EventRecord, user: Shown, accountId: number): Promise<void> {
    const { channelId } = room.row
    const [member] = await this.tx.listMemberships({ accountId, channelId }, { after: null, limit: 1 })
    if (!member) return
    this.join(room, record, user, [this.system.userId], true)
    this.setRole(room, record, user.userId, member.role)
  }

  /**
   * Takes the name and picture of an erased account out of its member events, and what it has sent out of the others:
   * their sender still names it.
   */
  async forgetEvents(room: OpenRoom, { seq }: EventRecord, userId: string): Promise<void> {
    const { channelId } = room.row
    const matrix = this.tx.matrix()
    const ofUser = (await matrix.memberEventsOf(channelId, userId)).filter(
      ({ redactedBy }) => redactedBy === null,
    )
    for (const event of [...ofUser, ...(await matrix.eventsSentBy(channelId, userId))])
      this.batch.redact(room, event, seq * EVENTS_PER_ROW)
  }

  /** Deletes what an account that was erased kept here for itself: profile, account data, filters, devices. */
  forgetUser(accountId: number): Promise<void> {
    return this.tx.matrix().forgetUser(accountId)
  }

  /** Deletes the events whose rows a purge has deleted. State events stay. */
  async purge({ channelId, seq }: EventRecord): Promise<void> {
    const channel = channelId === null ? undefined : this.rows.channels.get(channelId)
    if (!channel) return
    const through = Math.min(channel.floorSeq, seq)
    this.batch.rewrites(channel.id)
    await this.tx.matrix().deleteOrphans(channel.id, (through + 1) * EVENTS_PER_ROW)
  }

  private async newRoom(channel: Channel, record: EventRecord): Promise<OpenRoom | undefined> {
    const { serverName, newRooms, rooms } = this.parts
    const version = roomVersion(newRooms.version)
    if (!version) throw new Error(`the room version ${newRooms.version} is unknown`)
    const alias = await this.aliasOf(channel)
    const planned =
      channel.kind === 'dm'
        ? await this.plannedDirect(channel, record)
        : channelRoom(version, channel, this.system, { serverName, federate: newRooms.federate, alias })
    if (!planned) return undefined
    const room = rooms.begin({
      channelId: channel.id,
      roomId: roomIdOfChannel(channel.uuid, serverName),
      version: version.id,
      born: 'channel',
      federate: newRooms.federate,
      published: channel.kind === 'public',
    })
    const { seq, at } = record
    for (const state of planned) this.batch.add(room, seq, { ...state, ts: milliseconds(at) })
    if (alias !== null) await this.tx.matrix().insertAlias({ alias, channelId: channel.id, creatorId: null })
    return room
  }

  /** Returns the alias of a channel; null for a direct channel, or if a room made over Matrix has it. */
  private async aliasOf({ slug, kind }: Channel): Promise<string | null> {
    if (kind === 'dm') return null
    const alias = `#${slug}:${this.parts.serverName}`
    return (await this.tx.matrix().alias(alias)) ? null : alias
  }

  private async plannedDirect(
    channel: Channel,
    { actorId }: EventRecord,
  ): Promise<PlannedState[] | undefined> {
    const version = roomVersion(this.parts.newRooms.version)
    const members = await this.tx.membershipsIn(channel.id, { after: 0, limit: 2 })
    const accounts = await this.tx.accountsByIds(members.map(({ id }) => id))
    const shown = new Map(this.shown)
    for (const [id, user] of await this.parts.people.shown(this.tx, accounts)) shown.set(id, user)
    this.shown = shown
    const ids = members.map(({ id }) => id)
    await this.noteDirect(ids, roomIdOfChannel(channel.uuid, this.parts.serverName))
    const makerId = actorId !== null && ids.includes(actorId) ? actorId : ids[0]
    const maker = this.user(makerId ?? null)
    const other = this.user(ids.find((id) => id !== makerId) ?? null)
    if (!version || !maker) return undefined
    return directRoom(version, maker, other, this.parts.newRooms.federate)
  }

  /** Adds a direct room to the account data by which clients know direct rooms. */
  private async noteDirect(accountIds: readonly number[], roomId: string): Promise<void> {
    const matrix = this.tx.matrix()
    for (const accountId of accountIds) {
      const other = this.user(accountIds.find((id) => id !== accountId) ?? null)
      if (!other) continue
      const before = parsedObject(await matrix.accountDatum(accountId, 0, DIRECT))
      const rooms = before[other.userId]
      const content = { ...before, [other.userId]: [...(Array.isArray(rooms) ? rooms : []), roomId] }
      const mx = await matrix.nextMx(`a${accountId}`)
      await matrix.setAccountDatum({
        accountId,
        channelId: 0,
        type: DIRECT,
        json: canonicalJson(content),
        mx,
      })
    }
  }

  /** The rows to whose events the rows of this transaction refer, and that are not among them. */
  private referredTo(): { channelId: number; seq: Seq }[] {
    const { after, messages, records } = this.rows
    const seqs = new Map<Seq, number>()
    for (const { type, subject, seq, channelId } of records) {
      const message = messages.get(subject)
      if (!message || channelId === null) continue
      const refs = type === 'message.created' ? [message.thread?.seq, message.replyTo?.seq] : [subject]
      for (const ref of refs) if (ref !== undefined && ref <= after && ref !== seq) seqs.set(ref, channelId)
    }
    return [...seqs].map(([seq, channelId]) => ({ channelId, seq }))
  }

  private threadRoots(earlier: readonly StoredEvent[]): number[] {
    const roots = new Set<number>()
    const { records, messages } = this.rows
    const isRoot = new Set(
      records.flatMap(({ type, subject }) => {
        const message = type === 'message.created' ? messages.get(subject) : undefined
        return message?.thread && message.replyTo === null ? [message.thread.seq] : []
      }),
    )
    for (const { pos, threadPos } of earlier)
      if (isRoot.has(Math.floor(pos / EVENTS_PER_ROW))) roots.add(threadPos ?? pos)
    return [...roots]
  }
}

function parsedObject(json: string | undefined): JsonObject {
  const value: unknown = json === undefined ? {} : JSON.parse(json)
  return isObject(value) ? value : {}
}

/** Events have milliseconds, the log microseconds. */
function milliseconds(at: number): number {
  return Math.floor(at / 1000)
}

function isRefusal(added: StoredEvent | Refusal): added is Refusal {
  return 'because' in added
}

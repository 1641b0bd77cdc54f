import type { Account, Channel, Role } from '../../kernel/entities'
import { refusal } from '../../kernel/errors'
import type { Seq } from '../../kernel/ids'
import type { Reads, Writes } from '../../kernel/ports'
import { channelEvent, type EventRecord } from '../../log/events'
import { EVENTS_PER_ROW } from '../../log/marks'
import type { JsonObject } from '../canonical'
import type { EventBatch, Refusal, RoomDraft } from '../event-batch'
import type { StoredEvent } from '../event-ports'
import { parsedEvent } from '../events'
import type { Html } from '../html'
import { isKeptOut, KEPT_OUT } from '../kept-out'
import type { OpenRoom, StateEvent } from '../open-room'
import type { People } from '../people'
import { withRole } from '../power'
import type { Rooms } from '../rooms'
import { beginRoom, milliseconds, type NewRooms } from './new-room'
import { memberContent, type Shown } from './room-of-channel'
import { type ConsequenceFacts, type LogRows, renewedAccount } from './rows'

/** Memberships that are read together. */
const PAGE = 500
/** Events of an erased account that are redacted in one go. */
const FORGOTTEN = 200
/** Rooms whose member events follow an account in one go. */
const RENEWED = 200

export interface DerivationParts {
  readonly serverName: string
  readonly html: Html
  readonly rooms: Pick<Rooms, 'open' | 'load' | 'begin'>
  readonly people: People
  /** The room version and federation of rooms of channels that are made from now on. */
  readonly newRooms: NewRooms
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
  /** The first rows of channels that are kept out of Matrix. */
  readonly leftOut = new Map<number, Seq>()
  refused = 0

  /** `strict` absent: what rooms do not allow is counted and not made. */
  constructor(
    readonly parts: DerivationParts,
    readonly reads: Reads,
    readonly rows: LogRows,
    readonly batch: EventBatch,
    private readonly within: {
      readonly tx?: Writes
      readonly strict?: Strict | undefined
      /** Channels that are not kept out any more from these rows on. */
      readonly returning?: ReadonlySet<number>
    } = {},
  ) {}

  /** The transaction. @throws NeedsTransaction before there is one */
  get tx(): Writes {
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

  /** Makes the users of further accounts known. */
  async show(accounts: readonly Account[]): Promise<void> {
    const missing = accounts.filter(({ id }) => !this.shown.has(id))
    if (missing.length === 0) return
    const users = await this.reads.matrix().usersOfAccounts(missing.map(({ id }) => id))
    const { people } = this.parts
    const more = people.known(missing, users) ?? (await people.shown(this.tx, missing))
    this.shown = new Map([...this.shown, ...more])
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
    if (channel.settings.matrix === false && known?.row.born !== 'matrix') {
      if (!this.leftOut.has(channel.id)) this.leftOut.set(channel.id, record.seq)
      return undefined
    }
    if (known) return known
    const room = await beginRoom(this, channel, record)
    if (room) this.rooms.set(channel.id, room)
    return room
  }

  /** Returns the room of a channel that is kept out of Matrix from this row on. */
  roomToLeave({ channelId }: EventRecord): OpenRoom | undefined {
    const room = channelId === null ? undefined : this.rooms.get(channelId)
    if (room?.row.born !== 'channel' || isKeptOut(room.event(KEPT_OUT, ''))) return undefined
    return this.rows.channels.get(room.row.channelId)?.settings.matrix === false ? room : undefined
  }

  /** Whether a channel comes back with one of these rows. */
  isReturning(channelId: number): boolean {
    return this.within.returning?.has(channelId) === true
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

  /** Loads further members of a room. */
  loadMembers({ row }: OpenRoom, userIds: readonly string[]): Promise<void> {
    return this.parts.rooms.load(this.reads.matrix(), this.rooms, new Map([[row.channelId, userIds]]))
  }

  /**
   * Appends rows to the log of channels in which an account's member event has to follow its account. Of many channels
   * only the first ones after `after`: their last row leads to the next ones.
   */
  async renewRooms(userId: string, accountId: number, after = 0): Promise<void> {
    const all = (await this.channelsOf(userId, accountId)).filter((id) => id > after)
    const ids = all.sort((one, other) => one - other).slice(0, RENEWED)
    if (ids.length === 0) return
    const channels = (await this.tx.channelsByIds(ids)).sort((one, other) => one.id - other.id)
    const facts: ConsequenceFacts = { type: 'm.room.member', account: accountId }
    const isLast = ({ id }: Channel) => all.length > ids.length && id === channels.at(-1)?.id
    const bodyOf = (channel: Channel) =>
      channelEvent('matrix.event', channel, isLast(channel) ? { ...facts, after: channel.id } : facts)
    await this.tx.appendAll(channels.map((channel) => ({ body: bodyOf(channel), actor: null })))
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
  private async channelsOf(userId: string, accountId: number): Promise<number[]> {
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
   * their sender still names it. Of many events only the first ones after a position: a row of the log leads to the next.
   */
  async forgetEvents(room: OpenRoom, { seq }: EventRecord, userId: string, accountId: number, after: number) {
    const { channelId } = room.row
    const matrix = this.tx.matrix()
    const ofUser = after > 0 ? [] : await matrix.memberEventsOf(channelId, userId)
    const sent = await matrix.eventsSentBy(channelId, userId, { after, limit: FORGOTTEN })
    for (const event of [...ofUser.filter(({ redactedBy }) => redactedBy === null), ...sent])
      this.batch.redact(room, event, seq * EVENTS_PER_ROW)
    const channel = this.rows.channels.get(channelId)
    const last = sent.at(-1)
    if (sent.length < FORGOTTEN || !last || !channel) return
    const facts: ConsequenceFacts = { type: 'm.room.member', account: accountId, eventsAfter: last.pos }
    await this.tx.append(channelEvent('matrix.event', channel, facts), null)
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

function isRefusal(added: StoredEvent | Refusal): added is Refusal {
  return 'because' in added
}

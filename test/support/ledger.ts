/**
 * The ledger records what clients do and see while the server fails, and judges it at the end.
 *
 * Clients record as it happens: every attempted and every acknowledged post, edit and deletion, every stream or
 * sequence of polls they open, every event they receive on it, and every right that is granted or revoked meanwhile. At the end the test adds
 * the evidence: the log as the store holds it, and the messages that the API still shows. `judge` is a pure function of
 * both and returns the violations, one line each; no line means success. It checks these rules:
 *
 *  - lost       an acknowledged message is readable with the id, seq and channel that were acknowledged, unless its
 *               deletion was attempted or it was purged
 *  - edit       the body of a message is that of its last acknowledged edit, or of a later attempt
 *  - undone     a message whose deletion was acknowledged is not readable, and no reader receives its text
 *               GRACE_MILLISECONDS later
 *  - log        seqs of the log start at 1, increase by one and name one event each; epochs never go back. What is
 *               missing was purged: a later event says so
 *  - order      the events of a stream come in the order of the log, none twice, none from before its start
 *  - gap        a stream delivers everything that its filters select between its start and the position it reached; a
 *               reader that comes back starts where it stopped, unless the server declared the gap (410, 409, resync)
 *  - false      an event of a stream is in the log with the same content, and the filters select it
 *  - leak       no account receives an event of a channel GRACE_MILLISECONDS after it surely lost the right to read it
 *  - twice      an idempotency key, or an attempt without one, creates at most one message, always the same one
 *
 * A position in the log is an epoch and a seq, because after a restore seqs can repeat. The body of a message starts
 * with the key of its attempt (`bodyOf`), so that the log itself shows the result of each attempt.
 */
import { Database } from 'bun:sqlite'
import type { TestDatabase } from './database'

/** How long an open stream may still carry what its reader has just lost (docs/contract/live.md#guarantees). */
export const GRACE_MILLISECONDS = 1000

export interface Place {
  readonly epoch: string
  readonly seq: number
}

/** The filters of a stream. */
export interface Selection {
  /** Slugs; `*` = every channel that the account may read. */
  readonly channels: readonly string[] | '*'
  /** Exact types; null = all. */
  readonly types: readonly string[] | null
}

export type Transport = 'multiplexed' | 'channel' | 'sse' | 'long-poll' | 'poll'

type Noted =
  | { readonly what: 'attempted'; readonly key: string; readonly channel: string }
  | ({ readonly what: 'acked'; readonly key: string; readonly id: string; readonly channel: string } & Place)
  /** `editing` and `deleting` are recorded before each request, `edited` and `deleted` when it is acknowledged. */
  | { readonly what: 'editing' | 'edited'; readonly id: string; readonly body: string }
  | { readonly what: 'deleting' | 'deleted'; readonly id: string }
  | {
      readonly what: 'opened'
      readonly stream: number
      /** The streams of one reader belong together: each starts where the previous one ended. */
      readonly reader: string
      readonly account: string
      readonly transport: Transport
      readonly selection: Selection
      /** The position to continue from; null = a position that the client does not know. */
      readonly after: Place | null
    }
  | ({
      readonly what: 'received'
      readonly stream: number
      readonly type: string
      readonly channel: string | null
      /** The message that the event is about. */
      readonly id: string | null
      /** Whether the event shows the text of the message. */
      readonly hasText: boolean
    } & Place)
  /** The server said, or the test knows, that the stream has delivered everything up to here. */
  | ({ readonly what: 'reached'; readonly stream: number } & Place)
  /** The server declared that this reader misses something. */
  | { readonly what: 'gap'; readonly reader: string }
  /** `giving` and `taking` are recorded before the request, `given` and `taken` when it is acknowledged. */
  | {
      readonly what: 'giving' | 'given' | 'taking' | 'taken'
      readonly account: string
      readonly channel: string
    }

export type Entry = Noted & { readonly at: number }

/** One row of the log. */
export interface LoggedEvent extends Place {
  readonly type: string
  readonly channel: string | null
  /** The message that the event is about. */
  readonly id: string | null
  /** Of a purge: seq of the last message of the channel that it deleted. */
  readonly purgedTo?: number
}

/** A message as the API shows it. */
export interface ReadableMessage {
  readonly id: string
  readonly seq: number
  readonly channel: string
  readonly body: string
}

export interface Evidence {
  readonly log: readonly LoggedEvent[]
  readonly readable: readonly ReadableMessage[]
}

/** An event as it is sent to clients. */
export interface WireEvent {
  readonly type: string
  readonly channel: string | null
  readonly seq: number
  readonly cursor: string
  readonly message?: { readonly id: string; readonly body?: string }
  readonly message_id?: string
}

/** Records what clients do and see, in the order in which it happens in this process. */
export class Ledger {
  readonly entries: Entry[] = []
  private streams = 0

  attempted(key: string, channel: string): void {
    this.note({ what: 'attempted', key, channel })
  }

  acked(key: string, message: { id: string; channel: string; cursor: string }): void {
    const { id, channel, cursor } = message
    this.note({ what: 'acked', key, id, channel, ...placeOf(cursor) })
  }

  editing(id: string, body: string): void {
    this.note({ what: 'editing', id, body })
  }

  edited(id: string, body: string): void {
    this.note({ what: 'edited', id, body })
  }

  deleting(id: string): void {
    this.note({ what: 'deleting', id })
  }

  deleted(id: string): void {
    this.note({ what: 'deleted', id })
  }

  /** Opens a stream, or the first of a sequence of polls. `after` is its start cursor. Returns where to record it. */
  opened(reader: {
    readonly reader: string
    readonly account: string
    readonly transport: Transport
    readonly selection: Selection
    readonly after: string | null
  }): StreamNotes {
    const stream = ++this.streams
    const after = reader.after === null ? null : placeOf(reader.after)
    this.note({ ...reader, what: 'opened', stream, after })
    return {
      received: ({ type, channel, cursor, message, message_id }) => {
        const id = message?.id ?? message_id ?? null
        const hasText = (message?.body ?? '') !== ''
        this.note({ what: 'received', stream, type, channel, id, hasText, ...placeOf(cursor) })
      },
      reached: (cursor) => this.note({ what: 'reached', stream, ...placeOf(cursor) }),
    }
  }

  gap(reader: string): void {
    this.note({ what: 'gap', reader })
  }

  right(what: 'giving' | 'given' | 'taking' | 'taken', account: string, channel: string): void {
    this.note({ what, account, channel })
  }

  /** Rights that exist from the start. */
  members(channel: string, ...accounts: string[]): void {
    for (const account of accounts) this.right('given', account, channel)
  }

  private note(entry: Noted): void {
    this.entries.push({ ...entry, at: performance.now() })
  }
}

export interface StreamNotes {
  received(event: WireEvent): void
  reached(cursor: string): void
}

/** A body that names its attempt. */
export function bodyOf(key: string, rest = ''): string {
  return `${key} ${rest}`
}

function keyOf(body: string): string {
  return body.split(' ', 1)[0] ?? ''
}

/** The place that a cursor of the written form names (docs/contract/log.md#cursors). */
export function placeOf(cursor: string): Place {
  const [form, epoch, seq] = atob(cursor.replaceAll('-', '+').replaceAll('_', '/')).split('|')
  if (form !== '2' || !epoch || !seq) throw new Error(`${cursor} is not a cursor of the written form`)
  return { epoch, seq: Number(seq) }
}

const EPOCHS = 'SELECT first_seq, epoch FROM epochs ORDER BY first_seq'
const EVENTS = `
  SELECT e.seq, e.type, c.slug AS channel, m.uuid AS id, CASE WHEN e.type = 'channel.purged' THEN e.data END AS data
    FROM events e LEFT JOIN channels c ON c.id = e.channel_id
    LEFT JOIN messages m ON m.seq = e.subject AND (e.type LIKE 'message.%' OR e.type LIKE 'reaction.%')
   ORDER BY e.seq`

interface EpochRow {
  readonly first_seq: number
  readonly epoch: string
}

/** A UUID is bytes in SQLite and text in Postgres. */
type EventRow = Omit<LoggedEvent, 'epoch' | 'id' | 'purgedTo'> & {
  readonly id: Uint8Array | string | null
  /** The facts of a purge, as JSON or parsed. */
  readonly data: string | { readonly through_cursor: string } | null
}

/** The whole log of a SQLite store, even of a running server, as of its last commit. */
export function logOf(path: string): LoggedEvent[] {
  using db = new Database(path, { readonly: true })
  return logged(db.query<EpochRow, []>(EPOCHS).all(), db.query<EventRow, []>(EVENTS).all())
}

/** The same for any database that a test can read. */
export async function logIn(database: Pick<TestDatabase, 'sql'>): Promise<LoggedEvent[]> {
  return logged(await database.sql<EpochRow>(EPOCHS), await database.sql<EventRow>(EVENTS))
}

function logged(epochs: readonly EpochRow[], rows: readonly EventRow[]): LoggedEvent[] {
  return rows.map(({ seq, type, channel, id, data }) => {
    const epoch = epochs.findLast(({ first_seq }) => first_seq <= seq)?.epoch ?? ''
    return {
      seq,
      epoch,
      type,
      channel,
      id: id instanceof Uint8Array ? dashed(Buffer.from(id).toString('hex')) : id,
      ...(data === null ? {} : { purgedTo: purgedTo(data) }),
    }
  })
}

function purgedTo(data: NonNullable<EventRow['data']>): number {
  const { through_cursor }: { through_cursor: string } = typeof data === 'string' ? JSON.parse(data) : data
  return placeOf(through_cursor).seq
}

function dashed(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** The violations, one line each, starting with the broken rule. */
export function judge(entries: readonly Entry[], evidence: Evidence): string[] {
  const rights = new AllRights(entries)
  const changes = new AllChanges(entries)
  const log = new IndexedLog(evidence.log)
  return [
    ...judgeLog(evidence.log),
    ...judgePosts(entries, evidence, log, changes),
    ...judgeChanges(entries, evidence, changes),
    ...readingsOf(entries).flatMap((reading) => judgeReading(reading, log, rights, changes)),
  ]
}

function judgeLog(log: readonly LoggedEvent[]): string[] {
  const lastPurge = log.findLast(({ purgedTo }) => purgedTo !== undefined)?.seq ?? 0
  return log.flatMap((event, i) => {
    const before = log[i - 1]
    const wrong: string[] = []
    const next = (before?.seq ?? 0) + 1
    const isPurged = event.seq > next && next < lastPurge
    if (event.seq !== next && !isPurged) wrong.push(`log: number ${event.seq} stands where ${next} belongs`)
    if (before && before.epoch > event.epoch) wrong.push(`log: the epoch goes back at ${event.seq}`)
    return wrong
  })
}

function judgePosts(
  entries: readonly Entry[],
  { readable }: Evidence,
  log: IndexedLog,
  changes: AllChanges,
): string[] {
  const wrong: string[] = []
  const byId = new Map(readable.map((message) => [message.id, message]))
  const attempts = new Set(entries.flatMap((entry) => (entry.what === 'attempted' ? [entry.key] : [])))
  const acked = new Map<string, string>()
  for (const entry of entries) {
    if (entry.what !== 'acked') continue
    const { key, id, seq, channel } = entry
    const message = byId.get(id)
    if (!message && (changes.mayBeDeleted(id) || log.isPurged(entry))) continue
    if (!message) wrong.push(`lost: ${key} was acknowledged as ${id} (${seq}) and cannot be read`)
    else if (message.seq !== seq || message.channel !== channel)
      wrong.push(
        `lost: ${key} was acknowledged at ${seq} in ${channel} and is at ${message.seq} in ${message.channel}`,
      )
    const row = log.at(entry)
    if (row?.id !== id)
      wrong.push(`log: ${key} was acknowledged at ${said(entry)}, where ${row?.id ?? 'nothing'} stands`)
    const other = acked.get(key)
    if (other !== undefined && other !== id)
      wrong.push(`twice: ${key} was acknowledged as ${other} and as ${id}`)
    acked.set(key, id)
  }
  const made = new Map<string, string>()
  for (const { id, body } of readable) {
    const key = keyOf(body)
    const other = made.get(key)
    if (other !== undefined) wrong.push(`twice: ${key} made ${other} and ${id}`)
    made.set(key, id)
    if (!attempts.has(key)) wrong.push(`false: message ${id} (${key}) was never posted`)
  }
  return wrong
}

function judgeChanges(entries: readonly Entry[], { readable }: Evidence, changes: AllChanges): string[] {
  const wrong: string[] = []
  for (const { id, body } of readable) {
    if (changes.deletedAt(id) !== undefined) wrong.push(`undone: ${id} was deleted and can be read`)
    const allowed = changes.bodiesOf(id)
    if (allowed && !allowed.includes(body))
      wrong.push(`edit: ${id} has the body ${body} instead of ${allowed.join(' or ')}`)
  }
  for (const entry of entries) {
    if (entry.what !== 'received' || !entry.hasText || entry.id === null) continue
    const since = changes.deletedAt(entry.id)
    if (since !== undefined && entry.at - since > GRACE_MILLISECONDS)
      wrong.push(`undone: stream ${entry.stream} got the text of ${entry.id} after its deletion`)
  }
  return wrong
}

type Opened = Extract<Entry, { what: 'opened' }>
type Received = Extract<Entry, { what: 'received' }>

/** One stream and its events. */
interface Carried {
  readonly opened: Opened
  readonly received: Received[]
  /** Positions that were reported as reached, with the number of events received by then. */
  readonly reached: { readonly place: Place; readonly count: number }[]
  /** The position reached at the end, as far as is known. */
  end: Place | null
  /** The first and the last moment, as indexes of entries. */
  readonly from: number
  to: number
  /** Whether the server declared a gap between the previous stream and this one. */
  readonly declared: boolean
}

/** The streams of each reader, in order. */
function readingsOf(entries: readonly Entry[]): Carried[][] {
  const byReader = new Map<string, Carried[]>()
  const byStream = new Map<number, Carried>()
  const gaps = new Set<string>()
  for (const [index, entry] of entries.entries()) {
    if (entry.what === 'gap') gaps.add(entry.reader)
    if (entry.what === 'opened') {
      const declared = gaps.delete(entry.reader)
      const begin = { opened: entry, received: [], reached: [], end: entry.after, from: index, to: index }
      const carried: Carried = { ...begin, declared }
      byStream.set(entry.stream, carried)
      byReader.set(entry.reader, [...(byReader.get(entry.reader) ?? []), carried])
    }
    if (entry.what !== 'received' && entry.what !== 'reached') continue
    const carried = byStream.get(entry.stream)
    if (!carried) throw new Error(`stream ${entry.stream} was never opened`)
    carried.to = index
    if (carried.end === null || isAfter(entry, carried.end)) carried.end = entry
    if (entry.what === 'received') carried.received.push(entry)
    else carried.reached.push({ place: entry, count: carried.received.length })
  }
  return [...byReader.values()]
}

function judgeReading(
  streams: readonly Carried[],
  log: IndexedLog,
  rights: AllRights,
  changes: AllChanges,
): string[] {
  const wrong: string[] = []
  let comeTo: Place | null = null
  for (const carried of streams) {
    const { after } = carried.opened
    if (comeTo !== null && after !== null && isAfter(after, comeTo) && !carried.declared)
      wrong.push(`gap: ${nameOf(carried)} goes on at ${said(after)}, its reader had come to ${said(comeTo)}`)
    wrong.push(
      ...judgeOrder(carried),
      ...judgeTruth(carried, log, rights),
      ...judgeWhole(carried, log, rights, changes),
    )
    comeTo = carried.end ?? comeTo
  }
  return wrong
}

function judgeOrder(carried: Carried): string[] {
  const name = nameOf(carried)
  const had = new Set<string>()
  let last = carried.opened.after
  return carried.received.flatMap((entry) => {
    const place = said(entry)
    if (had.has(place)) return [`order: ${name} got ${place} twice`]
    had.add(place)
    if (last !== null && !isAfter(entry, last)) return [`order: ${name} got ${place} after ${said(last)}`]
    last = entry
    return []
  })
}

function judgeTruth(carried: Carried, log: IndexedLog, rights: AllRights): string[] {
  const { account, selection } = carried.opened
  const name = nameOf(carried)
  return carried.received.flatMap((entry) => {
    const wrong: string[] = []
    const row = log.at(entry)
    if (!row && log.mayBePurged(entry)) return []
    if (!row) wrong.push(`false: ${name} got ${said(entry)}, which is not in the log`)
    else if (row.type !== entry.type || row.channel !== entry.channel || row.id !== entry.id)
      wrong.push(`false: ${name} got another ${said(entry)} than the log has`)
    if (!selects(selection, entry)) wrong.push(`false: ${name} got ${said(entry)}, which it did not ask for`)
    const isOfMessage = entry.id !== null && entry.channel !== null
    if (isOfMessage && entry.at - rights.of(account, entry.channel).shutSince(entry.at) > GRACE_MILLISECONDS)
      wrong.push(`leak: ${name} got ${said(entry)} of ${entry.channel}, which @${account} may not read`)
    return wrong
  })
}

function judgeWhole(carried: Carried, log: IndexedLog, rights: AllRights, changes: AllChanges): string[] {
  const { opened, received, reached, end, from, to } = carried
  const name = nameOf(carried)
  const begin = opened.after ?? received[0]
  if (begin === undefined || end === null) return []
  const had = new Set(received.map(said))
  // Events without a channel, or of a channel whose rights changed meanwhile, were promised to no reader.
  // Pages of messages leave out deleted ones.
  const isLeftOut = (id: string | null) => opened.transport === 'poll' && changes.mayBeDeleted(id)
  const isOwed = ({ type, channel, id }: LoggedEvent) =>
    channel !== null &&
    !isLeftOut(id) &&
    selects(opened.selection, { type, channel }) &&
    rights.of(opened.account, channel).heldThroughout(from, to)
  const missing = log.between(begin, end).filter((event) => !had.has(said(event)) && isOwed(event))
  const early = reached.flatMap(({ place, count }) => {
    const late = received.slice(count).find((entry) => !isAfter(entry, place))
    return late ? [`gap: ${name} was told it has everything to ${said(place)} before ${said(late)} came`] : []
  })
  return [
    ...missing.map(
      (event) =>
        `gap: ${name} came to ${said(end)} without ${said(event)} (${event.type} in ${event.channel})`,
    ),
    ...early,
  ]
}

/** The log by position. */
class IndexedLog {
  private readonly places: ReadonlyMap<string, number>

  constructor(private readonly log: readonly LoggedEvent[]) {
    this.places = new Map(log.map((event, i) => [said(event), i]))
  }

  at(place: Place): LoggedEvent | undefined {
    return this.log[this.places.get(said(place)) ?? -1]
  }

  /** Whether the message at a position of a channel was purged. */
  isPurged({ channel, seq }: { readonly channel: string; readonly seq: number }): boolean {
    return this.log.some((event) => event.channel === channel && (event.purgedTo ?? 0) >= seq)
  }

  /** Whether the event at a position of a channel may have been purged: also later events of purged messages are. */
  mayBePurged({ channel, seq }: { readonly channel: string | null; readonly seq: number }): boolean {
    return this.log.some(
      (event) => event.channel === channel && event.purgedTo !== undefined && event.seq > seq,
    )
  }

  /** The events after one position, up to and including another. */
  between(after: Place, upTo: Place): LoggedEvent[] {
    const known = this.places.get(said(after))
    const first = known === undefined ? this.log.findIndex((event) => isAfter(event, after)) : known + 1
    const found: LoggedEvent[] = []
    for (const event of first < 0 ? [] : this.log.slice(first)) {
      if (isAfter(event, upTo)) break
      found.push(event)
    }
    return found
  }
}

/** The edits and deletions of messages. */
class AllChanges {
  private readonly edits = new Map<string, Extract<Entry, { what: 'editing' | 'edited' }>[]>()
  private readonly deleting = new Set<string>()
  private readonly deleted = new Map<string, number>()

  constructor(entries: readonly Entry[]) {
    for (const entry of entries)
      switch (entry.what) {
        case 'editing':
        case 'edited':
          this.edits.set(entry.id, [...(this.edits.get(entry.id) ?? []), entry])
          break
        case 'deleting':
          this.deleting.add(entry.id)
          break
        case 'deleted':
          if (!this.deleted.has(entry.id)) this.deleted.set(entry.id, entry.at)
      }
  }

  mayBeDeleted(id: string | null): boolean {
    return id !== null && this.deleting.has(id)
  }

  /** The moment by which the message was surely deleted. */
  deletedAt(id: string): number | undefined {
    return this.deleted.get(id)
  }

  /** The bodies that a message may have after its last acknowledged edit; undefined if none was acknowledged. */
  bodiesOf(id: string): string[] | undefined {
    const edits = this.edits.get(id) ?? []
    const last = edits.findLastIndex(({ what }) => what === 'edited')
    return last < 0 ? undefined : edits.slice(last).map(({ body }) => body)
  }
}

interface RightChange {
  readonly index: number
  readonly at: number
  readonly what: 'giving' | 'given' | 'taking' | 'taken'
}

/** What each account may read over time. */
class AllRights {
  private readonly changes = new Map<string, RightChange[]>()

  constructor(entries: readonly Entry[]) {
    for (const [index, entry] of entries.entries()) {
      if (!('account' in entry) || !('channel' in entry)) continue
      const { what, account, channel, at } = entry
      const name = `${account} ${channel}`
      this.changes.set(name, [...(this.changes.get(name) ?? []), { index, at, what }])
    }
  }

  of(account: string, channel: string | null) {
    const changes = this.changes.get(`${account} ${channel}`) ?? []
    return {
      /** The time since which the account surely may not read; infinity while that is not certain. */
      shutSince: (at: number): number => {
        const last = changes.findLast((change) => change.at <= at)
        if (last === undefined) return Number.NEGATIVE_INFINITY
        return last.what === 'taken' ? last.at : Number.POSITIVE_INFINITY
      },
      heldThroughout: (from: number, to: number): boolean =>
        changes.findLast(({ index }) => index <= from)?.what === 'given' &&
        !changes.some(({ index }) => index > from && index <= to),
    }
  }
}

function selects({ channels, types }: Selection, event: { type: string; channel: string | null }): boolean {
  if (types !== null && !types.includes(event.type)) return false
  return channels === '*' || (event.channel !== null && channels.includes(event.channel))
}

function isAfter(one: Place, other: Place): boolean {
  return one.epoch === other.epoch ? one.seq > other.seq : one.epoch > other.epoch
}

function said({ epoch, seq }: Place): string {
  return `${seq} of ${epoch}`
}

function nameOf({ opened: { reader, transport, stream } }: Carried): string {
  return `${reader} (${transport} ${stream})`
}

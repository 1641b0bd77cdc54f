/**
 * The projector makes the events of rooms from the rows of the log: projector.ts reads and writes, derive.ts says which
 * events follow from which row, outward.ts how a message reads as an event. What it makes is a function of the rows alone,
 * so a store has the same event ids whenever and wherever it is projected.
 * Start reading here.
 */
import type { Actor } from '../../identity/actor'
import { systemAccount } from '../../identity/system-account'
import type { Account } from '../../kernel/entities'
import { Trouble } from '../../kernel/errors'
import type { Seq } from '../../kernel/ids'
import type { Store, Writes } from '../../kernel/ports'
import type { Pace } from '../../kernel/turns'
import { MATRIX_PROJECTION, type MarkKey } from '../../log/marks'
import { type BatchParts, EventBatch } from '../event-batch'
import type { Html } from '../html'
import type { MatrixMeters } from '../meters'
import type { MatrixParts } from '../parts'
import { People } from '../people'
import { isTrouble } from '../refusals'
import { Rooms } from '../rooms'
import type { MatrixUser } from '../user-ports'
import type { Users } from '../users'
import { deriveAhead, firstPart } from './ahead'
import { Derivation, type Strict } from './derivation'
import { derive } from './derive'
import { EventCounts, type Made } from './event-counts'
import { RecentPosts } from './recent-posts'
import { type LogRows, readRows, rowsOfPosts } from './rows'
import { ServerName } from './server-name'
import { SkippedRows } from './skipped-rows'
import { TooFarBehind } from './too-far-behind'
import { WantedRows } from './wanted-rows'

/** Rows of one transaction. On a shared database others wait for it. */
const ROWS = 256
const ROWS_SHARED = 128
/** From so many rows on its transactions go before posts, so that the rest does not grow further. */
const URGENT_ROWS = 2048
/** From so many rows on acts over Matrix are refused. */
const MAX_ROWS_BEHIND = 4096
/** How long a read waits for the events of what was committed before it. */
const PATIENCE_MILLISECONDS = 1000
/** How often an act waits for the projector before it is refused. */
const ATTEMPTS = 5

export interface ProjectorParts extends BatchParts {
  readonly store: Store
  readonly html: Html
  readonly users: Users
  /** Seq of the last event announced here. */
  readonly head: () => Seq
  readonly systemName: () => string
  readonly newRooms: () => { readonly version: string; readonly federate: boolean }
  readonly run: <Result>(actor: Actor, work: (tx: Writes) => Promise<Result>) => Promise<Result>
  readonly timer: MatrixParts['timer']
  readonly pace: Pick<Pace, 'loop'>
  readonly report: (fault: unknown) => void
  readonly meters?: MatrixMeters
}

/** What an act over Matrix works with, in its transaction. All rows before it are projected. */
export interface MatrixAct {
  readonly tx: Writes
  /** The events of the act. They are written when its work is done. */
  readonly batch: EventBatch
  readonly rooms: Rooms
  readonly people: People
}

export class Projector {
  readonly rooms = new Rooms()
  readonly people: People
  readonly counts: EventCounts
  private system: Account | undefined
  /** Undefined until it is stored. */
  private systemUser: MatrixUser | undefined
  private known: Seq | undefined
  private size: number
  /** How many times the next row has failed alone. */
  private failures = 0
  readonly wanted: WantedRows
  private readonly skipped: SkippedRows
  private readonly recent: RecentPosts
  private readonly serverName: ServerName

  constructor(private readonly parts: ProjectorParts) {
    this.counts = new EventCounts(parts.meters)
    this.people = new People(parts.users, parts.serverName, parts.systemName)
    this.size = this.most
    this.skipped = new SkippedRows(parts.store.reads)
    this.recent = new RecentPosts(parts.store)
    const position = () => this.position
    this.wanted = new WantedRows({ timer: parts.timer, position, refresh: () => this.refresh() })
    this.serverName = new ServerName(parts)
    parts.store.onMarks(({ projected }) => {
      if (projected) this.moved(projected.upTo)
    })
  }

  /** Seq of the last row that is projected, as far as this process knows. */
  get position(): Seq {
    return this.known ?? 0
  }

  /** Rows that are not projected yet. */
  get lag(): number {
    return Math.max(0, this.parts.head() - this.position)
  }

  /** The position as the store has it; another process may have moved it. */
  async storedPosition(): Promise<Seq> {
    await this.refresh()
    return this.position
  }

  /** Has all rows of a channel that is kept out projected again when it comes back. */
  replayFromStart(tx: Writes, channelId: number): Promise<void> {
    return this.skipped.move(tx, channelId, 1)
  }

  /** Whether a reader waits for rows, here or in another process. */
  get isWanted(): boolean {
    return this.wanted.isAny
  }

  /** Resolves when what was committed before is projected, or after a second. Call it before each read. */
  async projected(upTo: Seq = this.parts.head()): Promise<void> {
    await this.wanted.reached(upTo, PATIENCE_MILLISECONDS)
  }

  /** Prepares this process, after which another one may have projected until now. */
  async begin(): Promise<void> {
    const { store } = this.parts
    this.system ??= await store.transact(systemAccount)
    this.known = await store.reads.projectionPosition(MATRIX_PROJECTION)
    await this.serverName.check()
  }

  /** Projects the next rows in a transaction of their own, and rows of channels that have been left out until now. */
  async step(): Promise<void> {
    const { store, head } = this.parts
    const after = this.position
    const posts = this.recent.after(after, this.size)
    const rows = firstPart(
      posts ? await rowsOfPosts(store.reads, after, posts) : await readRows(store.reads, after, this.size),
    )
    if (rows.upTo === after) return
    if (this.system) this.systemUser ??= await store.reads.matrix().user({ accountId: this.system.id })
    await this.serverName.check()
    for (const { channelId, from } of await this.skipped.returning(rows))
      await this.replay(channelId, from, after)
    const isUrgent = head() - after >= URGENT_ROWS
    try {
      const ahead = await this.ahead(rows)
      await store.transact((tx) => this.projectFrom(tx, rows, ahead), { isUrgent })
      this.size = Math.min(this.most, this.size * 2)
      this.failures = 0
    } catch (fault) {
      // Any other error may lie in the rows, so that it comes again.
      if (isTrouble(fault)) throw fault
      await this.afterFailure(rows, fault)
    }
  }

  /**
   * Runs an act over Matrix in a transaction in which everything before it is projected. The rows that it appends and for
   * which it adds no event are projected at its end.
   * @throws unavailable if too much is left to project; what the work throws
   */
  act<Result>(actor: Actor, work: (act: MatrixAct) => Promise<Result>): Promise<Result> {
    return this.attempt((inTransaction) => this.parts.run(actor, inTransaction), work)
  }

  /** The same for acts of several actors together. The work does what `Transactions.run` does for each of them. */
  actTogether<Result>(work: (act: MatrixAct) => Promise<Result>): Promise<Result> {
    return this.attempt((inTransaction) => this.parts.store.transact(inTransaction), work)
  }

  private async attempt<Result>(
    run: (inTransaction: (tx: Writes) => Promise<Result>) => Promise<Result>,
    work: (act: MatrixAct) => Promise<Result>,
  ): Promise<Result> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (this.lag > this.most) await this.refresh()
      if (this.lag > MAX_ROWS_BEHIND) break
      if (this.lag > this.most)
        await this.wanted.reached(this.parts.head() - this.most, PATIENCE_MILLISECONDS)
      let batch: EventBatch | undefined
      try {
        return await run((tx) => {
          batch = new EventBatch(this.parts)
          return this.within(tx, batch, work)
        })
      } catch (error) {
        if (!(error instanceof TooFarBehind)) throw error
        await this.wanted.reached(this.parts.head(), PATIENCE_MILLISECONDS)
      } finally {
        // What was refused is not committed, and however often it was tried, it counts once.
        this.counts.refusals(batch)
      }
    }
    throw new TooFarBehind()
  }

  /**
   * Runs a change within the transaction of an act of v1, and makes its events there. What no room allows is refused.
   * `deputies`: who acts where the actor may not. Returns those of them who did.
   * @throws matrix_no_power; unavailable if too much is left to project; what the change throws
   */
  async strictly<Result>(
    tx: Writes,
    change: () => Promise<Result>,
    deputies: () => Promise<readonly string[]>,
  ): Promise<{ readonly result: Result; readonly senders: readonly string[] }> {
    const began = await tx.projectionPosition(MATRIX_PROJECTION)
    if (tx.nextSeq() - 1 - began > this.most) throw new TooFarBehind()
    this.system ??= await systemAccount(tx)
    const after = await this.catchUp(tx, began)
    const result = await change()
    const strict = { deputies: await deputies(), acted: new Set<string>() }
    if (tx.nextSeq() - 1 > after) {
      const rows = await readRows(tx, after, tx.nextSeq() - 1 - after)
      await this.move(tx, after, rows.upTo, await this.project(tx, rows, { strict }))
      await this.catchUp(tx, rows.upTo)
    }
    return { result, senders: [...strict.acted] }
  }

  private get most(): number {
    return this.parts.store.shared ? ROWS_SHARED : ROWS
  }

  private async within<Result>(
    tx: Writes,
    batch: EventBatch,
    work: (act: MatrixAct) => Promise<Result>,
  ): Promise<Result> {
    const began = await tx.projectionPosition(MATRIX_PROJECTION)
    if (tx.nextSeq() - 1 - began > this.most) throw new TooFarBehind()
    this.system ??= await systemAccount(tx)
    let after = await this.catchUp(tx, began)
    const result = await work({ tx, batch, rooms: this.rooms, people: this.people })
    const owned = batch.rows
    const keys = await this.flush(tx, { batch })
    const last = tx.nextSeq() - 1
    if (last > after && owned.size === last - after) await this.move(tx, after, last, keys)
    else if (last > after) {
      const rows = await readRows(tx, after, last - after, ({ seq }) => !owned.has(seq))
      for (const key of await this.project(tx, rows)) keys.add(key)
      await this.move(tx, after, rows.upTo, keys)
      after = rows.upTo
      await this.catchUp(tx, after)
    }
    return result
  }

  /** Projects the rows up to the head of the log of this transaction, those included that this appends. */
  private async catchUp(tx: Writes, from: Seq): Promise<Seq> {
    let after = from
    while (after < tx.nextSeq() - 1) {
      const rows = await readRows(tx, after, this.most)
      if ((await this.skipped.returning(rows)).length > 0) throw new TooFarBehind()
      await this.move(tx, after, rows.upTo, await this.project(tx, rows))
      after = rows.upTo
    }
    return after
  }

  /** Derives events before the transaction, where that can be done. */
  private async ahead(rows: LogRows) {
    const { system, systemUser, parts } = this
    if (!system || !systemUser || rows.records.length === 0) return undefined
    const batch = new EventBatch(parts)
    const loop = parts.pace.loop()
    const withSystem = { ...rows, users: [...rows.users, systemUser] }
    const refused = await deriveAhead(
      this.derivationParts(system),
      parts.store.reads,
      withSystem,
      batch,
      loop,
    )
    return refused === undefined ? undefined : { batch, refused }
  }

  private async projectFrom(tx: Writes, rows: LogRows, ahead: Made | undefined): Promise<void> {
    const { after, upTo } = rows
    // An act of this process, or another process, may have projected them meanwhile: then nothing is written.
    if (!(await tx.moveProjection(MATRIX_PROJECTION, after, upTo))) {
      this.known = await tx.projectionPosition(MATRIX_PROJECTION)
      return
    }
    if (ahead) this.rooms.adopt(ahead.batch.rooms)
    // What else the rows of rooms say may have changed since they were read.
    const keys = ahead ? await this.flush(tx, ahead, true) : await this.project(tx, rows)
    tx.matrix().wakeProjected(after, upTo, keys)
  }

  private async move(tx: Writes, after: Seq, upTo: Seq, keys: Iterable<MarkKey>): Promise<void> {
    if (!(await tx.moveProjection(MATRIX_PROJECTION, after, upTo)))
      throw new Error('the position of the projector was moved within its transaction')
    tx.matrix().wakeProjected(after, upTo, keys)
  }

  /** Makes the events of rows. Returns whom they concern. */
  private async project(
    tx: Writes,
    rows: LogRows,
    { strict, isReplay = false }: { readonly strict?: Strict; readonly isReplay?: boolean } = {},
  ): Promise<Set<MarkKey>> {
    const { people, system } = this
    if (!system) throw new Error('the projector has not begun')
    if (rows.records.length === 0) return new Set()
    const batch = new EventBatch(this.parts)
    const returning = isReplay ? [] : (await this.skipped.returning(rows)).map(({ channelId }) => channelId)
    const within = { tx, strict, returning: new Set(returning) }
    const derivation = new Derivation(this.derivationParts(system), tx, rows, batch, within)
    const users = this.systemUser ? [...rows.users, this.systemUser] : undefined
    await derivation.load(await people.shown(tx, [...rows.accounts.values(), system], users))
    try {
      for (const record of rows.records) await derive(derivation, record)
    } catch (error) {
      this.counts.refusals(batch)
      throw error
    }
    await this.skipped.note(tx, derivation.leftOut)
    for (const channelId of returning) await this.skipped.move(tx, channelId, 0)
    return this.flush(tx, { batch, refused: derivation.refused })
  }

  private async flush(tx: Writes, made: Made, onlyTips = false): Promise<Set<MarkKey>> {
    const { batch } = made
    const keys = new Set<MarkKey>()
    for (const { channelId } of batch.all) keys.add(`c${channelId}`)
    for (const channelId of batch.rewritten) keys.add(`x${channelId}`)
    const users = batch.all.flatMap(({ type, stateKey }) =>
      type === 'm.room.member' && stateKey !== null ? [stateKey] : [],
    )
    if (users.length > 0) for (const id of await this.people.accountsOf(tx, users)) keys.add(`a${id}`)
    await batch.flush(tx.matrix(), { onlyTips })
    this.counts.made(tx, made)
    return keys
  }

  /** Projects the rows of one channel that were left out, from one position up to another. */
  private async replay(channelId: number, from: Seq, upTo: Seq): Promise<void> {
    const { store } = this.parts
    let after = from - 1
    while (after < upTo) {
      const rows = await readRows(
        store.reads,
        after,
        Math.min(ROWS, upTo - after),
        (record) => record.channelId === channelId,
      )
      if (rows.upTo === after) break
      await store.transact(async (tx) => {
        await this.project(tx, rows, { isReplay: true })
        await this.skipped.move(tx, channelId, rows.upTo + 1)
      })
      after = rows.upTo
    }
  }

  /** Projects rows one by one after a failure. Leaves out one that has failed alone several times. */
  private async afterFailure({ after, upTo, records }: LogRows, fault: unknown): Promise<void> {
    if (this.size > 1) {
      this.size = 1
      return
    }
    this.failures++
    if (this.failures < ATTEMPTS) throw fault
    this.failures = 0
    const type = records[0]?.type
    this.parts.report(
      new Trouble(`event ${upTo} of the log (${type}) became no event of a room: ${String(fault)}`),
    )
    await this.parts.store.transact(async (tx) => {
      if ((await tx.projectionPosition(MATRIX_PROJECTION)) === after) await this.move(tx, after, upTo, [])
    })
  }

  private derivationParts(system: Account) {
    const { serverName, html, newRooms } = this.parts
    return { serverName, html, rooms: this.rooms, people: this.people, system, newRooms: newRooms() }
  }

  private async refresh(): Promise<void> {
    this.moved(await this.parts.store.reads.projectionPosition(MATRIX_PROJECTION))
  }

  private moved(upTo: Seq): void {
    this.known = Math.max(this.known ?? 0, upTo)
    this.recent.forget(this.known)
    this.wanted.moved()
  }
}

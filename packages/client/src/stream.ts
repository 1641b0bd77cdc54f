import { Connection, type StreamStatus, type TransportName } from './connection'
import type { GapEvent, StreamEvent } from './events'
import type { Http } from './http'
import { anyOf, asyncDispose } from './time'

export interface StreamOptions {
  /** Slugs; `*`, the default, is every channel that the account can read, and what belongs to no channel. */
  readonly channels?: readonly string[]
  /** Types of events, or groups such as `message.*`; all of the log by default. */
  readonly types?: readonly string[] | undefined
  /** Also what notifies the account, as `inbox.item`. */
  readonly inbox?: boolean
  /** Also what is not in the log, such as presence, without `types`. It comes over WebSockets and server-sent events. */
  readonly ephemeral?: boolean
  /** A cursor that was stored, `oldest`, or `now`, the default. */
  readonly since?: string | undefined
  /** Leave out what the account does itself. */
  readonly excludeSelf?: boolean
  /** Use this transport alone. By default the stream finds one that passes. */
  readonly transport?: TransportName | undefined
  /** Called when a connection begins, is open, and is lost; then with the milliseconds until the next attempt. */
  readonly onStatus?: ((status: StreamStatus, pause?: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** A stream with so many events that were not read closes its connection, and resumes when they are. */
const MOST_UNREAD = 10_000

interface Entry {
  readonly event?: StreamEvent
  readonly cursor: string | undefined
}

/**
 * The events of the log, in its order and each once, also over lost connections. It reconnects for as long as that may
 * help, and else throws a SynapseError. A stream ends with `close`, when its loop is left, and when its signal aborts.
 */
export class Stream implements AsyncIterableIterator<StreamEvent> {
  /** The position after the last event that the loop was given. Store it when that event is handled. */
  cursor: string | undefined
  status: StreamStatus = 'connecting'

  private readonly closing: ReturnType<typeof anyOf>
  private readonly opening: Promise<string>
  private queue: Entry[] = []
  private first = 0
  /** Orders the events, and what notifies after its event. */
  private rank = -1
  private isOver = false
  private failure: unknown
  private wakeReader: (() => void) | undefined
  private makeRoom: (() => void) | undefined

  constructor(
    http: Http,
    names: readonly TransportName[],
    private readonly options: StreamOptions,
  ) {
    const { channels = ['*'], types, inbox = false, excludeSelf = false, ephemeral = false } = options
    const { since, signal } = options
    const start = since === 'now' ? undefined : since
    this.cursor = start === 'oldest' ? undefined : start
    this.closing = anyOf(signal)
    let begin: (cursor: string) => void = () => undefined
    let fail: (error: unknown) => void = () => undefined
    this.opening = new Promise((resolve, reject) => {
      begin = resolve
      fail = reject
    })
    // It may be that nothing waits for it.
    this.opening.catch(() => undefined)
    const receiver = {
      status: (status: StreamStatus, pause?: number) => this.turn(status, pause),
      opened: (cursor: string) => {
        begin(cursor)
        if (this.cursor === undefined) this.put({ cursor })
      },
      event: (event: StreamEvent, cursor: string | undefined) => this.take(event, cursor),
      position: (cursor: string) => this.put({ cursor }),
      gap: (gap: GapEvent) => {
        if (gap.reason === 'epoch') this.rank = -1
        this.put({ event: gap, cursor: gap.to })
      },
      room: () =>
        new Promise<void>((resolve) => {
          this.makeRoom = resolve
          if (this.unread === 0) resolve()
        }),
    }
    const selection = { channels, types, inbox, excludeSelf, ephemeral }
    const connection = new Connection(http, selection, names, start, receiver, this.closing.controller.signal)
    const end = (error: unknown) => {
      this.end(signal?.aborted ? signal.reason : this.isOver ? undefined : error)
      fail(this.failure ?? new Error('The stream was closed'))
    }
    // What ends the stream is thrown where it is read.
    connection.run().then(() => end(undefined), end)
  }

  /** Resolves when the stream has begun, with its position: everything after that arrives. */
  ready(): Promise<string> {
    return this.opening
  }

  async next(): Promise<IteratorResult<StreamEvent, undefined>> {
    for (;;) {
      const entry = this.shift()
      if (entry?.cursor !== undefined) this.cursor = entry.cursor
      if (entry?.event) return { done: false, value: entry.event }
      if (entry) continue
      if (this.isOver) {
        const error = this.failure
        this.failure = undefined
        if (error !== undefined) throw error
        return { done: true, value: undefined }
      }
      this.makeRoom?.()
      await new Promise<void>((resolve) => {
        const others = this.wakeReader
        this.wakeReader = () => {
          others?.()
          resolve()
        }
      })
    }
  }

  async return(): Promise<IteratorResult<StreamEvent, undefined>> {
    await this.close()
    return { done: true, value: undefined }
  }

  /** Ends the stream. Events that were not read are dropped. */
  async close(): Promise<void> {
    this.queue = []
    this.first = 0
    this.end(undefined)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [asyncDispose](): Promise<void> {
    await this.close()
  }

  private get unread(): number {
    return this.queue.length - this.first
  }

  private take(event: StreamEvent, cursor: string | undefined): boolean {
    if (event.seq === undefined) {
      // Only a WebSocket has these unasked.
      if (this.options.types !== undefined || this.options.ephemeral) this.put({ event, cursor })
      return true
    }
    const rank = event.seq * 2 + (event.type === 'inbox.item' ? 1 : 0)
    if (rank > this.rank) {
      this.rank = rank
      this.put({ event, cursor })
    } else if (cursor !== undefined) this.put({ cursor })
    return this.unread < MOST_UNREAD
  }

  private put(entry: Entry): void {
    const last = this.queue.length - 1
    // Of several positions without an event between them, the last one counts.
    if (!entry.event && this.unread > 0 && !this.queue[last]?.event) this.queue[last] = entry
    else this.queue.push(entry)
    this.wake()
  }

  private shift(): Entry | undefined {
    const entry = this.queue[this.first]
    if (entry === undefined) return
    // Entries that were read are dropped now and then, because that moves the others.
    if (++this.first === this.queue.length || this.first >= MOST_UNREAD) {
      this.queue.splice(0, this.first)
      this.first = 0
    }
    return entry
  }

  private wake(): void {
    const wake = this.wakeReader
    this.wakeReader = undefined
    wake?.()
  }

  private turn(status: StreamStatus, pause?: number): void {
    if (this.status === status || this.status === 'closed') return
    this.status = status
    this.options.onStatus?.(status, pause)
  }

  private end(error: unknown): void {
    if (this.isOver) return
    this.turn('closed')
    this.isOver = true
    this.failure = error
    this.closing.controller.abort()
    this.closing.release()
    this.makeRoom?.()
    this.wake()
  }
}

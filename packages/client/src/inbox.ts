import { SynapseError } from './errors'
import { FOREVER, type Http } from './http'
import { anyOf, asyncDispose, WAIT_SECONDS } from './time'
import type { InboxItem, InboxPage } from './types'

export interface InboxOptions {
  /** Name of a position, one for each program that reads the inbox. Default: `default`. */
  readonly consumer?: string
  /** Only items with one of these reasons. */
  readonly reasons?: readonly string[]
  /** Only items that are neither acknowledged nor failed. */
  readonly unacked?: boolean
  /** Items of a batch, 1 to 200; 50 by default. */
  readonly limit?: number
  readonly signal?: AbortSignal
}

export interface AckOptions {
  readonly state?: 'acked' | 'failed'
  /** Tells the senders why; at most 500 characters. */
  readonly note?: string
}

/** What notified the account, oldest first: handle it as one turn, and acknowledge it. */
export class Batch implements Iterable<InboxItem> {
  readonly items: readonly InboxItem[]
  /** What `ack` acknowledges. */
  readonly cursor: string
  /** Items after the consumer's position that are not acknowledged, counted to 1,000. */
  readonly pending: number
  /** What the owner should know: `purged`, `webhook_disabled`. */
  readonly notices: InboxPage['notices']

  constructor(
    private readonly http: Http,
    private readonly consumer: string | undefined,
    { items, cursor, pending, notices }: InboxPage,
  ) {
    this.items = items
    this.cursor = cursor
    this.pending = pending
    this.notices = notices
  }

  /**
   * Moves the consumer past the batch, and acknowledges it. With a note, or as `failed`, the senders are told so first.
   * Without an acknowledgement the batch comes again when the program is started anew.
   */
  async ack({ state = 'acked', note }: AckOptions = {}): Promise<void> {
    const { consumer, cursor } = this
    const send = (body: object) => this.http.call('POST', '/v1/inbox/ack', { body: { ...body, consumer } })
    if (state === 'failed' || note !== undefined) {
      const message_ids = [...new Set(this.items.map(({ message }) => message.id))]
      if (message_ids.length > 0) await send({ message_ids, state, note })
    }
    await send({ cursor })
  }

  [Symbol.iterator](): Iterator<InboxItem> {
    return this.items[Symbol.iterator]()
  }
}

/** The batches of an inbox, for as long as they are read. */
export class Inbox implements AsyncIterableIterator<Batch> {
  private readonly closing: ReturnType<typeof anyOf>
  private since: string | undefined
  private isClosed = false

  constructor(
    private readonly http: Http,
    private readonly options: InboxOptions,
  ) {
    this.closing = anyOf(options.signal)
  }

  async next(): Promise<IteratorResult<Batch, undefined>> {
    const { consumer, reasons, unacked, limit, signal: outer } = this.options
    const { signal } = this.closing.controller
    outer?.throwIfAborted()
    while (!this.isClosed) {
      // What was given once does not come again here, also if it was not acknowledged.
      const query = {
        consumer,
        reason: reasons?.join(','),
        unacked,
        limit,
        since: this.since,
        wait: WAIT_SECONDS,
      }
      try {
        const calling = { query, signal, patience: FOREVER }
        const page = (await this.http.call('GET', '/v1/inbox', calling)) as InboxPage
        this.since = page.cursor
        if (page.items.length > 0) return { done: false, value: new Batch(this.http, consumer, page) }
      } catch (error) {
        if (this.isClosed) break
        // The consumer has a position of its own that is valid.
        if (!(error instanceof SynapseError && /^cursor_/.test(error.code)) || this.since === undefined)
          throw error
        this.since = undefined
      }
    }
    return { done: true, value: undefined }
  }

  async return(): Promise<IteratorResult<Batch, undefined>> {
    await this.close()
    return { done: true, value: undefined }
  }

  async close(): Promise<void> {
    this.isClosed = true
    this.closing.controller.abort()
    this.closing.release()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [asyncDispose](): Promise<void> {
    await this.close()
  }
}

import type { InboxItem, Synapse } from '@synapse/client'
import { Bell } from '../bell'
import { OwnPauses } from './pauses'

/** The inbox is read again after this, also if nothing was heard. */
const LOOK_MS = 60_000

/**
 * What became of a batch. `acknowledged`: all of it is. `done`: it is not to come again. `again`: some of it is. `end`: stop
 * watching.
 */
type Handled = 'acknowledged' | 'done' | 'again' | 'end'

/** Which items are watched. */
export interface Selection {
  readonly consumer: string
  readonly limit: number
  /** Empty: all. */
  readonly channels: ReadonlySet<string>
  readonly reasons: readonly string[]
}

/** The inbox of an account, read whenever something comes in. */
export class WatchedInbox implements AsyncDisposable {
  private readonly bell = new Bell()
  private readonly pauses: OwnPauses
  private readonly listening: Promise<void>
  private readonly ending = new AbortController()
  /** Resolves when nothing is missed any more. */
  private readonly ready = Promise.withResolvers<void>()
  private failure: unknown

  constructor(
    private readonly synapse: Synapse,
    handle: string,
    private readonly selection: Selection,
    private readonly stop: AbortSignal,
  ) {
    this.pauses = new OwnPauses(synapse, handle)
    this.listening = this.listen().catch((error: unknown) => {
      if (!this.stop.aborted && !this.ending.signal.aborted) this.failure = error
      this.ending.abort()
      this.ready.resolve()
    })
  }

  /** Reports whether no pause stops the account where the item is from. */
  mayStart({ message }: InboxItem): boolean {
    return this.pauses.in(message.channel) === undefined
  }

  /**
   * Hands over the items that wait, batch by batch, until the watching is stopped. @throws SynapseError, what `handle`
   * throws
   */
  async each(handle: (items: readonly InboxItem[]) => Promise<Handled> | Handled): Promise<void> {
    const signal = AbortSignal.any([this.stop, this.ending.signal])
    /** After what was handed over; undefined = from the position of the consumer. */
    let since: string | undefined
    try {
      await this.ready.promise
      while (!signal.aborted) {
        const { end, cursor } = await this.pass(since, handle, signal)
        if (end === 'end') break
        since = end === 'again' ? undefined : cursor
        await this.bell.wait(Math.min(LOOK_MS, this.pauses.nextEnd() ?? LOOK_MS), signal)
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
    if (this.failure !== undefined) throw this.failure
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ending.abort()
    await this.listening
  }

  /** Reads the inbox to its end. */
  private async pass(
    start: string | undefined,
    handle: (items: readonly InboxItem[]) => Promise<Handled> | Handled,
    signal: AbortSignal,
  ): Promise<{ readonly end: Handled; readonly cursor: string }> {
    const { consumer, limit, channels, reasons } = this.selection
    let since = start
    let end: Handled | undefined
    for (;;) {
      const page = await this.synapse.request('GET /v1/inbox', {
        query: {
          ...{ consumer, limit, unacked: true },
          ...(since === undefined ? {} : { since }),
          ...(reasons.length === 0 ? {} : { reason: reasons.join(',') }),
        },
        signal,
      })
      const items = page.items.filter(({ message }) => channels.size === 0 || channels.has(message.channel))
      if (items.length > 0) {
        const handled = await handle(items)
        if (handled === 'end') return { end: 'end', cursor: page.cursor }
        if (end !== 'again') end = handled
      }
      signal.throwIfAborted()
      since = page.cursor
      if (!page.has_more) break
    }
    // Moves the position, so that the next look begins here. It would also acknowledge what a selection leaves out.
    if (end === 'acknowledged' && channels.size + reasons.length === 0)
      await this.synapse.request('POST /v1/inbox/ack', { body: { cursor: since, consumer }, signal })
    return { end: end ?? 'done', cursor: since }
  }

  /** Holds a stream, so that the account can be reached, and rings when something may be new. */
  private async listen(): Promise<void> {
    const { signal } = this.ending
    await using stream = this.synapse.stream({
      types: ['inbox.item', 'pause.started', 'pause.ended'],
      signal: AbortSignal.any([this.stop, signal]),
    })
    await stream.ready()
    await this.pauses.load(signal)
    this.ready.resolve()
    for await (const { type } of stream) {
      if (type !== 'inbox.item') await this.pauses.load(signal)
      this.bell.ring()
    }
  }
}

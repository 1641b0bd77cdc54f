import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import { type Stream, type StreamEvent, type StreamStatus, type Synapse, SynapseError } from '@synapse/client'
import { background } from '../background'
import { type Clock, MINUTE, SECOND } from './clock'

/** Away for longer than this, everything is read again instead of every event. */
const RESUMES_FOR = 5 * MINUTE
/** A connection that is lost is shown after so long. */
const SHOWN_AFTER = 5 * SECOND
const TICK = 15 * SECOND
const RETRY = 10 * SECOND

/** Why the state is read again: at first, after a long absence, after events were purged, with another history. */
export type Start = 'first' | 'away' | 'expired' | 'epoch'

export interface LiveOptions {
  readonly synapse: Synapse
  readonly clock: Clock
  /** Draws a batch of events. Default: after 16 ms. */
  schedule(flush: () => void): void
  /** Reads everything, after the stream has begun. Events wait until it is done. */
  read(start: Start): Promise<void>
  apply(event: StreamEvent): void
  /** The credential has ended. */
  signedOut(): void
  /** The stream goes on after an interruption. What is not in the log was missed. */
  resumed(): void
}

/** The stream of the account: begins, is lost, resumes, and begins anew. */
export class Live {
  /** `closed`: not begun, or suspended while the page is hidden. */
  readonly status: Signal<StreamStatus> = signal('closed')
  /** When the connection was lost, in milliseconds; undefined while it is open. */
  readonly lostAt: Signal<number | undefined> = signal(undefined)
  /** Whether to say that there is no connection: it is lost for 5 s. */
  readonly isOffline: ReadonlySignal<boolean>

  private readonly isLate = signal(false)
  private stream: Stream | undefined
  private cursor: string | undefined
  private run = 0
  private subscription = Promise.withResolvers<void>()
  private isSubscribed = false
  private queue: StreamEvent[] = []
  private isReading = false
  private isScheduled = false
  /** Everything is read anyway when the stream has begun. */
  private isNew = true
  private lastTick = 0
  private readonly cancels = new Set<() => void>()

  constructor(private readonly options: LiveOptions) {
    this.isOffline = computed(() => this.lostAt.value !== undefined && this.isLate.value)
  }

  /** Resolves when the stream has begun: what is read after that has no hole to its events. */
  subscribed(): Promise<void> {
    return this.subscription.promise
  }

  /** Begins, and goes on until `close`. */
  open(): void {
    this.begin('first')
    this.tick()
  }

  close(): void {
    this.run++
    for (const cancel of this.cancels) cancel()
    this.cancels.clear()
    if (this.stream) background(this.stream.close())
    this.stream = undefined
    this.status.value = 'closed'
  }

  /** The page is hidden for long: closes the connection, and remembers where it was. */
  suspend(): void {
    if (!this.stream) return
    // Where the first reading is not done, everything is read again.
    this.cursor = this.isReading ? undefined : (this.stream.cursor ?? this.cursor)
    this.flush()
    this.lastTick = this.options.clock.now()
    this.close()
    this.lostAt.value = undefined
  }

  /** The page is seen again: goes on where it was, or reads again after more than 5 min. */
  resume(): void {
    if (this.stream) return
    const isLong = this.options.clock.now() - this.lastTick > RESUMES_FOR
    this.lastTick = this.options.clock.now()
    if (isLong || this.cursor === undefined) this.begin('away')
    else this.connect(this.cursor, undefined)
    this.tick()
  }

  /** Reads everything again. */
  again(start: Start = 'away'): void {
    this.begin(start)
  }

  private begin(start: Start): void {
    // Who waits for the first stream waits for this one.
    if (this.isSubscribed) this.subscription = Promise.withResolvers()
    this.isSubscribed = false
    this.cursor = undefined
    this.isNew = true
    this.connect(undefined, start)
  }

  private connect(since: string | undefined, start: Start | undefined): void {
    const { synapse } = this.options
    const run = ++this.run
    if (this.stream) background(this.stream.close())
    this.queue = []
    this.isReading = false
    const stream = synapse.stream({
      channels: ['*'],
      inbox: true,
      ephemeral: true,
      since,
      onStatus: (status) => {
        if (run === this.run) this.turn(status)
      },
    })
    this.stream = stream
    this.carry(stream, run, start).catch((error) => {
      if (run === this.run) this.fail(error)
    })
  }

  private async carry(stream: Stream, run: number, start: Start | undefined): Promise<void> {
    if (start !== undefined) {
      await stream.ready()
      if (run !== this.run) return
      this.isSubscribed = true
      this.subscription.resolve()
      this.isReading = true
      this.options
        .read(start)
        .then(
          () => undefined,
          (error) => {
            if (run === this.run) this.fail(error)
          },
        )
        .finally(() => {
          if (run !== this.run) return
          this.isReading = false
          this.flushSoon()
        })
    }
    for await (const event of stream) {
      if (run !== this.run) return
      if (event.type === 'gap') return this.begin(event.reason)
      this.queue.push(event)
      this.flushSoon()
    }
  }

  private flushSoon(): void {
    if (this.isScheduled || this.isReading || this.queue.length === 0) return
    this.isScheduled = true
    const flush = () => {
      if (!this.isScheduled) return
      cancel()
      this.isScheduled = false
      this.flush()
    }
    // A page that is hidden meanwhile draws no frame.
    const cancel = this.options.clock.after(SECOND, flush)
    this.options.schedule(flush)
  }

  /** Applies what has arrived, all at once. */
  private flush(): void {
    if (this.isReading) return
    const events = this.queue
    this.queue = []
    batch(() => {
      for (const event of events) this.options.apply(event)
    })
  }

  private turn(status: StreamStatus): void {
    this.status.value = status
    const { clock } = this.options
    if (status === 'open') {
      const isResumed = this.lostAt.peek() !== undefined && !this.isNew
      this.isNew = false
      this.lostAt.value = undefined
      this.isLate.value = false
      if (isResumed) this.options.resumed()
    } else if (this.lostAt.peek() === undefined) {
      const now = clock.now()
      this.lostAt.value = now
      this.later(SHOWN_AFTER, () => {
        if (this.lostAt.peek() === now) this.isLate.value = true
      })
      this.later(RESUMES_FOR, () => {
        if (this.lostAt.peek() === now) this.begin('away')
      })
    }
  }

  /** Notices that the machine was asleep: then no timer ran. */
  private tick(): void {
    const now = this.options.clock.now()
    if (this.lastTick > 0 && now - this.lastTick > RESUMES_FOR && this.stream) this.begin('away')
    this.lastTick = now
    this.later(TICK, () => this.tick())
  }

  private fail(error: unknown): void {
    this.status.value = 'waiting'
    if (error instanceof SynapseError && error.status === 401) {
      this.close()
      this.options.signedOut()
      return
    }
    if (!(error instanceof SynapseError)) throw error
    const { run } = this
    this.later(RETRY, () => {
      if (run === this.run) this.begin('away')
    })
  }

  private later(milliseconds: number, act: () => void): void {
    const cancel = this.options.clock.after(milliseconds, () => {
      this.cancels.delete(cancel)
      act()
    })
    this.cancels.add(cancel)
  }
}

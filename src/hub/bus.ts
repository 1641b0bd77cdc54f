import { background } from '../core/kernel/background'
import { Trouble } from '../core/kernel/errors'
import { joinedHints } from './hints'

/**
 * The bus by which the processes of one deployment wake each other. Its texts are hints: they may be lost, late or
 * duplicated. A text on `log` is a hint (hints.ts). `live` carries small texts that are never stored.
 */
export interface Bus {
  /**
   * Queues a text for all other processes and returns at once. Never throws on delivery failure. Texts on `log` that
   * wait are joined into one.
   */
  send(topic: BusTopic, text: string): void
  /** Why the bus does not work; null while it works. */
  readonly problem: string | null
  close(): Promise<void>
}

export type BusTopic = 'log' | 'live'

export type BusListener = (topic: BusTopic, text: string) => void

/** Reported once when the bus breaks. */
export class BusDown extends Trouble {
  constructor(why: string) {
    super(`the bus is down: ${why}; until it works again, servers poll the database every second`)
  }
}

/** The maximum size of one text. A Postgres notification holds fewer than 8,000 bytes, including the sender's name. */
const MAX_BUS_BYTES = 7_900

/** The minimum interval between two hints on `log`. Reading the log takes a receiver longer than that. */
const LOG_MILLISECONDS = 5

/** A text that is not confirmed within this time counts as lost. */
const SEND_MILLISECONDS = 2000

/** The delay between two attempts to reconnect. */
export const RECONNECT_MILLISECONDS = 1000

/** The interval at which a connection is checked for life. */
export const BEAT_MILLISECONDS = 4000

/** Reports whether `work` succeeds within SEND_MILLISECONDS. */
export async function isDone(work: Promise<unknown>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), SEND_MILLISECONDS)
  const done = work.then(
    () => true,
    () => false,
  )
  try {
    return await Promise.race([done, late])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * A queue of outgoing texts, sent one at a time. While the bus is slow, hints are merged instead of queued.
 * @throws RangeError for a text larger than MAX_BUS_BYTES
 */
export class Outgoing {
  private log: string | undefined
  private lastLog = Number.NEGATIVE_INFINITY
  private readonly live: string[] = []
  private sending = false

  constructor(
    private readonly transmit: (topic: BusTopic, text: string) => Promise<unknown>,
    /** Called when a text was not sent or not confirmed in time. The caller reconnects. */
    private readonly failed: () => void,
    private readonly report: (fault: unknown) => void,
    /**
     * The most `live` texts that wait. Beyond that the oldest is dropped: they are not stored, and it is late already.
     */
    private readonly capacity = 1000,
  ) {}

  push(topic: BusTopic, text: string): void {
    if (Buffer.byteLength(text) > MAX_BUS_BYTES)
      throw new RangeError(`a text on the bus has at most ${MAX_BUS_BYTES} bytes`)
    if (topic === 'log') this.log = this.log === undefined ? text : joinedHints(this.log, text)
    else if (this.live.push(text) > this.capacity) this.live.shift()
    if (!this.sending) background(this.run(), this.report)
  }

  private async run(): Promise<void> {
    this.sending = true
    for (;;) {
      const due = this.lastLog + LOG_MILLISECONDS - performance.now()
      if (this.log !== undefined && due <= 0) {
        const text = this.log
        this.log = undefined
        this.lastLog = performance.now()
        await this.transmitOrFail('log', text)
        continue
      }
      const text = this.live.shift()
      if (text !== undefined) await this.transmitOrFail('live', text)
      else if (this.log !== undefined) await Bun.sleep(due)
      else break
    }
    this.sending = false
  }

  /** A lost hint is harmless: the other processes poll the log every second. */
  private async transmitOrFail(topic: BusTopic, text: string): Promise<void> {
    if (!(await isDone(this.transmit(topic, text)))) this.failed()
  }
}

/** Encodes a text as `<sender>:<topic>:<text>`. The sender's id lets a process ignore its own texts. */
export function packed(sender: string, topic: BusTopic, text: string): string {
  return `${sender}:${topic}:${text}`
}

export function unpack(message: string, self: string, listener: BusListener): void {
  const match = /^([^:]*):(log|live):(.*)$/s.exec(message)
  if (match && match[1] !== self) listener(match[2] as BusTopic, match[3] ?? '')
}

import { background } from '../core/kernel/background'
import { Trouble } from '../core/kernel/errors'

/**
 * How the processes of one deployment wake each other. What goes over it is a hint and nothing else: it may be lost,
 * late or doubled. `log` says up to which seq the log goes; `live` carries what is never stored, and must stay small.
 */
export interface Bus {
  /** Hands a text to all other processes. Does not wait and does not fail; of `log` only the latest counts. */
  send(topic: BusTopic, text: string): void
  /** Why it does not work; null while it does. */
  readonly problem: string | null
  close(): Promise<void>
}

export type BusTopic = 'log' | 'live'

export type BusListener = (topic: BusTopic, text: string) => void

/** What is reported, once, when the bus breaks. */
export class BusDown extends Trouble {
  constructor(why: string) {
    super(`the bus is down: ${why}; until it is back, servers hear of each other within a second`)
  }
}

/** The most bytes of one text: a notification of Postgres has less than 8,000 with the name of its sender. */
const MAX_BUS_BYTES = 7_900

/** While much is written, one hint speaks for this long: whoever reads takes longer than that. */
const LOG_MILLISECONDS = 5

/** A text of which nothing is heard for so long is lost. */
const SEND_MILLISECONDS = 2000

/** Waits between attempts to connect again. */
export const RECONNECT_MILLISECONDS = 1000

/** A connection over which nothing comes is asked so often whether it is still there. */
export const BEAT_MILLISECONDS = 4000

/** Whether something is done in time, and well. */
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
 * Texts on their way out, one at a time, so that a slow bus gathers hints instead of queueing them.
 * @throws RangeError for a text that no bus carries
 */
export class Outgoing {
  private log: string | undefined
  private lastLog = Number.NEGATIVE_INFINITY
  private readonly live: string[] = []
  private sending = false

  constructor(
    private readonly transmit: (topic: BusTopic, text: string) => Promise<unknown>,
    /** Called when a text could not be sent, or nothing was heard of it for a while: to connect anew. */
    private readonly failed: () => void,
    private readonly report: (fault: unknown) => void,
    /** What waits beyond this is dropped, the oldest first: it was never stored, and is late already. */
    private readonly capacity = 1000,
  ) {}

  push(topic: BusTopic, text: string): void {
    if (Buffer.byteLength(text) > MAX_BUS_BYTES)
      throw new RangeError(`a text on the bus has at most ${MAX_BUS_BYTES} bytes`)
    if (topic === 'log') this.log = text
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

  /** Whoever was to hear of the log finds out by itself within a second. */
  private async transmitOrFail(topic: BusTopic, text: string): Promise<void> {
    if (!(await isDone(this.transmit(topic, text)))) this.failed()
  }
}

/** `<sender>:<topic>:<text>`: a process does not listen to itself. */
export function packed(sender: string, topic: BusTopic, text: string): string {
  return `${sender}:${topic}:${text}`
}

export function unpack(message: string, self: string, listener: BusListener): void {
  const match = /^([^:]*):(log|live):(.*)$/s.exec(message)
  if (match && match[1] !== self) listener(match[2] as BusTopic, match[3] ?? '')
}

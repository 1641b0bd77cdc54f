import multicastDns, { type MulticastDns, type Packet } from 'multicast-dns'
import { type Announcement, asksFor, type Hint, hintsIn, recordsOf, SERVICE } from './records'

/** Somebody who is not heard again for so long is gone. */
const EXPIRY_MS = 150_000
/** Between two announcements: two of them fit in the life of a record. */
const AGAIN_MS = 60_000
/** More servers than any network has; beyond that somebody makes them up. */
const MOST_HINTS = 256

export interface MdnsBrowserOptions {
  /** Told once that it does not work here; the server goes on without it. */
  readonly trouble: (fault: unknown) => void
  readonly now?: () => number
  /** Others than 5353 are for tests. */
  readonly port?: number
  readonly interface?: string
}

/** A hint, and when it was heard last, in milliseconds since 1970. */
export interface Heard extends Hint {
  readonly lastSeen: number
}

/** Listens who is announced in the local network, and announces this server as long as it is told to. */
export class MdnsBrowser implements AsyncDisposable {
  private readonly heard = new Map<string, Heard>()
  private readonly now: () => number
  private wire: MulticastDns | undefined
  private announced: Announcement | undefined
  private browsing = false
  private again: Timer | undefined
  private isTold = false

  constructor(private readonly options: MdnsBrowserOptions) {
    this.now = options.now ?? Date.now
  }

  /** Those who were heard of lately, but for this server itself. */
  get hints(): readonly Heard[] {
    const now = this.now()
    // Heard in the future is heard before the clock was set back: who is still there is heard again soon.
    for (const [did, { lastSeen }] of this.heard)
      if (lastSeen < now - EXPIRY_MS || lastSeen > now) this.heard.delete(did)
    return [...this.heard.values()].filter(({ did }) => did !== this.announced?.did)
  }

  /** Listens from now on, and asks who is there. */
  browse(): void {
    if (this.browsing) return
    this.browsing = true
    this.open()?.query([{ name: SERVICE, type: 'PTR' }], (error) => this.note(error))
  }

  stopBrowsing(): void {
    this.browsing = false
    this.heard.clear()
    if (this.announced === undefined) this.close()
  }

  /** Announces this server, now and every minute; an announcement that differs replaces the one before. */
  announce(announcement: Announcement): void {
    if (JSON.stringify(announcement) === JSON.stringify(this.announced)) return
    this.announced = announcement
    clearInterval(this.again)
    this.again = setInterval(() => this.say(), AGAIN_MS)
    this.again.unref()
    this.say()
  }

  /** Says that this server is gone. Resolves when that is on its way. */
  async goodbye(): Promise<void> {
    const { announced, wire } = this
    this.announced = undefined
    clearInterval(this.again)
    if (announced === undefined || wire === undefined) return
    await new Promise<void>((resolve) => wire.respond(recordsOf(announced, true), () => resolve()))
    if (!this.browsing) this.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.goodbye()
    this.close()
  }

  private say(): void {
    if (this.announced) this.open()?.respond(recordsOf(this.announced), (error) => this.note(error))
  }

  private hear(packet: Packet): void {
    if (!this.browsing) return
    for (const { hint, isGone } of hintsIn(packet)) {
      if (isGone) this.heard.delete(hint.did)
      else if (this.heard.has(hint.did) || this.hints.length < MOST_HINTS)
        this.heard.set(hint.did, { ...hint, lastSeen: this.now() })
    }
  }

  private open(): MulticastDns | undefined {
    if (this.wire) return this.wire
    const { port, interface: at } = this.options
    try {
      const wire = multicastDns({
        ...(port === undefined ? {} : { port }),
        // Bound to the address itself it would hear nothing that is sent to a group.
        ...(at === undefined ? {} : { interface: at, bind: '0.0.0.0' }),
      })
      wire.on('error', (fault: unknown) => this.note(fault))
      wire.on('warning', (fault: unknown) => this.note(fault))
      wire.on('query', (packet: Packet) => {
        if (this.announced && asksFor(packet, this.announced.name)) this.say()
      })
      wire.on('response', (packet: Packet) => this.hear(packet))
      this.wire = wire
    } catch (fault) {
      this.note(fault)
    }
    return this.wire
  }

  private close(): void {
    this.wire?.destroy()
    this.wire = undefined
  }

  /** What others send may be anything, and no reason to say anything; that nothing can be sent is one, once. */
  private note(fault: unknown): void {
    if (!(fault instanceof Error && 'code' in fault) || this.isTold) return
    this.isTold = true
    this.options.trouble(fault)
  }
}

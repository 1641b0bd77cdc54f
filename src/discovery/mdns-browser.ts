import multicastDns, { type MulticastDns, type Packet } from 'multicast-dns'
import { type Announcement, asksFor, type Hint, hintsIn, recordsOf, SERVICE } from './records'

/** A server that was not heard for this long is gone. */
const EXPIRY_MS = 150_000
/** The interval of announcements: two fit in the life of a record. */
const AGAIN_MS = 60_000
/** More servers than any real network has; more of them are forged. */
const MOST_HINTS = 256

export interface MdnsBrowserOptions {
  /** Called once if multicast DNS does not work here; the server continues without it. */
  readonly trouble: (fault: unknown) => void
  readonly now?: () => number
  /** Tests use other ports than 5353. */
  readonly port?: number
  readonly interface?: string
}

/** A hint, and when it was last heard, in milliseconds since 1970. */
export interface RecentHint extends Hint {
  readonly lastSeen: number
}

/** Listens for servers in the local network, and announces this one on request. */
export class MdnsBrowser implements AsyncDisposable {
  private readonly heard = new Map<string, RecentHint>()
  private readonly now: () => number
  private wire: MulticastDns | undefined
  private announced: Announcement | undefined
  private browsing = false
  private again: Timer | undefined
  private isTold = false

  constructor(private readonly options: MdnsBrowserOptions) {
    this.now = options.now ?? Date.now
  }

  /** The servers heard recently, without this one. */
  get hints(): readonly RecentHint[] {
    const now = this.now()
    // A time in the future was recorded before the clock was set back. A server that is still there is heard again
    // soon.
    for (const [did, { lastSeen }] of this.heard)
      if (lastSeen < now - EXPIRY_MS || lastSeen > now) this.heard.delete(did)
    return [...this.heard.values()].filter(({ did }) => did !== this.announced?.did)
  }

  /** Starts to listen, and queries the network. */
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

  /** Announces this server now and every minute. A different announcement replaces the previous one. */
  announce(announcement: Announcement): void {
    if (JSON.stringify(announcement) === JSON.stringify(this.announced)) return
    this.announced = announcement
    clearInterval(this.again)
    this.again = setInterval(() => this.say(), AGAIN_MS)
    this.again.unref()
    this.say()
  }

  /** Announces that this server is gone. Resolves when the packet is sent. */
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
        // A socket bound to the address itself receives no multicast.
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

  /** Malformed packets of others are ignored. A failure to send is reported once. */
  private note(fault: unknown): void {
    if (!(fault instanceof Error && 'code' in fault) || this.isTold) return
    this.isTold = true
    this.options.trouble(fault)
  }
}

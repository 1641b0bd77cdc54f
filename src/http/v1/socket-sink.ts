import type { Reasons } from '../../core/inbox/reasons'
import type { Channel } from '../../core/kernel/entities'
import type { LogEvent } from '../../core/log/events'
import type { Frame } from '../../core/log/frames'
import type { EndReason, Sink } from '../../core/log/streams'
import type { SocketHandle } from '../socket'
import type { Wire } from './wire'

/** Time for a peer to read the close frame before the connection is closed. */
const LINGER_MILLISECONDS = 5_000

/** After this many unanswered pings the peer counts as gone. A sent ping alone keeps a socket alive. */
const UNANSWERED_PINGS = 2

/** Close codes (docs/contract/live.md#close-codes): RFC 6455 §7.4.1, and 1013 "try again later" of IANA's registry. */
const codes: Record<EndReason, number> = {
  shutdown: 1001,
  auth_revoked: 1008,
  expired: 1008,
  slow_consumer: 1013,
}

/** Sends events over a WebSocket. Frames are strings, because bytes would become binary frames. */
export class SocketSink implements Sink {
  readonly topics
  readonly beatEvery: number
  private unanswered = 0

  constructor(
    private readonly wire: Wire,
    private readonly socket: SocketHandle,
    private readonly options: {
      readonly frames: Sink['frames']
      /** Handle of the reader. */
      readonly reader: string
      /** Whether a closing frame is sent first. Clients of the earlier server know only the close code. */
      readonly sendsFarewell: boolean
      readonly beatEvery: number
      readonly beat: (sink: SocketSink, position: number) => void
      readonly dropped: (sink: SocketSink, channels: readonly Channel[]) => void
    },
  ) {
    this.beatEvery = options.beatEvery
    this.topics = {
      add: (topic: string) => socket.subscribe(topic),
      delete: (topic: string) => socket.unsubscribe(topic),
    }
  }

  event(event: LogEvent, replay: boolean): void {
    this.socket.send(replay ? this.wire.replay(event) : this.wire.envelope(event))
  }

  item(event: LogEvent, reasons: Reasons, replay: boolean, isShown: boolean): void {
    if (isShown) this.event(event, replay)
    this.socket.send(this.wire.item(event, reasons, this.options.reader, replay))
  }

  batch(send: () => void): void {
    this.socket.cork(send)
  }

  get frames(): Sink['frames'] {
    return this.options.frames
  }

  frame(frame: Frame): void {
    this.socket.send(this.wire.frame(frame))
  }

  say(frame: object): void {
    this.socket.send(JSON.stringify(frame))
  }

  beat(position: number): void {
    this.options.beat(this, position)
  }

  ping(): void {
    if (this.unanswered++ < UNANSWERED_PINGS) this.socket.ping()
    else this.socket.terminate()
  }

  /** The peer is alive. */
  heard(): void {
    this.unanswered = 0
  }

  dropped(channels: readonly Channel[]): void {
    this.options.dropped(this, channels)
  }

  buffered(): number {
    return this.socket.getBufferedAmount()
  }

  end(reason: EndReason): void {
    if (this.options.sendsFarewell && reason !== 'slow_consumer')
      this.say(reason === 'shutdown' ? { type: 'shutdown' } : { type: 'bye', reason })
    this.close(codes[reason], reason)
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason)
    setTimeout(() => this.socket.terminate(), LINGER_MILLISECONDS).unref()
  }
}

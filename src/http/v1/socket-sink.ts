import type { Channel } from '../../core/kernel/entities'
import type { LogEvent } from '../../core/log/events'
import type { EndReason, Sink } from '../../core/log/streams'
import type { SocketHandle } from '../socket'
import { extend, type Wire } from './wire'

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
    const text = this.wire.envelope(event)
    this.socket.send(replay ? extend(text, '"replay":true') : text)
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

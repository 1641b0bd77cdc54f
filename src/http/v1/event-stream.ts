import type { Person } from '../../core/identity/actor'
import type { Reasons } from '../../core/inbox/reasons'
import { background } from '../../core/kernel/background'
import type { Seq } from '../../core/kernel/ids'
import type { LogEvent } from '../../core/log/events'
import type { FeedFilter } from '../../core/log/feed'
import type { Frame } from '../../core/log/frames'
import type { LiveStream, Sink } from '../../core/log/streams'
import { peerOf } from '../client'
import { CONTRACT_VERSION } from '../contract'
import type { LiveDeps } from './events'
import type { Wire } from './wire'

/** Bytes that may wait for the network before they count as unsent. */
const HIGH_WATER_MARK = 65_536
/** Time for a peer to read the last event before the connection is closed. */
const LINGER_SECONDS = 5

const encoder = new TextEncoder()
const frames = new WeakMap<LogEvent, Uint8Array>()

/**
 * Answers with a stream of server-sent events (html.spec.whatwg.org, "Server-sent events"). @throws too_many_streams
 */
export function openEventStream(
  { core, wire, streams, limits, report }: LiveDeps,
  actor: Person,
  request: Request,
  filter: FeedFilter,
  after: Seq | null,
): Response {
  const place = limits.open(actor)
  const peer = peerOf(request)
  peer.hold?.()
  let stream: LiveStream | undefined
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        const linger = () => peer.hold?.(LINGER_SECONDS)
        const sink = new EventStreamSink(wire, core.log, controller, place, linger, actor.account.handle)
        stream = streams.open(actor, sink)
        const cursor = core.log.cursor(after ?? streams.head)
        const hello = { version: CONTRACT_VERSION, epoch: core.log.epoch, cursor, heartbeat_s: 15 }
        // The id lets a client that disconnects before the first event resume here, not at a later "now".
        sink.write(`retry: 2000\nevent: hello\ndata: ${JSON.stringify(hello)}\nid: ${cursor}\n\n`)
        background(stream.select(filter, after), report)
      },
      pull: () => stream?.drained(),
      cancel: () => {
        place[Symbol.dispose]()
        stream?.closed()
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: HIGH_WATER_MARK }),
  )
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
  })
}

class EventStreamSink implements Sink {
  readonly topics = null
  readonly frames = 'named'
  readonly beatEvery = 15_000

  constructor(
    private readonly wire: Wire,
    private readonly log: { cursor(seq: Seq): string },
    private readonly controller: ReadableStreamDefaultController<Uint8Array>,
    private readonly place: Disposable,
    private readonly linger: () => void,
    /** Handle of the reader. */
    private readonly reader: string,
  ) {}

  item(event: LogEvent, reasons: Reasons, replay: boolean, isShown: boolean): void {
    const shown = isShown ? `event: ${event.type}\ndata: ${this.wire.envelope(event)}\n\n` : ''
    const item = this.wire.item(event, reasons, this.reader, replay)
    this.write(`${shown}event: inbox.item\ndata: ${item}\nid: ${this.log.cursor(event.seq)}\n\n`)
  }

  event(event: LogEvent): void {
    let frame = frames.get(event)
    if (!frame) {
      // The id comes last, because some clients store it at once and would skip an event that is cut in the middle.
      frame = encoder.encode(
        `event: ${event.type}\ndata: ${this.wire.envelope(event)}\nid: ${this.log.cursor(event.seq)}\n\n`,
      )
      frames.set(event, frame)
    }
    this.enqueue(frame)
  }

  /** A frame has no id, so the reader's position stays. */
  frame(frame: Frame): void {
    this.write(`event: ${frame.type}\ndata: ${this.wire.frame(frame)}\n\n`)
  }

  batch(send: () => void): void {
    send()
  }

  /**
   * The comment keeps proxies from closing the connection. The id without data moves the reader's position without an
   * event.
   */
  beat(position: Seq): void {
    this.write(`: still here\n\nid: ${this.log.cursor(position)}\n\n`)
  }

  dropped(): void {
    // The stream continues with the remaining channels. This protocol has no event for a lost channel.
  }

  buffered(): number {
    return Math.max(0, -(this.controller.desiredSize ?? 0))
  }

  end(reason: string): void {
    if (reason === 'shutdown') this.write('event: shutdown\ndata: {}\n\n')
    else this.write(`event: bye\ndata: {"reason":"${reason}"}\n\n`)
    this.place[Symbol.dispose]()
    this.controller.close()
    this.linger()
  }

  write(text: string): void {
    this.enqueue(encoder.encode(text))
  }

  private enqueue(frame: Uint8Array): void {
    this.controller.enqueue(frame)
  }
}

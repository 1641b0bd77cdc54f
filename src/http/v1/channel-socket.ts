import type { Person } from '../../core/identity/actor'
import { background } from '../../core/kernel/background'
import type { Channel } from '../../core/kernel/entities'
import type { LiveStream } from '../../core/log/streams'
import type { SocketHandle, SocketSession } from '../socket'
import type { LiveDeps } from './events'
import { SocketSink } from './socket-sink'

/**
 * The original socket (docs/contract/live.md#channel-socket): one channel, `hello`, then only messages. Ignores what
 * the client sends.
 */
export class ChannelSocket implements SocketSession {
  private sink: SocketSink | undefined
  private stream: LiveStream | undefined

  constructor(
    private readonly deps: LiveDeps,
    private readonly actor: Person,
    private readonly channel: Channel,
    private readonly place: Disposable,
  ) {}

  open(socket: SocketHandle): void {
    const { core, wire, streams, report } = this.deps
    const sink = new SocketSink(wire, socket, {
      frames: 'none',
      reader: this.actor.account.handle,
      sendsFarewell: false,
      beatEvery: 20_000,
      beat: (self) => self.ping(),
      dropped: (self) => self.close(1008, 'membership'),
    })
    const stream = streams.open(this.actor, sink)
    this.sink = sink
    this.stream = stream
    const filter = {
      channelIds: new Set([this.channel.id]),
      types: ['message.created'],
      threadRoot: null,
      notActorId: null,
      inbox: false,
    }
    // The client re-reads when it gets hello, so it must be subscribed by then.
    const hello = stream.select(filter, null).then(() => {
      const cursor = core.log.cursor(stream.position)
      sink.say({ type: 'hello', channel: this.channel.slug, cursor })
    })
    background(hello, report)
  }

  message(): void {}

  drain(): void {
    this.stream?.drained()
  }

  heard(): void {
    this.sink?.heard()
  }

  close(): void {
    this.stream?.closed()
    this.place[Symbol.dispose]()
  }
}

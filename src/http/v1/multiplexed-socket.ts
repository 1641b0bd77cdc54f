import { TypeCompiler } from '@sinclair/typebox/compiler'
import { normalName } from '../../core/identity/accounts'
import type { Person } from '../../core/identity/actor'
import { background } from '../../core/kernel/background'
import { AppError } from '../../core/kernel/errors'
import type { FeedFilter } from '../../core/log/feed'
import type { LiveStream } from '../../core/log/streams'
import { CONTRACT_VERSION } from '../contract'
import { presenceJson } from '../presence-wire'
import { list, type Static, Type, text } from '../schema'
import type { SocketHandle, SocketSession } from '../socket'
import { firstProblem } from '../validation'
import { ackedJson, ackFields, ackProblem, ackRequest } from './ack-fields'
import type { LiveDeps } from './events'
import { presenceFields, presenceRequest } from './presence'
import { SocketSink } from './socket-sink'
import { accountRef } from './wire'

const MAX_SUBSCRIPTIONS = 200

const id = Type.Optional(Type.Union([text({ maxLength: 128 }), Type.Integer()]))
const channels = list(text({ minLength: 1, maxLength: 64 }), { minItems: 1, maxItems: 50 })
const clientFrame = Type.Union([
  Type.Object({
    type: Type.Literal('subscribe'),
    id,
    channels,
    types: Type.Optional(list(text({ maxLength: 64 }), { maxItems: 50 })),
    since: Type.Optional(text()),
    inbox: Type.Optional(Type.Boolean()),
  }),
  Type.Object({ type: Type.Literal('unsubscribe'), id, channels }),
  Type.Object({ type: Type.Literal('resume'), id, cursor: text() }),
  Type.Object({ type: Type.Literal('ack'), id, ...ackFields }),
  Type.Object({ type: Type.Literal('presence'), id, ...presenceFields }),
  Type.Object({ type: Type.Literal('ping'), id }),
])
type ClientFrame = Static<typeof clientFrame>
const isFrameId = TypeCompiler.Compile(Type.Object({ id }))
const isClientFrame = TypeCompiler.Compile(clientFrame)
const frameTypes = clientFrame.anyOf.map((frame) => frame.properties.type.const)

/**
 * The multiplexed socket (docs/contract/live.md#multiplexed-socket): subscriptions to channels, with or without past
 * events. An error never closes it.
 */
export class MultiplexedSocket implements SocketSession {
  private sink: SocketSink | undefined
  private stream: LiveStream | undefined
  /** Frames are handled one at a time, in order. */
  private turn: Promise<void> = Promise.resolve()

  constructor(
    private readonly deps: LiveDeps,
    private readonly actor: Person,
    private readonly place: Disposable,
  ) {}

  open(socket: SocketHandle): void {
    const { core, wire, streams } = this.deps
    const sink = new SocketSink(wire, socket, {
      frames: 'selected',
      reader: this.actor.account.handle,
      sendsFarewell: true,
      beatEvery: 15_000,
      beat: (self, position) => {
        self.say({ type: 'position', cursor: core.log.cursor(position) })
        self.ping()
      },
      dropped: (self, gone) =>
        self.say({ type: 'unsubscribed', channels: gone.map(({ slug }) => slug), reason: 'access' }),
    })
    this.sink = sink
    this.stream = streams.open(this.actor, sink)
    sink.say({
      type: 'hello',
      version: CONTRACT_VERSION,
      epoch: core.log.epoch,
      account: accountRef(this.actor.account),
      cursor: core.log.cursor(streams.head),
      heartbeat_s: 30,
    })
  }

  message(data: string | Buffer): void {
    const frame = this.read(data)
    if (frame) this.turn = this.turn.then(() => this.answer(frame)).catch(this.deps.report)
  }

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

  private read(data: string | Buffer): ClientFrame | undefined {
    if (typeof data !== 'string')
      return this.refuse(undefined, 'invalid_frame', 'Frames are JSON text, not bytes')
    let value: unknown
    try {
      value = JSON.parse(data)
    } catch {
      return this.refuse(undefined, 'invalid_frame', 'This frame is not JSON')
    }
    if (isClientFrame.Check(value)) return value
    const given = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
    // An invalid id is not echoed: it may be long or invalid Unicode, which would make the answer unreadable.
    const hasFrameId = isFrameId.Check({ id: given.id })
    const frameId = hasFrameId ? given.id : undefined
    if (!frameTypes.some((type) => type === given.type))
      return this.refuse(frameId, 'unknown_type', `A frame's type is one of: ${frameTypes.join(', ')}`)
    if (!hasFrameId)
      return this.refuse(undefined, 'invalid_frame', 'id: a text of at most 128 characters, or an integer')
    const wrong = clientFrame.anyOf.find((frame) => frame.properties.type.const === given.type)
    return this.refuse(frameId, 'invalid_frame', wrong ? firstProblem(Type.Omit(wrong, ['id']), given) : '')
  }

  private async answer(frame: ClientFrame): Promise<void> {
    try {
      await this.act(frame)
    } catch (error) {
      if (!(error instanceof AppError) || error.kind === 'internal') return this.fault(frame, error)
      const { oldest_cursor } = error.extra
      if (error.reason === 'cursor_expired' || error.reason === 'cursor_epoch')
        this.say({ type: 'resync', ...idOf(frame), oldest_cursor, reason: error.reason })
      else
        this.say({ type: 'error', ...idOf(frame), code: error.reason, detail: error.message, ...error.extra })
    }
  }

  /** Internal faults are reported to the client without details. */
  private fault(frame: ClientFrame, error: unknown): void {
    this.deps.report(error)
    this.say({ type: 'error', ...idOf(frame), code: 'internal', detail: 'Internal Server Error' })
  }

  private async act(frame: ClientFrame): Promise<void> {
    const { stream } = this
    if (!stream) return
    switch (frame.type) {
      case 'ping':
        return this.say({ type: 'pong', ...idOf(frame) })
      case 'subscribe':
        return this.subscribe(stream, await this.enterAgain(), frame)
      case 'presence': {
        const actor = await this.deps.entrance.enterAgain(this.actor, 'write')
        const presence = await this.deps.core.presences.set(actor, presenceRequest(frame))
        return this.say({ type: 'presence', ...idOf(frame), presence: presenceJson(presence) })
      }
      case 'ack': {
        const problem = ackProblem(frame)
        if (problem) return this.refuse(frame.id, 'invalid_frame', problem.msg)
        const { entrance, core } = this.deps
        const actor = await entrance.enterAgain(this.actor, 'write')
        const acked = await core.acks.ack(actor, ackRequest(frame))
        return this.say({ type: 'acked', ...idOf(frame), ...ackedJson(core.log, acked) })
      }
      case 'unsubscribe':
        return this.unsubscribe(stream, frame)
      case 'resume': {
        await this.enterAgain()
        const { log } = this.deps.core
        const channels = await this.selectedChannels(stream)
        const past = stream.rewind(await log.position(frame.cursor, 'since', channels))
        background(
          past.then(() => this.position()),
          this.deps.report,
        )
      }
    }
  }

  /** A frame that asks for events counts as a read. */
  private enterAgain(): Promise<Person> {
    return this.deps.entrance.enterAgain(this.actor, 'read')
  }

  private async subscribe(
    stream: LiveStream,
    actor: Person,
    frame: ClientFrame & { type: 'subscribe' },
  ): Promise<void> {
    const { core, streams } = this.deps
    const { filter, channels, after } = await core.feed.resolve(actor, {
      channels: frame.channels.map(normalName),
      types: frame.types ?? null,
      thread: null,
      excludeSelf: false,
      inbox: frame.inbox ?? false,
      since: frame.since || null,
    })
    const asked = filter.channelIds
    if (countAfter(stream.selections, asked) > MAX_SUBSCRIPTIONS)
      throw new AppError(
        'invalid',
        'too_many_subscriptions',
        `A socket has at most ${MAX_SUBSCRIPTIONS} subscriptions`,
      )
    // A new subscription replaces earlier ones to the same channels.
    stream.deselect(asked)
    const slugs = asked === '*' ? ['*'] : channels.map(({ slug }) => slug)
    const cursor = core.log.cursor(after ?? streams.head)
    this.say({ type: 'subscribed', ...idOf(frame), channels: slugs, cursor })
    const live = stream.select(filter, after)
    background(after === null ? live : live.then(() => this.position()), this.deps.report)
  }

  private async unsubscribe(stream: LiveStream, frame: ClientFrame & { type: 'unsubscribe' }): Promise<void> {
    const { directory } = this.deps.core
    const slugs = frame.channels.map(normalName)
    if (slugs.includes('*')) stream.deselect('*')
    else {
      const found = await directory.retryUntilLoaded(() => slugs.map((slug) => directory.channelBySlug(slug)))
      stream.deselect(new Set(found.flatMap((channel) => channel?.id ?? [])))
    }
    this.say({ type: 'unsubscribed', ...idOf(frame), channels: slugs })
  }

  /** The channels whose purged parts limit the position. */
  private async selectedChannels(stream: LiveStream) {
    const { directory } = this.deps.core
    const ids = stream.selections.flatMap(({ channelIds }) => (channelIds === '*' ? [] : [...channelIds]))
    return directory.retryUntilLoaded(() => directory.requireChannels(ids))
  }

  /** Tells the client that this subscription is live, and the position that all subscriptions have reached. */
  private position(): void {
    const { core, streams } = this.deps
    this.say({ type: 'position', cursor: core.log.cursor(this.stream?.position ?? streams.head) })
  }

  private refuse(frameId: unknown, code: string, detail: string): undefined {
    this.say({ type: 'error', ...(frameId === undefined ? {} : { id: frameId }), code, detail })
  }

  private say(frame: object): void {
    this.sink?.say(frame)
  }
}

/** Counts the subscriptions after this one replaces those to the same channels. */
function countAfter(selections: readonly FeedFilter[], asked: FeedFilter['channelIds']): number {
  if (asked === '*') return 1
  return selections.reduce(
    (sum, { channelIds }) => sum + (channelIds === '*' ? 1 : channelIds.difference(asked).size),
    asked.size,
  )
}

function idOf(frame: ClientFrame): { id?: string | number } {
  return frame.id === undefined ? {} : { id: frame.id }
}

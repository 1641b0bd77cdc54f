import type { ClaimView } from '../coordination/claim-view'
import type { ShownPresence } from '../coordination/presence-view'
import type { DeliverySummary } from '../inbox/summaries'
import { background } from '../kernel/background'
import type { Account, Channel, MessageRef, MessageView } from '../kernel/entities'
import type { Seq } from '../kernel/ids'
import { slices } from '../kernel/paged-reads'
import type { Clock, Micros } from '../kernel/time'
import { Rests } from './rests'
import type { Streams } from './streams'

/** Who receives a frame, by current rights. */
export type FrameAudience =
  /** The readers of the frame's channel; everyone if it has none. */
  | 'readers'
  /** Those who share a channel with the account that the frame is about, and the account itself. */
  | 'account_and_peers'
  /** Only the account that the frame is about. */
  | 'account'

interface PresenceContent {
  readonly presence: ShownPresence
}

/** What each type of frame says. To add a type, add a line here, a row to `frameKinds` and a source. */
export interface FrameContents {
  'claim.renewed': { readonly claim: ClaimView }
  'presence.online': PresenceContent
  'presence.offline': PresenceContent
  'presence.updated': PresenceContent
  'delivery.updated': { readonly message: MessageView; readonly deliveries: DeliverySummary }
  'read.position': {
    /** The root of the thread that was read; null = the channel. */
    readonly thread: MessageRef | null
    readonly readSeq: Seq
    readonly unread: number
    readonly mentions: number
  }
}

export type FrameType = keyof FrameContents

/** Everything the program knows about a type of frame. */
interface FrameKind {
  readonly audience: FrameAudience
  /** Its wire keys besides the common ones. */
  readonly payload: readonly string[]
  /** Whether each id announces a frame of its own. */
  readonly each?: true
  /** Whether there is at most one a second about each subject. */
  readonly isSpaced?: true
  /** What happened, for the documentation. */
  readonly doc: string
}

export const frameKinds: Readonly<Record<FrameType, FrameKind>> = {
  'claim.renewed': {
    audience: 'readers',
    payload: ['claim'],
    doc: 'A claim was renewed.',
  },
  'presence.online': {
    audience: 'account_and_peers',
    payload: ['presence'],
    doc: 'An account is there now.',
  },
  'presence.offline': {
    audience: 'account_and_peers',
    payload: ['presence'],
    doc: 'An account is no longer there.',
  },
  'presence.updated': {
    audience: 'account_and_peers',
    payload: ['presence'],
    doc: 'What an account does, or how it can be reached, has changed.',
  },
  'delivery.updated': {
    audience: 'account',
    payload: ['message_id', 'deliveries'],
    each: true,
    isSpaced: true,
    doc: 'What became of a message of yours: how many accounts that it notified directly are in each state.',
  },
  'read.position': {
    audience: 'account',
    payload: ['thread_id', 'read_cursor', 'unread', 'mentions'],
    doc: 'You have read a channel or a thread up to `read_cursor`, perhaps on another device.',
  },
}

/** What a frame is about, with its content. */
export interface FrameBody<Type extends FrameType = FrameType> {
  readonly channel: Channel | null
  readonly account: Account
  readonly content: FrameContents[Type]
}

/**
 * A change that is sent to live readers and is not in the log (docs/contract/live.md#ephemeral-frames): it has no seq and is
 * never sent again. Its state is stored, so a reader that missed it finds it at its next read.
 */
export type Frame = {
  readonly [Type in FrameType]: FrameBody<Type> & { readonly type: Type; readonly at: Micros }
}[FrameType]

/**
 * Reads what a frame says now. `ids` are those with which it was announced. Undefined if its subject is gone.
 */
export type FrameSource<Type extends FrameType> = (
  ids: readonly number[],
) => Promise<FrameBody<Type> | undefined>

type AnySource = (ids: readonly number[]) => Promise<Frame | undefined>

/** A frame that waits to be read and sent. */
interface Announced {
  /** May be unknown to this version. */
  readonly type: string
  readonly ids: readonly number[]
}

/** Who takes texts of its own from the bus. */
export interface Carried {
  readonly receive: (text: string) => void
  /** Called when there is a bus. */
  readonly begun: () => void
}

/** Frames that may wait. Beyond that the oldest is dropped. */
const CAPACITY = 10_000
/** The least time between two frames of a kind that is spaced, about one subject. */
const SPACE_MILLISECONDS = 1000
/** Ids in one text of the bus, where each announces a frame of its own. */
const IDS_OF_TEXT = 300

/**
 * Announces frames. The bus carries only the type and inner ids, so a frame of any size fits. Each process that has readers
 * reads the state itself. Frames that wait and have the same type and ids become one.
 */
export class Frames {
  private readonly sources = new Map<string, AnySource>()
  /** By what is sent over the bus. */
  private readonly waiting = new Map<string, Announced>()
  private readonly rests: Rests<Announced>
  private readonly listeners: ((type: string, ids: readonly number[]) => void)[] = []
  private readonly carried = new Map<string, Carried>()
  private sendOverBus: (text: string) => void = () => {}
  private isRunning = false

  constructor(
    private readonly deps: {
      readonly streams: Pick<Streams, 'hasStreams' | 'frame'>
      readonly clock: Pick<Clock, 'now' | 'steady'>
      readonly report: (fault: unknown) => void
    },
  ) {
    this.rests = new Rests(SPACE_MILLISECONDS, deps.clock)
  }

  /** Sets where a type of frame is read from. */
  source<Type extends FrameType>(type: Type, read: FrameSource<Type>): void {
    const { clock } = this.deps
    this.sources.set(type, async (ids) => {
      const body = await read(ids)
      // The source has the type of its content.
      return body && ({ ...body, type, at: clock.now() } as Frame)
    })
  }

  /** Sends a frame to the readers of all processes, without waiting for it. Call it after the commit. Never throws. */
  announce(type: FrameType, ...ids: readonly number[]): void {
    this.add({ type, ids })
    const size = frameKinds[type].each ? IDS_OF_TEXT : ids.length
    for (const some of slices(ids, size)) this.sendOverBus(textOf({ type, ids: some }))
  }

  /** The same for the readers of this process alone: the others learn of it from the log. */
  announceHere(type: FrameType, ...ids: readonly number[]): void {
    this.add({ type, ids })
  }

  /** Sets what is called when a frame waits because it follows too closely. */
  onSpaced(wake: () => void): void {
    this.rests.onWaiting(wake)
  }

  /** Milliseconds until a frame that followed too closely may be sent; undefined if there is none. */
  get untilSpaced(): number | undefined {
    return this.rests.untilNext
  }

  /** Sends those frames that followed too closely and may be sent now. */
  sendSpaced(): void {
    for (const announced of this.rests.take()) this.send(announced)
  }

  /** Registers a listener for what is announced, here or in another process, whether or not there are readers. */
  onAnnounced(listener: (type: string, ids: readonly number[]) => void): void {
    this.listeners.push(listener)
  }

  /** Sets the function that passes a text to the other processes. */
  overBus(send: (text: string) => void): void {
    this.sendOverBus = send
    for (const { begun } of this.carried.values()) begun()
  }

  /**
   * Carries texts of another kind than frames over the bus. `name` is a word that tells them apart. Returns what sends one
   * to the other processes; any may be lost.
   */
  carry(name: string, carried: Carried): (text: string) => void {
    this.carried.set(name, carried)
    return (text) => this.sendOverBus(`${name} ${text}`)
  }

  /** Takes a text that another process has sent over the bus. Ignores what this version does not know. */
  receive(text: string): void {
    const announced = parse(text)
    if (announced) this.add(announced)
    const end = text.indexOf(' ')
    if (end > 0) this.carried.get(text.slice(0, end))?.receive(text.slice(end + 1))
  }

  private add(announced: Announced): void {
    for (const listener of this.listeners) listener(announced.type, announced.ids)
    if (!this.deps.streams.hasStreams) return
    const kind = kindOf(announced.type)
    const parts = kind?.each ? announced.ids.map((id) => ({ ...announced, ids: [id] })) : [announced]
    for (const part of parts) if (!kind?.isSpaced || this.rests.pass(textOf(part), part)) this.send(part)
  }

  private send(announced: Announced): void {
    this.waiting.set(textOf(announced), announced)
    const [oldest] = this.waiting.keys()
    if (this.waiting.size > CAPACITY && oldest !== undefined) this.waiting.delete(oldest)
    if (!this.isRunning) background(this.run(), this.deps.report)
  }

  private async run(): Promise<void> {
    this.isRunning = true
    for (let next = this.take(); next; next = this.take()) {
      try {
        const frame = await this.read(next)
        if (frame) await this.deps.streams.frame(frame)
      } catch (fault) {
        // Later frames are sent anyway.
        this.deps.report(fault)
      }
    }
    this.isRunning = false
  }

  private read({ type, ids }: Announced): Promise<Frame | undefined> {
    return this.sources.get(type)?.(ids) ?? Promise.resolve(undefined)
  }

  /** Takes the oldest of those that wait. */
  private take(): Announced | undefined {
    const [oldest] = this.waiting
    if (oldest) this.waiting.delete(oldest[0])
    return oldest?.[1]
  }
}

/** Undefined for a type that this version does not know. */
function kindOf(type: string): FrameKind | undefined {
  const kinds: Readonly<Record<string, FrameKind | undefined>> = frameKinds
  return kinds[type]
}

function textOf({ type, ids }: Announced): string {
  return JSON.stringify([type, ...ids])
}

/** Parses a text of the bus; undefined if it is not about a frame. */
function parse(text: string): Announced | undefined {
  const [, type, ids] = /^\["([a-z_.]+)"((?:,-?\d{1,16})*)\]$/.exec(text) ?? []
  if (type === undefined || ids === undefined) return undefined
  return { type, ids: ids.split(',').slice(1).map(Number) }
}

/**
 * Readers of every kind, which disconnect at random and resume from their position. What they receive is recorded in a
 * ledger. They survive their server: while there is none, they retry.
 */
import { Caller } from './caller'
import type { Chance } from './chance'
import {
  type Ledger,
  placeOf,
  type Selection,
  type StreamNotes,
  type Transport,
  type WireEvent,
} from './ledger'
import { type EventPage, EventStream, isEvent, LiveSocket, type Via } from './sockets'

/** How long a reader waits for the next event before the test fails. */
const PATIENCE_MS = 60_000

/** What all members of a crowd share. */
export interface Scene {
  readonly ledger: Ledger
  /** The current address of the server. */
  readonly url: () => string
  readonly via?: Via
  readonly chance: Chance
  /** The seq of the last relevant event of these channels; undefined while more may come. */
  readonly goal: (channels: readonly string[]) => number | undefined
  /** Resolves once there is a goal. */
  readonly over: Promise<void>
}

/** A client with a token, wherever the server currently is. */
export function speaker(
  scene: Pick<Scene, 'url' | 'via'>,
  credential: Readonly<Record<string, string>>,
): Caller {
  return new Caller((path, init) => fetch(`${scene.url()}${path}`, { ...init, ...scene.via }), credential)
}

export interface ReaderFacts {
  readonly name: string
  readonly account: string
  readonly credential: Readonly<Record<string, string>>
  readonly selection: Selection
  /** The channels it may read. */
  readonly rooms: readonly string[]
  /** The cursor to start at. */
  readonly from: string
}

/** One connection, or one sequence of polls: reads for a while and returns. */
export type Session = (reader: Reader) => Promise<void>

/** Reads until everything was read, with one connection after another. */
export class Reader {
  /** The position it has reached. */
  cursor: string
  sessions = 0

  constructor(
    readonly scene: Scene,
    readonly facts: ReaderFacts,
  ) {
    this.cursor = facts.from
  }

  get isDone(): boolean {
    const { rooms, selection } = this.facts
    const goal = this.scene.goal(selection.channels === '*' ? rooms : selection.channels)
    return goal !== undefined && placeOf(this.cursor).seq >= goal
  }

  /** @throws if it makes no progress although the server runs */
  async read(session: Session): Promise<void> {
    let lastFault: unknown
    let progress = { cursor: this.cursor, at: performance.now() }
    while (!this.isDone) {
      if (this.cursor !== progress.cursor) progress = { cursor: this.cursor, at: performance.now() }
      if (performance.now() - progress.at > PATIENCE_MS)
        throw new Error(`${this.facts.name} is stuck at ${placeOf(this.cursor).seq}: ${lastFault}`)
      this.sessions++
      await session(this).catch(async (fault: unknown) => {
        lastFault = fault
        await Bun.sleep(10)
      })
    }
  }

  open(transport: Transport): StreamNotes {
    const { name, account, selection } = this.facts
    const notes = this.scene.ledger.opened({
      reader: name,
      account,
      transport,
      selection,
      after: this.cursor,
    })
    return {
      received: (event) => {
        notes.received(event)
        this.cursor = event.cursor
      },
      reached: (cursor) => {
        notes.reached(cursor)
        this.cursor = cursor
      },
    }
  }

  /** After how many events or polls to disconnect this time. */
  patience(): number {
    return 1 + this.scene.chance.below(200)
  }

  /** The next arrival. @throws if the crowd ends first, because then nothing more may arrive */
  next<Thing>(coming: Promise<Thing>): Promise<Thing> {
    const { goal, over } = this.scene
    if (goal([]) !== undefined) return coming
    return Promise.race([
      coming,
      over.then(() => {
        throw new Error('it is over')
      }),
    ])
  }

  get caller(): Caller {
    return speaker(this.scene, this.facts.credential)
  }
}

export const overMultiplexed: Session = async (reader) => {
  const { scene, facts } = reader
  using socket = await LiveSocket.open(scene.url(), facts.credential, viaOf(scene))
  const { channels, types } = facts.selection
  const names = channels === '*' ? ['*'] : channels
  // Recorded before the request: from now on the rights of the account count.
  const notes = reader.open('multiplexed')
  const answer = await socket.subscribe(names, { since: reader.cursor, ...(types === null ? {} : { types }) })
  if (answer.type !== 'subscribed') throw refused(answer)
  for (let left = reader.patience(); left > 0 && !reader.isDone; left--) {
    const frame = await reader.next(socket.arrivals.next(() => true, 'a frame', PATIENCE_MS))
    if (isEvent(frame)) notes.received(frame)
    else if (frame.type === 'position') notes.reached(String(frame.cursor))
  }
}

export const overStream: Session = async (reader) => {
  const { scene, facts } = reader
  const { channels, types } = facts.selection
  const query = new URLSearchParams({
    ...(channels === '*' ? {} : { channel: channels.join() }),
    ...(types === null ? {} : { type: types.join() }),
  })
  const notes = reader.open('sse')
  using stream = await EventStream.open(scene.url(), facts.credential, {
    query: `?${query}`,
    headers: { 'last-event-id': reader.cursor },
    ...viaOf(scene),
  })
  for (let left = reader.patience(); left > 0 && !reader.isDone; left--) {
    const { id, event, data } = await reader.next(stream.arrivals.next(() => true, 'a block', PATIENCE_MS))
    if (id !== undefined && data !== undefined && event !== 'hello')
      notes.received(JSON.parse(data) as WireEvent)
    else if (id !== undefined) notes.reached(id)
  }
}

function viaOf({ via }: Scene): { via?: Via } {
  return via === undefined ? {} : { via }
}

/** A sequence of long polls of the log. */
export const overLongPolls: Session = async (reader) => {
  const { channels, types } = reader.facts.selection
  const notes = reader.open('long-poll')
  for (let left = reader.patience(); left > 0 && !reader.isDone; left--) {
    const query = new URLSearchParams({
      since: reader.cursor,
      wait: '5',
      limit: String(1 + reader.scene.chance.below(50)),
      ...(channels === '*' ? {} : { channel: channels.join() }),
      ...(types === null ? {} : { type: types.join() }),
    })
    const { status, text, body } = await reader.next(reader.caller.get<EventPage>(`/v1/events?${query}`))
    if (status !== 200) throw refused(text)
    for (const event of body.events) notes.received(event)
    notes.reached(body.cursor)
  }
}

/** A sequence of polls of messages, as the clients of the original server read. */
export const overPolls: Session = async (reader) => {
  const { channels } = reader.facts.selection
  const notes = reader.open('poll')
  for (let left = reader.patience(); left > 0 && !reader.isDone; left--) {
    const query = new URLSearchParams({
      since: reader.cursor,
      order: 'asc',
      limit: String(1 + reader.scene.chance.below(200)),
      channel: channels === '*' ? '*' : channels.join(),
    })
    const { status, text, body } = await reader.caller.get<MessagePage>(`/v1/messages?${query}`)
    if (status !== 200) throw refused(text)
    for (const message of body.messages) notes.received({ ...message, type: 'message.created', message })
    notes.reached(body.position)
    if (body.messages.length === 0) await Bun.sleep(pause(reader))
  }
}

/** Every way of reading that can resume. */
export const everyWay: readonly Session[] = [overMultiplexed, overStream, overLongPolls, overPolls]

/** A client polls at intervals, not all the time. */
function pause({ scene }: Reader): number {
  return 5 + scene.chance.below(20)
}

export interface MessagePage {
  readonly messages: readonly {
    readonly id: string
    readonly channel: string
    readonly seq: number
    readonly cursor: string
    readonly body: string
  }[]
  readonly position: string
  readonly has_more: boolean
}

/** Every message that the caller can read, from the beginning. */
export async function everythingReadable(who: Caller): Promise<MessagePage['messages'][number][]> {
  const all: MessagePage['messages'][number][] = []
  for (let since = 'oldest'; ; ) {
    const { status, text, body } = await who.get<MessagePage>(
      `/v1/messages?channel=*&order=asc&limit=200&since=${since}`,
    )
    if (status !== 200) throw refused(text)
    all.push(...body.messages)
    if (!body.has_more) return all
    since = body.position
  }
}

function refused(answer: unknown): Error {
  return new Error(`the reader was refused: ${typeof answer === 'string' ? answer : JSON.stringify(answer)}`)
}

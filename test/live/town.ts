import type { FakeClock } from '../support/fake-clock'
import { EventStream, LiveSocket } from '../support/sockets'
import { type Caller, type Person, type Role, type Room, type World, world } from '../support/world'

/** A world shared by the tests of a file: everything in it gets a unique name. */
export class Town implements AsyncDisposable {
  private names = 0

  private constructor(readonly world: World<FakeClock>) {}

  static async open(settings: Readonly<Record<string, string>> = {}): Promise<Town> {
    return new Town(await world({ settings: { SYNAPSE_LOG_LEVEL: 'warning', ...settings } }))
  }

  get url(): string {
    return this.world.url
  }

  name(what: string): string {
    return `${what}-${++this.names}`
  }

  room(kind: 'public' | 'private' = 'public'): Promise<Room> {
    return this.world.channel(this.name('room'), { kind })
  }

  /** An agent who is in these rooms. */
  agent(...rooms: Room[]): Promise<Person> {
    return this.world.agent(this.name('agent'), { channels: membersOf(rooms) })
  }

  /** A human who is signed in, and is in these rooms. */
  human(...rooms: Room[]): Promise<Person> {
    return this.world.human(this.name('human'), { channels: membersOf(rooms) })
  }

  /** Purges the messages of the room up to now. */
  async purges(room: Room, seq: number): Promise<void> {
    await this.world.sql('UPDATE channels SET floor_seq = ? WHERE slug = ?', seq, room.slug)
    // The channel is loaded again after a change of its own.
    await this.world.archives(room)
    await this.world.operator.post(`/v1/admin/channels/${room.id}/unarchive`)
  }

  /** A multiplexed socket. */
  socket(who: Caller, options?: Parameters<typeof LiveSocket.open>[2]): Promise<LiveSocket> {
    return LiveSocket.open(this.url, who.credential, options)
  }

  /** The single-channel socket of the earlier server’s clients. */
  channelSocket(who: Caller, room: Room): Promise<LiveSocket> {
    return this.socket(who, { path: `/v1/ws?channel=${room.slug}` })
  }

  /** An event stream. `query` begins with its question mark. */
  stream(who: Caller, query = '', headers: Record<string, string> = {}): Promise<EventStream> {
    return EventStream.open(this.url, who.credential, { query, headers })
  }

  /** The current position of the log. */
  async place(): Promise<{ readonly epoch: string; readonly head_cursor: string }> {
    const { body } = await this.world.operator.get<{ epoch: string; head_cursor: string }>('/v1/server')
    return body
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.world[Symbol.asyncDispose]()
  }
}

function membersOf(rooms: readonly Room[]): Record<string, Role> {
  return Object.fromEntries(rooms.map(({ slug }) => [slug, 'member']))
}

import type { Core } from '../..'
import type { Person } from '../../identity/actor'
import type { Account } from '../../kernel/entities'
import { refusal } from '../../kernel/errors'
import { isObject } from '../canonical'
import type { StoredEvent } from '../event-ports'
import { parsedRoomEvent } from '../events'
import { parseUserId } from '../ids'
import { KEPT_OUT, membershipsWith, sightKeys } from '../kept-out'
import type { MatrixRoom, RoomMember } from '../room-ports'
import { type RoomVersion, roomVersion } from '../versions'
import { Sight } from '../visibility'
import type { PagedRoom } from './room-page'
import { type RoomSource, storedRoom } from './room-source'

/** The type of account data that lists whom a user ignores. */
export const IGNORED_USERS = 'm.ignored_user_list'
const NOBODY: ReadonlySet<string> = new Set()

/** Who reads. */
export interface Reader {
  readonly actor: Person
  readonly accountId: number
  readonly userId: string
  /** The users whose events it does not want to see. */
  readonly ignored: ReadonlySet<string>
  readonly transactionOf: TransactionOf
}

/** Returns the transaction id with which the device that reads has sent an event. */
export type TransactionOf = (event: Pick<StoredEvent, 'sentAs'>) => string | undefined

/** A room as one reader sees it. */
export interface RoomView {
  readonly reader: Reader
  readonly room: MatrixRoom
  readonly version: RoomVersion
  /** The reader's newest membership; undefined if it never had one. */
  readonly member: RoomMember | undefined
  readonly sight: Sight
  readonly source: RoomSource
  /** The new events of the room, where the reader is in it as others are, and sees what they see. */
  readonly stretch?: Stretch | undefined
}

/** The first and the last position of some events. */
export interface Stretch {
  readonly first: number
  readonly last: number
}

export interface ReadersDeps {
  readonly core: Pick<Core, 'reads' | 'directory' | 'policy'>
  readonly users: UserIds
  readonly transactionsOf: (actor: Person) => Promise<TransactionOf>
}

/** Knows the user ids of accounts. */
export interface UserIds {
  idOf(account: Account): Promise<string>
}

/** Finds out who reads, and what it may see of rooms. */
export class Readers {
  constructor(private readonly deps: ReadersDeps) {}

  async reader(actor: Person): Promise<Reader> {
    return this.readerWith(actor, await this.ignoredBy(actor))
  }

  /** Returns the reader, who ignores these users. */
  async readerWith(actor: Person, ignored: ReadonlySet<string>): Promise<Reader> {
    const userId = await this.deps.users.idOf(actor.account)
    const transactionOf = await this.deps.transactionsOf(actor)
    return { actor, accountId: actor.account.id, userId, ignored, transactionOf }
  }

  /** Returns the users whom somebody ignores. */
  async ignoredBy({ account }: Person): Promise<ReadonlySet<string>> {
    const json = await this.deps.core.reads.matrix().accountDatum(account.id, 0, IGNORED_USERS)
    return json === undefined ? NOBODY : ignoredIn(json, await this.deps.users.idOf(account))
  }

  /**
   * Returns a room for a reader who is or was in it, or who may read it all the same.
   * @throws channel_not_found for any other room, as for one that does not exist
   */
  async view(actor: Person, roomId: string): Promise<RoomView> {
    const reads = this.deps.core.reads.matrix()
    const room = await reads.room({ roomId })
    if (!room) throw refusal('channel_not_found')
    const reader = await this.reader(actor)
    const member = await reads.member(reader.userId, room.channelId)
    const view = await this.viewOf(reader, room, member)
    // To a reader who has forgotten a room, it is as if it had never been in it.
    const wasIn = view.sight.leftAt >= 0 && member?.forgotten !== true
    if (!wasIn && !view.sight.seesPresent) throw refusal('channel_not_found')
    if (!(await this.hasScope(reader, room.channelId))) throw refusal('channel_not_found')
    return view
  }

  /** Returns a room as a reader sees it, whatever it may see. */
  async viewOf(
    reader: Reader,
    room: MatrixRoom,
    member: RoomMember | undefined,
    paged?: PagedRoom,
  ): Promise<RoomView> {
    const version = roomVersion(room.version)
    if (!version) throw new Error(`room ${room.roomId} has the unknown version ${room.version}`)
    const reads = this.deps.core.reads.matrix()
    const { changes, source } = paged ?? {
      changes: await reads.keyChanges(room.channelId, sightKeys(reader.userId)),
      source: storedRoom(reads, room.channelId),
    }
    const ofType = (type: string) =>
      changes
        .filter((change) => change.type === type)
        .map(({ pos, event }) => ({ pos, event: event && parsedRoomEvent(event) }))
    const sight = new Sight(
      reader.userId,
      ofType('m.room.history_visibility'),
      membershipsWith(ofType(KEPT_OUT), ofType('m.room.member')),
    )
    return {
      reader,
      room,
      version,
      member,
      sight,
      source,
    }
  }

  /** Returns a room for a reader who is in it since before what is read, where the source has its events. */
  memberView(
    reader: Reader,
    room: MatrixRoom,
    since: number,
    { source, stretch }: Pick<RoomView, 'source' | 'stretch'>,
  ): RoomView {
    const version = roomVersion(room.version)
    if (!version) throw new Error(`room ${room.roomId} has the unknown version ${room.version}`)
    const member: RoomMember = {
      ...{ userId: reader.userId, channelId: room.channelId, membership: 'join' },
      ...{ pos: since, forgotten: false },
    }
    return { reader, room, version, member, sight: Sight.ofMember(reader.userId, since), source, stretch }
  }

  /** Reports whether the channel of a room is kept out of Matrix now. */
  async isKeptOut({ born, channelId }: MatrixRoom): Promise<boolean> {
    const { directory } = this.deps.core
    if (born !== 'channel') return false
    const channel = await directory.retryUntilLoaded(() => directory.channel(channelId))
    return channel.settings.matrix === false
  }

  /** Returns those of the rooms that the reader is in which it may read: none that is kept out, or beyond its scopes. */
  async readable(reader: Reader, rooms: readonly MatrixRoom[]): Promise<MatrixRoom[]> {
    const found: MatrixRoom[] = []
    for (const room of rooms)
      if (!(await this.isKeptOut(room)) && (await this.hasScope(reader, room.channelId))) found.push(room)
    return found
  }

  /** Reports whether the scopes of the reader's token let it read a channel. People's sessions have none. */
  hasScope({ actor }: Reader, channelId: number): Promise<boolean> {
    const { directory, policy } = this.deps.core
    return directory.retryUntilLoaded(() => policy.hasScope(actor, directory.channel(channelId), 'read'))
  }
}

/**
 * Whether a reader wants to see nothing of an event, because it ignores the sender. State is always seen. Every way to
 * read asks this: history, `/sync`, relations, search and counts.
 */
export function isIgnored(
  { ignored }: Pick<Reader, 'ignored'>,
  { sender, stateKey }: Pick<StoredEvent, 'sender' | 'stateKey'>,
): boolean {
  return stateKey === null && ignored.has(sender)
}

/** Returns whom a user ignores, by its account data. Nobody ignores itself. */
export function ignoredIn(json: string, own: string): ReadonlySet<string> {
  const content: unknown = JSON.parse(json)
  const users = isObject(content) ? content['ignored_users'] : undefined
  const named = isObject(users) ? Object.keys(users) : []
  // Postgres stores no lone surrogates.
  const ignored = new Set(named.filter((userId) => userId.isWellFormed() && parseUserId(userId)))
  ignored.delete(own)
  return ignored
}

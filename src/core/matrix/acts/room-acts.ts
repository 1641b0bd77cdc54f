/**
 * Acts over Matrix: sending.ts, membership.ts, creating.ts, states.ts and aliases.ts. Each is one transaction in which
 * everything before it is projected, and writes the rows of v1 and the events of the room together. A write passes both
 * the rules of the room and the rights of v1; the first refusal decides. Imports the core alone.
 * Start reading here, then sending.ts.
 */
import type { Policy } from '../../access/policy'
import type { Person } from '../../identity/actor'
import type { Channel } from '../../kernel/entities'
import { type AppError, refusal } from '../../kernel/errors'
import type { Seq } from '../../kernel/ids'
import type { Writes } from '../../kernel/ports'
import { channelEvent } from '../../log/events'
import type { EventBatch, RoomDraft } from '../event-batch'
import { EVENTS_PER_ROW, type StoredEvent } from '../event-ports'
import type { OpenRoom } from '../open-room'
import type { MatrixParts } from '../parts'
import type { People } from '../people'
import type { MatrixAct, Projector } from '../projector/projector'
import type { Shown } from '../projector/room-of-channel'
import { notInRoom } from '../refusals'
import type { MatrixRoom } from '../room-ports'
import type { Rooms } from '../rooms'
import type { Standings } from '../standings'

/** A room in the transaction of an act. */
export interface RoomAct {
  readonly tx: Writes
  readonly batch: EventBatch
  readonly rooms: Rooms
  readonly people: People
  /** With current data. */
  readonly actor: Person
  /** The actor as a user of Matrix. */
  readonly self: Shown
  readonly room: OpenRoom
  readonly channel: Channel
}

/** An event without what every event of the act has. */
export type ActDraft = Omit<RoomDraft, 'ts' | 'sender'>

export interface RoomActsParts extends Pick<MatrixParts, 'core' | 'serverName'> {
  readonly projector: Projector
  readonly policy: Policy
  readonly standings: Standings
}

/** Runs acts in rooms. */
export class RoomActs {
  constructor(private readonly parts: RoomActsParts) {}

  /**
   * Runs the work in a transaction in which the room is open, with the memberships of the actor and of these users.
   * @throws not_a_member for an unknown room; channel_archived; unavailable, draining, what the work throws
   */
  in<Result>(
    actor: Person,
    roomId: string,
    users: readonly string[],
    work: (act: RoomAct) => Promise<Result>,
    { archivedToo = false, suspendedToo = false } = {},
  ): Promise<Result> {
    const inRoom: Parameters<typeof this.run<Result>>[1] = async (act, now, self) => {
      const { tx, rooms } = act
      const opened = await rooms.openNamed(tx.matrix(), new Map([[roomId, [self.userId, ...users]]]))
      const room = opened.get(roomId)
      const channel = room && (await tx.channel({ id: room.row.channelId }))
      if (!channel) throw notInRoom()
      refuseKeptOut(room.row, channel)
      if (channel.archivedAt !== null && !archivedToo) throw archivedRoom(room, self.userId)
      return work({ ...act, actor: now, self, room, channel })
    }
    return this.run(actor, inRoom, { suspendedToo })
  }

  /**
   * Runs the work in a transaction that is about no room yet. `suspendedToo`: a user whom an admin has suspended may do it.
   * @throws M_USER_SUSPENDED
   */
  run<Result>(
    actor: Person,
    work: (act: MatrixAct, now: Person, self: Shown) => Promise<Result>,
    { suspendedToo = false } = {},
  ): Promise<Result> {
    const { projector, policy, standings } = this.parts
    return projector.act(actor, async (act) => {
      const now = policy.current(actor)
      if (!suspendedToo) standings.refuseSuspended(now.account)
      const shown = await act.people.shown(act.tx, [now.account])
      const self = shown.get(now.account.id)
      if (!self) throw new Error('an account has a user')
      return work(act, now, self)
    })
  }
}

/** The refusal of an act in an archived room. Only members learn that it is archived. */
export function archivedRoom(room: OpenRoom, userId: string): AppError {
  return room.membershipOf(userId) === 'join' ? refusal('channel_archived') : notInRoom()
}

/** Reports whether a room is that of a channel that is kept out of Matrix. */
export function isKeptOutChannel({ born }: Pick<MatrixRoom, 'born'>, { settings }: Channel): boolean {
  return born === 'channel' && settings.matrix === false
}

/** @throws not_a_member for the room of a channel that is kept out of Matrix */
export function refuseKeptOut(room: Pick<MatrixRoom, 'born'>, channel: Channel): void {
  if (isKeptOutChannel(room, channel)) throw notInRoom()
}

/** Adds an event of the actor that belongs to a row of the log. @throws m_forbidden, m_too_large */
export function addAs(act: RoomAct, seq: Seq, draft: ActDraft): StoredEvent {
  const { batch, room, self, tx } = act
  return batch.add(room, seq, { ...draft, sender: self.userId, ts: millisecondsOf(tx) })
}

/** Adds an event that v1 does not have. It gets a log row of type `matrix.event`, which no reader of v1 sees. @throws as `addAs` */
export async function addAlone(act: RoomAct, draft: ActDraft): Promise<StoredEvent> {
  const { tx, channel, actor } = act
  const event = addAs(act, tx.nextSeq(), draft)
  await tx.append(channelEvent('matrix.event', channel, { type: draft.type }), actor.account)
  return event
}

/** The time that events of this transaction have. */
export function millisecondsOf(tx: Writes): number {
  return Math.floor(tx.now() / 1000)
}

/** Returns the log row that owns an event. */
export function rowOf({ pos }: Pick<StoredEvent, 'pos'>): Seq {
  return Math.floor(pos / EVENTS_PER_ROW)
}

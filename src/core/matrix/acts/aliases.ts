import { isAdmin, type Person } from '../../identity/actor'
import { AppError } from '../../kernel/errors'
import { canonicalJson } from '../canonical'
import { withoutAlias } from '../canonical-alias'
import { matrixRefusal } from '../errors'
import { parseAlias } from '../ids'
import type { CaughtUp, MatrixParts } from '../parts'
import { notInRoom } from '../refusals'
import { addAlone, isKeptOutChannel, type RoomAct, type RoomActs } from './room-acts'

/** The names of rooms: `#lobby:example.org`. */
export class RoomAliases {
  constructor(
    private readonly parts: Pick<MatrixParts, 'core' | 'serverName'> & { readonly caughtUp: CaughtUp },
    private readonly acts: RoomActs,
  ) {}

  /** Returns the id of the room with an alias. @throws m_invalid_param; m_not_found, also for a channel that is kept out */
  async find(alias: string): Promise<string> {
    this.requireOwn(alias)
    await this.parts.caughtUp()
    const { reads, directory } = this.parts.core
    const matrix = reads.matrix()
    const found = await matrix.alias(alias)
    const room = found && (await matrix.room({ channelId: found.channelId }))
    if (!room) throw unknownAlias()
    if (isKeptOutChannel(room, await directory.retryUntilLoaded(() => directory.channel(room.channelId))))
      throw unknownAlias()
    return room.roomId
  }

  /** Returns the room that an id or an alias names. @throws as `find` */
  async roomOf(idOrAlias: string): Promise<string> {
    return idOrAlias.startsWith('#') ? this.find(idOrAlias) : idOrAlias
  }

  /** Gives a room another alias. @throws m_unknown (409) for an alias that is taken, m_invalid_param, m_forbidden */
  add(actor: Person, alias: string, roomId: string): Promise<void> {
    this.requireOwn(alias)
    return this.acts.in(actor, roomId, [], async ({ tx, room, self, channel, actor: now }) => {
      if (room.membershipOf(self.userId) !== 'join') throw notInRoom()
      const localpart = parseAlias(alias)?.localpart ?? ''
      const isTaken = (await tx.matrix().alias(alias)) || (await tx.channel({ slug: localpart }))
      if (isTaken) throw new AppError('conflict', 'm_unknown', 'This alias is taken')
      await tx.matrix().insertAlias({ alias, channelId: channel.id, creatorId: now.account.id })
    })
  }

  /**
   * Takes an alias away, also from the canonical ones of its room: as who made it, as an administrator, or with the power
   * to name the room.
   * @throws m_not_found, m_forbidden
   */
  async remove(actor: Person, alias: string): Promise<void> {
    const roomId = await this.find(alias)
    await this.acts.in(actor, roomId, [], async (act) => {
      const { tx, room, self, actor: now } = act
      const found = await tx.matrix().alias(alias)
      if (!found) throw unknownAlias()
      if (found.creatorId === null)
        throw matrixRefusal('M_FORBIDDEN', 'The alias of a channel cannot be taken away')
      const levels = room.levels()
      const isIn = room.membershipOf(self.userId) === 'join'
      const mayName = isIn && levels.of(self.userId) >= levels.neededFor('m.room.canonical_alias', true)
      if (found.creatorId !== now.account.id && !mayName && !isAdmin(now, this.parts.core.settings))
        throw matrixRefusal('M_FORBIDDEN', 'Only who made this alias or who names the room can take it away')
      await tx.matrix().deleteAlias(alias)
      if (mayName) await this.unname(act, alias)
    })
  }

  /** The aliases of a room that the actor is in. @throws not_a_member */
  async list(actor: Person, roomId: string): Promise<string[]> {
    return this.acts.in(
      actor,
      roomId,
      [],
      async ({ tx, room, self, channel }) => {
        if (room.membershipOf(self.userId) !== 'join') throw notInRoom()
        return (await tx.matrix().aliasesOfRoom(channel.id)).map(({ alias }) => alias)
      },
      { archivedToo: true, suspendedToo: true },
    )
  }

  private async unname(act: RoomAct, alias: string): Promise<void> {
    const type = 'm.room.canonical_alias'
    const now = act.room.content(type)
    if (!now) return
    const content = withoutAlias(now, alias)
    if (canonicalJson(content) !== canonicalJson(now)) await addAlone(act, { type, stateKey: '', content })
  }

  private requireOwn(alias: string): void {
    const id = parseAlias(alias)
    if (!id || id.localpart === '') throw matrixRefusal('M_INVALID_PARAM', 'An alias is written #name:server')
    if (id.server !== this.parts.serverName)
      throw matrixRefusal('M_INVALID_PARAM', `Aliases of this server end with :${this.parts.serverName}`)
  }
}

function unknownAlias() {
  return matrixRefusal('M_NOT_FOUND', 'There is no room with this alias')
}

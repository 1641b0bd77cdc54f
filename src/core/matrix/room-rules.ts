import type { ReadMark, RoomAddress, RoomRules } from '../channels/channel-rooms'
import { entryBy } from '../governance/audit'
import type { Settings } from '../governance/settings'
import { type Actor, isAdmin } from '../identity/actor'
import type { Account, Channel } from '../kernel/entities'
import type { Store, Writes } from '../kernel/ports'
import { deputiesIn } from './deputies'
import { parsedEvent } from './events'
import type { Projector } from './projector/projector'
import { markRead } from './read-marks'
import type { Users } from './users'

/**
 * The rules of rooms that were made over Matrix, for what v1 does to their channels: its events are made in the same
 * transaction, by the actor, or for an administrator by the member with the most power. What nobody may do is refused.
 */
export class MatrixRoomRules implements RoomRules {
  readonly serverName: string

  constructor(
    private readonly parts: {
      readonly projector: Projector
      readonly users: Users
      readonly settings: Settings
      readonly store: Pick<Store, 'reads' | 'slow'>
      readonly serverName: string
    },
  ) {
    this.serverName = parts.serverName
  }

  async judged<Result>(
    tx: Writes,
    actor: Actor,
    channel: Channel,
    change: () => Promise<Result>,
  ): Promise<Result> {
    const { projector, settings } = this.parts
    const row = await tx.matrix().room({ channelId: channel.id })
    if (row?.born !== 'matrix') return change()
    const { result, senders } = await projector.strictly(tx, change, async () => {
      const opened = await projector.rooms.open(tx.matrix(), new Map([[channel.id, []]]))
      const room = opened.get(channel.id)
      return room && isAdmin(actor, settings) ? deputiesIn(tx, projector.rooms, room, this.serverName) : []
    })
    for (const userId of senders) await this.note(tx, actor, channel, userId)
    return result
  }

  async invitedTo(account: Account): Promise<ReadonlySet<number>> {
    const { users, store } = this.parts
    const { reads } = store
    const rooms = await reads.matrix().roomsOf(await users.idOf(account), ['invite'])
    return new Set(rooms.map(({ channelId }) => channelId))
  }

  async isInvited(tx: Writes, account: Account, channel: Channel): Promise<boolean> {
    const user = await tx.matrix().user({ accountId: account.id })
    const member = user && (await tx.matrix().member(this.parts.users.idWith(user.localpart), channel.id))
    return member?.membership === 'invite'
  }

  async addressOf({ id }: Channel): Promise<RoomAddress | undefined> {
    const reads = this.parts.store.reads.matrix()
    const room = await reads.room({ channelId: id })
    if (!room) return undefined
    const [canonical] = await reads.stateNow(id, { types: ['m.room.canonical_alias'], stateKeys: [''] })
    const { alias } = canonical ? parsedEvent(canonical.json).content : { alias: null }
    return { roomId: room.roomId, alias: typeof alias === 'string' ? alias : null }
  }

  async countEventsOf(account: Account): Promise<number> {
    const { users, store, projector } = this.parts
    await projector.projected()
    return store.slow.matrix().countEventsOf(await users.idOf(account))
  }

  markRead(tx: Writes, account: Account, channel: Channel, mark: ReadMark): Promise<void> {
    return markRead(tx, account, channel, mark)
  }

  private async note(tx: Writes, actor: Actor, channel: Channel, userId: string): Promise<void> {
    const account = await this.parts.users.find(userId, tx)
    if (!account) return
    await tx.audit(
      entryBy(actor, 'impersonate', { type: 'account', id: account.uuid }, { channel_id: channel.uuid }),
    )
  }
}

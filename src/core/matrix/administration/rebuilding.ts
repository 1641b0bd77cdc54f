import type { Administration } from '../../governance/administration'
import { entryBy } from '../../governance/audit'
import type { Actor } from '../../identity/actor'
import type { Channel } from '../../kernel/entities'
import { AppError, refusal } from '../../kernel/errors'
import type { MatrixParts } from '../parts'
import type { Projector } from '../projector/projector'

/** Rows that one transaction deletes, few enough not to delay posts. */
const SLICE = 500
const MEMBERS = 200

/** Makes the events of a channel's room anew, from the log. */
export class Rebuilding {
  constructor(
    private readonly parts: Pick<MatrixParts, 'core' | 'store'> & {
      readonly administration: Administration
      readonly projector: Projector
    },
  ) {}

  /**
   * Deletes the room of a channel and has the projector make it again, with equal ids as long as the room version is the
   * same. Nobody may have read it: no member has a device.
   * @throws channel_not_found, room_has_readers, room_of_matrix
   */
  async rebuild(actor: Actor, slug: string): Promise<Channel> {
    const { administration, core, store, projector } = this.parts
    administration.check(actor)
    const channel = await store.reads.channel({ slug })
    if (!channel) throw refusal('channel_not_found')
    const room = await store.reads.matrix().room({ channelId: channel.id })
    if (room?.born === 'matrix')
      throw new AppError(
        'invalid',
        'room_of_matrix',
        'This room was made over Matrix: its events are nowhere else',
      )
    await this.refuseReaders(channel)
    // While the channel is kept out, the projector adds nothing to the room.
    const settings = (matrix: boolean | null) =>
      core.channelUpdates.updateAny(actor, channel.uuid, { settings: { matrix } })
    await settings(false)
    await projector.projected()
    const loop = core.pace.loop()
    for (;;) {
      await loop.turn()
      const isDone = await administration.act(actor, (tx) => tx.matrix().deleteRoomRows(channel.id, SLICE))
      loop.did(SLICE)
      if (isDone) break
    }
    await administration.act(actor, async (tx) => {
      await projector.replayFromStart(tx, channel.id)
      await tx.audit(entryBy(actor, 'matrix.room.rebuild', { type: 'channel', id: channel.uuid }))
    })
    const { channel: now } = await settings(channel.settings.matrix ?? null)
    return now
  }

  /** @throws room_has_readers */
  private async refuseReaders({ id }: Channel): Promise<void> {
    const { reads } = this.parts.store
    for (let after: number | null = 0; after !== null; ) {
      const page = await reads.membershipsIn(id, { after, limit: MEMBERS })
      for (const member of page)
        if ((await reads.matrix().devices(member.id)).length > 0)
          throw new AppError(
            'conflict',
            'room_has_readers',
            'Members of this channel have devices, which have read the room: sign them out first',
          )
      after = page.length < MEMBERS ? null : (page.at(-1)?.id ?? null)
    }
  }
}

import { SYSTEM_HANDLE, systemAccount } from '../../identity/system-account'
import type { Store } from '../../kernel/ports'
import { accountEvent } from '../../log/events'
import { parsedEvent } from '../events'
import type { Users } from '../users'

/** The name that the account `system` has in rooms: that of the server, which may change. */
export class ServerName {
  /** When it was last compared with the one that rooms show. */
  private compared: string | undefined

  constructor(
    private readonly parts: {
      readonly store: Pick<Store, 'reads' | 'transact'>
      readonly users: Pick<Users, 'idWith'>
      readonly systemName: () => string
    },
  ) {}

  /** Appends the row of a rename if a room shows another name. The member events follow from it. */
  async check(): Promise<void> {
    const { store, systemName } = this.parts
    const name = systemName()
    if (name === this.compared) return
    const shown = await this.oldest()
    if (shown !== undefined && shown !== name)
      await store.transact(async (tx) => {
        const system = await tx.updateAccount((await systemAccount(tx)).id, { displayName: name })
        await tx.append(accountEvent('account.updated', system, { changed: ['display_name'] }), null)
      })
    this.compared = name
  }

  /** Returns the name in the oldest member event, as a rename reaches it last. Undefined without a room. */
  private async oldest(): Promise<unknown> {
    const { reads } = this.parts.store
    const system = await reads.account({ handle: SYSTEM_HANDLE })
    const user = system && (await reads.matrix().user({ accountId: system.id }))
    if (!user) return undefined
    const userId = this.parts.users.idWith(user.localpart)
    const rooms = await reads.matrix().roomsOf(userId, ['join'])
    const [oldest] = rooms.sort((one, other) => one.pos - other.pos)
    const [event] = oldest ? await reads.matrix().memberEvents([{ channelId: oldest.channelId, userId }]) : []
    return event && parsedEvent(event.json).content['displayname']
  }
}

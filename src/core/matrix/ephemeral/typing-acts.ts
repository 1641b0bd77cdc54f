import type { Core } from '../..'
import type { Policy } from '../../access/policy'
import type { Person } from '../../identity/actor'
import type { UserIds } from '../reading/readers'
import { notInRoom } from '../refusals'
import type { Standings } from '../standings'
import type { BetweenProcesses } from './between-processes'
import type { Presences } from './presences'
import type { Typing } from './typing'

export interface TypingActsDeps {
  readonly core: Pick<Core, 'reads' | 'directory'>
  readonly policy: Policy
  readonly standings: Pick<Standings, 'refuseSuspended'>
  readonly users: UserIds
  readonly typing: Typing
  readonly presences: Presences
  readonly others: BetweenProcesses
}

/** Says who types. */
export class TypingActs {
  constructor(private readonly deps: TypingActsDeps) {}

  /**
   * Notes that the actor types in a room for so many milliseconds, or no longer.
   * @throws not_a_member for an unknown room, and the access errors of posting
   */
  async set(actor: Person, roomId: string, milliseconds: number): Promise<void> {
    const { core, policy, users, typing, presences, others } = this.deps
    const { directory } = core
    const room = await core.reads.matrix().room({ roomId })
    if (!room) throw notInRoom()
    const { channelId } = room
    this.deps.standings.refuseSuspended(actor.account)
    await directory.retryUntilLoaded(() => policy.postIn(policy.current(actor), directory.channel(channelId)))
    const userId = await users.idOf(actor.account)
    presences.active(actor.account.id)
    if (milliseconds > 0) typing.begin(channelId, userId, milliseconds)
    else typing.end(channelId, userId)
    others.typing(channelId, userId, milliseconds)
  }

  /** Ends the typing of a user who has posted in a room where somebody types. */
  async posted(accountId: number, channelId: number): Promise<void> {
    const { core, users, typing, others } = this.deps
    const account = await core.directory.retryUntilLoaded(() => core.directory.account(accountId))
    const userId = await users.idOf(account)
    if (typing.end(channelId, userId)) others.typing(channelId, userId, 0)
  }
}

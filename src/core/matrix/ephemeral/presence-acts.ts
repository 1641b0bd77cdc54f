import type { Core } from '../..'
import type { Person } from '../../identity/actor'
import { isLongerThan } from '../../kernel/text'
import type { Clock } from '../../kernel/time'
import type { JsonObject } from '../canonical'
import { matrixRefusal } from '../errors'
import type { Users } from '../users'
import type { PresenceState } from './presence-state'
import { type Presences, presenceContent } from './presences'

/** The longest text that a user sets, in code points. */
const MAX_TEXT = 1000

export interface PresenceActsDeps {
  readonly core: Pick<Core, 'directory'>
  readonly users: Users
  readonly presences: Presences
  readonly clock: Pick<Clock, 'steady'>
  readonly isOn: () => boolean
}

/** Says whether users are there, and shows it. */
export class PresenceActs {
  constructor(private readonly deps: PresenceActsDeps) {}

  /** Sets the presence of the actor. While presence is switched off it changes nothing. @throws m_invalid_param */
  async set(actor: Person, device: number, state: PresenceState, text: string | null): Promise<void> {
    if (text !== null && isLongerThan(text, MAX_TEXT))
      throw matrixRefusal('M_INVALID_PARAM', `status_msg has at most ${MAX_TEXT} characters`)
    const userId = await this.deps.users.idOf(actor.account)
    this.deps.presences.set(actor.account.id, userId, String(device), state, text === '' ? null : text)
  }

  /**
   * Returns whether a user is there.
   * @throws m_not_found for an unknown user, and while presence is switched off; m_forbidden without a common room
   */
  async find(actor: Person, userId: string): Promise<JsonObject> {
    const { core, users, presences, clock, isOn } = this.deps
    if (!isOn()) throw matrixRefusal('M_NOT_FOUND', 'This server does not show who is there')
    const account = userId.startsWith('@') ? await users.find(userId) : undefined
    if (account?.archivedAt !== null) throw matrixRefusal('M_NOT_FOUND', 'There is no user with this id here')
    const { directory } = core
    const isPeer = await directory.retryUntilLoaded(
      () => account.id === actor.account.id || directory.shareChannel(account.id, actor.account.id),
    )
    if (!isPeer) throw matrixRefusal('M_FORBIDDEN', 'You are in no room with this user')
    return presenceContent(presences.shown(account.id), clock.steady())
  }
}

import { type Person, requireHuman } from '../../identity/actor'
import type { Account } from '../../kernel/entities'
import { isLongerThan, isName } from '../../kernel/text'
import { accountEvent } from '../../log/events'
import type { JsonObject } from '../canonical'
import { matrixRefusal } from '../errors'
import { MAX_ID_BYTES } from '../ids'
import type { MatrixParts } from '../parts'
import type { Standings } from '../standings'
import type { MatrixUser } from '../user-ports'
import type { Users } from '../users'
import { utf8Length } from '../utf8'

const NAME = 'displayname'
const AVATAR = 'avatar_url'

/** In code points. Only the beginning of a longer name is shown on /v1. */
const MAX_NAME = 256
const SHOWN_NAME = 128
/** Of all fields together. */
const MAX_BYTES = 65_536

/** The profiles of users: the display name of the account, an avatar, and fields that clients choose. */
export class MatrixProfiles {
  constructor(
    private readonly parts: Pick<MatrixParts, 'core' | 'store'> & { readonly standings: Standings },
    private readonly users: Users,
  ) {}

  /** Returns the profile of a user of this server. @throws M_NOT_FOUND */
  async find(userId: string): Promise<JsonObject> {
    const account = userId.startsWith('@') ? await this.users.find(userId) : undefined
    if (account?.archivedAt !== null) throw unknownUser()
    const user = await this.parts.store.reads.matrix().user({ accountId: account.id })
    const { [NAME]: _, ...fields } = user?.profile ?? {}
    return {
      ...fields,
      ...(user?.avatar != null && { [AVATAR]: user.avatar }),
      [NAME]: shownName(account, user),
    }
  }

  /** Returns a field of a profile. @throws M_NOT_FOUND */
  async field(userId: string, key: string): Promise<unknown> {
    const profile = await this.find(userId)
    if (!Object.hasOwn(profile, key)) throw matrixRefusal('M_NOT_FOUND', 'The profile has no such field')
    return profile[key]
  }

  /**
   * Sets a field of the caller's own profile; undefined removes it. Without a display name, the handle is shown.
   * @throws M_INVALID_PARAM, M_BAD_JSON, M_KEY_TOO_LARGE, M_PROFILE_TOO_LARGE, M_USER_SUSPENDED
   */
  async set(actor: Person, key: string, value: unknown): Promise<void> {
    this.parts.standings.refuseSuspended(actor.account)
    if (utf8Length(key) > MAX_ID_BYTES || key === '')
      throw matrixRefusal('M_KEY_TOO_LARGE', `A field has a name of 1 to ${MAX_ID_BYTES} bytes`)
    if (key === NAME) return this.setName(actor, value)
    if (key === AVATAR) return this.setAvatar(actor, value)
    return this.change(actor, (profile) => {
      const { [key]: _, ...others } = profile
      return value === undefined ? others : { ...others, [key]: value }
    })
  }

  private async setName(actor: Person, value: unknown = ''): Promise<void> {
    if (typeof value !== 'string') throw matrixRefusal('M_BAD_JSON', `${NAME} is a text`)
    if (isLongerThan(value, MAX_NAME) || (value !== '' && !isName(value)))
      throw matrixRefusal(
        'M_INVALID_PARAM',
        `${NAME} is one line of at most ${MAX_NAME} characters that can be seen`,
      )
    const whole = value === '' ? actor.account.handle : value
    const displayName = [...whole].slice(0, SHOWN_NAME).join('')
    await this.parts.core.profiles.update(actor, { displayName })
    const { profile } = await this.ownUser(actor)
    if (displayName !== whole || Object.hasOwn(profile, NAME))
      await this.change(actor, ({ [NAME]: _, ...others }) =>
        displayName === whole ? others : { ...others, [NAME]: whole },
      )
  }

  private async setAvatar(actor: Person, value: unknown = ''): Promise<void> {
    if (typeof value !== 'string') throw matrixRefusal('M_BAD_JSON', `${AVATAR} is a text`)
    if (value !== '' && !(value.startsWith('mxc://') && utf8Length(value) <= 1000))
      throw matrixRefusal('M_INVALID_PARAM', `${AVATAR} is an mxc:// URI`)
    const { core } = this.parts
    await core.transactions.run(actor, async (tx) => {
      const now = core.policy.current(actor)
      if (now.account.kind === 'human') requireHuman(now)
      const user = await this.users.ensure(tx, now.account)
      const avatar = value === '' ? null : value
      if (user.avatar === avatar) return
      await tx.matrix().updateUser(now.account.id, { avatar })
      // The rooms of the user learn of it from the log.
      await tx.append(accountEvent('account.updated', now.account, { changed: [AVATAR] }), now.account)
    })
  }

  private async change(actor: Person, fieldsAfter: (before: JsonObject) => JsonObject): Promise<void> {
    const { core } = this.parts
    await core.transactions.run(actor, async (tx) => {
      const now = core.policy.current(actor)
      if (now.account.kind === 'human') requireHuman(now)
      const profile = fieldsAfter((await this.users.ensure(tx, now.account)).profile)
      if (utf8Length(JSON.stringify(profile)) > MAX_BYTES)
        throw matrixRefusal('M_PROFILE_TOO_LARGE', `A profile has at most ${MAX_BYTES} bytes`)
      await tx.matrix().updateUser(now.account.id, { profile })
    })
  }

  private async ownUser({ account }: Person) {
    const user = await this.parts.store.reads.matrix().user({ accountId: account.id })
    return user ?? { profile: {} }
  }
}

/** Returns the name of a user. /v1 shows the beginning of a long one. */
export function shownName({ displayName }: Account, user: MatrixUser | undefined): string {
  const whole = user?.profile[NAME]
  return typeof whole === 'string' && whole.startsWith(displayName) ? whole : displayName
}

function unknownUser() {
  return matrixRefusal('M_NOT_FOUND', 'There is no user with this id here')
}

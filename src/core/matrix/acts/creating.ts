import type { Person } from '../../identity/actor'
import type { Account } from '../../kernel/entities'
import type { Writes } from '../../kernel/ports'
import { matrixRefusal } from '../errors'
import { parseAlias } from '../ids'
import type { MatrixParts } from '../parts'
import { memberContent } from '../projector/room-of-channel'
import { plannedState, type RoomRequest, type RoomTerms } from '../room-plan'
import type { Users } from '../users'
import { roomVersion } from '../versions'
import { applyProperties } from './channel-properties'
import { namedAccount, type RoomMemberships } from './membership'
import type { NewRooms } from './new-rooms'
import type { RoomActs } from './room-acts'

/** A request to make a room. */
export interface NewRoom extends RoomRequest {
  /** Absent: as the setting says. */
  readonly version?: string
  /** The localpart of its alias. */
  readonly aliasLocalpart?: string
}

/** What `initial_state` cannot set: no room is encrypted here. */
const DROPPED: ReadonlySet<string> = new Set(['m.room.encryption'])

/** Makes rooms over Matrix. */
export class Creations {
  constructor(
    private readonly parts: Pick<MatrixParts, 'core' | 'serverName'> & { readonly users: Users },
    private readonly acts: RoomActs,
    private readonly newRooms: NewRooms,
    private readonly memberships: RoomMemberships,
  ) {}

  /**
   * Makes a room with its channel, and returns its id.
   * @throws m_forbidden, m_unsupported_room_version, m_room_in_use, m_invalid_room_state, m_not_found for an unknown
   *   invitee, quota_exceeded
   */
  create(actor: Person, request: NewRoom): Promise<string> {
    const { settings } = this.parts.core
    const version = roomVersion(request.version ?? settings.get('matrix.room_version'))
    if (!version)
      throw matrixRefusal('M_UNSUPPORTED_ROOM_VERSION', 'This server does not know that room version')
    return this.acts.run(actor, async (act, now, self) => {
      await this.newRooms.requireAllowed(act.tx, now)
      const alias = await this.freeAlias(act.tx, request.aliasLocalpart)
      const invited = await this.invited(act.tx, request.invite)
      const { membership: _, ...profile } = memberContent('join', self)
      const initialState = request.initialState.filter(({ type }) => !DROPPED.has(type))
      const terms: RoomTerms = { version, creator: self.userId, alias, profile }
      const inRoom = await this.newRooms.begin(act, now, self, {
        version,
        planned: plannedState({ ...request, initialState }, terms),
        alias,
        isDirect: request.isDirect && request.invite.length === 1,
        published: request.visibility === 'public',
      })
      const direct = request.isDirect ? { is_direct: true } : {}
      for (const { account, userId } of invited)
        await this.memberships.inviteIn(inRoom, account, userId, direct)
      await applyProperties(act, now, inRoom.channel, inRoom.room)
      return inRoom.room.row.roomId
    })
  }

  /** @throws m_invalid_param for no legal alias, m_room_in_use */
  private async freeAlias(tx: Writes, localpart: string | undefined): Promise<string | null> {
    if (localpart === undefined) return null
    const alias = `#${localpart}:${this.parts.serverName}`
    if (localpart === '' || localpart.includes(':') || /\s/.test(localpart) || !parseAlias(alias))
      throw matrixRefusal('M_INVALID_PARAM', 'room_alias_name is no localpart of an alias')
    const isSlug = await tx.channel({ slug: localpart.toLowerCase() })
    if ((await tx.matrix().alias(alias)) || (isSlug && `#${isSlug.slug}` === `#${localpart}`))
      throw matrixRefusal('M_ROOM_IN_USE', 'This alias is taken')
    return alias
  }

  private async invited(
    tx: Writes,
    userIds: readonly string[],
  ): Promise<{ account: Account; userId: string }[]> {
    const found: { account: Account; userId: string }[] = []
    for (const userId of userIds) {
      found.push({ account: await namedAccount(this.parts.users, tx, userId), userId })
    }
    return found
  }
}

import type { Policy } from '../../access/policy'
import { isAdmin, type Person } from '../../identity/actor'
import { refusal } from '../../kernel/errors'
import { channelEvent, memberEvent } from '../../log/events'
import { canonicalJson, type JsonObject } from '../canonical'
import { matrixRefusal } from '../errors'
import { parseAlias } from '../ids'
import type { MatrixParts } from '../parts'
import type { PowerLevels } from '../power'
import { notInRoom } from '../refusals'
import type { Users } from '../users'
import { applyProperties } from './channel-properties'
import type { RoomMemberships } from './membership'
import { addAlone, addAs, type RoomAct, type RoomActs } from './room-acts'

/** A state event to set. */
export interface StateSetting {
  readonly type: string
  readonly stateKey: string
  readonly content: JsonObject
}

/** The types of which v1 knows what they say. */
const PROPERTIES: ReadonlySet<string> = new Set([
  'm.room.name',
  'm.room.topic',
  'm.room.join_rules',
  'm.room.history_visibility',
])

/** Sets the state of rooms. */
export class States {
  constructor(
    private readonly parts: { readonly policy: Policy; readonly users: Users } & Pick<
      MatrixParts,
      'core' | 'serverName'
    >,
    private readonly acts: RoomActs,
    private readonly memberships: RoomMemberships,
  ) {}

  /**
   * Sets a state event and returns its id; that of the present one if its content is equal. Name, topic, join rules and
   * visibility change the channel, power levels the roles of its members.
   * @throws m_forbidden, m_bad_alias, m_too_large
   */
  async set(actor: Person, roomId: string, setting: StateSetting): Promise<string> {
    const { type, stateKey, content } = setting
    if (type === 'm.room.member') {
      await this.memberships.set(actor, roomId, stateKey, content)
      return this.acts.in(actor, roomId, [stateKey], async ({ room }) => {
        const event = room.event(type, stateKey)
        if (!event) throw notInRoom()
        return event.eventId
      })
    }
    return this.acts.in(actor, roomId, [], async (act) => {
      const { room, self } = act
      if (room.membershipOf(self.userId) !== 'join') throw notInRoom()
      this.refuseFixed(act, setting)
      const present = room.event(type, stateKey)
      if (present && canonicalJson(present.pdu.content) === canonicalJson(content)) return present.eventId
      if (type === 'm.room.canonical_alias') await this.checkAliases(act, content)
      return this.addIn(act, setting)
    })
  }

  /** Sets a state event within an act, with what follows from it on v1. Returns its id. @throws m_forbidden */
  async addIn(act: RoomAct, { type, stateKey, content }: StateSetting): Promise<string> {
    const { tx, channel, room, actor } = act
    const draft = { type, stateKey, content }
    if (PROPERTIES.has(type) && stateKey === '') {
      const row = tx.nextSeq()
      const event = addAs(act, row, draft)
      await applyProperties(act, actor, channel, room)
      if (tx.nextSeq() === row)
        await tx.append(channelEvent('matrix.event', channel, { type }), actor.account)
      return event.eventId
    }
    const former = room.levels()
    const event = await addAlone(act, draft)
    if (type === 'm.room.power_levels' && stateKey === '') await this.applyRoles(act, former)
    return event.eventId
  }

  /**
   * Gives members the roles that follow from the power levels; with `former` levels those whose role by them has changed.
   * Who may only read by its role alone, because the levels list no more users, stays as it is.
   * @throws last_admin
   */
  async applyRoles(act: RoomAct, former?: PowerLevels): Promise<void> {
    const { tx, channel, room, actor, people, batch } = act
    const levels = room.levels()
    let demoted: number | undefined
    for (let after: number | null = 0; after !== null; ) {
      const page = await tx.membershipsIn(channel.id, { after, limit: PAGE })
      const accounts = await tx.accountsByIds(page.map(({ id }) => id))
      const shown = await people.shown(tx, accounts)
      for (const { id, role: previous } of page) {
        const account = accounts.find((one) => one.id === id)
        const user = shown.get(id)
        const role = user && levels.roleOf(user.userId)
        if (!account || !user || role === undefined || role === previous) continue
        if (former?.roleOf(user.userId) === role) continue
        if (previous === 'admin') demoted = id
        await tx.updateMembership(id, channel.id, role)
        const row = tx.nextSeq()
        await tx.append(memberEvent('member.role', channel, account, { role, previous }), actor.account)
        batch.settle(row)
      }
      after = page.length < PAGE ? null : (page.at(-1)?.id ?? null)
    }
    // After all of them: the same levels may make another one an admin.
    if (demoted !== undefined) await this.refuseLast(act, demoted)
  }

  /** The channel of a room that v1 made keeps an admin. @throws last_admin */
  private async refuseLast({ tx, channel, room, actor }: RoomAct, accountId: number): Promise<void> {
    if (room.row.born !== 'channel' || isAdmin(actor, this.parts.core.settings)) return
    if (!(await tx.hasOther(channel.id, accountId, 'admin'))) throw refusal('last_admin')
  }

  private refuseFixed({ actor, channel, room }: RoomAct, { type, stateKey }: StateSetting): void {
    this.parts.policy.requireScope(actor, channel, 'post')
    if (type === 'm.room.encryption')
      throw matrixRefusal('M_FORBIDDEN', 'No room is encrypted on this server')
    if (type === 'm.room.create') throw matrixRefusal('M_FORBIDDEN', 'A room is created once')
    const isFixed = type === 'm.room.canonical_alias' || type === 'm.room.tombstone'
    if (room.row.born === 'channel' && isFixed && stateKey === '')
      throw matrixRefusal('M_FORBIDDEN', 'A room of a channel keeps its alias')
  }

  /** Aliases that are added must exist and point here. @throws m_bad_alias, m_invalid_param */
  private async checkAliases({ tx, room, channel }: RoomAct, content: JsonObject): Promise<void> {
    const present = room.content('m.room.canonical_alias')
    const known = new Set(present ? namedIn(present) : [])
    for (const alias of namedIn(content)) {
      if (typeof alias !== 'string' || !parseAlias(alias))
        throw matrixRefusal('M_INVALID_PARAM', 'An alias is written #name:server')
      if (known.has(alias)) continue
      const found = await tx.matrix().alias(alias)
      if (found?.channelId !== channel.id)
        throw matrixRefusal('M_BAD_ALIAS', `${alias} is no alias of this room`)
    }
  }
}

const PAGE = 200

function namedIn(content: JsonObject): unknown[] {
  const { alias, alt_aliases: others } = content
  const named = alias === undefined || alias === null || alias === '' ? [] : [alias]
  return [...named, ...(Array.isArray(others) ? others : [])]
}

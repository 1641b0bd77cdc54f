import type { Administration } from '../governance/administration'
import { entryBy } from '../governance/audit'
import type { Settings } from '../governance/settings'
import { normalName, quotaExceeded, refuseErased } from '../identity/accounts'
import { type Actor, accountOf } from '../identity/actor'
import type { MembershipKey, MembershipView } from '../kernel/channel-ports'
import type { Account, Channel, Role } from '../kernel/entities'
import { AppError, refusal } from '../kernel/errors'
import type { Uuid } from '../kernel/ids'
import type { Reads, Writes } from '../kernel/ports'
import { memberEvent } from '../log/events'
import type { ChannelRooms } from './channel-rooms'

/** Memberships, as managed by administrators. */
export class Memberships {
  constructor(
    private readonly reads: Reads,
    private readonly administration: Administration,
    private readonly settings: Settings,
    private readonly rooms: ChannelRooms,
  ) {}

  /** By channel, then handle. @throws admin_scope_required, not_admin, account_not_found, channel_not_found */
  async list(
    actor: Actor,
    filter: { handle?: string; slug?: string },
    page: { after: MembershipKey | null; limit: number },
  ): Promise<MembershipView[]> {
    this.administration.check(actor)
    const { reads } = this
    const account =
      filter.handle === undefined ? null : await reads.account({ handle: normalName(filter.handle) })
    const channel = filter.slug === undefined ? null : await reads.channel({ slug: normalName(filter.slug) })
    if (account === undefined) throw refusal('account_not_found')
    if (channel === undefined) throw refusal('channel_not_found')
    const of = {
      ...(account ? { accountId: account.id } : {}),
      ...(channel ? { channelId: channel.id } : {}),
    }
    return reads.listMemberships(of, page)
  }

  /** @throws admin_scope_required, not_admin, account_not_found, channel_not_found, already_member, quota_exceeded */
  async add(actor: Actor, handle: string, slug: string, role: Role): Promise<MembershipView> {
    return this.administration.act(actor, async (tx) => {
      const account = await accountNamed(tx, handle)
      const channel = await tx.channel({ slug: normalName(slug) })
      if (!channel) throw refusal('channel_not_found')
      return this.insertNew(tx, actor, account, channel, role)
    })
  }

  /** Inserts a membership within the transaction of another verb. @throws already_member, as `insert` */
  async insertNew(
    tx: Writes,
    actor: Actor,
    account: Account,
    channel: Channel,
    role: Role,
  ): Promise<MembershipView> {
    const found = await membership(tx, account, channel)
    if (found) throw new AppError('conflict', 'already_member', `Already a member (role=${found.role})`)
    return this.admit(tx, actor, account, channel, role)
  }

  /** Inserts a membership by the rules of the channel's room. @throws as `insert`; matrix_no_power */
  admit(tx: Writes, actor: Actor, account: Account, channel: Channel, role: Role): Promise<MembershipView> {
    return this.rooms.judged(tx, actor, channel, () => this.insert(tx, actor, account, channel, role))
  }

  /** The same for an account that is no member. @throws account_erased, dm_membership_fixed, quota_exceeded */
  async insert(
    tx: Writes,
    actor: Actor,
    account: Account,
    channel: Channel,
    role: Role,
  ): Promise<MembershipView> {
    refuseErased(account)
    refuseDirect(channel)
    const limit = this.settings.get('quota.members')
    if (((await tx.countMembers([channel.id])).get(channel.id) ?? 0) >= limit)
      throw quotaExceeded('quota.members', limit)
    const joined = await tx.append(memberEvent('member.joined', channel, account, { role }), accountOf(actor))
    await tx.insertMembership(account.id, channel.id, role, joined)
    await tx.audit(memberEntry(actor, 'member.add', account, channel, { role }))
    return { account, channel, role, joinedAt: joined.at }
  }

  /** @throws admin_scope_required, not_admin, membership_not_found, dm_membership_fixed */
  async setRole(actor: Actor, accountUuid: Uuid, channelUuid: Uuid, role: Role): Promise<MembershipView> {
    return this.administration.act(actor, async (tx) => {
      const { account, channel, found } = await this.existing(tx, accountUuid, channelUuid)
      return this.changeRole(tx, actor, account, channel, found, role)
    })
  }

  /** @throws admin_scope_required, not_admin, membership_not_found, dm_membership_fixed */
  async remove(actor: Actor, accountUuid: Uuid, channelUuid: Uuid): Promise<void> {
    await this.administration.act(actor, async (tx) => {
      const { account, channel } = await this.existing(tx, accountUuid, channelUuid)
      await this.dismiss(tx, actor, account, channel)
    })
  }

  /** Changes a role within the transaction of another verb. @throws dm_membership_fixed */
  async changeRole(
    tx: Writes,
    actor: Actor,
    account: Account,
    channel: Channel,
    found: MembershipView,
    role: Role,
  ): Promise<MembershipView> {
    if (found.role === role) return found
    refuseDirect(channel)
    return this.rooms.judged(tx, actor, channel, async () => {
      await tx.updateMembership(account.id, channel.id, role)
      const facts = { role, previous: found.role }
      await tx.append(memberEvent('member.role', channel, account, facts), accountOf(actor))
      await tx.audit(memberEntry(actor, 'member.role', account, channel, facts))
      return { ...found, role }
    })
  }

  /** Deletes a membership by the rules of the channel's room. @throws as `delete`; matrix_no_power */
  dismiss(tx: Writes, actor: Actor, account: Account, channel: Channel): Promise<void> {
    return this.rooms.judged(tx, actor, channel, () => this.delete(tx, actor, account, channel))
  }

  /** Deletes a membership within the transaction of another verb. @throws dm_membership_fixed */
  async delete(tx: Writes, actor: Actor, account: Account, channel: Channel): Promise<void> {
    refuseDirect(channel)
    await tx.deleteMembership(account.id, channel.id)
    const by = accountOf(actor)?.id === account.id ? 'self' : 'admin'
    await tx.append(memberEvent('member.left', channel, account, { by }), accountOf(actor))
    await tx.audit(memberEntry(actor, 'member.remove', account, channel, { by }))
  }

  private async existing(tx: Writes, accountUuid: Uuid, channelUuid: Uuid) {
    const account = await tx.account({ uuid: accountUuid })
    const channel = await tx.channel({ uuid: channelUuid })
    const found = account && channel && (await membership(tx, account, channel))
    if (!account || !channel || !found) throw refusal('membership_not_found')
    return { account, channel, found }
  }
}

/** @throws account_not_found */
export async function accountNamed(tx: Writes, handle: string): Promise<Account> {
  const account = await tx.account({ handle: normalName(handle) })
  if (!account) throw refusal('account_not_found')
  return account
}

export async function membership(
  tx: Writes,
  account: Account,
  channel: Channel,
): Promise<MembershipView | undefined> {
  const both = { accountId: account.id, channelId: channel.id }
  const [found] = await tx.listMemberships(both, { after: null, limit: 1 })
  return found
}

function memberEntry(
  actor: Actor,
  action: 'member.add' | 'member.role' | 'member.remove',
  account: Pick<Account, 'uuid'>,
  channel: Pick<Channel, 'uuid' | 'slug'>,
  facts: Readonly<Record<string, string>>,
) {
  const where = { channel_id: channel.uuid, channel: channel.slug }
  return entryBy(actor, action, { type: 'account', id: account.uuid }, { ...where, ...facts })
}

function refuseDirect(channel: Channel): void {
  if (channel.kind === 'dm') throw refusal('dm_membership_fixed')
}

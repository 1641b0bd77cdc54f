import type { Policy } from '../access/policy'
import type { Settings } from '../governance/settings'
import { isAdmin, type Person } from '../identity/actor'
import type { MembershipView } from '../kernel/channel-ports'
import type { Account, Channel, MemberPreferences, Role } from '../kernel/entities'
import { refusal } from '../kernel/errors'
import type { Writes } from '../kernel/ports'
import type { RunsActs } from '../kernel/transactions'
import type { ChannelRooms } from './channel-rooms'
import { accountNamed, type Memberships, membership } from './memberships'

/** The members of one channel, as its admins and they themselves change them. */
export class Members {
  constructor(
    private readonly deps: {
      readonly policy: Policy
      readonly settings: Settings
      readonly transactions: RunsActs
      readonly memberships: Memberships
      readonly rooms: ChannelRooms
    },
  ) {}

  /** @throws the errors of Policy.administer; account_not_found, already_member, dm_membership_fixed, quota_exceeded */
  add(actor: Person, slug: string, handle: string, role: Role): Promise<MembershipView> {
    return this.administer(actor, slug, async (tx, now, channel) =>
      this.deps.memberships.insertNew(tx, now, await accountNamed(tx, handle), channel, role),
    )
  }

  /** @throws the errors of Policy.administer; membership_not_found, last_admin, dm_membership_fixed */
  setRole(actor: Person, slug: string, handle: string, role: Role): Promise<MembershipView> {
    return this.administer(actor, slug, async (tx, now, channel) => {
      const { account, found } = await existing(tx, channel, handle)
      const isDemoted = found.role === 'admin' && role !== 'admin'
      if (
        isDemoted &&
        !isAdmin(now, this.deps.settings) &&
        !(await tx.hasOther(channel.id, account.id, 'admin'))
      )
        throw refusal('last_admin')
      return this.deps.memberships.changeRole(tx, now, account, channel, found, role)
    })
  }

  /**
   * Removes a member. Every member may remove itself, as `leave` does.
   * @throws the errors of Policy.administer; membership_not_found, last_admin, dm_membership_fixed
   */
  async remove(actor: Person, slug: string, handle: string): Promise<void> {
    if (actor.account.handle === handle) return this.leave(actor, slug)
    return this.administer(actor, slug, async (tx, now, channel) => {
      const { account, found } = await existing(tx, channel, handle)
      await this.removeIn(tx, now, account, channel, found.role)
    })
  }

  /**
   * Joins a public channel, or one to whose room the actor was invited. A member stays what it is.
   * @throws channel_not_found, channel_archived, not_public, missing_scope, quota_exceeded
   */
  async join(actor: Person, slug: string): Promise<MembershipView> {
    const { policy, transactions, memberships } = this.deps
    return transactions.run(actor, async (tx) => {
      const now = policy.current(actor)
      const channel = await this.joinable(tx, now, slug)
      const found = await membership(tx, now.account, channel)
      return found ?? memberships.admit(tx, now, now.account, channel, 'member')
    })
  }

  /** @throws channel_not_found, channel_archived, not_public, not_a_member, missing_scope, last_admin */
  async leave(actor: Person, slug: string): Promise<void> {
    const { policy, transactions } = this.deps
    await transactions.run(actor, async (tx) => {
      const now = policy.current(actor)
      const { channel, member } = policy.leave(now, slug)
      await this.removeIn(tx, now, now.account, channel, member.role)
    })
  }

  /**
   * Changes how the actor is notified in a channel.
   * @throws channel_not_found, channel_archived, not_a_member, missing_scope
   */
  prefer(actor: Person, slug: string, patch: Partial<MemberPreferences>): Promise<MemberPreferences> {
    const { policy, transactions } = this.deps
    return transactions.run(actor, (tx) => {
      const { channel } = policy.belong(policy.current(actor), slug)
      return tx.updatePreferences(actor.account.id, channel.id, patch)
    })
  }

  private async joinable(tx: Writes, now: Person, slug: string): Promise<Channel> {
    const channel = await tx.channel({ slug })
    const isInvited = channel !== undefined && (await this.deps.rooms.isInvited(tx, now.account, channel))
    return this.deps.policy.join(now, slug, isInvited)
  }

  private administer<Result>(
    actor: Person,
    slug: string,
    work: (tx: Writes, now: Person, channel: Channel) => Promise<Result>,
  ): Promise<Result> {
    const { policy, transactions } = this.deps
    return transactions.run(actor, (tx) => {
      const now = policy.current(actor)
      return work(tx, now, policy.administer(now, slug))
    })
  }

  /**
   * Removes a member within the transaction of another act, which has checked the actor's right. A channel's last admin
   * stays while others remain, unless a system admin removes it.
   * @throws last_admin, dm_membership_fixed
   */
  async removeIn(tx: Writes, actor: Person, account: Account, channel: Channel, role: Role): Promise<void> {
    if (role === 'admin' && !isAdmin(actor, this.deps.settings)) {
      const remain = await tx.hasOther(channel.id, account.id)
      if (remain && !(await tx.hasOther(channel.id, account.id, 'admin'))) throw refusal('last_admin')
    }
    await this.deps.memberships.dismiss(tx, actor, account, channel)
  }
}

/** @throws membership_not_found */
async function existing(tx: Writes, channel: Channel, handle: string) {
  const account = await tx.account({ handle })
  const found = account && (await membership(tx, account, channel))
  if (!account || !found) throw refusal('membership_not_found')
  return { account, found }
}

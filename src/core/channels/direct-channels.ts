import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import { entryBy } from '../governance/audit'
import type { Settings } from '../governance/settings'
import { normalName } from '../identity/accounts'
import { isAdmin, type Person, principalOf } from '../identity/actor'
import { SYSTEM_HANDLE } from '../identity/system-account'
import type { Account } from '../kernel/entities'
import { AppError, refusal } from '../kernel/errors'
import type { Secrets, Uuid } from '../kernel/ids'
import type { Writes } from '../kernel/ports'
import type { Transactions } from '../kernel/transactions'
import { channelEvent, memberEvent } from '../log/events'
import type { CountedChannel } from './updates'

/** Direct channels: two accounts talk to each other. Nobody else joins, and nobody leaves. */
export class DirectChannels {
  constructor(
    private readonly deps: {
      readonly directory: Directory
      readonly policy: Policy
      readonly settings: Settings
      readonly transactions: Transactions
      readonly secrets: Pick<Secrets, 'sha256'>
    },
  ) {}

  /**
   * Opens the direct channel with an account that shares a channel with the actor, or, for a system admin, with any
   * account. Returns the one that exists.
   * @throws dm_self; account_not_found, also for an account that the actor may not see; missing_scope
   */
  async open(actor: Person, handle: string): Promise<CountedChannel & { readonly isNew: boolean }> {
    const { directory, policy, transactions, secrets } = this.deps
    const name = normalName(handle)
    return transactions.run(actor, async (tx) => {
      const now = policy.current(actor)
      const other = directory.accountByHandle(name)
      if (other?.id === now.account.id) throw refusal('dm_self')
      if (!other || !this.mayOpen(now, other)) throw refusal('account_not_found')
      const known = await tx.directChannel(now.account.id, other.id)
      const slug = known?.slug ?? directSlug(now.account.uuid, other.uuid, secrets)
      if (principalOf(now).via === 'token' && !policy.touchesDirect(now, slug, other.handle))
        throw new AppError('forbidden', 'missing_scope', 'Token lacks post scope for this channel', {
          gate: 'scope',
          required_scope: `dm:${other.handle}:post`,
        })
      const channel = known ?? (await this.create(tx, now, other, slug))
      return { channel, memberCount: 2, isNew: !known }
    })
  }

  private mayOpen(actor: Person, other: Account): boolean {
    if (other.archivedAt !== null || other.handle === SYSTEM_HANDLE) return false
    return isAdmin(actor, this.deps.settings) || this.deps.directory.shareChannel(actor.account.id, other.id)
  }

  private async create(tx: Writes, actor: Person, other: Account, slug: string) {
    const name = [actor.account.handle, other.handle].sort().join(', ')
    const channel = await tx.insertChannel({ slug, name, description: null, kind: 'dm' })
    await tx.append(channelEvent('channel.created', channel), actor.account)
    const role = 'member'
    for (const account of [actor.account, other]) {
      const joined = await tx.append(memberEvent('member.joined', channel, account, { role }), actor.account)
      await tx.insertMembership(account.id, channel.id, role, joined)
    }
    const facts = { slug, kind: channel.kind }
    await tx.audit(entryBy(actor, 'channel.create', { type: 'channel', id: channel.uuid }, facts))
    return channel
  }
}

/** Returns the slug of the direct channel of two accounts. */
export function directSlug(one: Uuid, other: Uuid, secrets: Pick<Secrets, 'sha256'>): string {
  return `dm-${secrets.sha256([one, other].sort().join(':')).slice(0, 16)}`
}

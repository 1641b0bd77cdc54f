import { type Memberships, membership } from '../channels/memberships'
import type { Administration } from '../governance/administration'
import type { Account, Role } from '../kernel/entities'
import { refusal } from '../kernel/errors'
import { type Accounts, normalName } from './accounts'
import type { Actor } from './actor'
import type { Tokens } from './tokens'

export interface OnboardRequest {
  readonly handle: string
  readonly channels: readonly string[]
  readonly displayName?: string
  readonly readOnly?: boolean
  readonly tokenName?: string | null
}

export interface Onboarded {
  readonly account: Account
  readonly created: boolean
  readonly joined: readonly string[]
  readonly already: readonly { slug: string; role: Role }[]
  readonly scopes: readonly string[]
  readonly tokenId: string
  /** The new token, shown only here. */
  readonly secret: string
}

/** Onboards an agent: account, memberships and a matching token, in one transaction. */
export class Onboarding {
  constructor(
    private readonly administration: Administration,
    private readonly accounts: Accounts,
    private readonly memberships: Memberships,
    private readonly tokens: Tokens,
  ) {}

  /**
   * May be run again: existing objects are kept, and each run issues another token.
   * @throws admin_scope_required, not_admin, invalid_handle, tokens_for_agents_only; channel_not_found, with nothing
   *   written
   */
  async onboard(actor: Actor, request: OnboardRequest): Promise<Onboarded> {
    this.administration.check(actor)
    const handle = this.accounts.legalHandle(request.handle)
    const slugs = [...new Set(request.channels.map(normalName))]
    const role: Role = request.readOnly ? 'read_only' : 'member'
    const verbs = request.readOnly ? ['read'] : ['read', 'post']
    return this.administration.act(actor, async (tx) => {
      const channels = []
      for (const slug of slugs) {
        const channel = await tx.channel({ slug })
        if (!channel) throw refusal('channel_not_found', { channel: slug })
        channels.push(channel)
      }
      const known = await tx.account({ handle })
      if (known && known.kind !== 'agent') throw refusal('tokens_for_agents_only')
      if (known?.archivedAt) throw refusal('account_archived')
      const displayName = request.displayName ?? handle
      const fresh = {
        kind: 'agent',
        handle,
        displayName,
        email: null,
        passwordHash: null,
        isAdmin: false,
      } as const
      const account = known ?? (await this.accounts.insert(tx, actor, fresh))
      const joined: string[] = []
      const already: { slug: string; role: Role }[] = []
      for (const channel of channels) {
        const found = await membership(tx, account, channel)
        if (found) already.push({ slug: channel.slug, role: found.role })
        else {
          await this.memberships.admit(tx, actor, account, channel, role)
          joined.push(channel.slug)
        }
      }
      const scopes = slugs.flatMap((slug) => verbs.map((verb) => `channel:${slug}:${verb}`))
      const name = request.tokenName ?? null
      const { token, secret } = await this.tokens.insert(tx, actor, account, { scopes, name })
      return { account, created: !known, joined, already, scopes, tokenId: token.uuid, secret }
    })
  }
}

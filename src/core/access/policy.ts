/**
 * Who may do what: policy.ts judges every call of a channel, over what directory.ts has in memory of accounts, channels,
 * memberships and credentials. Imports the core alone.
 * Start reading here, then scopes.ts and directory.ts.
 */

import type { Settings } from '../governance/settings'
import {
  type Actor,
  holdsScope,
  isAdmin,
  type Person,
  type Principal,
  principalOf,
  scopesOf,
  withOrigin,
} from '../identity/actor'
import type { Account, Channel, Member } from '../kernel/entities'
import { AppError, refusal } from '../kernel/errors'
import { MAX_CHANNEL_FILTER } from '../kernel/limits'
import type { Clock } from '../kernel/time'
import type { Directory } from './directory'
import { actingAs } from './impersonation'
import type { MemberTable } from './member-table'
import { channelScopes, namesChannel } from './scopes'

/** What the gates let through: the channel and the caller's membership in it. */
export interface ChannelAccess {
  readonly channel: Channel
  readonly member: Member
}

export type RoomVerb = 'read' | 'post'

/**
 * The access checks of a channel call, in the order of docs/contract/authentication.md#access-checks. Every judgement is
 * synchronous over the directory: call it inside `Directory.retryUntilLoaded`, or inside a work of the store, where it
 * holds for that commit.
 */
export class Policy {
  /** What one account could read of everything when it was asked last: a reader asks more than once. */
  private last:
    | {
        readonly table: MemberTable
        readonly scopes: readonly string[] | null
        readonly version: number
        readonly channels: readonly Channel[]
      }
    | undefined

  constructor(
    private readonly directory: Directory,
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {}

  /**
   * The actor as it is now: the credential may have been revoked, and the profile changed, since it came in. Where its
   * act was asked for stays with it.
   * @throws invalid_token, token_expired, invalid_session, session_expired, account_unavailable; actor_claim_denied,
   *   impersonation_denied for who acts as somebody else
   */
  current<Who extends Actor>(actor: Who): Who {
    switch (actor.via) {
      case 'operator':
        return actor
      case 'token':
        return sameOrigin(actor, this.byToken(actor.token.hash)) as Who
      case 'session':
        return sameOrigin(actor, this.bySession(actor.session.hash)) as Who
      case 'acting':
        return this.claim(this.current(actor.principal), actor.account.handle) as Who
    }
  }

  /**
   * Who acts when this principal names an account in `X-Synapse-Actor`: that account, if it may (impersonation.ts).
   * @throws actor_claim_denied, impersonation_denied, account_not_found
   */
  claim(principal: Principal, handle: string): Actor {
    return actingAs({ directory: this.directory, settings: this.settings }, principal, handle)
  }

  /** @throws invalid_token, token_expired, account_unavailable */
  byToken(hash: string): Principal & { via: 'token' } {
    const token = this.directory.tokenByHash(hash)
    if (!token || token.revokedAt !== null) throw refusal('invalid_token')
    if (token.expiresAt !== null && token.expiresAt <= this.clock.now()) throw refusal('token_expired')
    return { via: 'token', account: this.available(token.accountId), token }
  }

  /** @throws invalid_session, session_expired, account_unavailable */
  bySession(hash: string): Principal & { via: 'session' } {
    const session = this.directory.sessionByHash(hash)
    if (!session) throw refusal('invalid_session')
    if (session.expiresAt <= this.clock.now()) throw refusal('session_expired')
    return { via: 'session', account: this.available(session.accountId), session }
  }

  /**
   * Gates 3 to 6 for reading.
   * @throws channel_not_found, channel_archived, not_a_member, missing_scope
   */
  read(actor: Person, slug: string): ChannelAccess {
    return this.pass(actor, this.existing(actor, slug), 'read')
  }

  /**
   * Gates 3 to 7 for posting.
   * @throws as `read`, read_only_role
   */
  post(actor: Person, slug: string): ChannelAccess {
    const passed = this.pass(actor, this.existing(actor, slug), 'post')
    if (passed.member.role === 'read_only') throw refusal('read_only_role', { gate: 'role', channel: slug })
    return passed
  }

  /** Whether the actor may read the channel: the gates as a question. */
  mayRead(actor: Person, channel: Channel): boolean {
    if (channel.archivedAt !== null) return false
    const member = this.directory.member(actor.account.id, channel.id)
    return member !== undefined && this.hasScope(actor, channel, 'read')
  }

  /** Every channel the actor may read, in the order of their inner ids. */
  readable(actor: Person): readonly Channel[] {
    const table = this.directory.channelsOf(actor.account.id)
    const principal = principalOf(actor)
    const scopes = principal.via === 'token' ? principal.token.scopes : null
    const { version } = this.directory
    const { last } = this
    if (last && last.table === table && last.scopes === scopes && last.version === version)
      return last.channels
    const all = this.directory.requireChannels(table.keys())
    this.prepare(actor, all)
    const channels = all.filter((one) => one.archivedAt === null && this.hasScope(actor, one, 'read'))
    this.last = { table, scopes, version, channels }
    return channels
  }

  /** Makes sure that what the scopes for many channels hang on is in memory: who the other ones in direct ones are. */
  prepare(actor: Person, channels: readonly Channel[]): void {
    const principal = principalOf(actor)
    if (principal.via !== 'token') return
    const scopes = channelScopes(principal.token.scopes)
    const direct: number[] = []
    for (const { kind, slug, id } of channels)
      if (kind === 'dm' && !(scopes.allows(slug, 'read') && scopes.allows(slug, 'post'))) direct.push(id)
    if (direct.length === 0) return
    this.directory.requireMembersOf(direct)
    this.directory.requireAccounts(direct.flatMap((id) => this.directory.membersOf(id).keys()))
  }

  /**
   * The channels that a reader names, each judged; `*` = every one it may read.
   * @throws as `read`, for the first channel that is shut; too_many_channels
   */
  channels(actor: Person, slugs: readonly string[]): readonly Channel[] {
    if (slugs.includes('*')) return this.readable(actor)
    const names = [...new Set(slugs)]
    if (names.length > MAX_CHANNEL_FILTER)
      throw new AppError(
        'invalid',
        'too_many_channels',
        `At most ${MAX_CHANNEL_FILTER} channels can be named`,
      )
    return names.map((slug) => this.read(actor, slug).channel)
  }

  /** Gate 3: whether the actor may know that the channel exists. */
  isVisible(actor: Actor, channel: Channel): boolean {
    if (channel.kind === 'public') return true
    if (actor.via !== 'operator' && this.directory.member(actor.account.id, channel.id)) return true
    return isAdmin(actor, this.settings) || namesChannel(scopesOf(actor), channel.slug)
  }

  /** Whether the actor's scopes allow the verb in this channel (gate 6). */
  hasScope(actor: Person, channel: Channel, verb: RoomVerb): boolean {
    const principal = principalOf(actor)
    if (principal.via !== 'token') return true
    if (channelScopes(principal.token.scopes).allows(channel.slug, verb)) return true
    // A direct channel also opens to `dm:<other handle>:<verb>`.
    return this.others(actor, channel).some(({ handle }) => holdsScope(actor, `dm:${handle}:${verb}`))
  }

  /** Whether the actor's scopes reach the channel with any verb at all. */
  touches(actor: Person, channel: Channel): boolean {
    const scopes = scopesOf(actor)
    if (channelScopes(scopes).touches(channel.slug)) return true
    return this.others(actor, channel).some(({ handle }) =>
      scopes.some((scope) => scope.startsWith(`dm:${handle}:`) || scope.startsWith('dm:*:')),
    )
  }

  /** The other ones in a direct channel; none in any other. */
  private others(actor: Person, { id, kind }: Channel): Account[] {
    if (kind !== 'dm') return []
    const ids = this.directory
      .membersOf(id)
      .keys()
      .filter((member) => member !== actor.account.id)
    return ids.map((other) => this.directory.account(other))
  }

  private existing(actor: Actor, slug: string): Channel {
    const channel = this.directory.channelBySlug(slug)
    if (!channel || !this.isVisible(actor, channel)) throw refusal('channel_not_found', { channel: slug })
    return channel
  }

  private available(accountId: number): Account {
    const account = this.directory.account(accountId)
    if (account.archivedAt !== null) throw refusal('account_unavailable')
    return account
  }

  private pass(actor: Person, channel: Channel, verb: RoomVerb): ChannelAccess {
    const { slug } = channel
    if (channel.archivedAt !== null) throw refusal('channel_archived', { channel: slug })
    const member = this.directory.member(actor.account.id, channel.id)
    if (!member) throw refusal('not_a_member', { gate: 'membership', channel: slug })
    if (!this.hasScope(actor, channel, verb))
      throw new AppError('forbidden', 'missing_scope', `Token lacks ${verb} scope for this channel`, {
        gate: 'scope',
        channel: slug,
        required_scope: `channel:${slug}:${verb}`,
      })
    return { channel, member }
  }
}

function sameOrigin({ origin }: Principal, now: Principal): Actor {
  return origin === undefined ? now : withOrigin(now, origin)
}

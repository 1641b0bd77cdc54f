/**
 * Rights. policy.ts judges every call on a channel, using the accounts, channels, memberships and credentials that
 * directory.ts keeps in memory.
 * Imports only the core. Start reading here, then scopes.ts and directory.ts.
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

/** A channel that the caller may use, and the caller's membership in it. */
export interface ChannelAccess {
  readonly channel: Channel
  readonly member: Member
}

export type RoomVerb = 'read' | 'post'

/**
 * The access checks of a call on a channel, in the order of docs/contract/authentication.md#access-checks. Every check
 * is synchronous over the directory. Call it inside `Directory.retryUntilLoaded`, or inside a transaction of the store,
 * where the result holds for that commit.
 */
export class Policy {
  /** The channels that the last account asked about can read. A reader asks repeatedly. */
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
   * Returns the actor with current data. Its credential may have been revoked and its profile changed since it signed
   * in. The origin of its request is kept.
   * @throws invalid_token, token_expired, invalid_session, session_expired, account_unavailable; actor_claim_denied,
   *   impersonation_denied if it acts as another account
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
   * Returns the account named in `X-Synapse-Actor` as the actor, if this principal may act as it (impersonation.ts).
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
   * Checks that the actor may read the channel.
   * @throws channel_not_found, channel_archived, not_a_member, missing_scope
   */
  read(actor: Person, slug: string): ChannelAccess {
    return this.pass(actor, this.existing(actor, slug), 'read')
  }

  /**
   * Checks that the actor may post to the channel.
   * @throws as `read`, read_only_role
   */
  post(actor: Person, slug: string): ChannelAccess {
    const passed = this.pass(actor, this.existing(actor, slug), 'post')
    if (passed.member.role === 'read_only') throw refusal('read_only_role', { gate: 'role', channel: slug })
    return passed
  }

  /** Reports whether the actor may read the channel. */
  mayRead(actor: Person, channel: Channel): boolean {
    if (channel.archivedAt !== null) return false
    const member = this.directory.member(actor.account.id, channel.id)
    return member !== undefined && this.hasScope(actor, channel, 'read')
  }

  /** Returns every channel that the actor may read, ordered by inner id. */
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

  /** Loads what the scopes for many channels depend on: the other members of direct channels. */
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
   * Checks each channel that a reader names; `*` = every one that it may read.
   * @throws as `read`, for the first channel that fails; too_many_channels
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

  /** Reports whether the actor may know that the channel exists. */
  isVisible(actor: Actor, channel: Channel): boolean {
    if (channel.kind === 'public') return true
    if (actor.via !== 'operator' && this.directory.member(actor.account.id, channel.id)) return true
    return isAdmin(actor, this.settings) || namesChannel(scopesOf(actor), channel.slug)
  }

  /** Reports whether the actor's scopes allow the verb in this channel. */
  hasScope(actor: Person, channel: Channel, verb: RoomVerb): boolean {
    const principal = principalOf(actor)
    if (principal.via !== 'token') return true
    if (channelScopes(principal.token.scopes).allows(channel.slug, verb)) return true
    // A direct channel also accepts `dm:<other handle>:<verb>`.
    return this.others(actor, channel).some(({ handle }) => holdsScope(actor, `dm:${handle}:${verb}`))
  }

  /** Reports whether the actor's scopes include the channel with any verb. */
  touches(actor: Person, channel: Channel): boolean {
    const scopes = scopesOf(actor)
    if (channelScopes(scopes).touches(channel.slug)) return true
    return this.others(actor, channel).some(({ handle }) =>
      scopes.some((scope) => scope.startsWith(`dm:${handle}:`) || scope.startsWith('dm:*:')),
    )
  }

  /** Returns the other members of a direct channel; empty for other kinds. */
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

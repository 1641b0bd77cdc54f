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
  withThrough,
} from '../identity/actor'
import type { Account, Channel, Member } from '../kernel/entities'
import { AppError, refusal } from '../kernel/errors'
import type { Seq } from '../kernel/ids'
import { MAX_CHANNEL_FILTER } from '../kernel/limits'
import type { Clock } from '../kernel/time'
import { lacksScope, requireActive } from './channel-refusals'
import type { Directory } from './directory'
import { actingAs } from './impersonation'
import type { MemberTable } from './member-table'
import { type ChannelVerb, channelScopes, namesChannel } from './scopes'

/** A channel that the caller may use, and the caller's membership in it; null for an observer without one. */
export interface ChannelAccess<Membership = Member> {
  readonly channel: Channel
  readonly member: Membership
}

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
        return sameOrigin(actor, this.bySession(actor.session.hash, actor.session.device !== null)) as Who
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

  /**
   * A device is that of a Matrix client: its access token is no cookie, and a cookie is no access token.
   * @throws invalid_session, account_unavailable; session_expired, with `soft_logout` if the session can be renewed
   */
  bySession(hash: string, ofDevice = false): Principal & { via: 'session' } {
    const session = this.directory.sessionByHash(hash)
    if (!session || (session.device !== null) !== ofDevice) throw refusal('invalid_session')
    const { expiresAt, refreshHash } = session
    if (expiresAt <= this.clock.now())
      throw refusal('session_expired', refreshHash === null ? {} : { soft_logout: true })
    return { via: 'session', account: this.available(session.accountId), session }
  }

  /**
   * Checks that the actor may read the channel.
   * @throws channel_not_found, channel_archived, not_a_member, missing_scope
   */
  read(actor: Person, slug: string): ChannelAccess<Member | null> {
    const channel = this.existing(actor, slug)
    requireActive(channel)
    const member = this.directory.member(actor.account.id, channel.id) ?? null
    if (this.observes(actor, channel)) return { channel, member }
    return this.pass(actor, channel, 'read')
  }

  /**
   * Checks that the actor may post to the channel.
   * @throws as `read`; read_only_role; account_not_found if the other member of a direct channel is archived
   */
  post(actor: Person, slug: string): ChannelAccess {
    const passed = this.postIn(actor, this.existing(actor, slug))
    if (this.othersIn(actor, passed.channel).some(({ archivedAt }) => archivedAt !== null))
      throw refusal('account_not_found', { channel: slug })
    return passed
  }

  /**
   * The same for a channel of which the actor knows already.
   * @throws channel_archived, not_a_member, missing_scope, read_only_role
   */
  postIn(actor: Person, channel: Channel): ChannelAccess {
    const passed = this.pass(actor, channel, 'post')
    if (passed.member.role === 'read_only')
      throw refusal('read_only_role', { gate: 'role', channel: channel.slug })
    return passed
  }

  /** Reports whether the actor administers the channel: by its role there, or as a system admin. */
  isChannelAdmin(actor: Person, channel: Channel): boolean {
    if (isAdmin(actor, this.settings)) return true
    return this.directory.member(actor.account.id, channel.id)?.role === 'admin'
  }

  /**
   * Checks that an admin of the channel may act on the messages of others: that it is a member, and that its token has
   * the scope.
   * @throws channel_archived, not_a_member, missing_scope
   */
  moderateIn(actor: Person, channel: Channel): ChannelAccess {
    return this.pass(actor, channel, 'admin')
  }

  /**
   * Checks that the actor may use the powers of a channel's admin: a system admin, or a member with that role whose
   * token has the scope. `archivedToo` also admits an archived channel.
   * @throws channel_not_found, channel_archived, not_a_member, missing_scope, not_channel_admin
   */
  administer(actor: Person, slug: string, archivedToo = false): Channel {
    const channel = this.existing(actor, slug)
    if (!archivedToo) requireActive(channel)
    if (isAdmin(actor, this.settings)) return channel
    const { role } = this.membership(actor, channel)
    // Both members of a direct channel are equal.
    if (channel.kind !== 'dm') this.requireScope(actor, channel, 'admin')
    if (role !== 'admin') throw refusal('not_channel_admin', { gate: 'role', channel: slug })
    return channel
  }

  /**
   * Checks that the actor may join the channel, was invited to it, or is in it. Direct channels are fixed.
   * @throws channel_not_found, channel_archived, not_public, missing_scope
   */
  join(actor: Person, slug: string, isInvited = false): Channel {
    const channel = this.open(actor, slug, isInvited)
    this.requireAnyScope(actor, channel)
    return channel
  }

  /** Checks that the actor may leave the channel. @throws as `join`; not_a_member */
  leave(actor: Person, slug: string): ChannelAccess {
    const channel = this.open(actor, slug)
    const member = this.membership(actor, channel)
    this.requireAnyScope(actor, channel)
    return { channel, member }
  }

  /**
   * Checks that the actor is in the channel, whatever its role.
   * @throws channel_not_found, channel_archived, not_a_member, missing_scope
   */
  belong(actor: Person, slug: string): ChannelAccess {
    const channel = this.existing(actor, slug)
    requireActive(channel)
    const member = this.membership(actor, channel)
    this.requireAnyScope(actor, channel)
    return { channel, member }
  }

  /** Reports whether the actor may read the channel. */
  mayRead(actor: Person, channel: Channel): boolean {
    if (channel.archivedAt !== null) return false
    if (this.observes(actor, channel)) return true
    const member = this.directory.member(actor.account.id, channel.id)
    return member !== undefined && this.hasScope(actor, channel, 'read')
  }

  /**
   * Reports whether the actor reads the channel without being in it: by the token of an observer. It does not while it
   * acts as another account.
   */
  observes(actor: Actor, { kind }: Channel): boolean {
    if (actor.via !== 'token') return false
    const scopes = channelScopes(actor.token.scopes)
    return kind === 'dm' ? scopes.observesDirect : scopes.observes
  }

  /**
   * Returns the seq up to which the channel's messages are hidden from the actor: that of its join if the channel shows
   * its history only to those who were there, else 0.
   */
  hiddenUpTo(actor: Person, { id, settings }: Channel): Seq {
    if (settings.history !== 'joined') return 0
    return this.directory.member(actor.account.id, id)?.joinedSeq ?? 0
  }

  /** Returns `hiddenUpTo` by channel id, for those channels that hide anything. */
  hiddenIn(actor: Person, channels: readonly Channel[]): ReadonlyMap<number, Seq> {
    const hidden = new Map<number, Seq>()
    for (const channel of channels) {
      const upTo = this.hiddenUpTo(actor, channel)
      if (upTo > 0) hidden.set(channel.id, upTo)
    }
    return hidden
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
    const ids = new Set([...table.keys(), ...this.observedBy(actor)])
    const all = this.directory.requireChannels(ids)
    this.prepare(actor, all)
    const channels = all.filter(
      (one) => one.archivedAt === null && (this.observes(actor, one) || this.hasScope(actor, one, 'read')),
    )
    this.last = { table, scopes, version, channels }
    return channels
  }

  /** Returns the ids of the channels that the actor reads as an observer, archived ones included. */
  observedBy(actor: Person): readonly number[] {
    if (actor.via !== 'token') return []
    const { observes, observesDirect } = channelScopes(actor.token.scopes)
    if (!observes) return []
    const kinds = ['public', 'private', ...(observesDirect ? (['dm'] as const) : [])] as const
    return kinds.flatMap((kind) => this.directory.channelsOfKind(kind))
  }

  /** Loads what the scopes for many channels depend on: the other members of direct channels. */
  prepare(actor: Person, channels: readonly Channel[]): void {
    const principal = principalOf(actor)
    if (principal.via !== 'token') return
    const scopes = channelScopes(principal.token.scopes)
    const direct: number[] = []
    for (const channel of channels) {
      const { kind, slug, id } = channel
      const isPlain =
        this.observes(actor, channel) || (scopes.allows(slug, 'read') && scopes.allows(slug, 'post'))
      if (kind === 'dm' && !isPlain) direct.push(id)
    }
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
    if (this.observes(actor, channel)) return true
    return isAdmin(actor, this.settings) || namesChannel(scopesOf(actor), channel.slug)
  }

  /** Reports whether the actor's scopes allow the verb in this channel. */
  hasScope(actor: Person, channel: Channel, verb: ChannelVerb): boolean {
    const principal = principalOf(actor)
    if (principal.via !== 'token') return true
    if (channelScopes(principal.token.scopes).allows(channel.slug, verb)) return true
    // A direct channel also accepts `dm:<other handle>:<verb>`.
    return this.othersIn(actor, channel).some(({ handle }) => holdsScope(actor, `dm:${handle}:${verb}`))
  }

  /** Reports whether the actor's scopes include the channel with any verb. */
  touches(actor: Person, channel: Channel): boolean {
    const { slug } = channel
    if (channelScopes(scopesOf(actor)).touches(slug)) return true
    return this.othersIn(actor, channel).some(({ handle }) => this.touchesDirect(actor, slug, handle))
  }

  /** The same for the direct channel with an account, which need not exist. */
  touchesDirect(actor: Person, slug: string, handle: string): boolean {
    const scopes = scopesOf(actor)
    if (channelScopes(scopes).touches(slug)) return true
    return scopes.some((scope) => scope.startsWith(`dm:${handle}:`) || scope.startsWith('dm:*:'))
  }

  /** Returns the other members of a direct channel; empty for other kinds. */
  othersIn(actor: Person, { id, kind }: Channel): Account[] {
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

  /** Returns a channel whose members come and go: a public one, or one that the actor is in, but no direct one. */
  private open(actor: Person, slug: string, isInvited = false): Channel {
    const invitedTo = isInvited ? this.directory.channelBySlug(slug) : undefined
    const channel = invitedTo ?? this.existing(actor, slug)
    requireActive(channel)
    const isMember = this.directory.member(actor.account.id, channel.id) !== undefined
    if (channel.kind === 'dm' || !(isMember || isInvited || channel.kind === 'public'))
      throw refusal('not_public', { channel: slug })
    return channel
  }

  private available(accountId: number): Account {
    const account = this.directory.account(accountId)
    if (account.archivedAt !== null) throw refusal('account_unavailable')
    return account
  }

  private pass(actor: Person, channel: Channel, verb: ChannelVerb): ChannelAccess {
    requireActive(channel)
    const member = this.membership(actor, channel)
    this.requireScope(actor, channel, verb)
    return { channel, member }
  }

  private membership(actor: Person, { id, slug }: Channel): Member {
    const member = this.directory.member(actor.account.id, id)
    if (!member) throw refusal('not_a_member', { gate: 'membership', channel: slug })
    return member
  }

  /** Requires a scope on the channel with any verb. */
  private requireAnyScope(actor: Person, channel: Channel): void {
    if (principalOf(actor).via === 'token' && !this.touches(actor, channel)) throw lacksScope(channel, 'read')
  }

  requireScope(actor: Person, channel: Channel, verb: ChannelVerb): void {
    if (!this.hasScope(actor, channel, verb)) throw lacksScope(channel, verb)
  }
}

function sameOrigin({ origin, through }: Principal, now: Principal): Actor {
  const found = origin === undefined ? now : withOrigin(now, origin)
  return through === undefined ? found : withThrough(found, through)
}

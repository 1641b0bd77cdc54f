import {
  type Actor,
  holdsScope,
  isAdmin,
  type Person,
  type Principal,
  principalOf,
  scopesOf,
  withOrigin,
} from './actor'
import type { Directory } from './directory'
import type { Account, Member, Room, Token } from './entities'
import { AppError, refusal } from './errors'
import { actingAs } from './impersonation'
import { MAX_CHANNEL_FILTER } from './limits'
import { namesChannel } from './scopes'
import type { Settings } from './settings'
import type { Clock } from './time'

/** What the gates let through: the room and the caller's membership in it. */
export interface Passed {
  readonly room: Room
  readonly member: Member
}

export type RoomVerb = 'read' | 'post'

/**
 * The gates of a channel call, in the order of §2.4 of the v1 contract. Every judgement is synchronous over the
 * directory: call it inside `Directory.settle`, or inside a work of the store, where it holds for that commit.
 */
export class Gates {
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
  read(actor: Person, slug: string): Passed {
    return this.pass(actor, this.existing(actor, slug), 'read')
  }

  /**
   * Gates 3 to 7 for posting.
   * @throws as `read`, read_only_role
   */
  post(actor: Person, slug: string): Passed {
    const passed = this.pass(actor, this.existing(actor, slug), 'post')
    if (passed.member.role === 'read_only') throw refusal('read_only_role', { gate: 'role', channel: slug })
    return passed
  }

  /** Whether the actor may read the room: the gates as a question. */
  mayRead(actor: Person, room: Room): boolean {
    try {
      this.pass(actor, this.existing(actor, room.channel.slug), 'read')
      return true
    } catch (error) {
      if (error instanceof AppError) return false
      throw error
    }
  }

  /** Every room the actor may read, in the order of their inner ids. */
  readable(actor: Person): Room[] {
    const ids = this.directory.channelsOf(actor.account.id)
    this.directory.requireRooms(ids)
    return ids.map((id) => this.directory.room(id)).filter((room) => this.mayRead(actor, room))
  }

  /**
   * The rooms that a reader names, each judged; `*` = every room it may read.
   * @throws as `read`, for the first room that is shut; too_many_channels
   */
  rooms(actor: Person, slugs: readonly string[]): Room[] {
    if (slugs.includes('*')) return this.readable(actor)
    const names = [...new Set(slugs)]
    if (names.length > MAX_CHANNEL_FILTER)
      throw new AppError(
        'invalid',
        'too_many_channels',
        `At most ${MAX_CHANNEL_FILTER} channels can be named`,
      )
    return names.map((slug) => this.read(actor, slug).room)
  }

  /** Gate 3: whether the actor may know that the channel exists. */
  isVisible(actor: Actor, room: Room): boolean {
    if (room.channel.kind === 'public') return true
    if (actor.via !== 'operator' && room.members.has(actor.account.id)) return true
    return isAdmin(actor, this.settings) || namesChannel(scopesOf(actor), room.channel.slug)
  }

  /** Whether the actor's scopes allow the verb in this channel (gate 6). */
  hasScope(actor: Actor, room: Room, verb: RoomVerb): boolean {
    const { id, kind } = room.channel
    const principal = principalOf(actor)
    if (principal.via !== 'token') return true
    // Of a direct channel it also depends on who the other one is.
    if (kind === 'dm') return this.opens(actor, room, verb)
    const known = verdictsOf(principal.token)
    const key = verb === 'read' ? id : -id
    let verdict = known.get(key)
    if (verdict === undefined) {
      verdict = this.opens(actor, room, verb)
      known.set(key, verdict)
    }
    return verdict
  }

  private opens(actor: Actor, room: Room, verb: RoomVerb): boolean {
    return this.scopesFor(actor, room, verb).some((scope) => holdsScope(actor, scope))
  }

  /** The scopes of which one is needed. A direct channel also opens to `dm:<other handle>:<verb>`. */
  scopesFor(actor: Actor, room: Room, verb: RoomVerb): string[] {
    const scopes = [`channel:${room.channel.slug}:${verb}`]
    if (room.channel.kind === 'dm' && actor.via !== 'operator')
      for (const member of room.members.values())
        if (member.accountId !== actor.account.id) scopes.push(`dm:${member.handle}:${verb}`)
    return scopes
  }

  private existing(actor: Actor, slug: string): Room {
    const room = this.directory.roomBySlug(slug)
    if (!room || !this.isVisible(actor, room)) throw refusal('channel_not_found', { channel: slug })
    return room
  }

  private available(accountId: number): Account {
    const account = this.directory.account(accountId)
    if (account.archivedAt !== null) throw refusal('account_unavailable')
    return account
  }

  private pass(actor: Person, room: Room, verb: RoomVerb): Passed {
    const { slug } = room.channel
    if (room.channel.archivedAt !== null) throw refusal('channel_archived', { channel: slug })
    const member = room.members.get(actor.account.id)
    if (!member) throw refusal('not_a_member', { gate: 'membership', channel: slug })
    if (!this.hasScope(actor, room, verb))
      throw new AppError('forbidden', 'missing_scope', `Token lacks ${verb} scope for this channel`, {
        gate: 'scope',
        channel: slug,
        required_scope: `channel:${slug}:${verb}`,
      })
    return { room, member }
  }
}

/** What tokens say of channels, by the channel's id, negative for posting. Neither scopes nor slugs ever change. */
const verdicts = new WeakMap<Token, Map<number, boolean>>()

function verdictsOf(token: Token): Map<number, boolean> {
  let known = verdicts.get(token)
  if (!known) {
    known = new Map()
    verdicts.set(token, known)
  }
  return known
}

function sameOrigin({ origin }: Principal, now: Principal): Actor {
  return origin === undefined ? now : withOrigin(now, origin)
}

/**
 * Who may what, as the contract says it (docs/contract/authentication.md and the pages beside it), written down once more
 * and apart from the code that is judged by it. A rule answers what refuses somebody, as `status code gate
 * required_scope`; undefined when nothing does.
 */
import type { Caller, Role } from '../support/world'

/** A caller. */
export interface Who {
  readonly name: string
  readonly caller: Caller
  readonly via: 'nothing' | 'token' | 'session' | 'operator'
  readonly kind: 'agent' | 'human'
  /** The scopes of the token. */
  readonly scopes: readonly string[]
  /** A human with the flag of a system admin. */
  readonly isListed: boolean
  /** The role in each room, by slug. */
  readonly rooms: Readonly<Record<string, Role>>
  /** The error code of an invalid credential. */
  readonly dead?: string
}

/** The subject of a call: values for the braces in its path and body, and its room if it has one. */
export interface Thing {
  readonly name: string
  readonly words: Readonly<Record<string, string>>
  readonly room?: Place
  readonly isMissing?: boolean
  readonly isOwn?: boolean
  /** For an account: whether it shares a channel with the caller. */
  readonly isNear?: boolean
}

export interface Place {
  readonly slug: string
  readonly kind: 'public' | 'private' | 'dm' | 'none'
  readonly isArchived: boolean
}

export type Rule = (who: Who, thing: Thing) => string | undefined

/** An id that belongs to no object. */
export const MISSING = '0197a1b2-c3d4-7e5f-8a6b-0c1d2e3f4a5b'

const isOperator = (who: Who) => who.via === 'operator'

/** docs/contract/authentication.md#scopes */
export function grants(who: Who, wanted: string): boolean {
  if (who.via !== 'token') return true
  const want = wanted.split(':')
  return who.scopes.some((scope) => {
    const have = scope.split(':')
    return (
      scope === 'admin:*' ||
      (have.length === want.length && have.every((part, i) => part === '*' || part === want[i]))
    )
  })
}

/** docs/contract/authentication.md#system-admins */
export function administrates(who: Who): boolean {
  if (who.dead !== undefined || who.via === 'nothing') return false
  return isOperator(who) || (grants(who, 'admin:*') && (who.kind === 'agent' || who.isListed))
}

/** docs/contract/authentication.md#visibility */
export function sees(who: Who, room: Place): boolean {
  if (room.kind === 'none' || who.dead !== undefined || who.via === 'nothing') return false
  if (room.kind === 'public' || administrates(who) || room.slug in who.rooms) return true
  if (observes(who, room)) return true
  return who.scopes.some((scope) => scope.startsWith(`channel:${room.slug}:`))
}

/** docs/contract/authentication.md#observers */
export function observes(who: Who, room: Place): boolean {
  const has = (...scopes: string[]) => scopes.some((scope) => who.scopes.includes(scope))
  if (!has('channel:*:read', 'channel:*:*') || !has('inbox:*:read')) return false
  return room.kind !== 'none' && (room.kind !== 'dm' || has('dm:*:read', 'dm:*:*'))
}

/** Check 7 of docs/contract/authentication.md#access-checks. The other one of every direct channel is called host. */
function reaches(who: Who, room: Place, verb: string): boolean {
  if (grants(who, `channel:${room.slug}:${verb}`)) return true
  return room.kind === 'dm' && grants(who, `dm:host:${verb}`)
}

/** docs/contract/channels.md#own-channels: rooms that one is in, to a token only where it has a scope at all. */
export function isListed(who: Who, room: Place): boolean {
  if (room.isArchived || !(room.slug in who.rooms)) return false
  return ['read', 'post', 'admin'].some((verb) => reaches(who, room, verb))
}

export const open: Rule = () => undefined

export const anybody: Rule = (who) => {
  if (who.dead !== undefined) return `401 ${who.dead}`
  return who.via === 'nothing' ? '401 not_authenticated' : undefined
}

export const account: Rule = (who, thing) =>
  anybody(who, thing) ?? (isOperator(who) ? '403 operator_has_no_account' : undefined)

/** System admins, and tokens with the scope if one is given. The scope of a token is checked before its account. */
export const admin =
  (scope?: string): Rule =>
  (who, thing) => {
    const refused = anybody(who, thing)
    if (refused !== undefined || isOperator(who)) return refused
    const isEnough = grants(who, 'admin:*') || (scope !== undefined && grants(who, scope))
    if (!isEnough)
      return scope === undefined
        ? '403 admin_scope_required scope admin:*'
        : `403 missing_scope scope ${scope}`
    return who.kind === 'human' && !who.isListed ? '403 not_admin role' : undefined
  }

export const operator: Rule = (who, thing) =>
  admin()(who, thing) ?? (isOperator(who) ? undefined : '403 operator_only')

/** A human with a session, or with a personal token that has `human:act` by name. */
export const human: Rule = (who, thing) => {
  const refused = account(who, thing)
  if (refused !== undefined) return refused
  if (who.kind === 'agent') return '403 humans_only'
  const isPresent = who.via === 'session' || who.scopes.includes('human:act')
  return isPresent ? undefined : '403 missing_scope scope human:act'
}

/** An agent. */
export const agent: Rule = (who, thing) =>
  account(who, thing) ?? (who.kind === 'agent' ? undefined : '403 agents_only')

/** The account itself: an agent, or a human as in the rule above. */
export const self: Rule = (who, thing) => (who.kind === 'human' ? human : account)(who, thing)

/** A person whose credential covers the scope of a new token (docs/contract/authentication.md#escalation). */
export const issuer =
  (scope: string): Rule =>
  (who, thing) => {
    const isOfPeople = scope.startsWith('channel:') || scope.startsWith('dm:')
    const isWithin = grants(who, scope) && (isOfPeople || administrates(who))
    return human(who, thing) ?? (isWithin ? undefined : `403 scope_escalation scope ${scope}`)
  }

export const bearer: Rule = (who, thing) =>
  account(who, thing) ?? (who.via === 'token' ? undefined : '400 rotate_requires_bearer')

/** Where sessions and the local socket are no credentials. */
export const byToken =
  (rule: Rule): Rule =>
  (who, thing) =>
    who.via === 'token' ? rule(who, thing) : '401 not_authenticated'

/** Those who read what they post. */
export const sender: Rule = (who, thing) => reader(who, thing) ?? poster(who, thing)

export const session: Rule = (who, thing) =>
  account(who, thing) ?? (who.via === 'session' ? undefined : '400 logout_requires_session')

/** The checks of reading, in order. */
export const reader: Rule = (who, thing) => account(who, thing) ?? policy(who, thing.room, 'read')

/** The checks of posting, in order. */
export const poster: Rule = (who, thing) => {
  const refused = account(who, thing) ?? policy(who, thing.room, 'post')
  if (refused !== undefined) return refused
  return who.rooms[thing.room?.slug ?? ''] === 'read_only' ? '403 read_only_role role' : undefined
}

function policy(who: Who, room: Place | undefined, verb: 'read' | 'post'): string | undefined {
  if (!room || !sees(who, room)) return '404 channel_not_found'
  if (room.isArchived) return '404 channel_archived'
  if (verb === 'read' && observes(who, room)) return undefined
  if (!(room.slug in who.rooms)) return '403 not_a_member membership'
  return reaches(who, room, verb) ? undefined : `403 missing_scope scope channel:${room.slug}:${verb}`
}

/** The checks of a channel's admins. In this scene only system admins are admins of a channel. */
export const channelAdmin: Rule = (who, thing) => {
  const { room } = thing
  const refused = account(who, thing)
  if (refused !== undefined) return refused
  if (!room || !sees(who, room)) return '404 channel_not_found'
  if (room.isArchived) return '404 channel_archived'
  if (administrates(who)) return undefined
  if (!(room.slug in who.rooms)) return '403 not_a_member membership'
  if (room.kind !== 'dm' && !reaches(who, room, 'admin'))
    return `403 missing_scope scope channel:${room.slug}:admin`
  return '403 not_channel_admin role'
}

/** The same, for what a direct channel does not have. */
export const channelAdminOfMany: Rule = (who, thing) =>
  channelAdmin(who, thing) ?? (thing.room?.kind === 'dm' ? '403 not_channel_admin role' : undefined)

/** Members of the room with any scope there. */
export const belonging: Rule = (who, thing) => {
  const { room } = thing
  const refused = account(who, thing)
  if (refused !== undefined) return refused
  if (!room || !sees(who, room)) return '404 channel_not_found'
  if (room.isArchived) return '404 channel_archived'
  if (!(room.slug in who.rooms)) return '403 not_a_member membership'
  const isTouched = ['read', 'post', 'admin'].some((verb) => reaches(who, room, verb))
  return isTouched ? undefined : `403 missing_scope scope channel:${room.slug}:read`
}

/** Those who join the room or are in it. Direct channels are fixed, and private ones look missing from outside. */
export const joiner: Rule = (who, thing) => {
  const unknown = account(who, thing)
  if (unknown !== undefined) return unknown
  const refused = belonging(who, thing)
  const isDirect = thing.room?.kind === 'dm'
  const isOutside = refused?.startsWith('403 not_a_member') === true
  if (isDirect && (refused === undefined || refused.startsWith('403'))) return '403 not_public'
  return isOutside && thing.room?.kind !== 'public' ? '403 not_public' : refused
}

/** Readers who are members. */
export const readingMember: Rule = (who, thing) =>
  reader(who, thing) ?? ((thing.room?.slug ?? '') in who.rooms ? undefined : '403 not_a_member membership')

/** Accounts with whom the caller may open a direct channel. */
export const directPeer: Rule = (who, thing) => {
  const refused = account(who, thing)
  if (refused !== undefined) return refused
  if (thing.name === who.name) return '400 dm_self'
  const missing = neighbour(who, thing)
  if (missing !== undefined) return missing
  const room: Place = { slug: `with-${who.name}`, kind: 'dm', isArchived: false }
  const isTouched = ['read', 'post', 'admin'].some((verb) => reaches(who, room, verb))
  return isTouched ? undefined : `403 missing_scope scope dm:${thing.name}:post`
}

/** People who may post in the room, and the operator. */
export const pauser: Rule = (who, thing) => {
  const refused = anybody(who, thing)
  if (refused !== undefined) return refused
  if (!isOperator(who)) return isPerson(who) ? poster(who, thing) : '403 humans_only'
  return roomOfOperator(thing)
}

/** People who may post in the room. */
export const continuer: Rule = (who, thing) => {
  const refused = account(who, thing)
  if (refused !== undefined) return refused
  return isPerson(who) ? poster(who, thing) : '403 humans_only'
}

/** People who may post in the room of a thread; for others than its readers there is none. */
export const threadContinuer: Rule = (who, thing) => {
  const refused = account(who, thing)
  if (refused !== undefined) return refused
  return isPerson(who) ? (readerElse('thread')(who, thing) ?? poster(who, thing)) : '403 humans_only'
}

/** System admins who are people, and the operator. */
export const pauserOfAll: Rule = (who, thing) => {
  const refused = anybody(who, thing)
  if (refused !== undefined || isOperator(who)) return refused
  if (!isPerson(who)) return '403 humans_only'
  return administrates(who) ? undefined : '403 not_admin role'
}

/** Readers of the room, and the operator. */
export const readerOrOperator: Rule = (who, thing) => {
  const refused = anybody(who, thing)
  if (refused !== undefined) return refused
  return isOperator(who) ? roomOfOperator(thing) : reader(who, thing)
}

const isPerson = (who: Who) =>
  who.kind === 'human' && (who.via === 'session' || who.scopes.includes('human:act'))

function roomOfOperator({ room }: Thing): string | undefined {
  if (!room || room.kind === 'none') return '404 channel_not_found'
  return room.isArchived ? '404 channel_archived' : undefined
}

/** System admins with an account. */
export const accountOfAdmin: Rule = (who, thing) => account(who, thing) ?? admin()(who, thing)

/** Readers of the room; for others the subject does not exist. */
export const readerElse =
  (what: string): Rule =>
  (who, thing) =>
    account(who, thing) ?? (reader(who, thing) === undefined ? undefined : notFound(what))

/** Accounts whose credential may post in some channel, as far as its scopes say. */
export const uploader: Rule = (who, thing) => {
  const isEnough =
    who.via === 'session' ||
    grants(who, 'admin:*') ||
    who.scopes.some((scope) => /^(?:channel|dm|\*):[^:]+:(?:post|\*)$/.test(scope))
  return account(who, thing) ?? (isEnough ? undefined : '403 missing_scope scope channel:*:post')
}

/** Posters of the room; for others than its readers the message does not exist. */
export const reactor: Rule = (who, thing) => readerElse('message')(who, thing) ?? poster(who, thing)

/** System admins who can read the message. The host is its author, and no caller has the role of an admin in a room. */
export const moderator: Rule = (who, thing) =>
  readerElse('message')(who, thing) ?? (administrates(who) ? undefined : '403 not_author')

/** Readers of a room with an approval. Where there are no people, there is none. */
export const asked: Rule = (who, thing) =>
  readerElse('approval')(who, thing) ?? (thing.words.approval === MISSING ? notFound('approval') : undefined)

/** People who may post in the room, themselves (docs/contract/approvals.md#deciding). */
export const decider: Rule = (who, thing) => {
  const refused = asked(who, thing)
  if (refused !== undefined) return refused
  const isPresent = who.via === 'session' || who.scopes.includes('human:act')
  if (who.kind === 'agent' || !isPresent) return '403 humans_only'
  const role = who.rooms[thing.room?.slug ?? '']
  if (role === undefined || role === 'read_only') return '403 not_an_approver'
  return poster(who, thing)
}

/** System admins who are in the room. The host has asked, and no caller has the role of an admin in a room. */
export const canceller: Rule = (who, thing) => {
  const refused = asked(who, thing) ?? (administrates(who) ? undefined : '403 not_author')
  if (refused !== undefined) return refused
  return (thing.room?.slug ?? '') in who.rooms ? undefined : '403 not_a_member membership'
}

const town: Place = { slug: 'town', kind: 'public', isArchived: false }

/** The rule for subjects in town; subjects in other rooms do not exist for any caller. */
export const inTown =
  (rule: Rule, what: string): Rule =>
  (who, thing) =>
    rule(who, { ...thing, room: town }) ?? (thing.room?.slug === town.slug ? undefined : notFound(what))

/** The caller's own subjects; those of others do not exist for it. */
export const own =
  (rule: Rule, what: string): Rule =>
  (who, thing) =>
    rule(who, thing) ?? (thing.isOwn ? undefined : notFound(what))

/** Existing subjects. Callers without access do not learn whether one is missing. */
export const existing =
  (rule: Rule, what: string): Rule =>
  (who, thing) =>
    rule(who, thing) ?? (thing.isMissing ? notFound(what) : undefined)

export const setting: Rule = (who, thing) =>
  admin('config:write')(who, thing) ?? (thing.isMissing ? '404 setting_unknown' : undefined)

const notFound = (what: string) => `404 ${what}_not_found`

/** Accounts that share a channel, the caller itself, and all accounts for admins. */
export const neighbour: Rule = (who, thing) =>
  account(who, thing) ??
  (thing.isNear || (administrates(who) && !thing.isMissing) ? undefined : notFound('account'))

/** The account itself, and observers (docs/contract/authentication.md#observers). */
export const observer: Rule = (who, thing) => {
  const refused = account(who, thing)
  if (refused !== undefined || thing.name === who.name) return refused
  const anywhere: Place = { slug: 'any', kind: 'public', isArchived: false }
  if (who.via !== 'token' || !observes(who, anywhere)) return '403 missing_scope scope inbox:*:read'
  return thing.isMissing ? notFound('account') : undefined
}

/** A WebSocket, which the operator's socket does not offer. */
export const socket: Rule = (who, thing) =>
  isOperator(who) ? '426 socket_no_websocket' : account(who, thing)

/** The channel socket (docs/contract/live.md#channel-socket): humans, by cookie alone; every refusal is a 403. */
export const channelSocket: Rule = (who, thing) => {
  if (isOperator(who)) return '426 socket_no_websocket'
  if (who.via !== 'session' || who.dead !== undefined) return '403 websocket_refused'
  return policy(who, thing.room, 'read')?.replace(/^404/, '403')
}

/** Behind a proxy no caller is local, and the operator's socket refuses forwarded requests. */
export const proxied =
  (rule: Rule): Rule =>
  (who, thing) =>
    isOperator(who) ? '403 socket_is_local_only' : rule(who, thing)

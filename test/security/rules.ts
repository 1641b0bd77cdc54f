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
  return who.scopes.some((scope) => scope.startsWith(`channel:${room.slug}:`))
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
  if (!(room.slug in who.rooms)) return '403 not_a_member membership'
  return reaches(who, room, verb) ? undefined : `403 missing_scope scope channel:${room.slug}:${verb}`
}

/** Readers of the room; for others the subject does not exist. */
export const readerElse =
  (what: string): Rule =>
  (who, thing) =>
    account(who, thing) ?? (reader(who, thing) === undefined ? undefined : notFound(what))

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

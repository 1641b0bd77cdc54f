import type { Mentions } from '../kernel/entities'
import { AppError } from '../kernel/errors'
import { MAX_DIRECT_MENTIONS, MAX_LISTED_MENTIONS } from '../kernel/limits'

/**
 * `@` not after a letter, digit or `_`; a letter; up to 63 more. Followed by `@peer` it names an account of another
 * server.
 */
const token =
  /(?<![\p{L}\p{N}_])@([A-Za-z][A-Za-z0-9_-]{0,63})(@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)?/gu

/** The id of a user of the homeserver, up to the server name. Its localpart is a handle, with `=xx` for other bytes. */
const userId = /(?<![\p{L}\p{N}_])@([A-Za-z0-9._=/+-]+):/gu

/** What makes a server name a longer one: `example.org` is not the server in `@ada:example.org.uk`. */
const LONGER = /^(?:[.:]?[\p{L}\p{N}_]|-)/u

const broadcasts: ReadonlySet<string> = new Set(['channel', 'everyone'])

/**
 * Returns the names that a body mentions: lower-cased, without repeats, in the order of first occurrence. `homeserver`: the
 * name of the Matrix homeserver, if there is one; an id of one of its users is one token, `@ada:example.org`.
 */
export function mentionTokens(body: string, homeserver?: string): string[] {
  if (!body.includes('@')) return []
  const ids = homeserver === undefined ? [] : userIdsIn(body, homeserver)
  const found: { index: number; text: string }[] = ids.map(({ index, text }) => ({ index, text }))
  for (const { index, 0: whole, 1: name = '', 2: peer = '' } of body.matchAll(token))
    if (!ids.some((id) => index < id.end && id.index < index + whole.length))
      found.push({ index, text: `${name}${peer}`.toLowerCase() })
  return [...new Set(found.sort((one, other) => one.index - other.index).map(({ text }) => text))]
}

function userIdsIn(body: string, homeserver: string) {
  return [...body.matchAll(userId)].flatMap(({ index, 0: start, 1: localpart = '' }) => {
    const end = index + start.length + homeserver.length
    const isWhole =
      body.slice(index + start.length, end).toLowerCase() === homeserver && !LONGER.test(body.slice(end))
    return isWhole ? [{ index, end, text: `@${localpart.toLowerCase()}:${homeserver}` }] : []
  })
}

/** Returns the handle that the localpart of a user id stands for, and the shorter name at its start. */
function namesIn(id: string): { handle: string; shorter: string | undefined } {
  const localpart = id.slice(1, id.indexOf(':'))
  return {
    handle: decoded(localpart.replaceAll(/=([0-9a-f]{2})/g, '%$1')) ?? localpart,
    shorter: /^[a-z][a-z0-9_-]{0,63}/.exec(localpart)?.[0],
  }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** Replaces ids of users by the handles of members, or by the names with which they begin. */
function withoutIds(tokens: readonly string[], members: MentionedMembers): readonly string[] {
  const ids = tokens.filter((name) => name.startsWith('@'))
  if (ids.length === 0) return tokens
  const known = members.named(ids.map((id) => namesIn(id).handle))
  const names = tokens.flatMap((name) => {
    if (!name.startsWith('@')) return name
    const { handle, shorter } = namesIn(name)
    return known.has(handle) ? handle : (shorter ?? [])
  })
  return [...new Set(names)]
}

/** Reports whether a body may name `@here`. */
export function mayNameHere(body: string): boolean {
  return body.includes('@') && /@here/i.test(body)
}

/** Replaces the mentions of a handle in a body. */
export function renameMentions(body: string, from: string, to: string): string {
  return body.replace(token, (found: string, name: string, peer?: string) =>
    peer === undefined && name.toLowerCase() === from ? `@${to}` : found,
  )
}

export interface MentionContext {
  readonly senderId: number
  /** Reports whether `channel`, `everyone` or `here` may stand for its members. If not, it mentions no account. */
  readonly mayBroadcast: (word: string) => boolean
  /** Named aliases of this channel. */
  readonly aliases: Readonly<Record<string, readonly string[]>>
  readonly members: MentionedMembers
}

/** The active members of the channel, as needed to resolve mentions. */
export interface MentionedMembers {
  /** Returns the ids of the members with these handles, by handle. */
  named(handles: readonly string[]): ReadonlyMap<string, number>
  /** Returns the first members by handle: all, or at least 252, the most that a message can need. */
  first(): readonly number[]
  /** Returns the members with an open stream, by handle. */
  here(): readonly number[]
  /** Returns the members that broadcasts and aliases do not notify. */
  dormant(): readonly number[]
}

export interface ResolvedMentions extends Mentions {
  /** Accounts that are named by their handles, the sender included. */
  readonly direct: readonly number[]
  /** Accounts that aliases stand for, without dormant ones. */
  readonly grouped: readonly number[]
  /** Accounts that `@here` stands for. */
  readonly here: readonly number[]
  /** Tokens that match no member who could be notified. The reason is not disclosed. */
  readonly unresolved: readonly string[]
}

export const noMentions: ResolvedMentions = {
  listed: [],
  unlisted: [],
  broadcast: false,
  truncated: false,
  dormant: [],
  direct: [],
  grouped: [],
  here: [],
  unresolved: [],
}

function isWord(name: string): boolean {
  return name === 'here' || broadcasts.has(name)
}

/**
 * Resolves the names in a body, in order; an expansion takes the position of its token. Only active members of the
 * channel count. `@channel`, `@everyone` and `@here` take precedence over aliases, and aliases over handles. An
 * expansion excludes the sender; a direct mention of oneself is kept. The rules: docs/contract/messages.md#mentions.
 * @throws too_many_mentions beyond 50 directly named handles
 */
export function resolveMentions(given: readonly string[], context: MentionContext): ResolvedMentions {
  if (given.length === 0) return noMentions
  const { senderId, mayBroadcast, aliases, members } = context
  const tokens = withoutIds(given, members)
  const aliased = (name: string) => (Object.hasOwn(aliases, name) ? (aliases[name] ?? []) : undefined)
  const handles = tokens.flatMap((name) => (isWord(name) ? [] : (aliased(name) ?? [name])))
  const named = handles.length === 0 ? new Map<string, number>() : members.named([...new Set(handles)])
  const listed = new Set<number>()
  const unlisted = new Set<number>()
  const direct = new Set<number>()
  const grouped = new Set<number>()
  const here = new Set<number>()
  const unresolved: string[] = []
  let broadcast = false
  let expanded = 0
  const expandTo = (ids: Iterable<number>) => {
    for (const id of ids) {
      if (id === senderId || listed.has(id) || unlisted.has(id)) continue
      if (expanded++ < MAX_LISTED_MENTIONS) listed.add(id)
      else unlisted.add(id)
    }
  }
  for (const name of tokens) {
    const alias = aliased(name)
    if (isWord(name) && !mayBroadcast(name)) {
      unresolved.push(name)
    } else if (broadcasts.has(name)) {
      broadcast = true
      expandTo(members.first())
    } else if (name === 'here') {
      const ids = members.here()
      expandTo(ids)
      for (const id of ids) here.add(id)
    } else if (alias) {
      const ids = alias.flatMap((handle) => named.get(handle) ?? [])
      expandTo(ids)
      for (const id of ids) grouped.add(id)
    } else {
      const id = named.get(name)
      if (id === undefined) unresolved.push(name)
      else {
        listed.add(id)
        unlisted.delete(id)
        direct.add(id)
      }
    }
    // Bounds what an expansion reads of a channel.
    if (direct.size > MAX_DIRECT_MENTIONS)
      throw new AppError(
        'invalid',
        'too_many_mentions',
        `A message names at most ${MAX_DIRECT_MENTIONS} handles`,
      )
  }
  const dormant = broadcast || grouped.size > 0 ? members.dormant() : []
  for (const id of dormant) grouped.delete(id)
  return {
    listed: [...listed],
    // A broadcast reaches every member by membership, so the rest needs no list.
    unlisted: broadcast ? [] : [...unlisted],
    broadcast,
    truncated: expanded > MAX_LISTED_MENTIONS,
    dormant,
    direct: [...direct],
    grouped: [...grouped],
    here: [...here],
    unresolved,
  }
}

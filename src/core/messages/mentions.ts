import type { Mentions } from '../kernel/entities'
import { AppError } from '../kernel/errors'
import { MAX_DIRECT_MENTIONS, MAX_LISTED_MENTIONS } from '../kernel/limits'

/** `@` not after a letter, digit or `_`; a letter; up to 63 more; with `@peer` behind it, an account of another server. */
const token =
  /(?<![\p{L}\p{N}_])@([A-Za-z][A-Za-z0-9_-]{0,63})(@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)?/gu

const broadcasts: ReadonlySet<string> = new Set(['channel', 'everyone'])

/** The names a body mentions: lower-cased, without repeats, in the order of their first occurrence. */
export function mentionTokens(body: string): string[] {
  if (!body.includes('@')) return []
  const found = new Set<string>()
  for (const [, name = '', peer = ''] of body.matchAll(token)) found.add(`${name}${peer}`.toLowerCase())
  return [...found]
}

export interface MentionContext {
  readonly senderId: number
  /** Named aliases of this channel. */
  readonly aliases: Readonly<Record<string, readonly string[]>>
  readonly members: MentionedMembers
}

/** The active members of the channel, as mentions look for them. */
export interface MentionedMembers {
  /** Those who have these handles, by handle. */
  named(handles: readonly string[]): ReadonlyMap<string, number>
  /** By handle: all of them, or at least 252, the most that a message can need. */
  first(): readonly number[]
  /** Those with an open stream right now, by handle. */
  here(): readonly number[]
}

export interface ResolvedMentions extends Mentions {
  /** Tokens that name nobody who could be notified here. Why is not said. */
  readonly unresolved: readonly string[]
}

export const noMentions: ResolvedMentions = {
  listed: [],
  unlisted: [],
  broadcast: false,
  truncated: false,
  unresolved: [],
}

function isWord(name: string): boolean {
  return name === 'here' || broadcasts.has(name)
}

/**
 * Who a body names, in resolution order: an expansion stands where its token stood. Only active members of the room
 * count. An alias wins over a handle of the same name; `@channel`, `@everyone` and `@here` win over both. An expansion
 * leaves out the sender; naming oneself directly is kept. The rules: docs/contract/messages.md#mentions.
 * @throws too_many_mentions beyond 50 directly named handles
 */
export function resolveMentions(tokens: readonly string[], context: MentionContext): ResolvedMentions {
  if (tokens.length === 0) return noMentions
  const { senderId, aliases, members } = context
  const aliased = (name: string) => (Object.hasOwn(aliases, name) ? (aliases[name] ?? []) : undefined)
  const handles = tokens.flatMap((name) => (isWord(name) ? [] : (aliased(name) ?? [name])))
  const named = handles.length === 0 ? new Map<string, number>() : members.named([...new Set(handles)])
  const listed = new Set<number>()
  const unlisted = new Set<number>()
  const unresolved: string[] = []
  let broadcast = false
  let direct = 0
  let expanded = 0
  const expandTo = (ids: Iterable<number | undefined>) => {
    for (const id of ids) {
      if (id === undefined || id === senderId || listed.has(id) || unlisted.has(id)) continue
      if (expanded++ < MAX_LISTED_MENTIONS) listed.add(id)
      else unlisted.add(id)
    }
  }
  for (const name of tokens) {
    const alias = aliased(name)
    if (broadcasts.has(name)) {
      broadcast = true
      expandTo(members.first())
    } else if (name === 'here') {
      expandTo(members.here())
    } else if (alias) {
      expandTo(alias.map((handle) => named.get(handle)))
    } else {
      const id = named.get(name)
      if (id === undefined) unresolved.push(name)
      else {
        listed.add(id)
        unlisted.delete(id)
        direct++
      }
    }
    // No more is looked at than a message may name, so that what an expansion needs of a channel is bounded.
    if (direct > MAX_DIRECT_MENTIONS)
      throw new AppError(
        'invalid',
        'too_many_mentions',
        `A message names at most ${MAX_DIRECT_MENTIONS} handles`,
      )
  }
  return {
    listed: [...listed],
    // A broadcast reaches every member by membership, so what did not fit needs no list of its own.
    unlisted: broadcast ? [] : [...unlisted],
    broadcast,
    truncated: expanded > MAX_LISTED_MENTIONS,
    unresolved,
  }
}

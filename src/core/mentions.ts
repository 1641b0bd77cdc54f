import type { Member, Mentions, Room } from './entities'
import { AppError } from './errors'
import { MAX_DIRECT_MENTIONS, MAX_LISTED_MENTIONS } from './limits'

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
  readonly room: Room
  readonly senderId: number
  /** Named aliases of this channel. */
  readonly aliases: Readonly<Record<string, readonly string[]>>
  /** Whether the account has an open stream right now, for `@here`. */
  readonly isHere: (accountId: number) => boolean
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

/**
 * Who a body names, in resolution order: an expansion stands where its token stood. Only active members of the room
 * count. An alias wins over a handle of the same name; `@channel`, `@everyone` and `@here` win over both. An expansion
 * leaves out the sender; naming oneself directly is kept.
 * @throws too_many_mentions beyond 50 directly named handles
 */
export function resolveMentions(tokens: readonly string[], context: MentionContext): ResolvedMentions {
  if (tokens.length === 0) return noMentions
  const { room, senderId, aliases, isHere } = context
  const listed = new Set<number>()
  const unlisted = new Set<number>()
  const unresolved: string[] = []
  let broadcast = false
  let direct = 0
  let expanded = 0
  const expandTo = (members: Iterable<Member | undefined>) => {
    for (const member of members) {
      if (!member?.active || member.accountId === senderId) continue
      if (listed.has(member.accountId) || unlisted.has(member.accountId)) continue
      if (expanded++ < MAX_LISTED_MENTIONS) listed.add(member.accountId)
      else unlisted.add(member.accountId)
    }
  }
  for (const name of tokens) {
    if (broadcasts.has(name)) {
      broadcast = true
      expandTo(room.members.values())
    } else if (name === 'here') {
      expandTo([...room.members.values()].filter((member) => isHere(member.accountId)))
    } else if (Object.hasOwn(aliases, name)) {
      expandTo((aliases[name] ?? []).map((handle) => room.byHandle.get(handle)))
    } else {
      const member = room.byHandle.get(name)
      if (member?.active) {
        listed.add(member.accountId)
        unlisted.delete(member.accountId)
        direct++
      } else unresolved.push(name)
    }
  }
  if (direct > MAX_DIRECT_MENTIONS)
    throw new AppError(
      'invalid',
      'too_many_mentions',
      `A message names at most ${MAX_DIRECT_MENTIONS} handles`,
    )
  return {
    listed: [...listed],
    // A broadcast reaches every member by membership, so what did not fit needs no list of its own.
    unlisted: broadcast ? [] : [...unlisted],
    broadcast,
    truncated: expanded > MAX_LISTED_MENTIONS,
    unresolved,
  }
}

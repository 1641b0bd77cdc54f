// Which names are offered after `@`, and in which order, as pure functions.

/** The beginning of a name before the caret: `@bui`. */
export interface Query {
  /** Where the `@` stands, in UTF-16 units. */
  readonly start: number
  /** What stands after it, lower case; may be empty. */
  readonly prefix: string
}

/** Somebody who may be named. */
export interface Nameable {
  readonly handle: string
  readonly name: string
  readonly kind: 'human' | 'agent'
}

/** What is known of a channel and the thread in which one writes. */
export interface Surroundings {
  readonly me: string
  readonly members: readonly Nameable[]
  /** Accounts that are not members: they would not be told. */
  readonly others: readonly Nameable[]
  /** Handles of those who posted in this thread. */
  readonly thread: readonly string[]
  /** Handles of those who posted here, the last first. */
  readonly recent: readonly string[]
  /** Handles of members that `@here` reaches. */
  readonly here: readonly string[]
  readonly aliases: Readonly<Record<string, readonly string[]>>
}

/** An entry of the list. `text` is what it puts into the field, without `@`. */
export type Suggestion =
  | { readonly kind: 'account'; readonly text: string; readonly account: Nameable; readonly isTold: boolean }
  | { readonly kind: 'group'; readonly text: string; readonly reaches: number }

const MOST = 8

/** Returns the name that is being written at the caret; undefined if there is none. */
export function queryAt(text: string, caret: number): Query | undefined {
  const found = /(?<![\p{L}\p{N}_])@([A-Za-z][A-Za-z0-9_-]{0,63})?$/u.exec(
    text.slice(Math.max(0, caret - 70), caret),
  )
  if (!found) return
  const { 0: token, 1: name = '' } = found
  return { start: caret - token.length, prefix: name.toLowerCase() }
}

/** The entries for a name: members of this thread, members who posted last, other members, groups, those not told. */
export function suggestionsFor({ prefix }: Query, around: Surroundings): Suggestion[] {
  const { me, members, others, thread, recent } = around
  const isMember = new Set(members.map(({ handle }) => handle))
  const known = new Set(isMember).add(me)
  const told = members
    .filter((one) => one.handle !== me && matches(one, prefix))
    .sort((one, other) => compare(rankOf(one, prefix, thread, recent), rankOf(other, prefix, thread, recent)))
    .map((account): Suggestion => ({ kind: 'account', text: account.handle, account, isTold: true }))
  const groups = groupsOf(around).filter(({ text }) => text.startsWith(prefix))
  const strangers = others
    // Before a letter is written there are too many of them.
    .filter((one) => prefix !== '' && !known.has(one.handle) && matches(one, prefix))
    .sort((one, other) => one.handle.localeCompare(other.handle))
    .map((account): Suggestion => ({ kind: 'account', text: account.handle, account, isTold: false }))
  // Groups are few, so there is always room for those that match.
  const room = MOST - Math.min(groups.length, 3)
  return [...told.slice(0, room), ...groups, ...strangers].slice(0, MOST)
}

function groupsOf({ me, members, here, aliases }: Surroundings): (Suggestion & { kind: 'group' })[] {
  const all = members.filter(({ handle }) => handle !== me)
  const present = all.filter(({ handle }) => here.includes(handle))
  const group = (text: string, reaches: number) => ({ kind: 'group', text, reaches }) as const
  const named = Object.entries(aliases).map(([name, handles]) =>
    group(name, all.filter(({ handle }) => handles.includes(handle)).length),
  )
  return [
    ...named,
    group('here', present.length),
    group('channel', all.length),
    group('everyone', all.length),
  ]
}

/** A handle that begins so, or a word of the name. */
function matches({ handle, name }: Nameable, prefix: string): boolean {
  if (handle.startsWith(prefix)) return true
  return name
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .some((word) => word.startsWith(prefix))
}

/** Lower is earlier, the first difference counts. */
function rankOf(
  { handle }: Nameable,
  prefix: string,
  thread: readonly string[],
  recent: readonly string[],
): readonly (number | string)[] {
  const at = recent.indexOf(handle)
  return [handle === prefix ? 0 : 1, thread.includes(handle) ? 0 : 1, at === -1 ? recent.length : at, handle]
}

function compare(one: readonly (number | string)[], other: readonly (number | string)[]): number {
  for (const [at, value] of one.entries()) {
    const against = other[at]
    if (value === against) continue
    return typeof value === 'string' ? value.localeCompare(String(against)) : value - Number(against)
  }
  return 0
}

/** Puts a name in place of what is being written. Returns the text and where the caret stands then. */
export function completed(
  text: string,
  caret: number,
  { start }: Query,
  name: string,
): { readonly text: string; readonly caret: number } {
  // What stands after the caret may be the rest of a name.
  const rest = text.slice(caret).replace(/^[A-Za-z0-9_-]*/, '')
  const put = `${text.slice(0, start)}@${name}`
  if (rest.startsWith(' ')) return { text: put + rest, caret: put.length + 1 }
  return { text: `${put} ${rest}`, caret: put.length + 1 }
}

/** In words: how many a group reaches. */
export function reachInWords(count: number): string {
  return count === 0 ? 'reaches nobody now' : count === 1 ? 'reaches 1' : `reaches ${count}`
}

// Whom a message reaches by name, said before it is sent.
import type { Surroundings } from './completion'

export interface Writing {
  readonly text: string
  /** The handle of the author of the message that is answered. */
  readonly answers: string | undefined
  /** The handle of the other party of a direct conversation. */
  readonly peer: string | undefined
}

export interface Reach {
  /** Handles and groups, in the order of the text; of a thread those who follow it by having posted there. */
  readonly to: readonly string[]
  /** Names in the text that tell nobody. */
  readonly lost: readonly string[]
}

const NAME = /(?<![\p{L}\p{N}_])@([A-Za-z][A-Za-z0-9_-]{0,63})(@[A-Za-z0-9][A-Za-z0-9.-]*)?/gu
const FOR_ALL: ReadonlySet<string> = new Set(['channel', 'everyone', 'here'])

/** Works out whom a text reaches. Until the members are known no name is lost. */
export function reachOf({ text, answers, peer }: Writing, around: Surroundings): Reach {
  const { me, members, thread, aliases } = around
  const handles = new Set(members.map(({ handle }) => handle))
  const to = new Set<string>()
  const lost = new Set<string>()
  if (peer !== undefined) to.add(peer)
  for (const [, written = '', server] of text.includes('@') ? text.matchAll(NAME) : []) {
    const name = written.toLowerCase()
    // An account of another server is known to the server only.
    if (server !== undefined || name === me) continue
    if (handles.has(name)) to.add(name)
    else if (FOR_ALL.has(name) || Object.hasOwn(aliases, name)) to.add(`@${name}`)
    else if (members.length > 0) lost.add(name)
  }
  if (answers !== undefined && answers !== me) to.add(answers)
  for (const handle of thread)
    if (handle !== me && (handles.has(handle) || members.length === 0)) to.add(handle)
  return { to: [...to], lost: [...lost] }
}

const SHOWN = 4

/** `Goes to builder, Bo`; `Goes to builder, Bo, critic, scout and 3 more`. Empty if it reaches nobody by name. */
export function reachInWords(to: readonly string[], nameOf: (handle: string) => string): string {
  if (to.length === 0) return ''
  const names = to.map((one) => (one.startsWith('@') ? one : nameOf(one)))
  const more = names.length - SHOWN
  return `Goes to ${names.slice(0, SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

/** `@sam is not a member here and will not be told`. Empty if there is none. */
export function lostInWords(lost: readonly string[]): string {
  if (lost.length === 0) return ''
  const names = lost.map((name) => `@${name}`)
  return lost.length === 1
    ? `${names[0]} is not a member here and will not be told`
    : `${names.slice(0, SHOWN).join(', ')} are not members here and will not be told`
}

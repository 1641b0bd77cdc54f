/** What a client knows about the mentions of a message. Handles and names are lower case. */
export interface MentionFacts {
  /** The handle of the reader. */
  readonly me?: string | undefined
  /** `mentioned_handles` of the message. */
  readonly mentioned?: readonly string[] | undefined
  /** Whether the message mentions the whole channel. */
  readonly isBroadcast?: boolean | undefined
  /** The named aliases of the channel. */
  readonly aliases?: Readonly<Record<string, readonly string[]>> | undefined
}

/** A piece of a text: words, or a mention that somebody was told of. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'mention'
      readonly text: string
      /** Lower case, without `@`: a handle, an alias or a word for all. */
      readonly name: string
      readonly isAccount: boolean
      readonly isMine: boolean
    }

/** The rule of the server (docs/contract/messages.md). */
const TOKEN =
  /(?<![\p{L}\p{N}_])@([A-Za-z][A-Za-z0-9_-]{0,63}(?:@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)?)/gu

const broadcasts: ReadonlySet<string> = new Set(['channel', 'everyone', 'here'])

/** Cuts a text at the mentions that are in effect. A name that mentions nobody stays text. */
export function piecesOf(text: string, facts: MentionFacts): Piece[] {
  const pieces: Piece[] = []
  let end = 0
  if (text.includes('@'))
    for (const found of text.matchAll(TOKEN)) {
      const mention = mentionOf(found[0], (found[1] ?? '').toLowerCase(), facts)
      if (!mention) continue
      if (found.index > end) pieces.push({ kind: 'text', text: text.slice(end, found.index) })
      pieces.push(mention)
      end = found.index + found[0].length
    }
  if (end < text.length) pieces.push({ kind: 'text', text: text.slice(end) })
  return pieces
}

function mentionOf(text: string, name: string, facts: MentionFacts): Piece | undefined {
  const { me, mentioned = [], aliases = {}, isBroadcast = false } = facts
  const isAccount = mentioned.includes(name)
  if (isAccount) return { kind: 'mention', text, name, isAccount, isMine: name === me }
  if (isBroadcast && broadcasts.has(name)) return { kind: 'mention', text, name, isAccount, isMine: true }
  const members = Object.hasOwn(aliases, name) ? aliases[name] : undefined
  if (!members) return
  return { kind: 'mention', text, name, isAccount, isMine: me !== undefined && members.includes(me) }
}

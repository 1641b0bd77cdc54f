/** Whether a text has more Unicode code points than `limit`; every length of the contract counts those. */
export function isLongerThan(text: string, limit: number): boolean {
  // A code point takes at most two UTF-16 units, so short texts need no counting.
  if (text.length <= limit) return false
  let count = 0
  for (const _ of text) if (++count > limit) return true
  return false
}

/**
 * A text without the credentials of the URLs in it: of each line everything between `://` and the last @, unless the
 * password is masked already. Rather hides too much than too little: a password may hold any character.
 */
export function withoutCredentials(text: string): string {
  return text.replace(
    /([a-z][a-z0-9+.-]*:\/\/[^:@/\s]*:\*{3}@)|([a-z][a-z0-9+.-]*:\/\/)[^\n]*@/gi,
    (_, masked?: string, scheme?: string) => masked ?? `${scheme}***@`,
  )
}

/** Whether every string in a JSON value, keys included, is Unicode: half a surrogate pair is none. */
export function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value)) return value.every(isWellFormed)
  return Object.entries(value).every(([key, entry]) => key.isWellFormed() && isWellFormed(entry))
}

/** The JSON text of a value; what is not Unicode in it, because it was stored before that was refused, is U+FFFD. */
export function wellFormedJson(value: unknown): string {
  const text = JSON.stringify(value)
  // JSON.stringify escapes half a pair, and no other letter of the surrogates.
  return text.includes('\\ud') ? JSON.stringify(repaired(value)) : text
}

function repaired(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed()
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(repaired)
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key.toWellFormed(), repaired(entry)]),
  )
}

/** Flags of regions such as Scotland's: the only texts that tag characters, which cannot be seen, are for. */
const TAG_FLAGS = /\u{1f3f4}[\u{e0020}-\u{e007e}]+\u{e007f}/gu
/** Controls, separators of lines, tags, and what turns the direction of the text around it. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\ufff9-\ufffb\u{e0000}-\u{e007f}]/u
const SEEN = /[^\p{Z}\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/u

/**
 * Whether a text can be shown as a name: one line, with something in it that can be seen, and nothing that would change
 * how the text around it looks. Joiners, as in emoji and in Persian, and marks of direction are part of names.
 */
export function isName(text: string): boolean {
  return !UNPRINTABLE.test(text.replace(TAG_FLAGS, '')) && SEEN.test(text)
}

const UNSEEN = /[\p{Z}\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/u

/** Whether every character of an e-mail address can be seen: two that look the same are the same. */
export function isAddress(text: string): boolean {
  return !UNSEEN.test(text)
}

/** The same of a description, which may have several lines and tabs, and may be empty. */
export function isProse(text: string): boolean {
  const lines = text.replaceAll(/\r\n|[\n\t]/g, ' ')
  return text === '' || isName(lines)
}

const EACH_UNPRINTABLE = new RegExp(UNPRINTABLE, 'gu')

/** A text that somebody else wrote, for a terminal: what a terminal would obey is shown as an escape instead. */
export function printable(text: string): string {
  return text.replaceAll(EACH_UNPRINTABLE, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16)
    return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u{${code}}`
  })
}

/** The same in the lines of a text, whose ends stay. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}

/** The JSON text of a value, for a terminal: the same value, with escapes where a terminal would obey. */
export function printableJson(value: unknown, indent = 0): string {
  // Line ends within strings are escapes already; those that are left are of the indent.
  return JSON.stringify(value, null, indent).replaceAll(EACH_UNPRINTABLE, (character) =>
    character === '\n'
      ? character
      : [...Array(character.length).keys()]
          .map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`)
          .join(''),
  )
}

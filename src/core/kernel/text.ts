/** Reports whether a text has more Unicode code points than `limit`. All lengths in the contract are code points. */
export function isLongerThan(text: string, limit: number): boolean {
  // A code point takes at most two UTF-16 units, so short texts need no counting.
  if (text.length <= limit) return false
  let count = 0
  for (const _ of text) if (++count > limit) return true
  return false
}

/** Returns the beginning of a text on one line, at most so many code points. */
export function lineOf(text: string, codePoints: number): string {
  // A code point takes at most two UTF-16 units, and white space is seldom half of a text.
  const line = text
    .slice(0, codePoints * 8)
    .replaceAll(/\s+/g, ' ')
    .trim()
  return [...line].slice(0, codePoints).join('').toWellFormed()
}

/**
 * Removes the credentials of URLs from a text: in each line everything between `://` and the last @, unless the
 * password is masked already. It may hide too much, because a password may contain any character.
 */
export function withoutCredentials(text: string): string {
  return text.replace(
    /([a-z][a-z0-9+.-]*:\/\/[^:@/\s]*:\*{3}@)|([a-z][a-z0-9+.-]*:\/\/)[^\n]*@/gi,
    (_, masked?: string, scheme?: string) => masked ?? `${scheme}***@`,
  )
}

/** Reports whether every string in a JSON value, keys included, is valid Unicode: no unpaired surrogates. */
export function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value)) return value.every(isWellFormed)
  return Object.entries(value).every(([key, entry]) => key.isWellFormed() && isWellFormed(entry))
}

/** Returns the JSON text of a value. Replaces invalid Unicode, stored before it was refused, with U+FFFD. */
export function wellFormedJson(value: unknown): string {
  const text = JSON.stringify(value)
  // JSON.stringify escapes unpaired surrogates and no others.
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

/** Regional flags such as Scotland's, the only valid use of tag characters, which are invisible. */
const TAG_FLAGS = /\u{1f3f4}[\u{e0020}-\u{e007e}]+\u{e007f}/gu
/** Control characters, line separators, tags, and characters that change the text direction around them. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\ufff9-\ufffb\u{e0000}-\u{e007f}]/u
const SEEN = /[^\p{Z}\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/u

/**
 * Reports whether a text is usable as a name: one line, with a visible character, and without characters that change
 * how the text around it looks. Joiners, as in emoji and Persian, and direction marks are allowed.
 */
export function isName(text: string): boolean {
  return !UNPRINTABLE.test(text.replace(TAG_FLAGS, '')) && SEEN.test(text)
}

const UNSEEN = /[\p{Z}\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/u

/** Reports whether every character of an e-mail address is visible, so that different addresses look different. */
export function isAddress(text: string): boolean {
  return !UNSEEN.test(text)
}

/** Reports whether a text is usable as a description. It may have several lines and tabs, and may be empty. */
export function isProse(text: string): boolean {
  const lines = text.replaceAll(/\r\n|[\n\t]/g, ' ')
  return text === '' || isName(lines)
}

const EACH_UNPRINTABLE = new RegExp(UNPRINTABLE, 'gu')

/** Escapes the characters of untrusted text that a terminal would interpret. */
export function printable(text: string): string {
  return text.replaceAll(EACH_UNPRINTABLE, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16)
    return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u{${code}}`
  })
}

/** Does the same but keeps line breaks. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}

/** Returns the JSON text of a value, with the characters escaped that a terminal would interpret. */
export function printableJson(value: unknown, indent = 0): string {
  // Line breaks inside strings are escaped already; the remaining ones come from the indent.
  return JSON.stringify(value, null, indent).replaceAll(EACH_UNPRINTABLE, (character) =>
    character === '\n'
      ? character
      : [...Array(character.length).keys()]
          .map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`)
          .join(''),
  )
}

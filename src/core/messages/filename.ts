const MAX_BYTES = 255
/** Control characters, line separators, unpaired surrogates, and characters that change the direction of text. */
const HIDDEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]/gu

/**
 * Returns the name under which an uploaded file is shown and saved: the last part of a path, without hidden characters,
 * at most 255 bytes. A name that is too long keeps its ending.
 */
export function filenameOf(given: string): string {
  const last = given.split(/[/\\]/).at(-1) ?? ''
  const name = shortened(last.replaceAll(HIDDEN, '').trim())
  return /^\.*$/.test(name) ? 'file' : name
}

function shortened(name: string): string {
  if (bytesOf(name) <= MAX_BYTES) return name
  const ending = /\.[^.]{1,16}$/.exec(name)?.[0] ?? ''
  const kept = [...name.slice(0, name.length - ending.length)]
  let room = MAX_BYTES - bytesOf(ending)
  let start = ''
  for (const character of kept) {
    room -= bytesOf(character)
    if (room < 0) break
    start += character
  }
  return start + ending
}

/** The number of bytes of a text in UTF-8. */
function bytesOf(text: string): number {
  let bytes = 0
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  return bytes
}

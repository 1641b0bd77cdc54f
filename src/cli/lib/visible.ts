import { printable } from '../../core/kernel/text'

/**
 * Returns text of others on one line, as a terminal may show it: control characters in the notation `^[`, everything
 * else that a terminal would interpret as an escape.
 */
export function visible(text: string): string {
  const carets = text.replaceAll(/\p{Cc}/gu, (character) => {
    const code = character.charCodeAt(0)
    return code < 128 ? `^${String.fromCharCode(code ^ 64)}` : character
  })
  return printable(carets)
}

/** Does the same for each line. Tabs become blanks, and a line break of Windows counts as one. */
export function visibleLines(text: string): string[] {
  return text.replaceAll('\r\n', '\n').replaceAll('\t', '    ').split('\n').map(visible)
}

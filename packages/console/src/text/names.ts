/**
 * Characters that change how a text around them is shown, or that have no shape: controls, marks and overrides of writing
 * direction, invisible spaces, tags. Joiners stay, because scripts and emoji need them.
 */
const DECEPTIVE =
  /(?![\t\n\r])\p{Cc}|[\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu

/** The box that is shown for such a character. */
const BOX = '\u25af'

/** A name as it is shown: one line, every character that could make it look like another as a box. */
export function visibleName(name: string): string {
  return visibleText(name).replace(/[\t\n\r]/g, ' ')
}

/** A text of several lines, with the same boxes. */
export function visibleText(text: string): string {
  return text.replace(DECEPTIVE, BOX)
}

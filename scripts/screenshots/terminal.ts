/** The text that a command shows on a terminal, as a page that looks like one. */

const COLOURS = ['#4b4a57', '#ff8f87', '#7ddb9a', '#f0c674', '#8fb4ff', '#d6a0ff', '#6fd3d9', '#e9e7f0']

interface Style {
  colour: string
  isBold: boolean
  isDim: boolean
}

/** `text`: lines with SGR sequences (`ESC [ … m`); others are left out. */
export function terminalPage(title: string, text: string): string {
  return `<!doctype html><meta charset="utf-8"><title>${title}</title><style>
body { margin: 0; background: #121218; color: #e9e7f0; font: 14px/1.55 ui-monospace, 'DejaVu Sans Mono', monospace }
pre { margin: 0; padding: 20px 24px; font: inherit; white-space: pre }
</style><pre>${coloured(text.replaceAll('\r', ''))}</pre>`
}

function coloured(text: string): string {
  const style: Style = { colour: '', isBold: false, isDim: false }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: sequences of a terminal begin with ESC
  return text.replaceAll(/\x1b\[([\d;?]*)([A-Za-z])|([^\x1b]+)|\x1b/g, (_, numbers, letter, words) => {
    if (words !== undefined) return span(style, words)
    if (letter === 'm') for (const number of String(numbers).split(';')) apply(style, Number(number))
    return ''
  })
}

function apply(style: Style, number: number): void {
  if (number === 0) Object.assign(style, { colour: '', isBold: false, isDim: false })
  else if (number === 1) style.isBold = true
  else if (number === 2) style.isDim = true
  else if (number === 22) Object.assign(style, { isBold: false, isDim: false })
  else if (number === 39) style.colour = ''
  else if (number >= 30 && number < 38) style.colour = COLOURS[number - 30] ?? ''
  else if (number >= 90 && number < 98) style.colour = COLOURS[number - 90] ?? ''
}

function span({ colour, isBold, isDim }: Style, words: string): string {
  const rules = [colour && `color:${colour}`, isBold && 'font-weight:700', isDim && 'opacity:.6']
  return `<span style="${rules.filter(Boolean).join(';')}">${Bun.escapeHTML(words)}</span>`
}

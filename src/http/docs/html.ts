/** Markup that may go into a page as it is. */
export class Html {
  constructor(readonly markup: string) {}
}

/** What a template takes: text is escaped, lists are joined, nothing stays nothing. */
export type Part = Html | string | number | null | undefined | false | readonly Part[]

/** A piece of a page: html`<p>${text}</p>`. Whatever is put in is escaped, unless it is Html itself. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return new Html(strings.map((text, i) => text + (i < parts.length ? markupOf(parts[i]) : '')).join(''))
}

/** A sentence in which `words between backticks` are code. */
export function prose(text: string): Html {
  const pieces = text.split('`').map((piece, i) => (i % 2 === 1 ? html`<code>${piece}</code>` : piece))
  return html`${pieces}`
}

export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

function markupOf(part: Part): string {
  if (part === null || part === undefined || part === false) return ''
  if (part instanceof Html) return part.markup
  if (typeof part === 'object') return part.map(markupOf).join('')
  return escaped(String(part))
}

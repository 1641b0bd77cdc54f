/** Markup that is inserted without escaping. */
export class Html {
  constructor(readonly markup: string) {}
}

/** A value in a template: text is escaped, lists are joined, null, undefined and false are empty. */
export type Part = Html | string | number | null | undefined | false | readonly Part[]

/** A template for markup: html`<p>${text}</p>`. Escapes all values except Html. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return new Html(strings.map((text, i) => text + (i < parts.length ? markupOf(parts[i]) : '')).join(''))
}

/** A sentence in which `text between backticks` is code. */
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

import { escaped, Html, html } from './html'

/** The assumed address of the server, until the page's script inserts the real one. */
export const EXAMPLE_ORIGIN = 'http://127.0.0.1:8080'

export type Language = 'sh' | 'json' | 'js' | 'http' | 'shape'

/** A code example with a caption and a copy button. */
export function codeBlock(caption: string, language: Language, text: string): Html {
  return html`<figure class="code"><figcaption>${caption}</figcaption><pre class="${language}" tabindex="0"><code>${coloured(text, language)}</code></pre></figure>`
}

/** Each grammar colours the text in one pass; the first alternative that matches decides. */
const grammars: Record<Language, RegExp> = {
  sh: /(?<rem>(?<=^|\s)#[^\n]*)|(?<str>'[^']*'|"[^"]*")|(?<key>(?<=^|\s)--?[A-Za-z][\w.-]*)|(?<lit>\$\w+)/gm,
  json: /(?<key>"[^"]*"(?=\s*:))|(?<str>"[^"]*")|(?<lit>\b(?:true|false|null|-?\d+)\b)|(?<rem>…)/g,
  js: /(?<rem>\/\/[^\n]*)|(?<str>'[^']*'|`[^`]*`)|(?<key>\b(?:const|let|new|if|return|await)\b)|(?<lit>\b\d+\b)/g,
  http: /(?<rem>^:[^\n]*)|(?<key>^[a-z]+(?=:))|(?<str>"[^"]*")/gm,
  shape: /(?<rem>\/\/[^\n]*)|(?<str>'[^']*')|(?<key>\b\w+(?=\??:))|(?<lit>\bnull\b)/g,
}

function coloured(text: string, language: Language): Html {
  let markup = ''
  let end = 0
  for (const match of text.matchAll(grammars[language])) {
    const [kind] = Object.entries(match.groups ?? {}).find(([, value]) => value !== undefined) ?? ['']
    markup += escaped(text.slice(end, match.index))
    markup += `<span class="${kind}">${escaped(match[0])}</span>`
    end = match.index + match[0].length
  }
  markup += escaped(text.slice(end))
  return new Html(markup.replaceAll(EXAMPLE_ORIGIN, `<span class="origin">${EXAMPLE_ORIGIN}</span>`))
}

// HTML of messages for clients of Matrix: Bun's Markdown, of which the tags and links that clients show are kept.
import type { Html } from '../core/matrix/html'

/** What may begin something in Markdown, or a mention. A text without any of it shows itself. */
const SPECIAL = /[*_`~[\]<&\\|@#>]|\n|^\s*(?:[-+=]|\d{1,9}[.)])/

const OPTIONS = {
  ...{ tables: true, strikethrough: true, tasklists: true },
  ...{ noHtmlBlocks: true, noHtmlSpans: true, hardSoftBreaks: true },
}

const TAGS = new Set(
  'del h1 h2 h3 h4 h5 h6 blockquote p a ul ol li u strong em code hr br table thead tbody tr th td pre'.split(
    ' ',
  ),
)
/** Inside these a handle is not a mention. */
const WITHOUT_MENTIONS = new Set(['a', 'code', 'pre'])

/** A tag as the renderer writes it, or a mention (docs/contract/messages.md#mentions). */
const PIECE = /<(\/?)([a-z][a-z0-9]*)([^>]*)>|(?<![\p{L}\p{N}_])@([A-Za-z][A-Za-z0-9_-]{0,63})/gu
const ONE_PARAGRAPH = /^<p>((?:(?!<\/?p>).)*)<\/p>$/s

export const matrixHtml: Html = {
  render(markdown, userOf) {
    if (!SPECIAL.test(markdown)) return undefined
    const html = kept(Bun.markdown.html(markdown, OPTIONS), userOf).trimEnd()
    const only = ONE_PARAGRAPH.exec(html)?.[1]
    if (only !== undefined && unescaped(only) === markdown) return undefined
    return only ?? html
  },
}

function kept(html: string, userOf: (handle: string) => string | undefined): string {
  let inside = 0
  /** Whether each open link was kept. */
  const links: boolean[] = []
  return html.replace(PIECE, (piece, slash: string, tag = '', attributes = '', handle?: string) => {
    if (handle !== undefined) return inside > 0 ? piece : mention(handle, userOf)
    const isEnd = slash === '/'
    if (WITHOUT_MENTIONS.has(tag)) inside += isEnd ? -1 : 1
    if (tag === 'a') {
      const href = isEnd ? undefined : hrefIn(attributes)
      if (!isEnd) links.push(href !== undefined)
      const isKept = isEnd ? (links.pop() ?? false) : href !== undefined
      if (!isKept) return ''
      return isEnd ? '</a>' : `<a href="${href}">`
    }
    if (tag === 'img') return image(attributes)
    if (tag === 'input') return attributes.includes('checked') ? '☑ ' : '☐ '
    if (!TAGS.has(tag)) return ''
    if (isEnd) return `</${tag}>`
    return `<${tag}${attributeOf(tag, attributes)}>`
  })
}

function mention(handle: string, userOf: (handle: string) => string | undefined): string {
  const userId = userOf(handle.toLowerCase())
  if (userId === undefined) return `@${handle}`
  const id = encodeURIComponent(userId).replace('%40', '@').replaceAll('%3A', ':')
  return `<a href="https://matrix.to/#/${id}">@${handle}</a>`
}

/** An image of another server is not loaded by clients, so it becomes a link. */
function image(attributes: string): string {
  const source = linkIn(attributes, 'src')
  const text = attribute(attributes, 'alt') || source || ''
  return source === undefined ? text : `<a href="${source}">${text}</a>`
}

function attributeOf(tag: string, attributes: string): string {
  const name = tag === 'code' ? 'class' : tag === 'ol' ? 'start' : undefined
  const value = name && attribute(attributes, name)
  const isLegal =
    value !== undefined && (tag === 'code' ? value.startsWith('language-') : /^\d+$/.test(value))
  return isLegal ? ` ${name}="${value}"` : ''
}

const hrefIn = (attributes: string) => linkIn(attributes, 'href')

function linkIn(attributes: string, name: string): string | undefined {
  const value = attribute(attributes, name)
  return value !== undefined && /^(?:https?:|mailto:)/i.test(value) ? value : undefined
}

/** Returns the value of an attribute, escaped as it is. */
function attribute(attributes: string, name: string): string | undefined {
  return new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1]
}

function unescaped(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
}

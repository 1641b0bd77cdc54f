// What pages of HTML say of themselves, with the parser of the runtime.
import { decodeHTML } from 'entities'
import type { PageFacts, Pages } from '../core/matrix/pages'

/** Bytes at the start of a page within which it names its character set (html.spec.whatwg.org, "encoding sniffing"). */
const SNIFFED_BYTES = 1024

export const matrixPages: Pages = {
  read(bytes, contentType) {
    const page = new PageReader()
    new HTMLRewriter()
      .on('meta', { element: (element) => page.meta(element) })
      .on('title', { element: () => page.beginTitle(), text: ({ text }) => page.text(text) })
      .transform(decoded(bytes, contentType))
    return page.facts()
  },
}

interface Attributes {
  getAttribute(name: string): string | null
}

/** Gathers what the parser finds. */
class PageReader {
  private readonly properties: (readonly [string, string])[] = []
  private description: string | undefined
  private title = ''
  private titles = 0

  meta(element: Attributes): void {
    const content = element.getAttribute('content')
    if (content === null) return
    // Many pages write `name` where the protocol says `property`.
    const name = (element.getAttribute('property') ?? element.getAttribute('name') ?? '').trim().toLowerCase()
    if (name.startsWith('og:')) this.properties.push([name, plain(content)])
    else if (name === 'description') this.description ??= plain(content)
  }

  /** Only the first one is that of the page: an image within it may have others. */
  beginTitle(): void {
    this.titles++
  }

  text(text: string): void {
    if (this.titles === 1) this.title += text
  }

  facts(): PageFacts {
    return { properties: this.properties, title: plain(this.title), description: this.description }
  }
}

/** Returns a text without references to characters, on one line. */
function plain(text: string): string {
  return decodeHTML(text).replaceAll(/\s+/g, ' ').trim()
}

function decoded(bytes: Uint8Array, contentType: string): string {
  const named =
    charsetIn(contentType) ?? charsetIn(new TextDecoder('latin1').decode(bytes.subarray(0, SNIFFED_BYTES)))
  return decoderOf(named ?? 'utf-8').decode(bytes)
}

/** Returns the character set that a header or the beginning of a page names. */
function charsetIn(text: string): string | undefined {
  return /charset\s*=\s*["']?([\w.:-]{1,40})/i.exec(text)?.[1]
}

/** A page whose character set is unknown is read as UTF-8. */
function decoderOf(charset: string): TextDecoder {
  try {
    return new TextDecoder(charset as Bun.Encoding)
  } catch {
    return new TextDecoder()
  }
}

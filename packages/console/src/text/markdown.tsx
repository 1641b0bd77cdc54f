import type { Attachment } from '@synapse/client'
import type { ComponentChildren, VNode } from 'preact'
import { renderBlocks } from './blocks'
import { ForeignLink } from './foreign'
import { renderInline } from './inline'
import { safeLink } from './links'
import type { MentionFacts } from './mentions'
import { visibleText } from './names'
import { Nodes } from './nodes'
import { type Token, tokensOf } from './tokens'

export interface TextOptions extends MentionFacts {
  /** `body_format` of the message; markdown by default. */
  readonly format?: 'markdown' | 'plaintext' | undefined
  /** The attachments of the message: only these are shown as images where the text names them. */
  readonly attachments?: readonly Attachment[] | undefined
  /** Draws a mention of an account, for example with its name card. By default it is a chip. */
  readonly mention?: ((handle: string, chip: VNode) => ComponentChildren) | undefined
}

/**
 * Draws the body of a message. Markdown that is too complex to be read, and plain text, are shown as they are, with their
 * links and mentions. Never throws.
 */
export function renderMarkdown(body: string, options: TextOptions = {}): VNode {
  const { format = 'markdown' } = options
  const tokens = format === 'markdown' ? tokensOf(body) : undefined
  if (tokens)
    try {
      return proseOf(tokens, new Nodes(options))
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
    }
  return (
    <div class="prose plain" dir="auto">
      {plainNodes(body, options)}
    </div>
  )
}

/** Most texts are one paragraph, which needs no box around it. */
function proseOf(tokens: readonly Token[], nodes: Nodes): VNode {
  const [first, second] = tokens
  if (first?.type === 'paragraph' && second === undefined)
    return (
      <p class="prose" dir="auto">
        {renderInline(first.tokens ?? [], nodes)}
      </p>
    )
  return (
    <div class="prose" dir="auto">
      {renderBlocks(tokens, nodes)}
    </div>
  )
}

/** An address in a plain text, without the punctuation after it. */
const ADDRESS = /https?:\/\/[^\s<>"'`]{1,2000}[^\s<>"'`.,;:!?)\]}*_]/gi

function plainNodes(body: string, options: TextOptions): ComponentChildren[] {
  const nodes = new Nodes(options)
  const drawn: ComponentChildren[] = []
  const words = (text: string) => drawn.push(nodes.words(text))
  let end = 0
  for (const { 0: found, index } of body.matchAll(ADDRESS)) {
    const link = safeLink(found, found)
    if (!link) continue
    words(body.slice(end, index))
    drawn.push(<ForeignLink link={link}>{visibleText(found)}</ForeignLink>)
    end = index + found.length
  }
  words(body.slice(end))
  return drawn
}

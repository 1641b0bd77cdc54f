import type { ComponentChildren } from 'preact'
import { AttachedImage, isShown } from './attachments'
import { withoutEntities } from './entities'
import { ForeignImage, ForeignLink } from './foreign'
import { safeAddress, safeLink } from './links'
import { visibleText } from './names'
import type { Nodes } from './nodes'
import { textOf } from './plain-text'
import type { MarkedToken, Token, Tokens } from './tokens'

/** Draws the tokens of a line. `isInLink`: a link holds no link. */
export function renderInline(tokens: readonly Token[], nodes: Nodes, isInLink = false): ComponentChildren[] {
  return withPeers(tokens).map((token) => renderToken(token, nodes, isInLink))
}

/** Joins `@` and what looks like a mail address after it: together they mention an account of another server. */
function withPeers(tokens: readonly Token[]): Token[] {
  const joined: Token[] = []
  for (const token of tokens) {
    const last = joined.at(-1)
    const isMention =
      token.type === 'link' && token.autolink === true && last?.type === 'text' && last.raw.endsWith('@')
    if (!isMention || !last) joined.push(token)
    else joined[joined.length - 1] = { type: 'text', raw: last.raw + token.raw, text: last.raw + token.raw }
  }
  return joined
}

function renderToken(token: Token, nodes: Nodes, isInLink: boolean): ComponentChildren {
  nodes.add()
  // The lexer has no extensions, so every token is one of its own.
  const one = token as MarkedToken
  switch (one.type) {
    case 'text':
      return one.tokens
        ? renderInline(one.tokens, nodes, isInLink)
        : wordsOf(withoutEntities(one.text), nodes, isInLink)
    case 'escape':
      return one.text
    case 'strong':
      return <strong>{renderInline(one.tokens, nodes, isInLink)}</strong>
    case 'em':
      return <em>{renderInline(one.tokens, nodes, isInLink)}</em>
    case 'del':
      return <del>{renderInline(one.tokens, nodes, isInLink)}</del>
    case 'codespan':
      return <code>{visibleText(one.text)}</code>
    case 'br':
      return <br />
    case 'checkbox':
      return null
    case 'link':
      return renderLink(one, nodes, isInLink)
    case 'image':
      return renderImage(one, nodes, isInLink)
    default:
      // HTML, and what belongs to blocks: as it was written.
      return wordsOf(one.raw, nodes, isInLink)
  }
}

function wordsOf(text: string, nodes: Nodes, isInLink: boolean): ComponentChildren {
  return isInLink ? visibleText(text) : nodes.words(text)
}

function renderLink(token: Tokens.Link, nodes: Nodes, isInLink: boolean): ComponentChildren {
  if (isInLink) return renderInline(token.tokens, nodes, true)
  const address = token.autolink ? token.href : withoutEntities(token.href)
  const link = safeLink(address, textOf(token.tokens))
  // A link that leads nowhere is shown as it was written, so that its address is seen.
  if (!link) return nodes.words(token.raw)
  return <ForeignLink link={link}>{renderInline(token.tokens, nodes, true)}</ForeignLink>
}

function renderImage(token: Tokens.Image, nodes: Nodes, isInLink: boolean): ComponentChildren {
  const alt = withoutEntities(token.text)
  if (isInLink) return visibleText(alt === '' ? token.raw : alt)
  const address = withoutEntities(token.href)
  const own = nodes.attachment(address)
  if (own && isShown(own)) return <AttachedImage attachment={own} alt={alt} />
  const url = safeAddress(address)
  return url && url.protocol !== 'mailto:' ? <ForeignImage url={url} alt={alt} /> : nodes.words(token.raw)
}

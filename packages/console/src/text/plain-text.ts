import { withoutEntities } from './entities'
import type { MarkedToken, Token } from './tokens'

/** The words of tokens, without their form. Blocks and cells are separated by a space. */
export function textOf(tokens: readonly Token[]): string {
  return tokens.map(wordsOf).join('')
}

function wordsOf(token: Token): string {
  // The lexer has no extensions, so every token is one of its own.
  const one = token as MarkedToken
  switch (one.type) {
    case 'text':
    case 'paragraph':
    case 'heading': {
      const words = one.tokens ? textOf(one.tokens) : withoutEntities(one.text)
      return one.type === 'text' ? words : `${words} `
    }
    case 'strong':
    case 'em':
    case 'del':
    case 'link':
      return textOf(one.tokens)
    case 'blockquote':
      return `${textOf(one.tokens)} `
    case 'list':
      return one.items.map((item) => `${textOf(item.tokens)} `).join('')
    case 'table':
      return [one.header, ...one.rows].flatMap((row) => row.map((cell) => `${textOf(cell.tokens)} `)).join('')
    case 'code':
      return `${one.text} `
    case 'codespan':
    case 'escape':
      return one.text
    case 'image':
      return withoutEntities(one.text)
    case 'checkbox':
      return one.checked ? '☑ ' : '☐ '
    case 'br':
    case 'space':
    case 'hr':
      return ' '
    default:
      return `${one.raw} `
  }
}

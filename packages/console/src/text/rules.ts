// Rules of blocks that read each line once. They differ from CommonMark in little: an underlined heading has one line, and
// a line without `>` ends a quote, as people who answer below a quote expect.
import { Tokenizer, type Tokens } from 'marked'

/** Lines that look like the second line of a table: the rule for tables reads the rest of the text after each. */
const MOST_TABLES = 100

let tables = 0

/** Call it before each text. */
export function startText(): void {
  tables = 0
}

/** A line that ends a paragraph before it: rule, heading, quote, fence, list, HTML. */
const INTERRUPTION = new RegExp(
  [
    ' {0,3}(?:(?:-[ \\t]*){3,}|(?:_[ \\t]*){3,}|(?:\\*[ \\t]*){3,})$',
    ' {0,3}#{1,6}(?:\\s|$)',
    ' {0,3}>',
    ' {0,3}(?:`{3,}[^`]*$|~{3,})',
    ' {0,3}(?:[-*+]|1[.)])[ \\t]+\\S',
    ' {0,3}</?[a-z][a-z0-9-]*(?:[ \\t/>]|$)',
    ' {0,3}<!--',
    '[ \\t]*$',
  ]
    .map((rule) => `(?:${rule})`)
    .join('|'),
  'iy',
)

/** The second line of a table. */
const DELIMITERS = /^ {0,3}(?=[^|]*\|)(?=[^-]*-)[ |:-]+$/

export class Rules extends Tokenizer {
  override table(source: string): Tokens.Table | undefined {
    const [, second] = source.split('\n', 2)
    if (second === undefined || !/^ {0,3}(?=[^|:]*[|:])[ |:-]+$/.test(second)) return undefined
    tables++
    if (tables > MOST_TABLES) throw new RangeError('too many tables')
    return super.table(source)
  }

  override lheading(source: string): Tokens.Heading | undefined {
    const [raw, text = '', line = ''] = /^([^\n]+)\n {0,3}(=+|-{2,})[ \t]*(?:\n+|$)/.exec(source) ?? []
    if (raw === undefined) return
    return { type: 'heading', raw, depth: line[0] === '=' ? 1 : 2, text, tokens: this.lexer.inline(text) }
  }

  override paragraph(source: string): Tokens.Paragraph | undefined {
    const raw = source.slice(0, endOfParagraph(source))
    if (raw === '') return
    const text = raw.replace(/\n$/, '')
    return { type: 'paragraph', raw, text, tokens: this.lexer.inline(text) }
  }

  override blockquote(source: string): Tokens.Blockquote | undefined {
    const [raw] = /^(?: {0,3}>[^\n]*(?:\n|$))+/.exec(source) ?? []
    if (raw === undefined) return
    const text = raw.replace(/\n$/, '').replace(/^ {0,3}> ?/gm, '')
    // Inside of a quote the lines are blocks again, also where the quote stands in a list.
    const { state } = this.lexer
    const { top } = state
    state.top = true
    const tokens = this.lexer.blockTokens(text)
    state.top = top
    return { type: 'blockquote', raw, text, tokens }
  }
}

/** Where the paragraph ends that a text begins with: its first line belongs to it, whatever it is. */
function endOfParagraph(source: string): number {
  let end = source.indexOf('\n')
  while (end !== -1) {
    const next = source.indexOf('\n', end + 1)
    INTERRUPTION.lastIndex = 0
    const line = source.slice(end + 1, next === -1 ? undefined : next)
    if (INTERRUPTION.test(line)) return end
    if (line.includes('|') && next !== -1) {
      const after = source.indexOf('\n', next + 1)
      if (DELIMITERS.test(source.slice(next + 1, after === -1 ? undefined : after))) return end
    }
    end = next
  }
  return source.length
}

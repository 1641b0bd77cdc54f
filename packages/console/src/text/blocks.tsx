import type { ComponentChildren } from 'preact'
import { CodeBlock } from './code-block'
import { renderInline } from './inline'
import type { Nodes } from './nodes'
import type { MarkedToken, Token, Tokens } from './tokens'

/** Draws the blocks of a text. @throws RangeError when there are too many nodes, or too many inside one another */
export function renderBlocks(tokens: readonly Token[], nodes: Nodes): ComponentChildren[] {
  return tokens.map((token) => renderBlock(token, nodes))
}

function renderBlock(token: Token, nodes: Nodes): ComponentChildren {
  nodes.add()
  // The lexer has no extensions, so every token is one of its own.
  const one = token as MarkedToken
  switch (one.type) {
    case 'space':
    case 'checkbox':
      return null
    case 'paragraph':
      return <p>{renderInline(one.tokens, nodes)}</p>
    case 'heading': {
      // The page has headings of its own above these.
      const Heading = one.depth === 1 ? 'h4' : one.depth === 2 ? 'h5' : 'h6'
      return <Heading>{renderInline(one.tokens, nodes)}</Heading>
    }
    case 'code':
      return <CodeBlock text={one.text} language={languageOf(one)} />
    case 'blockquote':
      return <blockquote>{renderBlocks(one.tokens, nodes)}</blockquote>
    case 'list':
      return renderList(one, nodes)
    case 'table':
      return renderTable(one, nodes)
    case 'hr':
      return <hr />
    case 'html':
    case 'def':
      // As it was written: programs read it, so people must see it.
      return <p class="as-written">{nodes.words(one.raw.trim())}</p>
    default:
      return renderInline([token], nodes)
  }
}

/** The first word after the opening of a fence. */
function languageOf({ lang = '' }: Tokens.Code): string {
  return /^[\w+#.-]{0,30}/.exec(lang)?.[0].toLowerCase() ?? ''
}

function renderList(list: Tokens.List, nodes: Nodes): ComponentChildren {
  const items = list.items.map((item) => renderItem(item, nodes))
  return list.ordered ? <ol start={list.start === '' ? 1 : list.start}>{items}</ol> : <ul>{items}</ul>
}

function renderItem(item: Tokens.ListItem, nodes: Nodes): ComponentChildren {
  nodes.add()
  if (!item.task) return <li>{renderBlocks(item.tokens, nodes)}</li>
  const isDone = item.checked === true
  return (
    <li class="task">
      <span class={isDone ? 'box done' : 'box'} role="img" aria-label={isDone ? 'Done:' : 'To do:'} />
      {renderBlocks(item.tokens, nodes)}
    </li>
  )
}

function renderTable(table: Tokens.Table, nodes: Nodes): ComponentChildren {
  const cells = (row: readonly Tokens.TableCell[], Cell: 'td' | 'th') =>
    row.map((cell) => {
      nodes.add()
      return <Cell class={cell.align ?? undefined}>{renderInline(cell.tokens, nodes)}</Cell>
    })
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table is scrolled with the keyboard
    <figure class="table-scroller" tabIndex={0}>
      <table>
        <thead>
          <tr>{cells(table.header, 'th')}</tr>
        </thead>
        <tbody>
          {table.rows.map((row) => (
            <tr>{cells(row, 'td')}</tr>
          ))}
        </tbody>
      </table>
    </figure>
  )
}

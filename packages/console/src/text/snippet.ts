import { visibleName } from './names'
import { textOf } from './plain-text'
import { tokensOf } from './tokens'

/** UTF-16 units that are read for a snippet. */
const READ = 1000

/** The first words of a body in one line, without markdown: at most `length` code points, the last of them `…` if cut. */
export function plainSnippet(body: string, length = 140): string {
  const start = body.slice(0, READ)
  const tokens = tokensOf(start)
  const words = visibleName(tokens ? textOf(tokens) : start)
    .replace(/\s+/g, ' ')
    .trim()
  const points = [...words]
  if (points.length <= length && body.length <= READ) return words
  return `${points
    .slice(0, length - 1)
    .join('')
    .trimEnd()}…`
}

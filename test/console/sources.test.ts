import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dir, '../../packages/console/src')

/** What the page's policy forbids, or what would parse a text as HTML or run it. */
const FORBIDDEN: Readonly<Record<string, RegExp>> = {
  'HTML that is parsed':
    /\b(?:innerHTML|outerHTML|dangerouslySetInnerHTML|insertAdjacentHTML|DOMParser|createContextualFragment|setHTML\w*|srcdoc|document\.write)\b/,
  'code that is made of text': /\beval\s*\(|\bnew Function\b|\bset(?:Timeout|Interval)\s*\(\s*['"`]/,
  'a script element': /createElement\(\s*['"`]script/,
  'a style attribute': /\bsetAttribute\(\s*['"`]style|\bcssText\b/,
}

const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name))

test('the console parses no HTML and makes no code of texts', () => {
  expect(files.length).toBeGreaterThan(20)
  const found = files.flatMap((name) => {
    const source = readFileSync(join(root, name), 'utf8')
    return Object.entries(FORBIDDEN).flatMap(([what, pattern]) => {
      const match = pattern.exec(source)
      return match ? [`${name}: ${what}: ${match[0]}`] : []
    })
  })
  expect(found).toEqual([])
})

// Whatever a body says, a page gets only elements of a short list, and links and images that our rules made.
import { expect, test } from 'bun:test'
import type { Attachment } from '@synapse/client'
import fc from 'fast-check'
import { plainSnippet, renderMarkdown, visibleName } from '../../../packages/console/src/text'
import { Attachments } from '../../../packages/console/src/text/attachments'
import { type Drawn, draw, elementsOf, wordsOf } from './drawn'
import { bodies, names } from './hostile'

/** The elements that a text may become, with the attributes that each may have. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    [
      'p',
      'h4',
      'h5',
      'h6',
      'blockquote',
      'ul',
      'hr',
      'br',
      'strong',
      'em',
      'del',
      'code',
      'pre',
      'table',
    ].map((tag) => [tag, []]),
  ),
  ...Object.fromEntries(['thead', 'tbody', 'tr', 'mark'].map((tag) => [tag, []])),
  div: ['dir'],
  p: ['dir'],
  span: ['dir', 'role', 'aria-label'],
  ol: ['start'],
  li: [],
  td: [],
  th: [],
  figure: ['tabIndex'],
  a: ['href', 'target', 'rel', 'title', 'download'],
  img: ['src', 'alt', 'width', 'height', 'loading', 'decoding'],
}
const OWN = '/v1/attachments/00000000-0000-7000-8000-000000000001'

const attachment: Attachment = {
  id: '00000000-0000-7000-8000-000000000001',
  kind: 'image',
  filename: 'own.png',
  mime: 'image/png',
  size: 3100,
  sha256: '00',
  width: 960,
  height: 960,
  url: OWN,
}

const facts = { me: 'ada', mentioned: ['ada', 'builder'], attachments: [attachment] }

function faultsOf(drawing: readonly (Drawn | string)[]): string[] {
  return elementsOf(drawing).flatMap((element) => {
    const { tag, attributes } = element
    // Icons are our own.
    if (isIcon(attributes) || ['line', 'path', 'polyline', 'rect', 'circle'].includes(tag)) return []
    const allowed = ALLOWED[tag]
    if (!allowed) return [`<${tag}>`]
    const others = Object.keys(attributes).filter((name) => name !== 'class' && !allowed.includes(name))
    return [
      ...others.map((name) => `${tag} ${name}`),
      ...(tag === 'a' ? faultsOfLink(element) : []),
      ...faultsOfImage(element),
    ]
  })
}

function isIcon({ class: name }: Drawn['attributes']): boolean {
  return typeof name === 'string' && name.startsWith('icon')
}

function faultsOfLink({ attributes }: Drawn): string[] {
  const { href, target, rel, class: name } = attributes
  if (name === 'attached-image' || name === 'attached-file') return href === OWN ? [] : [`file ${href}`]
  const faults = []
  if (!/^(?:https?:\/\/[^/]|mailto:)/.test(String(href))) faults.push(`link ${href}`)
  if (target !== '_blank' || rel !== 'noopener noreferrer nofollow')
    faults.push(`link opens ${target} ${rel}`)
  return faults
}

function faultsOfImage({ tag, attributes }: Drawn): string[] {
  return tag === 'img' && attributes.src !== OWN ? [`image ${attributes.src}`] : []
}

/** A text that a page would take long for; each of them takes a few milliseconds. */
const HANGS_MS = 10_000

for (const [what, body] of Object.entries(bodies))
  test(
    `a text with ${what} becomes elements of the list`,
    () => {
      for (const format of ['markdown', 'plaintext'] as const)
        expect(faultsOf(draw(renderMarkdown(body, { ...facts, format })))).toEqual([])
      // A message has at most 16,000 code points.
      expect([...body].length).toBeLessThanOrEqual(16_000)
    },
    HANGS_MS,
  )

test('no few signs, repeated over a whole message, take long', () => {
  const signs = [
    'a',
    '\n',
    '-',
    ' ',
    '    ',
    '>',
    '1.',
    '|',
    '=',
    '#',
    '`',
    '[',
    '](',
    ')',
    '<',
    '!',
    '@',
    '.',
    ':',
  ]
  const more = ['"', '&', '\\', '```', '- ', 'http://', 'www.', '*', '_', '~', '\t', '<!--', '|-', '[^']
  const unit = fc.array(fc.constantFrom(...signs, ...more), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(unit, (parts) => {
      const part = parts.join('')
      expect(faultsOf(draw(renderMarkdown(part.repeat(16_000 / part.length), facts)))).toEqual([])
    }),
    { numRuns: 150 },
  )
}, 30_000)

test('there are at least 60 hostile bodies, and none of them is drawn as nothing', () => {
  expect(Object.keys(bodies).length).toBeGreaterThanOrEqual(60)
  const empty = Object.entries(bodies).filter(([, body]) => {
    const drawing = draw(renderMarkdown(body, facts))
    return wordsOf(drawing).trim() === '' && elementsOf(drawing).length < 2
  })
  expect(empty.map(([what]) => what)).toEqual(['16,000 line breaks'])
})

test('a text keeps the HTML, the comments and the definitions that a program would read', () => {
  const words = wordsOf(
    draw(renderMarkdown('a <!-- hidden --> <b>c</b>\n\n<!-- block -->\n\n[d]: http://e.test "f"')),
  )
  expect(words).toContain('<!-- hidden -->')
  expect(words).toContain('<b>c</b>')
  expect(words).toContain('<!-- block -->')
  expect(words).toContain('[d]: http://e.test "f"')
})

test('a link that leads nowhere is shown with its address', () => {
  const words = wordsOf(draw(renderMarkdown('[safe](javascript:alert(1)) [log out](/v1/auth/logout)')))
  expect(words).toBe('[safe](javascript:alert(1)) [log out](/v1/auth/logout)')
})

test('names show what would change how they look as boxes', () => {
  for (const name of names)
    expect(visibleName(name)).not.toMatch(/[\p{Cc}\u200b\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/u)
  expect(visibleName('invoice\u202efdp.exe')).toBe('invoice▯fdp.exe')
  expect(visibleName('👩‍👩‍👧 नमस्ते')).toBe('👩‍👩‍👧 नमस्ते')
})

test('a file with a hostile name is one link with a visible name', () => {
  for (const filename of names) {
    const file = { ...attachment, kind: 'file' as const, width: null, height: null, filename }
    const drawing = draw(Attachments({ attachments: [file] }))
    expect(faultsOf(drawing)).toEqual([])
    expect(wordsOf(drawing)).toContain(visibleName(filename))
  }
})

test('a snippet of a hostile body is one line of at most 140 code points', () => {
  for (const body of Object.values(bodies)) {
    const snippet = plainSnippet(body)
    expect([...snippet].length).toBeLessThanOrEqual(140)
    expect(snippet).not.toMatch(/[\n\r]/)
  }
})

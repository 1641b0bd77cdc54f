import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { hitsIn, type Snippet, snippetOf } from '../../../src/core/search/hits'
import { parseQuery } from '../../../src/core/search/query'

const find = (query: string, text: string) => hitsIn(text, parseQuery(query))
const score = (query: string, text: string) => find(query, text)?.score ?? 0
const snippet = (query: string, text: string): Snippet => {
  const hits = find(query, text)
  if (!hits) throw new Error(`${query} does not match`)
  return snippetOf(text, hits)
}
const marked = ({ text, highlights }: Snippet) => {
  const points = [...text]
  return highlights.map(([start, length]) => points.slice(start, start + length).join(''))
}

describe('hits', () => {
  test.each([
    ['words in any order', 'b a', 'a x b', true],
    ['every word', 'a b', 'a', false],
    ['a phrase only in its order', '"a b"', 'b a', false],
    ['a phrase across punctuation', '"a b"', 'a, b', true],
    ['no unwanted word', 'a -b', 'a b', false],
    ['no unwanted phrase, but its words elsewhere', 'a -"b c"', 'a c b', true],
    ['a beginning', 'dep*', 'deployed', true],
    ['no beginning without a star', 'dep', 'deployed', false],
    ['a part of an unspaced text', '京タワ', '東京タワーへ', true],
    ['case and accents alike', 'cafe', 'CAFÉ', true],
  ])('a query finds %s', (_, query, text, matches) => {
    expect(find(query, text) !== undefined).toBe(matches)
  })

  test('more occurrences and shorter texts score higher', () => {
    expect(score('a', 'a a b')).toBeGreaterThan(score('a', 'a b b'))
    expect(score('a', 'a')).toBeGreaterThan(score('a', `a${' b'.repeat(100)}`))
    expect(score('a', 'a '.repeat(1000))).toBeLessThanOrEqual(1)
  })
})

describe('a snippet', () => {
  test('a short text is shown as a whole, on one line', () => {
    expect(snippet('two', 'one\ntwo')).toEqual({ text: 'one two', highlights: [[4, 3]] })
  })

  test('a long text is cut between words, around most hits', () => {
    const text = `needle ${'hay '.repeat(200)}needle in a needle ${'hay '.repeat(200)}`
    const found = snippet('needle', text)
    expect(found.text).toMatch(/^…(hay )+needle in a needle (hay )*hay…$/)
    expect(marked(found)).toEqual(['needle', 'needle'])
  })

  test('highlights count code points', () => {
    expect(snippet('b', '🚀🚀 b 🚀 b').highlights).toEqual([
      [3, 1],
      [7, 1],
    ])
  })

  test('overlapping hits are one highlight', () => {
    expect(marked(snippet('"a b" "b c" a', 'a b c'))).toEqual(['a b c'])
  })

  test('highlights lie inside the snippet, in order, and each is a hit', () => {
    const word = fc.constantFrom('a', 'bé', '🚀', '東京', 'x'.repeat(90), '\u{1d4b3}'.repeat(120), '\n', '—')
    const text = fc.array(word, { minLength: 1, maxLength: 60 }).map((parts) => parts.join(' '))
    fc.assert(
      fc.property(text, fc.constantFrom('a', 'be', '🚀', '京', 'x*', '𝒳*'), (body, query) => {
        const hits = find(query, body)
        if (!hits) return
        const found = snippetOf(body, hits)
        expect(found.text.isWellFormed()).toBe(true)
        expect(found.highlights.length).toBeGreaterThan(0)
        let end = 0
        for (const [start, length] of found.highlights) {
          expect(start).toBeGreaterThanOrEqual(end)
          end = start + length
        }
        expect(end).toBeLessThanOrEqual([...found.text].length)
        for (const hit of marked(found)) expect(find(query, hit)).toBeDefined()
      }),
    )
  })
})

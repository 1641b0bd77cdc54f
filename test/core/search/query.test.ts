import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { parseQuery, type Term } from '../../../src/core/search/query'
import { MAX_WORD, wordsOf } from '../../../src/core/search/words'

const words = (text: string) => wordsOf(text).map((word) => word.text)
const show = ({ words, isPrefix }: Term) => `${words.join('+')}${isPrefix ? '*' : ''}`
const parsed = (text: string) => {
  const { wanted, unwanted } = parseQuery(text)
  return [...wanted.map(show), ...unwanted.map((term) => `-${show(term)}`)].join(' ')
}

describe('the words of a text', () => {
  test.each([
    ['Hello, WORLD!', 'hello world'],
    ['Café ﬁancé Ångström ÉÀ', 'cafe fiance angstrom ea'],
    ['cafe\u0301', 'cafe'],
    ['ΟΔΟΣ οδός', 'οδοσ οδοσ'],
    ['Привет, Йод', 'привет иод'],
    ['/var/log/sys-log_2.gz', 'var log sys log 2 gz'],
    ['ann@mail.example.org:8080', 'ann mail example org 8080'],
    ['東京タワー', '東 京 タ ワ ー'],
    ['한국어 한국어', '한국어 한국어'],
    ['go 🚀👍🏽!', 'go 🚀 👍'],
    ['½ ① ﷺ', '12 1 صلى الله عليه وسلم'.replaceAll(' ', '').replace('121', '12 1 ')],
    ['\u{e000}c1 a\0b', 'c1 a b'],
    ['', ''],
  ])('%p', (text, expected) => {
    expect(words(text).join(' ')).toBe(expected)
  })

  test('a word is cut after so many code points', () => {
    expect(words('x'.repeat(300))).toEqual(['x'.repeat(MAX_WORD)])
    expect([...(words('𝒳é'.repeat(300))[0] ?? '')]).toHaveLength(MAX_WORD)
  })

  test('ASCII texts are cut as all others', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), (text) => {
        expect(wordsOf(`${text} é`).slice(0, -1)).toEqual(wordsOf(text))
      }),
    )
  })

  test('folded words are words that fold to themselves, and hold what both indexes can store', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const { text: word, start, end } of wordsOf(text)) {
          expect(word).toMatch(/^[\p{L}\p{N}\p{M}\p{Extended_Pictographic}]+$/u)
          expect(start < end && end <= text.length).toBe(true)
        }
      }),
    )
  })
})

describe('a query', () => {
  test.each([
    ['fix  the Build', 'fix the build'],
    ['"fix the" build', 'fix+the build'],
    ['"never closed', 'never+closed'],
    ['deploy -staging', 'deploy -staging'],
    ['-"not this" that', 'that -not+this'],
    ['state-of-the-art', 'state of the art'],
    ['a - b', 'a b'],
    ['a -b-c', 'a -b+c'],
    ['pre* -suf* *', 'pre* -suf*'],
    ['a*b', 'a b'],
    ['/var/lo*', 'var lo*'],
    ['東京tower', '東+京 tower'],
    ['"" - * () OR NOT:', 'or not'],
    ['!?', ''],
  ])('%p', (text, expected) => {
    expect(parsed(text)).toBe(expected)
  })

  test('every text is a query', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseQuery(text)))
  })
})

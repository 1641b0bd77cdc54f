import { describe, expect, test } from 'bun:test'
import {
  isLongerThan,
  isName,
  isProse,
  isWellFormed,
  printable,
  printableJson,
  wellFormedJson,
} from '../../../src/core/kernel/text'

test.each([
  ['', 0, false],
  ['a', 0, true],
  ['abc', 3, false],
  ['abcd', 3, true],
  ['😀😀😀', 3, false],
  ['😀😀😀😀', 3, true],
  ['a😀b', 3, false],
  // A letter with a combining accent is two code points, although it looks like one.
  ['e\u0301', 1, true],
  // A lone surrogate counts as one.
  ['\ud800\ud800', 2, false],
])('%p is longer than %d code points: %p', (text, limit, longer) => {
  expect(isLongerThan(text, limit)).toBe(longer)
})

test('the length of a long text is counted in code points, not in UTF-16 units', () => {
  expect(isLongerThan('😀'.repeat(16_000), 16_000)).toBeFalse()
  expect(isLongerThan('😀'.repeat(16_001), 16_000)).toBeTrue()
})

const seen: readonly (readonly [what: string, text: string])[] = [
  ['letters', 'Ada Lovelace'],
  ['a combining accent', 'Ame\u0301lie'],
  ['a family emoji with joiners', 'The 👨\u200d👩\u200d👧\u200d👦'],
  ['an emoji with a variation selector', '❤\ufe0f'],
  ['the flag of a country', '🇺🇳'],
  ['the flag of a region with tags', '🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}'],
  ['Persian with a non-joiner', 'می\u200cخواهم'],
  ['Arabic', 'مرحبا'],
  ['Hebrew with a direction mark', 'שלום\u200f (he)'],
  ['Japanese with an ideographic variation', '葛\u{e0100}'],
  ['an unassigned code point', '\u{1fbff}'],
  ['spaces around it', ' ada '],
]
const unseen: readonly (readonly [what: string, text: string])[] = [
  ['no characters', ''],
  ['only spaces', '  \u00a0\u3000'],
  ['only zero-width characters', '\u200b\u200c\u200d\u2060\ufeff'],
  ['only a Braille blank', '\u2800'],
  ['only a Hangul filler', '\u3164'],
  ['only a soft hyphen', '\u00ad'],
  ['only variation selectors', '\ufe0f\u{e0100}'],
  ['only direction marks', '\u200e\u200f'],
  ['a NUL', 'a\0'],
  ['ESC', '\u001b[2Jada'],
  ['a C1 control', '\u009b2Jada'],
  ['DEL', 'ada\u007f'],
  ['a carriage return', 'ada\rbob'],
  ['a direction override', 'ada\u202egpj.exe'],
  ['an isolate', 'ada\u2066'],
  ['half a pair', 'ada\ud800'],
  ['tags that spell something', 'ada\u{e0069}\u{e0067}\u{e006e}'],
]

describe('names', () => {
  test.each(seen)('a name may have %s', (_, text) => expect(isName(text)).toBeTrue())
  test.each([...unseen, ['two lines', 'ada\nbob'], ['a tab', 'a\tb'], ['a line separator', 'a\u2028b']])(
    'a name with %s is refused',
    (_, text) => expect(isName(text)).toBeFalse(),
  )
})

describe('descriptions', () => {
  test.each([...seen, ['no characters', ''], ['several lines', 'a\nb\r\nc'], ['a tab', 'a\tb']])(
    'a description may have %s',
    (_, text) => expect(isProse(text)).toBeTrue(),
  )
  test.each([...unseen.slice(1), ['a line separator', 'a\u2028b']])(
    'a description with %s is refused',
    (_, text) => expect(isProse(text)).toBeFalse(),
  )
})

test('text for a terminal shows control characters instead of sending them', () => {
  expect(printable('a\u001b]52;c;aGk=\u0007\r\nb\u009bc\u202ed\u2028😀é')).toBe(
    'a\\x1b]52;c;aGk=\\x07\\x0d\\x0ab\\x9bc\\u{202e}d\\u{2028}😀é',
  )
})

test('JSON for a terminal is the same value in printable characters', () => {
  const value = { 'a\u009b': ['\u001b[2J', '\u202e', '\u{e0041}', 'line\nend', '😀'] }
  const text = printableJson(value, 2)
  expect(JSON.parse(text)).toEqual(value)
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e\u{e0041}]/u)
  expect(text).toContain('😀')
})

test('a lone surrogate is found at any depth, in values and in keys', () => {
  expect(isWellFormed({ a: [1, null, { 'ключ 😀': 'x\0' }] })).toBeTrue()
  for (const value of ['\ud800', ['\udc00'], { a: [{ b: 'x\ud800' }] }, { a: { '\udfff': 1 } }])
    expect(isWellFormed(value)).toBeFalse()
})

test('stored JSON with a lone surrogate is written with U+FFFD, and an escaped backslash is left alone', () => {
  expect(wellFormedJson({ '\ud800': ['\udc00x', '\\ud800', 1] })).toBe('{"\ufffd":["\ufffdx","\\\\ud800",1]}')
  expect(wellFormedJson({ a: '😀' })).toBe('{"a":"😀"}')
})

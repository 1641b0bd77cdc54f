// Canonical JSON, and the strict check of JSON that becomes the content of an event.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { byCodePoint, canonicalJson, MAX_DEPTH, parseEventJson } from '../../../src/core/matrix'

const reasonOf = (text: string) => {
  try {
    parseEventJson(text)
    return 'accepted'
  } catch (error) {
    return (error as { reason?: string }).reason
  }
}

/** JSON values whose numbers are integers. */
const { value: values } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'binary' }),
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: 'binary', maxLength: 3 }), tie('value'), { maxKeys: 6 }),
  ),
}))

/** Every object's keys in the order in which a text has them. */
function keyLists(text: string): string[][] {
  const lists: string[][] = []
  const take = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    if (!Array.isArray(value)) lists.push(Object.keys(value))
    for (const member of Object.values(value)) take(member)
  }
  // A prefix keeps integer-like keys in the order of the text.
  take(JSON.parse(text.replaceAll(/"(?=(?:[^"\\]|\\.)*":)/g, '"_')))
  return lists
}

describe('canonical JSON', () => {
  test('V1: keys are ordered by code points, and only what must be is escaped', () => {
    const value = {
      '\ud83d\ude00': 1,
      '\ufffd': 2,
      é: 3,
      a: [true, null, -5, '\u2028"\\\b\u001f/\u007f'],
      B: { z: 0, '': '' },
    }
    const text = canonicalJson(value)
    expect(text).toBe(
      '{"B":{"":"","z":0},"a":[true,null,-5,"\u2028\\"\\\\\\b\\u001f/\u007f"],"é":3,"\ufffd":2,"\ud83d\ude00":1}',
    )
    expect(Buffer.byteLength(text)).toBe(82)
    expect(Bun.SHA256.hash(text, 'hex')).toBe(
      'a37c3e1c68b45e60792de1ce8465df4e6280d20ee5d84073711b357ea2db91b0',
    )
  })

  test('it reads back as the same value, and is its own canonical form', () => {
    fc.assert(
      fc.property(values, (value) => {
        const text = canonicalJson(value)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(canonicalJson(JSON.parse(text))).toBe(text)
      }),
    )
  })

  test('every object has its keys in the order of their UTF-8 bytes', () => {
    fc.assert(
      fc.property(values, (value) => {
        for (const keys of keyLists(canonicalJson(value))) {
          const bytes = keys.map((key) => Buffer.from(key))
          expect(bytes).toEqual(bytes.toSorted(Buffer.compare))
        }
      }),
    )
  })

  test('texts are compared by code points', () => {
    const ordered = [
      '',
      'a',
      'a\ud7ff',
      'a\ue000',
      'a\uffff',
      'a\ud800\udc00',
      'a\ud83d\ude00',
      'a\udbff\udfff',
      'b',
    ]
    expect(ordered.toReversed().sort(byCodePoint)).toEqual(ordered)
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
        expect(Math.sign(byCodePoint(one, other))).toBe(Buffer.compare(Buffer.from(one), Buffer.from(other)))
      }),
    )
  })

  test('it leaves out undefined members, and writes -0 as 0', () => {
    expect(canonicalJson({ b: undefined, a: -0 })).toBe('{"a":0}')
  })

  test('members named like those of every object are members like others', () => {
    const text = '{"__proto__":{"a":1},"constructor":2}'
    expect(canonicalJson(JSON.parse(text))).toBe(text)
  })
})

describe('JSON of event contents', () => {
  test.each([
    ['{"n":1.0}'],
    ['{"n":1e3}'],
    ['{"n":1E3}'],
    ['[0.5]'],
    ['{"n":9007199254740992}'],
    ['{"n":-9007199254740992}'],
    ['{"n":9007199254740993}'],
    ['{"n":123456789012345678901234567890}'],
    ['{"s":"\\ud83d"}'],
    ['{"s":"\\ude00\\ud83d"}'],
    ['{"\\uD83D":1}'],
    ['{"s":"\ud83d"}'],
  ])('%s is no content', (text) => {
    expect(reasonOf(text)).toBe('m_bad_json')
  })

  test.each([
    ['{"n":9007199254740991,"m":-9007199254740991}'],
    ['{"s":"1.5 and 1e3 and 9007199254740993 in a text","k\\"1.5":0}'],
    ['{"s":"\\ud83d\\ude00 \\\\ud83d"}'],
    ['{"s":"ends with a backslash \\\\","n":[1,2,-3]}'],
  ])('%s is a content', (text) => {
    expect(parseEventJson(text)).toEqual(JSON.parse(text))
  })

  test('-0 becomes 0 in what is stored', () => {
    expect(canonicalJson(parseEventJson('{"n":-0}'))).toBe('{"n":0}')
  })

  test.each(['', '{', '{"a":01}', '{"a":1.}', '{"a":-}', '{a:1}', '"', '1 2'])('%s is no JSON', (text) => {
    expect(reasonOf(text)).toBe('m_not_json')
  })

  test('values are nested a hundred levels deep at most', () => {
    const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
    expect(reasonOf(nested(MAX_DEPTH))).toBe('accepted')
    expect(reasonOf(nested(MAX_DEPTH + 1))).toBe('m_bad_json')
    expect(reasonOf('{"a":'.repeat(1_000_000))).toBe('m_bad_json')
    expect(reasonOf(`[${'[],{},'.repeat(MAX_DEPTH)}0]`)).toBe('accepted')
  })

  test('canonical JSON of integers is always a content', () => {
    fc.assert(fc.property(values, (value) => expect(reasonOf(canonicalJson(value))).toBe('accepted')))
  })
})

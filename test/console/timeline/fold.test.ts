// Long texts are cut where they can be read, and nothing of them is lost.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { cutOf } from '../../../packages/console/src/timeline/fold'

const lines = (count: number, line = (index: number) => `line ${index}`) =>
  Array.from({ length: count }, (_, index) => line(index)).join('\n')

describe('a long text', () => {
  test('of an agent is cut from 25 lines on, one of a person from 61 lines on', () => {
    const cut = (count: number, sender_kind: 'agent' | 'human') => cutOf({ body: lines(count), sender_kind })
    expect(cut(24, 'agent')).toBeUndefined()
    expect(cut(25, 'agent')?.lines).toBe(25)
    expect(cut(60, 'human')).toBeUndefined()
    expect(cut(61, 'human')?.lines).toBe(61)
  })

  test('shows twelve lines', () => {
    expect(cutOf({ body: lines(100), sender_kind: 'agent' })?.head).toBe(lines(12))
  })

  test('counts a line that wraps as several', () => {
    const body = lines(6, () => 'word '.repeat(90))
    expect(cutOf({ body, sender_kind: 'agent' })?.lines).toBe(30)
  })

  test('is cut between two paragraphs, if one ends in the second half of what is visible', () => {
    const body = [lines(8), lines(40)].join('\n\n')
    expect(cutOf({ body, sender_kind: 'agent' })?.head).toBe(lines(8))
  })

  test('is cut inside of a block of code so that both parts are code', () => {
    const body = `see\n~~~ts\n${lines(50)}\n~~~\nend`
    const cut = cutOf({ body, sender_kind: 'agent' })
    expect(cut?.head).toStartWith('see\n~~~ts\n')
    expect(cut?.head).toEndWith('\n~~~')
    expect(cut?.rest).toStartWith('~~~ts\n')
    expect(cut?.rest).toEndWith('\n~~~\nend')
  })

  test('without line breaks is cut between two words', () => {
    const words = 'word '.repeat(1000).trim()
    const { head = '', rest = '' } = cutOf({ body: words, sender_kind: 'agent' }) ?? {}
    expect(head.length).toBeLessThanOrEqual(12 * 90)
    expect(`${head} ${rest}`).toBe(words)
  })

  test('has the same words after the cut as before', () => {
    const word = fc.constantFrom('one', 'two', '', '- three', '# four', '   five', '')
    fc.assert(
      fc.property(fc.array(word, { minLength: 61, maxLength: 90 }), (all) => {
        const body = all.join('\n')
        const cut = cutOf({ body, sender_kind: 'agent' })
        expect(cut && `${cut.head}\n${cut.rest}`).toBe(body)
      }),
    )
  })
})

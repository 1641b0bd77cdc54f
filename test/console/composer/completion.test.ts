import { describe, expect, test } from 'bun:test'
import {
  completed,
  type Nameable,
  queryAt,
  type Surroundings,
  suggestionsFor,
} from '../../../packages/console/src/composer/completion'
import { lostInWords, reachInWords, reachOf } from '../../../packages/console/src/composer/reach'

const person = (handle: string, name = ''): Nameable => ({ handle, name, kind: 'human' })
const agent = (handle: string): Nameable => ({ handle, name: '', kind: 'agent' })

const around: Surroundings = {
  me: 'ada',
  members: [person('ada'), person('bo', 'Bo Chen'), agent('builder'), agent('critic'), agent('scout')],
  others: [person('bella'), person('bo', 'Bo Chen')],
  thread: ['critic'],
  recent: ['scout', 'builder'],
  here: ['ada', 'scout'],
  aliases: { backend: ['builder', 'critic', 'ada'] },
}

const offered = (prefix: string, surroundings = around) =>
  suggestionsFor({ start: 0, prefix }, surroundings).map((one) =>
    one.kind === 'group' ? `${one.text} (${one.reaches})` : one.isTold ? one.text : `${one.text}, not told`,
  )

describe('the name at the caret', () => {
  const query = (text: string) => queryAt(text.replace('|', ''), text.indexOf('|'))

  test('begins with an at sign', () => {
    expect(query('hello @Bui|')).toEqual({ start: 6, prefix: 'bui' })
    expect(query('@|')).toEqual({ start: 0, prefix: '' })
    expect(query('(@bo-2|)')).toEqual({ start: 1, prefix: 'bo-2' })
  })

  test('does not begin within a word, and ends with a space', () => {
    expect(query('a@bo|')).toBeUndefined()
    expect(query('@bo |')).toBeUndefined()
    expect(query('@1|')).toBeUndefined()
    expect(query('é@bo|')).toBeUndefined()
  })
})

describe('the list', () => {
  test('has those of this thread first, then those who posted last, then the others, then groups', () => {
    expect(offered('')).toEqual([
      'critic',
      'scout',
      'builder',
      'bo',
      'backend (2)',
      'here (1)',
      'channel (4)',
      'everyone (4)',
    ])
  })

  test('finds a word of a name, and an exact handle first', () => {
    expect(offered('chen')).toEqual(['bo'])
    expect(offered('bo')).toEqual(['bo'])
    expect(offered('b', { ...around, recent: [] })).toEqual([
      'bo',
      'builder',
      'backend (2)',
      'bella, not told',
    ])
  })

  test('never has me, and has others only when a letter is written', () => {
    expect(offered('ad')).toEqual([])
    expect(offered('be')).toEqual(['bella, not told'])
    expect(offered('').join()).not.toContain('bella')
  })

  test('is short, and keeps room for groups', () => {
    const members = Array.from({ length: 30 }, (_, at) => agent(`builder-${at}`))
    const list = offered('b', { ...around, members })
    expect(list).toHaveLength(8)
    expect(list).toContain('backend (0)')
  })
})

test('a chosen name replaces what was written of it', () => {
  const put = (text: string, name: string) => {
    const caret = text.indexOf('|')
    const plain = text.replace('|', '')
    const query = queryAt(plain, caret)
    if (!query) throw new Error('no name at the caret')
    const done = completed(plain, caret, query, name)
    return `${done.text.slice(0, done.caret)}|${done.text.slice(done.caret)}`
  }
  expect(put('hi @bu|', 'builder')).toBe('hi @builder |')
  expect(put('hi @bu|il and', 'builder')).toBe('hi @builder |and')
  expect(put('@|\nnext', 'bo')).toBe('@bo |\nnext')
})

describe('whom a text reaches', () => {
  const reach = (text: string, more: { answers?: string; peer?: string } = {}, surroundings = around) =>
    reachOf({ text, answers: undefined, peer: undefined, ...more }, surroundings)
  const alone = { ...around, thread: [] }

  test('those that it names, those of the thread, and the author of what it answers', () => {
    expect(reach('@bo look').to).toEqual(['bo', 'critic'])
    expect(reach('look', { answers: 'scout' }).to).toEqual(['scout', 'critic'])
    expect(reach('@here @backend', {}, alone).to).toEqual(['@here', '@backend'])
    expect(reach('hello', {}, alone)).toEqual({ to: [], lost: [] })
  })

  test('not oneself, and not those who left the channel', () => {
    expect(reach('@ada', { answers: 'ada' }, { ...around, thread: ['ada', 'gone'] }).to).toEqual([])
  })

  test('names that are no members are lost, once the members are known', () => {
    expect(reach('@bella @sam@peer.test @Bella', {}, alone)).toEqual({ to: [], lost: ['bella'] })
    expect(reach('@bella', {}, { ...alone, members: [] }).lost).toEqual([])
  })

  test('is said in words', () => {
    const name = (handle: string) => handle.toUpperCase()
    expect(reachInWords([], name)).toBe('')
    expect(reachInWords(['bo', '@here'], name)).toBe('Goes to BO, @here')
    expect(reachInWords(['a', 'b', 'c', 'd', 'e', 'f'], name)).toBe('Goes to A, B, C, D and 2 more')
    expect(lostInWords(['sam'])).toBe('@sam is not a member here and will not be told')
    expect(lostInWords(['sam', 'kim'])).toBe('@sam, @kim are not members here and will not be told')
  })
})

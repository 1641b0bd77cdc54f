// Lines and blocks of a timeline, from messages in their order.
import { describe, expect, test } from 'bun:test'
import { type Item, type Placed, type Row, rowsOf } from '../../../packages/console/src/timeline/rows'

const START = Date.parse('2026-03-12T12:00:00Z')

function message(key: string, minutes: number, more: Partial<Placed> = {}): Item {
  const created_at = new Date(START + minutes * 60_000).toISOString()
  const placed = {
    sender_id: 'ada',
    created_at,
    kind: 'message',
    via: 'session',
    priority: 'normal',
  } as const
  return { kind: 'message', key, id: key, message: { ...placed, ...more } }
}

function show(row: Row): string {
  if (row.kind === 'message') return row.isHead ? `${row.key}:` : row.key
  return row.kind
}

const shown = (items: readonly Item[], before?: string) =>
  rowsOf(items, before === undefined ? undefined : { before, count: 1 }).map(show)

describe('the rows of a timeline', () => {
  test('messages of one sender within five minutes of each other are one block', () => {
    expect(shown([message('a', 0), message('b', 5), message('c', 11)])).toEqual(['day', 'a:', 'b', 'c:'])
  })

  test('another sender, program, kind or urgency begins a block', () => {
    const items = [
      message('a', 0),
      message('b', 1, { sender_id: 'bo' }),
      message('c', 2, { sender_id: 'bo', via: 'token' }),
      message('d', 3, { sender_id: 'bo', via: 'token', kind: 'correction' }),
      message('e', 4, { sender_id: 'bo', via: 'token', priority: 'urgent' }),
      message('f', 5, { sender_id: 'bo', via: 'token' }),
    ]
    expect(shown(items)).toEqual(['day', 'a:', 'b:', 'c:', 'd:', 'e:', 'f'])
  })

  test('each day has a line, and begins a block', () => {
    const rows = rowsOf([message('a', 0), message('b', 24 * 60)])
    expect(rows.map(show)).toEqual(['day', 'a:', 'day', 'b:'])
    expect(new Set(rows.map(({ key }) => key)).size).toBe(4)
  })

  test('the line above what is new stands before its message and begins a block', () => {
    expect(shown([message('a', 0), message('b', 1), message('c', 2)], 'b')).toEqual([
      'day',
      'a:',
      'new',
      'b:',
      'c',
    ])
  })

  test('a line for a message that is not here is not shown', () => {
    expect(shown([message('a', 0)], 'gone')).toEqual(['day', 'a:'])
  })

  test('a gap begins a block', () => {
    expect(shown([message('a', 0), { kind: 'gap', key: 'gap', text: 'removed' }, message('b', 1)])).toEqual([
      'day',
      'a:',
      'gap',
      'b:',
    ])
  })
})

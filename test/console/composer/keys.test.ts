import { describe, expect, test } from 'bun:test'
import { actOf, type FieldState, type Key, sendingKeys } from '../../../packages/console/src/composer/keys'

const usual: FieldState = {
  isInFence: false,
  isTouch: false,
  enter: 'send',
  isEmpty: false,
  isCompleting: false,
}

function press(name: string, field: Partial<FieldState> = {}, key: Partial<Key> = {}) {
  const [last = '', ...modifiers] = name.split('+').reverse()
  const pressed: Key = {
    ...{ key: last, keyCode: 0, isComposing: false },
    ctrlKey: modifiers.includes('Ctrl'),
    metaKey: modifiers.includes('Cmd'),
    shiftKey: modifiers.includes('Shift'),
    altKey: modifiers.includes('Alt'),
    ...key,
  }
  return actOf(pressed, { ...usual, ...field })
}

describe('Enter', () => {
  const rows: readonly [keys: string, field: Partial<FieldState>, sends: boolean][] = [
    ['Enter', {}, true],
    ['Shift+Enter', {}, false],
    ['Ctrl+Enter', {}, true],
    ['Cmd+Enter', {}, true],
    ['Alt+Enter', {}, false],
    ['Enter', { isInFence: true }, false],
    ['Shift+Enter', { isInFence: true }, false],
    ['Ctrl+Enter', { isInFence: true }, true],
    ['Enter', { isTouch: true }, false],
    ['Ctrl+Enter', { isTouch: true }, true],
    ['Enter', { enter: 'break' }, false],
    ['Shift+Enter', { enter: 'break' }, true],
    ['Shift+Enter', { enter: 'break', isInFence: true }, true],
    ['Cmd+Enter', { enter: 'break' }, true],
  ]
  for (const [keys, field, sends] of rows)
    test(`${keys} ${sends ? 'sends' : 'breaks the line'} with ${JSON.stringify(field)}`, () => {
      expect(press(keys, field)).toBe(sends ? 'send' : undefined)
    })
})

test('while an input method composes no key acts', () => {
  for (const keys of ['Enter', 'Ctrl+Enter', 'ArrowUp', 'ArrowDown', 'Tab', 'Escape']) {
    const field = { isCompleting: true, isEmpty: true }
    expect(press(keys, field, { isComposing: true })).toBeUndefined()
    expect(press(keys, field, { keyCode: 229 })).toBeUndefined()
  }
})

test('in an open list arrows move, Enter and Tab accept, Escape closes', () => {
  const open = { isCompleting: true }
  expect(['ArrowDown', 'ArrowUp', 'Enter', 'Tab', 'Escape'].map((keys) => press(keys, open))).toEqual([
    'next',
    'previous',
    'accept',
    'accept',
    'close',
  ])
  expect(press('Ctrl+Enter', open)).toBe('send')
  expect(press('Shift+Tab', open)).toBeUndefined()
})

test('ArrowUp leaves an empty field alone', () => {
  expect(press('ArrowUp', { isEmpty: true })).toBe('leave')
  expect(press('ArrowUp')).toBeUndefined()
  expect(press('Shift+ArrowUp', { isEmpty: true })).toBeUndefined()
  expect(press('Escape')).toBeUndefined()
})

test('the line below the field says how one sends now', () => {
  expect(sendingKeys(usual)).toBe('Enter sends, Shift+Enter breaks')
  expect(sendingKeys({ ...usual, isInFence: true })).toBe('Ctrl+Enter sends')
  expect(sendingKeys({ ...usual, enter: 'break' })).toBe('Shift+Enter sends')
  expect(sendingKeys({ ...usual, isTouch: true })).toBe('')
})

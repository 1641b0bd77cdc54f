// What a key does in a message field, as a pure function: which keys send, which break a line, which move in the list of
// names. While an input method composes, its keys are its own.

export interface Key {
  readonly key: string
  readonly keyCode: number
  readonly isComposing: boolean
  readonly ctrlKey: boolean
  readonly metaKey: boolean
  readonly shiftKey: boolean
  readonly altKey: boolean
}

export interface FieldState {
  /** Whether a fence of code is open where one writes. */
  readonly isInFence: boolean
  /** Whether it is written with fingers: there is no Shift+Enter. */
  readonly isTouch: boolean
  /** What Enter does; the other act is on Shift+Enter. */
  readonly enter: 'send' | 'break'
  readonly isEmpty: boolean
  /** Whether a list of names is open. */
  readonly isCompleting: boolean
}

/**
 * `send`; `accept`, `next`, `previous`, `close` in the list of names; `leave` for the rows above. Undefined: the key does what
 * it does in every field, such as breaking the line.
 */
export type KeyAct = 'send' | 'accept' | 'next' | 'previous' | 'close' | 'leave' | undefined

/** Safari ends a composition before the key that ended it: that key has this code. */
const COMPOSING = 229

/** Whether an input method takes a key. */
export function isComposing({
  isComposing: composes,
  keyCode,
}: Pick<Key, 'isComposing' | 'keyCode'>): boolean {
  return composes || keyCode === COMPOSING
}

export function actOf(pressed: Key, field: FieldState): KeyAct {
  const { key, ctrlKey, metaKey, shiftKey, altKey } = pressed
  if (isComposing(pressed) || altKey) return
  const isPlain = !ctrlKey && !metaKey && !shiftKey
  if (field.isCompleting && isPlain) {
    const act = inList(key)
    if (act) return act
  }
  if (key === 'Enter') return sends(pressed, field) ? 'send' : undefined
  if (key === 'ArrowUp' && isPlain && field.isEmpty) return 'leave'
  return
}

function inList(key: string): KeyAct {
  switch (key) {
    case 'ArrowDown':
      return 'next'
    case 'ArrowUp':
      return 'previous'
    case 'Enter':
    case 'Tab':
      return 'accept'
    case 'Escape':
      return 'close'
    default:
      return
  }
}

function sends({ ctrlKey, metaKey, shiftKey }: Key, { enter, isInFence, isTouch }: FieldState): boolean {
  if (ctrlKey || metaKey) return true
  if (enter === 'break') return shiftKey
  return !shiftKey && !isInFence && !isTouch
}

/** How one sends, for the line below the field. */
export function sendingKeys({
  enter,
  isInFence,
  isTouch,
}: Pick<FieldState, 'enter' | 'isInFence' | 'isTouch'>): string {
  if (isTouch) return ''
  if (enter === 'break') return 'Shift+Enter sends'
  return isInFence ? 'Ctrl+Enter sends' : 'Enter sends, Shift+Enter breaks'
}

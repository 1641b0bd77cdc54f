import { describe, expect, test } from 'bun:test'
import { toMicros } from '../../../src/core/kernel/time'
import { nextEpoch } from '../../../src/core/log/epochs'

describe('a new epoch', () => {
  const [zeros, ones] = ['0'.repeat(20), 'f'.repeat(20)]
  const now = toMicros(1_469_918_176_385_999)

  test('is named after the millisecond it begins at', () => {
    expect(nextEpoch([], now, zeros)).toBe('01ARYZ6S410000000000000000')
  })

  test('sorts after every known epoch, even if the clock was set back', () => {
    const earlier = nextEpoch([], now, ones)
    const later = nextEpoch([earlier], now, zeros)
    expect(later > earlier).toBeTrue()
    expect(nextEpoch([later, earlier], toMicros(0), zeros) > later).toBeTrue()
  })
})

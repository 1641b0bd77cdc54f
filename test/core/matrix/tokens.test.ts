// The tokens of /sync and of rooms.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  formatRoomToken,
  formatSyncToken,
  isInHistory,
  parseRoomToken,
  parseSyncToken,
  roomPosition,
} from '../../../src/core/matrix'

const epochs = [{ epoch: '01JX8M6Z3Q5T7V9W1Y2B4D6F8H', firstSeq: 1, mx: 0 }]
const restored = [...epochs, { epoch: '01JX9M6Z3Q5T7V9W1Y2B4D6F8J', firstSeq: 1000, mx: 87 }]
const quiet = { seq: 1042, mx: 87, ephemeral: undefined }
const heads = { seq: 1042, mx: 87 }

const reasonOf = (act: () => unknown) => {
  try {
    act()
    return 'accepted'
  } catch (error) {
    return (error as { reason?: string }).reason
  }
}

describe('tokens of /sync', () => {
  test('V8: they name log, accounts, process and epoch', () => {
    expect(formatSyncToken(quiet, epochs)).toBe('s1042_87_0_1Y2B4D6F8H')
    expect(formatSyncToken({ ...quiet, ephemeral: { boot: '0af3', n: 7 } }, epochs)).toBe(
      's1042_87_0af3.7_1Y2B4D6F8H',
    )
  })

  test('what is written is read back', () => {
    const numbers = fc.nat(Number.MAX_SAFE_INTEGER)
    const boots = fc.stringMatching(/^[0-9a-f]{4}$/)
    const ephemerals = fc.option(fc.record({ boot: boots, n: numbers }), { nil: undefined })
    fc.assert(
      fc.property(numbers, numbers, ephemerals, (seq, mx, ephemeral) => {
        const token = { seq, mx, ephemeral }
        expect(parseSyncToken(formatSyncToken(token, epochs))).toEqual({ ...token, epoch: '1Y2B4D6F8H' })
      }),
    )
  })

  test('a position of an earlier epoch keeps that epoch', () => {
    expect(formatSyncToken({ ...quiet, seq: 999 }, restored)).toEndWith('_1Y2B4D6F8H')
    expect(formatSyncToken({ ...quiet, seq: 1000 }, restored)).toEndWith('_1Y2B4D6F8J')
    expect(formatSyncToken({ ...quiet, seq: 0 }, epochs)).toBe('s0_87_0_1Y2B4D6F8H')
  })

  test.each([
    '',
    's',
    's1042',
    's1042_87_0',
    's1042_87_0_',
    's1042_87_0_1Y2B4D6F8',
    's1042_87_0_1y2b4d6f8h',
    's01_87_0_1Y2B4D6F8H',
    's-1_87_0_1Y2B4D6F8H',
    's1042_87_1_1Y2B4D6F8H',
    's1042_87_abc.1_1Y2B4D6F8H',
    's1042_87_ABCD.1_1Y2B4D6F8H',
    's9007199254740992_87_0_1Y2B4D6F8H',
    's1042_87_0_1Y2B4D6F8H ',
    't66688_1Y2B4D6F8H',
  ])('%p is malformed', (text) => {
    expect(reasonOf(() => parseSyncToken(text))).toBe('m_invalid_param')
  })

  test('a token of an unknown epoch, or beyond the end of its epoch, is in no history', () => {
    const knows = (text: string, history = restored, at = { seq: 2000, mx: 87 }) =>
      isInHistory(parseSyncToken(text), history, at)
    expect(knows('s999_87_0_1Y2B4D6F8H')).toBeTrue()
    expect(knows('s1000_87_0_1Y2B4D6F8H')).toBeFalse()
    expect(knows('s2000_87_0_1Y2B4D6F8J')).toBeTrue()
    expect(knows('s2001_87_0_1Y2B4D6F8J')).toBeFalse()
    expect(knows('s5_88_0_1Y2B4D6F8J')).toBeFalse()
    expect(knows('s5_8_0_0000000000')).toBeFalse()
    expect(knows('s1042_87_0_1Y2B4D6F8H', epochs, heads)).toBeTrue()
  })

  test('a token of a future of the companion stream that was lost is in no history, however far it is again', () => {
    const isIn = (text: string) => isInHistory(parseSyncToken(text), restored, { seq: 2000, mx: 900 })
    expect(isIn('s999_87_0_1Y2B4D6F8H')).toBe(true)
    expect(isIn('s999_88_0_1Y2B4D6F8H')).toBe(false)
  })

  test('a token names the epoch that either of its positions has reached', () => {
    const token = (seq: number, mx: number) => formatSyncToken({ seq, mx, ephemeral: undefined }, restored)
    expect(token(999, 87)).toBe('s999_87_0_1Y2B4D6F8H')
    expect(token(999, 88)).toBe('s999_88_0_1Y2B4D6F8J')
    expect(isInHistory(parseSyncToken(token(999, 88)), restored, { seq: 999, mx: 88 })).toBe(true)
  })
})

describe('tokens of a room', () => {
  const position = (text: string, history = epochs, head = 1042) =>
    roomPosition(parseRoomToken(text), history, head)

  test('V8: they name the place before an event', () => {
    expect(formatRoomToken(1042 * 64, epochs)).toBe('t66688_1Y2B4D6F8H')
    expect(parseRoomToken('t66688_1Y2B4D6F8H')).toEqual({ pos: 66_688, epoch: '1Y2B4D6F8H' })
  })

  test('a token of /sync is the place after its last event', () => {
    expect(parseRoomToken('s1042_87_0_1Y2B4D6F8H')).toEqual({ pos: 1043 * 64, epoch: '1Y2B4D6F8H' })
    expect(position('s1042_87_0_1Y2B4D6F8H')).toBe(1043 * 64)
  })

  test('history from before the room has negative positions', () => {
    expect(formatRoomToken(-5, epochs)).toBe('t-5_1Y2B4D6F8H')
    expect(position('t-5_1Y2B4D6F8H')).toBe(-5)
  })

  test.each([
    '',
    't',
    't1',
    't1_x',
    't01_1Y2B4D6F8H',
    't1.5_1Y2B4D6F8H',
    't9007199254740992_1Y2B4D6F8H',
    'x',
    's1',
  ])('%p is malformed', (text) => {
    expect(reasonOf(() => parseRoomToken(text))).toBe('m_invalid_param')
  })

  test('a token of another history is refused', () => {
    expect(reasonOf(() => position('t66752_1Y2B4D6F8H'))).toBe('accepted')
    expect(reasonOf(() => position('t66753_1Y2B4D6F8H'))).toBe('m_invalid_param')
    expect(reasonOf(() => position('t1_0000000000'))).toBe('m_invalid_param')
    expect(reasonOf(() => position('t64000_1Y2B4D6F8H', restored, 2000))).toBe('accepted')
    expect(reasonOf(() => position('t64001_1Y2B4D6F8H', restored, 2000))).toBe('m_invalid_param')
  })
})

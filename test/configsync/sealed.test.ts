import { describe, expect, test } from 'bun:test'
import { base64Length, LEAST_SEALED_BYTES, requireSealed } from '../../src/core/configsync/sealed'
import { AppError } from '../../src/core/kernel/errors'
import { idIn } from '../../src/http/configsync/endpoint'
import { HttpError } from '../../src/http/errors'
import { thrownBy } from '../home/temporary'

describe('base64', () => {
  test('is measured in bytes', () => {
    for (const length of [0, 1, 2, 3, 28, 32, 60, 1000])
      expect(base64Length('field', Buffer.alloc(length, 9).toString('base64'))).toBe(length)
  })

  test('is refused without padding, with other characters, and with bits beyond its end', () => {
    for (const text of [
      'AA',
      'AAA',
      'A===',
      'AA=A',
      'AA==AA==',
      'AA-_',
      ' AAA',
      'AAAA\n',
      'AB==',
      'AAB=',
      'é===',
    ]) {
      const error = thrownBy(() => base64Length('field', text))
      expect([text, error]).toEqual([text, expect.any(AppError)])
    }
  })

  test('of an encrypted value has room for a nonce and a tag', () => {
    const of = (length: number) => Buffer.alloc(length).toString('base64')
    requireSealed('value', of(LEAST_SEALED_BYTES))
    expect(thrownBy(() => requireSealed('value', of(LEAST_SEALED_BYTES - 1)))).toMatchObject({
      reason: 'too_short',
      message: 'value has 27 bytes; an encrypted value has at least 28',
    })
  })
})

describe('an id in a path', () => {
  test('is a positive whole number', () => {
    expect(idIn('12', 'id')).toBe(12)
    for (const text of [undefined, '', '0', '-1', '1.5', '01', 'x', '1e3', '9999999999999999'])
      expect([text, thrownBy(() => idIn(text, 'id'))]).toEqual([text, expect.any(HttpError)])
  })
})

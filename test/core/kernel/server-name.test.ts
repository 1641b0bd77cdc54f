// The grammar of server names, and what the own one must be besides.
import { describe, expect, test } from 'bun:test'
import { isOwnServerName, isServerName } from '../../../src/core/kernel/server-name'

describe('server names', () => {
  test.each([
    'example.org',
    'localhost',
    'pi:8448',
    'EXAMPLE.org',
    '1.2.3.4',
    '1.2.3.4:80',
    '[::1]',
    '[2001:db8::42]:8448',
    '[::ffff:1.2.3.4]',
    '[::1.2.3.255]',
    '[1:2:3:4:5:6:7:8]',
    'a'.repeat(230),
  ])('%s is a server name', (name) => {
    expect(isServerName(name)).toBeTrue()
    expect(isOwnServerName(name)).toBe(name === name.toLowerCase())
  })

  test.each([
    '',
    ':8448',
    'a:',
    'a:123456',
    'a:b',
    'a_b',
    'a b',
    'é.org',
    'a/b',
    'https://a',
    '[::1',
    '::1',
    '[]',
    '[:::]',
    '[1:2]',
    '[1:2:3:4:5:6:7:8:9]',
    '[::1.2.3.256]',
    '[g::1]',
    '[12345::]',
    'a'.repeat(231),
  ])('%s is no server name', (name) => {
    expect(isServerName(name)).toBeFalse()
  })

  test('the port of an own name exists', () => {
    expect(['a:1', 'a:65535', 'a:0', 'a:65536'].map(isOwnServerName)).toEqual([true, true, false, false])
  })
})

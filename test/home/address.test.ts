import { describe, expect, test } from 'bun:test'
import { type AddressClass, addressClass, canonicalAddress } from '../../src/home'

describe('the class of an address', () => {
  const rows: [AddressClass, string[]][] = [
    [
      'loopback',
      ['127.0.0.1', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', '::FFFF:7f00:1'],
    ],
    [
      'private',
      ['10.0.0.0', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1', '192.168.255.255'],
    ],
    ['private', ['169.254.0.1', '169.254.255.255', '100.64.0.0', '100.127.255.255']],
    [
      'private',
      ['fc00::', 'fc00::1', 'fdff:ffff::1', 'FD12:3456::1', '::ffff:192.168.1.20', '::ffff:c0a8:114'],
    ],
    ['public', ['9.255.255.255', '11.0.0.0', '172.15.255.255', '172.32.0.0', '192.167.0.1', '192.169.0.1']],
    ['public', ['169.253.0.1', '169.255.0.1', '100.63.255.255', '100.128.0.0', '128.0.0.1', '126.0.0.1']],
    ['public', ['0.0.0.0', '255.255.255.255', '8.8.8.8', '::', '::ffff:8.8.8.8', '::ffff:808:808']],
    ['public', ['fbff::1', 'fe00::1', 'fe80::1', 'fe80::1%eth0', '2001:db8::1', 'ff02::1', '::2', 'fc::1']],
    [
      'public',
      ['', 'localhost', '10.0.0', '10.0.0.1.1', '10.0.0.01', '010.0.0.1', '10.0.0.256', '::ffff:', 'x'],
    ],
  ]
  const cells = rows.flatMap(([kind, addresses]) => addresses.map((address) => [kind, address] as const))
  test.each(cells)('an address is %s: %p', (kind, address) => {
    expect(addressClass(address)).toBe(kind)
  })
})

test('every spelling of an address has one canonical form', () => {
  const spellings: [string, string][] = [
    ['[::1]', '::1'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['2001:DB8:0::1', '2001:db8::1'],
    ['::ffff:10.0.0.7', '10.0.0.7'],
    ['::ffff:a00:7', '10.0.0.7'],
    ['127.0.0.1', '127.0.0.1'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    ['localhost', 'localhost'],
  ]
  for (const [written, canonical] of spellings) expect(canonicalAddress(written)).toBe(canonical)
})

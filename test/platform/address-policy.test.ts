import { expect, test } from 'bun:test'
import { mayCall } from '../../src/platform/address-policy'

const may = (address: string, networks: readonly string[] = [], isVouched = false) =>
  mayCall(address, { isVouched, networks })

test.each([
  '93.184.216.34',
  '9.255.255.255',
  '100.128.0.1',
  '172.32.0.1',
  '2606:2800:220:1::1',
  '::ffff:93.184.216.34',
  '64:ff9b::5db8:d822',
  '2002:5db8:d822::1',
])('the public address %s may be called', (address) => expect(may(address)).toBe(true))

const inner = [
  ...[
    '0.0.0.0',
    '0.1.2.3',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '172.16.0.1',
    '172.31.255.255',
  ],
  ...['192.0.0.1', '192.0.2.1', '192.168.178.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '224.0.0.251'],
  ...['239.255.255.250', '240.0.0.1', '255.255.255.255'],
  ...[
    '::',
    '::1',
    'fc00::1',
    'fd12:3456::1',
    'fec0::1',
    'ff02::fb',
    '2001:db8::1',
    '2001::1',
    '100::1',
    '::7f00:1',
  ],
  ...[
    '::ffff:127.0.0.1',
    '::ffff:c0a8:101',
    '64:ff9b::7f00:1',
    '64:ff9b::10.0.0.1',
    '64:ff9b:1::1',
    '2002:7f00:1::',
  ],
]
test.each(inner)('the private address %s may be called only if the operator vouches for it', (address) => {
  expect([may(address), may(address, [], true)]).toEqual([false, true])
})

test.each(['169.254.1.1', 'fe80::1', 'fe80::1%eth0', '::ffff:169.254.1.1'])(
  'the link-local address %s may be called only if a listed network contains it',
  (address) => {
    expect([may(address), may(address, [], true)]).toEqual([false, false])
    expect(may(address, ['169.254.1.0/24', 'fe80::/64'])).toBe(true)
  },
)

test.each([
  '169.254.169.254',
  '169.254.170.2',
  '100.100.100.200',
  'fd00:ec2::254',
  '::ffff:a9fe:a9fe',
  '64:ff9b::a9fe:a9fe',
])('the metadata address %s is never called', (address) =>
  expect(may(address, ['0.0.0.0/0', '::/0'], true)).toBe(false),
)

test('a listed network allows its own addresses and no others', () => {
  const networks = ['192.168.1.0/24', 'fd00:1::/64']
  for (const address of ['192.168.1.7', '::ffff:192.168.1.7', 'fd00:1::7'])
    expect(may(address, networks)).toBe(true)
  for (const address of ['192.168.2.7', 'fd00:2::7', '127.0.0.1']) expect(may(address, networks)).toBe(false)
})

test.each(['', 'localhost', '1.2.3', '1.2.3.4.5', 'gg::1'])(
  '%j is not an address and is never called',
  (text) => expect(may(text, ['0.0.0.0/0'], true)).toBe(false),
)

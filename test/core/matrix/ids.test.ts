// Identifiers of Matrix, and those that follow from accounts, channels and tokens.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Uuid } from '../../../src/core/kernel/ids'
import {
  deviceIdOfToken,
  isEventId,
  isLocalpart,
  isRoomId,
  localpartOf,
  parseAlias,
  parseUserId,
  roomIdOfChannel,
  serverOf,
  slugOfRoom,
} from '../../../src/core/matrix'
import { systemSecrets } from '../../../src/platform'

const server = 'example.org'
const channel = '0197a1b2-c3d4-7e5f-8a6b-0c1d2e3f4a5b' as Uuid
const nothing = () => false

describe('ids', () => {
  test('a user id has its localpart before the first colon, and the server name after it', () => {
    expect(parseUserId('@alice:example.org')).toEqual({ localpart: 'alice', server })
    expect(parseUserId('@a.b=/+-_9:example.org:8448')).toEqual({
      localpart: 'a.b=/+-_9',
      server: `${server}:8448`,
    })
    expect(parseAlias('#room:[::1]:80')).toEqual({ localpart: 'room', server: '[::1]:80' })
    expect(serverOf('@alice:example.org:8448')).toBe('example.org:8448')
    expect(serverOf('nothing')).toBe('')
  })

  test('users of old servers may have any localpart, also none', () => {
    for (const id of ['@Alice:example.org', '@:example.org', '@été 👍:example.org'])
      expect(parseUserId(id)?.server).toBe(server)
  })

  test.each([
    'alice',
    '@alice',
    '@alice:',
    '@a:b_c',
    '#a:example.org',
    '@a\0:b',
    '@\ud800:b',
    '',
    5,
    null,
    {},
  ])('%p is no user id', (id) => {
    expect(parseUserId(id)).toBeUndefined()
  })

  test('ids have 255 bytes at most, counted in UTF-8', () => {
    const longest = `@${'é'.repeat(121)}x:${server}`
    expect(Buffer.byteLength(longest)).toBe(256)
    expect(parseUserId(longest)).toBeUndefined()
    expect(parseUserId(longest.replace('x', ''))).toBeDefined()
    expect(isEventId(`$${'e'.repeat(254)}`)).toBeTrue()
    expect(isEventId(`$${'e'.repeat(255)}`)).toBeFalse()
  })

  test('a room id has a server name, or is a hash', () => {
    expect(isRoomId('!abc:example.org')).toBeTrue()
    expect(isRoomId('!VKSJ2PORh1LUOmP07Y8Ifql2JMzDoVmeIZQQVXZ2OqA')).toBeTrue()
    for (const id of ['!abc', '#abc:example.org', '!VKSJ2PORh1LUOmP07Y8Ifql2JMzDoVmeIZQQVXZ2Oq', 5])
      expect(isRoomId(id)).toBeFalse()
  })

  test('an event id is a dollar sign and something', () => {
    expect(isEventId('$CJlG8kmJl6iPoHM16EQN54C2NCdh_wZ4bzuSEQQu2zc')).toBeTrue()
    expect(isEventId('$made-by-a-bridge:example.org')).toBeTrue()
    for (const id of ['$', 'x', '$a\0', 5]) expect(isEventId(id)).toBeFalse()
  })
})

describe('localparts of accounts', () => {
  test.each([
    ['cairn', 'cairn'],
    ['cairn@lab', 'cairn=40lab'],
    ['01-user', '01-user'],
    ['x/y', 'x/y'],
    ['a=40b', 'a=40b'],
    ['Bob', '=42ob'],
    ['é', '=c3=a9'],
    ['@u:server', '=40u=3aserver'],
  ])('the handle %s has the localpart %s', (handle, localpart) => {
    expect(localpartOf(handle, server, nothing)).toBe(localpart)
  })

  test('a localpart that is taken gets the next free number', () => {
    const taken = new Set(['a=40b', 'a=40b-2'])
    expect(localpartOf('a@b', server, (localpart) => taken.has(localpart))).toBe('a=40b-3')
  })

  test('every handle gets a free localpart that keeps to the limit', () => {
    const handles = fc.string({ unit: 'binary', minLength: 1, maxLength: 255 })
    fc.assert(
      fc.property(handles, (handle) => {
        const first = localpartOf(handle, server, nothing)
        const second = localpartOf(handle, server, (localpart) => localpart === first)
        expect(second).not.toBe(first)
        for (const localpart of [first, second]) {
          expect(isLocalpart(localpart, server)).toBeTrue()
          expect(parseUserId(`@${localpart}:${server}`)).toEqual({ localpart, server })
        }
      }),
    )
  })

  test('a long handle is cut between two escapes', () => {
    const cut = localpartOf('@'.repeat(100), server, nothing)
    expect(cut).toBe('=40'.repeat(80))
    expect(localpartOf('@'.repeat(100), server, (one) => one === cut)).toBe(`${'=40'.repeat(80)}-2`)
  })

  test('new users have lower-case localparts of the grammar', () => {
    expect(isLocalpart('a.b=/+-_9', server)).toBeTrue()
    for (const text of ['', 'A', 'a b', 'a:b', 'é', 'a'.repeat(243)])
      expect(isLocalpart(text, server)).toBeFalse()
    expect(isLocalpart('a'.repeat(242), server)).toBeTrue()
  })
})

describe('ids of channels and tokens', () => {
  test('a channel has its uuid in its room id', () => {
    expect(roomIdOfChannel(channel, server)).toBe('!0197a1b2c3d47e5f8a6b0c1d2e3f4a5b:example.org')
  })

  test('a room takes its alias as slug, and the hash of its id where it cannot', () => {
    const roomId = '!abc:example.org'
    const hashed = `m-${systemSecrets.sha256(roomId).slice(0, 16)}`
    const slug = (aliasLocalpart: string | undefined, isFree = true) =>
      slugOfRoom({ roomId, aliasLocalpart }, () => isFree, systemSecrets)
    expect(hashed).toMatch(/^m-[0-9a-f]{16}$/)
    expect(slug('Town_Square')).toBe('town_square')
    for (const alias of [undefined, '', 'a.b', 'dm-x', '-x', 'a'.repeat(65)]) expect(slug(alias)).toBe(hashed)
    expect(slug('town', false)).toBe(hashed)
  })

  test("a token's device is named after the beginning of its uuid, and after its end if that is taken", () => {
    // RFC 4648: 01 97 a1 b2 c3 … is AGL2DMWD…; 26 characters hold 128 bits and two zeros.
    expect(deviceIdOfToken(channel, nothing)).toBe('SYNAGL2DMW')
    expect(deviceIdOfToken(channel, (id) => id === 'SYNAGL2DMW')).toBe(`SYN${lastSeven}`)
  })
})

/** The last characters of base32 of the channel's uuid, computed the long way. */
const lastSeven = (() => {
  const bits = [...channel.replaceAll('-', '')].map((digit) =>
    Number.parseInt(digit, 16).toString(2).padStart(4, '0'),
  )
  const groups = `${bits.join('')}00`.match(/.{5}/g) ?? []
  return groups
    .slice(-7)
    .map((group) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.charAt(Number.parseInt(group, 2)))
    .join('')
})()

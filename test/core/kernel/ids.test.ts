import { describe, expect, test } from 'bun:test'
import { parseUuid, ULID_PATTERN, ulid, ulidTime } from '../../../src/core/kernel/ids'
import { systemSecrets } from '../../../src/platform'

describe('UUIDs', () => {
  const id = '0197a1b2-c3d4-7e5f-8a6b-0c1d2e3f4a5b'
  test.each([id, id.toUpperCase(), id.replaceAll('-', ''), id.replaceAll('-', '').toUpperCase()])(
    'a UUID is normalized from %s',
    (text) => {
      expect<string | undefined>(parseUuid(text)).toBe(id)
    },
  )

  test('a UUID of an earlier version is kept', () => {
    const old = '38a73fde-5ecb-40dc-97a0-8ddd2fb8512f'
    expect<string | undefined>(parseUuid(old)).toBe(old)
  })

  test.each(['', 'x', `{${id}}`, `urn:uuid:${id}`, id.slice(1), `${id}0`, `${id}\n`, id.replace('0', 'g')])(
    '%p is not a UUID',
    (text) => {
      expect(parseUuid(text)).toBeUndefined()
    },
  )

  test('a new UUID is greater than every earlier one', () => {
    const made = Array.from({ length: 1000 }, () => systemSecrets.uuid())
    expect(made.toSorted()).toEqual(made)
    expect(new Set(made).size).toBe(1000)
    for (const uuid of made) expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-/)
  })
})

describe('ULIDs', () => {
  const zeros = '0'.repeat(20)
  const ones = 'f'.repeat(20)

  test.each([
    // The first is the example of github.com/ulid/spec.
    [1_469_918_176_385, zeros, '01ARYZ6S410000000000000000'],
    [0, zeros, '00000000000000000000000000'],
    [0, ones, '0000000000ZZZZZZZZZZZZZZZZ'],
    [2 ** 48 - 1, ones, '7ZZZZZZZZZZZZZZZZZZZZZZZZZ'],
  ])('the ULID of %d is encoded as specified', (milliseconds, random, text) => {
    expect(ulid(milliseconds, random)).toBe(text)
    expect(text).toMatch(ULID_PATTERN)
    expect(ulidTime(text)).toBe(milliseconds)
  })

  test('the ULID of a later millisecond is greater, whatever its random part', () => {
    expect(ulid(1001, zeros) > ulid(1000, ones)).toBeTrue()
  })
})

describe('secrets', () => {
  test('a new secret has 43 base64url characters and is unique', () => {
    const secrets = new Set(Array.from({ length: 100 }, () => systemSecrets.secret()))
    expect(secrets.size).toBe(100)
    for (const secret of secrets) expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/)
  })

  // Examples of the contract: a token of this server, and one of the earlier server, whose tokens had no prefix.
  test.each([
    [
      'syn_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8',
      'f946579fd14ff7e085b839cfac504023eb3f8b0bdde1c7ce8cc8592313be26a9',
    ],
    [
      'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8',
      'ea866a757e4c38babfa8127cbe9a409d3e1f93a00ff1488ff735fcf917afffd0',
    ],
  ])('%s is stored as the hash of the whole text', (token, hash) => {
    expect(systemSecrets.sha256(token)).toBe(hash)
  })
})

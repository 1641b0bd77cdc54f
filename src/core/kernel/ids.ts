declare const uuid: unique symbol

/** A UUID in its only stored form: lower case with dashes. New ones are version 7; imported ones may be version 4. */
export type Uuid = string & { readonly [uuid]: true }

/** A position in the log: a unique 53-bit integer that grows in commit order without gaps. */
export type Seq = number

const dashed = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const bare = /^[0-9a-f]{32}$/

/** Parses a UUID as clients send it: accepts upper case, and 32 digits without dashes. */
export function parseUuid(text: string): Uuid | undefined {
  const lower = text.toLowerCase()
  if (dashed.test(lower)) return lower as Uuid
  if (!bare.test(lower)) return undefined
  return `${lower.slice(0, 8)}-${lower.slice(8, 12)}-${lower.slice(12, 16)}-${lower.slice(16, 20)}-${lower.slice(20)}` as Uuid
}

/** Randomness and hashing for the core. */
export interface Secrets {
  /** A new UUIDv7, greater than every earlier one of this process. */
  uuid(): Uuid
  /** 32 random bytes as 43 base64url characters. */
  secret(): string
  /** SHA-256 of the UTF-8 text, 64 lower-case hex digits. */
  sha256(text: string): string
}

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
export const ULID_PATTERN = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/

/**
 * Returns a ULID (github.com/ulid/spec) of this millisecond. The random part is taken from `randomHex`, at least 20 hex
 * digits.
 */
export function ulid(milliseconds: number, randomHex: string): string {
  let time = ''
  for (let rest = milliseconds, i = 0; i < 10; i++, rest = Math.floor(rest / 32))
    time = crockford.charAt(rest % 32) + time
  let random = ''
  for (let bits = BigInt(`0x${randomHex.slice(0, 20)}`), i = 0; i < 16; i++, bits >>= 5n)
    random = crockford.charAt(Number(bits & 31n)) + random
  return time + random
}

/** Returns the milliseconds of a ULID. */
export function ulidTime(value: string): number {
  let milliseconds = 0
  for (const character of value.slice(0, 10)) milliseconds = milliseconds * 32 + crockford.indexOf(character)
  return milliseconds
}

declare const uuid: unique symbol

/** A UUID in its only stored spelling: lower case with dashes. New ones are version 7, imported ones may be version 4. */
export type Uuid = string & { readonly [uuid]: true }

/** Position in the log: a 53-bit integer, unique, without gaps, growing in commit order. */
export type Seq = number

const dashed = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const bare = /^[0-9a-f]{32}$/

/** Reads a UUID as clients send it: upper case and 32 digits without dashes are accepted. */
export function parseUuid(text: string): Uuid | undefined {
  const lower = text.toLowerCase()
  if (dashed.test(lower)) return lower as Uuid
  if (!bare.test(lower)) return undefined
  return `${lower.slice(0, 8)}-${lower.slice(8, 12)}-${lower.slice(12, 16)}-${lower.slice(16, 20)}-${lower.slice(20)}` as Uuid
}

/** What the core needs of randomness and hashing. */
export interface Secrets {
  /** A fresh UUIDv7, greater than every one made before by this process. */
  uuid(): Uuid
  /** 32 random bytes as 43 base64url characters. */
  secret(): string
  /** SHA-256 of the UTF-8 text, 64 lower-case hex digits. */
  sha256(text: string): string
}

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
export const ULID_PATTERN = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/

/** A ULID (github.com/ulid/spec) of this millisecond, its random part taken from `randomHex` (at least 20 hex digits). */
export function ulid(milliseconds: number, randomHex: string): string {
  let time = ''
  for (let rest = milliseconds, i = 0; i < 10; i++, rest = Math.floor(rest / 32))
    time = crockford.charAt(rest % 32) + time
  let random = ''
  for (let bits = BigInt(`0x${randomHex.slice(0, 20)}`), i = 0; i < 16; i++, bits >>= 5n)
    random = crockford.charAt(Number(bits & 31n)) + random
  return time + random
}

/** The milliseconds a ULID was made at. */
export function ulidTime(value: string): number {
  let milliseconds = 0
  for (const character of value.slice(0, 10)) milliseconds = milliseconds * 32 + crockford.indexOf(character)
  return milliseconds
}

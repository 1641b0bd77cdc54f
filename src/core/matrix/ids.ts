import type { Secrets, Uuid } from '../kernel/ids'
import { SLUG_PATTERN } from '../kernel/limits'
import { isServerName } from '../kernel/server-name'
import { utf8Length } from './utf8'

/**
 * Identifiers of Matrix: users, rooms, aliases and events, and how they follow from the accounts, channels and tokens
 * of this server (spec.matrix.org, appendices, "Identifier Grammar").
 */

/** The longest user, room, alias or event id, in bytes of UTF-8 with sigil and server name. */
export const MAX_ID_BYTES = 255

/** An id that names a server, in its parts. */
export interface ServerPartId {
  readonly localpart: string
  readonly server: string
}

/**
 * Parses `@localpart:server`. Accepts the localparts of old servers too: any characters but `:` and NUL, also none.
 * Returns undefined for any other text, and for an id longer than MAX_ID_BYTES.
 */
export function parseUserId(text: unknown): ServerPartId | undefined {
  return parseId('@', text)
}

/** Parses `#localpart:server` in the same way. */
export function parseAlias(text: unknown): ServerPartId | undefined {
  return parseId('#', text)
}

/** Returns the server part of a user id; empty if there is none. */
export function serverOf(id: string): string {
  const colon = id.indexOf(':')
  return colon < 0 ? '' : id.slice(colon + 1)
}

/** Reports whether a text is a room id: `!` with opaque characters and a server name, or with a hash alone. */
export function isRoomId(text: unknown): text is string {
  return parseId('!', text) !== undefined || (typeof text === 'string' && /^![A-Za-z0-9_-]{43}$/.test(text))
}

/** Reports whether a text may be an event id: `$` and opaque characters. Most are a hash; a bridge may choose its own. */
export function isEventId(text: unknown): text is string {
  return typeof text === 'string' && /^\$[^\0]+$/.test(text) && utf8Length(text) <= MAX_ID_BYTES
}

function parseId(sigil: string, text: unknown): ServerPartId | undefined {
  if (typeof text !== 'string' || !text.startsWith(sigil) || utf8Length(text) > MAX_ID_BYTES) return undefined
  const colon = text.indexOf(':')
  if (colon < 0 || text.includes('\0') || !text.isWellFormed()) return undefined
  const server = text.slice(colon + 1)
  return isServerName(server) ? { localpart: text.slice(1, colon), server } : undefined
}

const LOCALPART = /^[a-z0-9._=/+-]+$/

/** Reports whether a new user of this server may have this localpart. */
export function isLocalpart(text: string, server: string): boolean {
  return LOCALPART.test(text) && text.length <= longestLocalpart(server)
}

/** The bytes of an id that remain beside the sigil, the colon and the server name. */
const longestLocalpart = (server: string) => MAX_ID_BYTES - server.length - 2

/**
 * Returns the localpart of the account with this handle. Bytes that no localpart may contain are written `=xx`; a
 * localpart that is taken gets the suffix `-2`, `-3` and so on. A long one is cut so that the id keeps to its limit.
 */
export function localpartOf(handle: string, server: string, isTaken: (localpart: string) => boolean): string {
  const units = [...new TextEncoder().encode(handle)].map((byte) => {
    const character = String.fromCharCode(byte)
    return LOCALPART.test(character) ? character : `=${byte.toString(16).padStart(2, '0')}`
  })
  for (let n = 1; ; n++) {
    const localpart = suffixed(units, n === 1 ? '' : `-${n}`, longestLocalpart(server))
    if (!isTaken(localpart)) return localpart
  }
}

/** Joins as many units as fit before the suffix, so that no escape is cut in two. */
function suffixed(units: readonly string[], suffix: string, limit: number): string {
  let text = ''
  for (const unit of units) {
    if (text.length + unit.length + suffix.length > limit) break
    text += unit
  }
  return text + suffix
}

/** Returns the room id of a channel, in room versions whose ids are no hashes. */
export function roomIdOfChannel(channel: Uuid, server: string): string {
  return `!${channel.replaceAll('-', '')}:${server}`
}

/**
 * Returns the slug of the channel of a room that was made over Matrix: the localpart of its alias in lower case, if that
 * is a free slug, else `m-` and 16 hex digits of the hash of the room id.
 */
export function slugOfRoom(
  room: { readonly roomId: string; readonly aliasLocalpart: string | undefined },
  isFree: (slug: string) => boolean,
  secrets: Pick<Secrets, 'sha256'>,
): string {
  const wanted = room.aliasLocalpart?.toLowerCase() ?? ''
  // Slugs that begin with dm- belong to direct message channels.
  if (SLUG_PATTERN.test(wanted) && !wanted.startsWith('dm-') && isFree(wanted)) return wanted
  return `m-${secrets.sha256(room.roomId).slice(0, 16)}`
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const DEVICE_CHARACTERS = 7

/**
 * Returns the device id of an agent's token: `SYN` and 7 characters of base32 (RFC 4648) of the token's uuid. The first
 * characters of a uuid are its time of issue, so tokens issued within 8 seconds of each other share them: where another
 * device of the account has that id, the last characters are taken.
 */
export function deviceIdOfToken(token: Uuid, isTaken: (deviceId: string) => boolean): string {
  const digits = base32(token.replaceAll('-', ''))
  const first = `SYN${digits.slice(0, DEVICE_CHARACTERS)}`
  return isTaken(first) ? `SYN${digits.slice(-DEVICE_CHARACTERS)}` : first
}

function base32(hex: string): string {
  // Zeros fill the last character, which has fewer bits.
  const missing = (5 - ((hex.length * 4) % 5)) % 5
  let text = ''
  let rest = BigInt(`0x${hex}`) << BigInt(missing)
  for (let i = 0; i < Math.ceil((hex.length * 4) / 5); i++, rest >>= 5n)
    text = BASE32.charAt(Number(rest & 31n)) + text
  return text
}

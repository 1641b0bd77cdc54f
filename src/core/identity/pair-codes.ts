import type { AccountKind } from '../kernel/entities'
import type { Uuid } from '../kernel/ids'
import { MICROS_PER_SECOND, type Micros } from '../kernel/time'

/** What pairing needs of randomness and of the key of this instance; pair-secrets.ts brings it along. */
export interface PairSecrets {
  /** The DID of this instance, by which a device knows that it is the same one next time. */
  readonly did: string
  /** A code for one device in its two forms: 16 random bytes in base64url, and 12 letters to be typed. */
  fresh(): { readonly link: string; readonly typed: string }
  /** What is kept of the secret part of a typed code: without the instance's key nobody can try them all. */
  mac(secret: string): string
}

export type PairState = 'active' | 'redeemed' | 'revoked' | 'locked'

/** A code as it is stored. */
export interface PairCode {
  readonly id: number
  readonly uuid: Uuid
  readonly accountId: number
  readonly selector: string
  readonly typedHash: string
  readonly scopes: readonly string[]
  readonly actors: readonly string[] | null
  readonly device: string
  readonly createdBy: number | null
  readonly createdAt: Micros
  readonly expiresAt: Micros
  /** Wrong secrets that were typed for it. */
  readonly attempts: number
  readonly state: PairState
  readonly tokenId: number | null
}

/** No code is good for longer. */
export const MAX_PAIR_SECONDS = 86_400

/** Whether a code can still be redeemed. One that would be good for longer than any was made while the clock was ahead. */
export function isOpen({ state, expiresAt }: PairCode, now: Micros): boolean {
  const left = expiresAt - now
  return state === 'active' && left > 0 && left <= MAX_PAIR_SECONDS * MICROS_PER_SECOND
}

export type NewPairCode = Omit<PairCode, 'id' | 'uuid' | 'createdAt' | 'attempts' | 'tokenId'> & {
  /** SHA-256 of the code in the link. */
  readonly codeHash: string
  readonly tokenId?: number
}

/** Letters of a typed code that say which one it is; the rest is its secret. */
export const SELECTOR_LENGTH = 4
const TYPED_CODE = /^[0-9A-HJKMNP-TV-Z]{12}$/
const LINK_CODE = /^[A-Za-z0-9_-]{22}$/

/** A code in the form in which it came. */
export type GivenCode =
  | { readonly form: 'link'; readonly code: string }
  | { readonly form: 'typed'; readonly selector: string; readonly secret: string }

/**
 * Reads a code: that of a link as it is, or one that was typed in Crockford's base 32 (crockford.com/base32.html),
 * in any case, with O for 0, I and L for 1, hyphens and spaces anywhere. Undefined if it is neither.
 */
export function parsePairCode(text: string): GivenCode | undefined {
  const code = text.trim()
  if (LINK_CODE.test(code)) return { form: 'link', code }
  const typed = code.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1')
  if (!TYPED_CODE.test(typed)) return undefined
  return { form: 'typed', selector: typed.slice(0, SELECTOR_LENGTH), secret: typed.slice(SELECTOR_LENGTH) }
}

/** What a device may do unless whoever pairs it says otherwise, by the first word of its label. */
export function defaultScopes(device: string, kind: AccountKind): string[] {
  const label = device.toLowerCase()
  if (label.startsWith('browser-')) return ['channel:*:*', ...(kind === 'human' ? ['human:act'] : [])]
  if (label.startsWith('viewer-')) return ['channel:*:read']
  return ['channel:*:read', 'channel:*:post']
}

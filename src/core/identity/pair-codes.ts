import type { AccountKind } from '../kernel/entities'
import type { Uuid } from '../kernel/ids'
import { MICROS_PER_SECOND, type Micros } from '../kernel/time'

/** Randomness and keyed hashing for pairing; platform/pair-secrets.ts implements it. */
export interface PairSecrets {
  /** The DID of this instance, by which a device recognizes it later. */
  readonly did: string
  /** Returns a new code in two forms: 16 random bytes in base64url, and 12 letters for typing. */
  fresh(): { readonly link: string; readonly typed: string }
  /**
   * Returns the stored hash of a typed code's secret part. It is keyed, because unkeyed hashes of such short secrets
   * could be reversed by trying all.
   */
  mac(secret: string): string
}

export type PairState = 'active' | 'redeemed' | 'revoked' | 'locked'

/** A code as stored. */
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
  /** Number of wrong secrets entered for it. */
  readonly attempts: number
  readonly state: PairState
  readonly tokenId: number | null
}

/** The longest life of a code. */
export const MAX_PAIR_SECONDS = 86_400

/**
 * Reports whether a code can be redeemed. A code with a longer life than MAX_PAIR_SECONDS was made while the clock was
 * ahead.
 */
export function isOpen({ state, expiresAt }: PairCode, now: Micros): boolean {
  const left = expiresAt - now
  return state === 'active' && left > 0 && left <= MAX_PAIR_SECONDS * MICROS_PER_SECOND
}

export type NewPairCode = Omit<PairCode, 'id' | 'uuid' | 'createdAt' | 'attempts' | 'tokenId'> & {
  /** SHA-256 of the code in the link. */
  readonly codeHash: string
  readonly tokenId?: number
}

/** The number of letters that identify a typed code; the rest is its secret. */
export const SELECTOR_LENGTH = 4
const TYPED_CODE = /^[0-9A-HJKMNP-TV-Z]{12}$/
const LINK_CODE = /^[A-Za-z0-9_-]{22}$/

/** A code in the form in which it was entered. */
export type GivenCode =
  | { readonly form: 'link'; readonly code: string }
  | { readonly form: 'typed'; readonly selector: string; readonly secret: string }

/**
 * Parses a code: from a link, unchanged, or typed in Crockford's base 32 (crockford.com/base32.html), in any case, with
 * O for 0, I and L for 1, hyphens and spaces anywhere. Undefined if it is neither.
 */
export function parsePairCode(text: string): GivenCode | undefined {
  const code = text.trim()
  if (LINK_CODE.test(code)) return { form: 'link', code }
  const typed = code.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1')
  if (!TYPED_CODE.test(typed)) return undefined
  return { form: 'typed', selector: typed.slice(0, SELECTOR_LENGTH), secret: typed.slice(SELECTOR_LENGTH) }
}

/** Returns the default scopes of a device, by the first word of its label. */
export function defaultScopes(device: string, kind: AccountKind): string[] {
  const label = device.toLowerCase()
  if (label.startsWith('browser-')) return ['channel:*:*', ...(kind === 'human' ? ['human:act'] : [])]
  if (label.startsWith('viewer-')) return ['channel:*:read']
  return ['channel:*:read', 'channel:*:post']
}

import { isLongerThan } from '../kernel/text'
import { unprocessable } from './sealed'

/** What a client may call things. */

const SLUG = /^[a-z0-9._-]{1,128}$/
const TIER = /^[^:/\p{Cc}\p{Z}]{1,64}$/u

const MAX_NAME = 128
const MAX_DESCRIPTION_BYTES = 2 * 1024
const MAX_PATH_BYTES = 4 * 1024
const MAX_VARIABLE_NAME_BYTES = 128

/** @throws unprocessable */
export function requireSlug(slug: string): void {
  if (!SLUG.test(slug)) throw unprocessable('a slug has 1 to 128 of a-z, 0-9, ".", "_" and "-"')
}

/** @throws unprocessable */
export function requireName(name: string): void {
  if (name === '' || isLongerThan(name, MAX_NAME))
    throw unprocessable(`a name has 1 to ${MAX_NAME} characters`)
}

/** @throws unprocessable */
export function requireDescription(text: string): void {
  requireBytesUpTo('description', text, MAX_DESCRIPTION_BYTES)
}

/** A path, an address or a hint. @throws unprocessable */
export function requirePath(field: string, text: string): void {
  requireBytesUpTo(field, text, MAX_PATH_BYTES)
}

/** A tier of variables. @throws unprocessable */
export function requireTier(tier: string): void {
  if (!TIER.test(tier))
    throw unprocessable('environment_tier has 1 to 64 characters, without white space, ":" and "/"')
}

/** The name of a variable. @throws unprocessable */
export function requireVariableName(name: string): void {
  const isAllowed = name !== '' && name.isWellFormed() && !/[/\0]/.test(name)
  if (!isAllowed || bytesOf(name) > MAX_VARIABLE_NAME_BYTES)
    throw unprocessable(
      `the name of a variable has 1 to ${MAX_VARIABLE_NAME_BYTES} bytes, without "/" and NUL`,
    )
}

function requireBytesUpTo(field: string, text: string, most: number): void {
  const bytes = bytesOf(text)
  if (bytes > most) throw unprocessable(`${field} has ${bytes} bytes; at most ${most} are allowed`)
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length
}

import { hostname } from 'node:os'
import type { Impersonation } from '../core/governance/settings'
import { parseUuid } from '../core/kernel/ids'
import { isName } from '../core/kernel/text'
import { InvalidValue } from './config-error'
import { canonicalHandles } from './names'

/** Bytes of one label of DNS, which is how an instance is announced. */
const NAME_BYTES = 63

/** A name of this instance that can be announced. @throws InvalidValue */
export function parseInstanceName(text: string): string {
  const name = text.trim()
  if (isName(name) && Buffer.byteLength(name) <= NAME_BYTES) return name
  throw new InvalidValue(
    `must be text of 1 to ${NAME_BYTES} bytes in one line, with something in it that can be seen`,
  )
}

/** What this machine is called, as far as it can be announced. */
export function usualInstanceName(): string {
  return hostname().slice(0, NAME_BYTES) || 'synapse'
}

/** Each entry in the spelling in which it is compared. One bad entry refuses all. @throws InvalidValue */
export function canonicalImpersonation(entries: readonly Impersonation[]): Impersonation[] {
  return entries.map(({ account, token, as }) => {
    if ((account === undefined) === (token === undefined))
      throw new InvalidValue('an entry names either an account or a token', EXAMPLE)
    if (as.length === 0) throw new InvalidValue('an entry says in "as" which accounts it may act as', EXAMPLE)
    if (account !== undefined)
      return { account: canonicalHandles([account])[0] ?? '', as: canonicalHandles(as) }
    const uuid = parseUuid(token ?? '')
    if (uuid === undefined) throw new InvalidValue(`'${token}' is not the id of a token`, EXAMPLE)
    return { token: uuid, as: canonicalHandles(as) }
  })
}

const EXAMPLE = 'write for example [{"account":"ada","as":["cairn"]}]'

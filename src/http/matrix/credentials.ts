import type { Core } from '../../core'
import type { Credential } from '../../core/identity'
import { refusal } from '../../core/kernel/errors'
import { bearerIn } from '../auth'
import type { Credentials } from '../credentials'
import { targetOf } from '../target'

/** The beginning of the access token of a device. Other bearer tokens are those of agents. */
const DEVICE_TOKEN = 'mxt_'

/** Reads the access token: of a device, or the token of an agent. No cookies, no socket, no other account. */
export const matrixCredentials: Credentials = {
  read: (core, request) => credentialOf(presentedToken(core, request)),
}

function credentialOf(token: string | undefined): Credential {
  if (token === undefined || token === '') throw refusal('missing_token')
  const hash = Bun.SHA256.hash(token, 'hex')
  return token.startsWith(DEVICE_TOKEN)
    ? (policy) => policy.bySession(hash, true)
    : (policy) => policy.byToken(hash)
}

/** Returns the access token in the header, or in the query while that is allowed; undefined if there is none. */
export function presentedToken(core: Core, request: Request): string | undefined {
  const bearer = bearerIn(request)
  if (bearer !== undefined || !core.settings.get('matrix.query_token')) return bearer
  const target = targetOf(request.url)
  const start = target.indexOf('?')
  return start < 0 ? undefined : (new URLSearchParams(target.slice(start)).get('access_token') ?? undefined)
}

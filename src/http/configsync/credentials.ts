import type { Core } from '../../core'
import type { Policy } from '../../core/access/policy'
import type { Principal } from '../../core/identity/actor'
import { AppError, refusal } from '../../core/kernel/errors'
import { bearerIn } from '../auth'
import { clientAddress } from '../client'
import type { Credentials } from '../credentials'
import { targetOf } from '../target'
import { notFound } from './errors'

/** Every token that this server makes. */
const TOKEN = /^(?:cs|syn)_[A-Za-z0-9_-]{43}$/

/** Reads the bearer token: no cookies, no socket, no other account. */
export const syncCredentials: Credentials = {
  async read(core, request) {
    requireOn(core)
    const judge = await judgeOf(core, bearerIn(request) ?? '')
    return (policy) => {
      try {
        return judge(policy)
      } catch (error) {
        // Anything else says that the judgement needs more data and is repeated.
        if (error instanceof AppError && error.kind === 'unauthenticated') noteFailure(core, request)
        throw error
      }
    }
  },
  checkAnonymous: requireOn,
}

type Judge = (policy: Policy) => Principal

const refuseToken: Judge = () => {
  throw refusal('invalid_token')
}

/**
 * Returns how a bearer token is judged. Clients may send a password by mistake. So a text that is no token of this
 * server leaves no trace: the directory would remember its hash as that of an unknown token.
 */
export async function judgeOf(core: Core, bearer: string): Promise<Judge> {
  if (bearer === '') return refuseToken
  if (isSigned(bearer)) return (await core.configsync.logins.judge(bearer)) ?? refuseToken
  const hash = Bun.SHA256.hash(bearer, 'hex')
  if (!TOKEN.test(bearer) && !(await core.reads.token({ hash }))) return refuseToken
  return (policy) => policy.byToken(hash)
}

/** Reports whether a text has the form of a JSON Web Token. */
export function isSigned(text: string): boolean {
  return text.split('.').length === 3
}

/** @throws 404 while the surface is off */
function requireOn(core: Core): void {
  if (!core.settings.get('configsync')) throw notFound()
}

/** Counts an invalid token. @throws rate_limited */
export function noteFailure(core: Core, request: Request): void {
  const { configsync, settings } = core
  const ip = clientAddress(request, settings.get('trusted_proxies'))
  const isAudited = configsync.failedTokens.count(ip)
  if (!isAudited || !/\/auth\/verify(?:$|\?)/.test(targetOf(request.url))) return
  configsync.audit.note({ userId: null, tokenUuid: null, ip, event: 'verify.failed', ref: null, bytes: null })
}

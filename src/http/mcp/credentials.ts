import { isIP } from 'node:net'
import type { Settings } from '../../core/governance/settings'
import { refusal } from '../../core/kernel/errors'
import { namesActor, refuseAnonymousClaim } from '../actor-header'
import { bearerIn, ofToken } from '../auth'
import { originClass } from '../client'
import type { Credentials } from '../credentials'
import { HttpError } from '../errors'

/** Reads the bearer token: no cookies, no local socket. Pages of foreign origins are refused before it. */
export const mcpCredentials: Credentials = {
  read(core, request) {
    const origin = request.headers.get('origin')
    if (origin !== null && !isAdmitted(request, origin, core.settings))
      throw new HttpError(
        403,
        'origin_not_allowed',
        'List this origin in auth.cors_origins to let its pages in',
      )
    const bearer = bearerIn(request)
    if (bearer !== undefined) return ofToken(request, bearer)
    refuseAnonymousClaim(core, request)
    throw refusal('not_authenticated')
  },
  namesActor,
}

/**
 * Reports whether pages of an origin may send requests. A name that somebody points to this machine makes a page of his
 * look like one of this server (DNS rebinding), so this server's own origin counts by an address, as localhost or as
 * base_url, and not by whatever name the request has in Host.
 */
function isAdmitted(request: Request, origin: string, settings: Settings): boolean {
  const found = originClass(request, origin, settings)
  if (found !== 'own' || origin.toLowerCase() === settings.get('base_url')) return found !== 'foreign'
  const hostname = URL.canParse(origin) ? new URL(origin).hostname : ''
  return hostname === 'localhost' || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0
}

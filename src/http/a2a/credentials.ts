import type { Core } from '../../core'
import { refusal } from '../../core/kernel/errors'
import { namesActor } from '../actor-header'
import { bearerIn, ofToken } from '../auth'
import type { Credentials } from '../credentials'
import { HttpError } from '../errors'
import { PROTOCOL_VERSION } from './card'

/** Reads the bearer token: no cookies and no socket. */
export const a2aCredentials: Credentials = {
  read(core, request) {
    requireOn(core)
    requireVersion(request)
    const bearer = bearerIn(request)
    if (bearer === undefined) throw refusal('not_authenticated')
    return ofToken(request, bearer)
  },
  namesActor,
  checkAnonymous: requireOn,
}

/** @throws 404 while the surface is off */
function requireOn(core: Core): void {
  if (!core.settings.get('a2a.enabled')) throw new HttpError(404, 'not_found', 'Not Found')
}

/** A request without a version is one of this version. Patch versions do not count. @throws version_not_supported */
function requireVersion(request: Request): void {
  const version = request.headers.get('a2a-version')?.trim() ?? ''
  if (version === '' || version.replace(/^(\d+\.\d+)\.\d+$/, '$1') === PROTOCOL_VERSION) return
  throw new HttpError(
    400,
    'version_not_supported',
    `This server speaks A2A ${PROTOCOL_VERSION}: send this as A2A-Version`,
  )
}

/**
 * The Matrix homeserver's client-server API (spec.matrix.org, client-server API). It exists while a server name is set.
 * Imports the core and the shared files of http/. endpoint.ts declares an endpoint by the rules that all of them keep;
 * each other file has the endpoints of one kind of thing.
 * Start reading at endpoint.ts and errors.ts, then login.ts.
 */
import type { Core } from '../../core'
import type { Matrix } from '../../core/matrix'
import type { Surface } from '../surface'
import { accountEndpoints } from './account'
import { accountDataEndpoints } from './account-data'
import { everyOrigin } from './cors'
import { matrixCredentials } from './credentials'
import { deviceEndpoints } from './devices'
import { discoveryEndpoints } from './discovery'
import { matrixErrors, renderMatrixUnknown } from './errors'
import { historyEndpoints } from './history'
import { keyEndpoints } from './keys'
import { loginEndpoints } from './login'
import { mediaEndpoints } from './media'
import { oldSyncEndpoints } from './old-sync'
import { placeEndpoints } from './places'
import { presenceEndpoints } from './presence'
import { profileEndpoints } from './profile'
import { pushRuleEndpoints } from './push-rules'
import { pusherEndpoints } from './pushers'
import { registrationEndpoints } from './registration'
import { reportEndpoints } from './reports'
import { roomEndpoints } from './rooms'
import { searchEndpoints } from './search'
import { aliasEndpoints, sendingEndpoints } from './sending'
import { receiptEndpoints, stateEndpoints } from './states'
import { syncEndpoints } from './sync'
import { upgradeEndpoints } from './upgrades'

/** Returns the surface of a homeserver. */
export function matrixSurface(core: Core, matrix: Matrix): Surface {
  const { serverName } = matrix
  return {
    name: 'matrix',
    prefixes: ['/_matrix', '/_synapse', '/_tuwunel/server_version', '/.well-known/matrix'],
    features: ['matrix'],
    endpoints: (app) => [
      ...discoveryEndpoints(matrix, app),
      ...loginEndpoints(core, matrix),
      ...syncEndpoints(core, app.limits, matrix),
      ...oldSyncEndpoints(core, app.limits, matrix),
      ...historyEndpoints(matrix),
      ...stateEndpoints(matrix),
      ...receiptEndpoints(matrix),
      ...mediaEndpoints(core, matrix, app),
      ...registrationEndpoints(core, matrix),
      ...accountEndpoints(core, matrix),
      ...deviceEndpoints(core, matrix),
      ...profileEndpoints(core, matrix),
      ...presenceEndpoints(matrix),
      ...accountDataEndpoints(matrix),
      ...keyEndpoints(matrix),
      ...pushRuleEndpoints(matrix),
      ...pusherEndpoints(matrix),
      ...roomEndpoints(matrix),
      ...sendingEndpoints(core, matrix),
      ...aliasEndpoints(matrix),
      ...placeEndpoints(core, matrix),
      ...searchEndpoints(matrix),
      ...reportEndpoints(matrix),
      ...upgradeEndpoints(matrix),
    ],
    renderError: matrixErrors(() => core.settings.get('base_url') ?? `https://${serverName}`),
    renderUnknown: renderMatrixUnknown,
    credentials: matrixCredentials,
    cors: everyOrigin,
    answerHeaders: () => ({
      'content-type': 'application/json',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    }),
  }
}

/**
 * What others find of this server before they have a credential, and what doctor sees of the way to it.
 * Imports the core and the shared files of http/. well-known.ts is what a server says of itself, roster.ts which others
 * it has heard of in its network, echo.ts what of a request arrives here through whatever stands in between.
 * Start reading at well-known.ts.
 */
import type { Surface } from '../surface'
import { echoEndpoints } from './echo'
import { rosterEndpoint } from './peers'
import { wellKnownEndpoint } from './well-known'

export { echoKeys } from './echo'

export const outside: Surface = {
  name: 'outside',
  endpoints: ({ core, host, features }) => [
    wellKnownEndpoint(features),
    rosterEndpoint(host),
    ...echoEndpoints(core, host),
  ],
}

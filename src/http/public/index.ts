/**
 * The public surface: what clients can read without a credential, and what doctor uses to examine the network path.
 * Imports the core and the shared files of http/. well-known.ts describes this server, peers.ts lists other servers in
 * its network, echo.ts shows a request as it arrives here.
 * Start reading at well-known.ts.
 */
import type { Surface } from '../surface'
import { echoEndpoints } from './echo'
import { peersEndpoint } from './peers'
import { wellKnownEndpoint } from './well-known'

export { echoKeys } from './echo'

export const publicSurface: Surface = {
  name: 'public',
  endpoints: ({ core, host, features }) => [
    wellKnownEndpoint(features),
    peersEndpoint(host),
    ...echoEndpoints(core, host),
  ],
}

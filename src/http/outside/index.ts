/**
 * What others find of this server before they have a credential, and what doctor sees of the way to it.
 * Imports the core and the shared files of http/. well-known.ts is what a server says of itself, roster.ts which others
 * it has heard of in its network, echo.ts what of a request arrives here through whatever stands in between.
 * Start reading at well-known.ts.
 */
import type { Core } from '../../core'
import type { Endpoint } from '../endpoint'
import { type EchoKeys, echoEndpoints } from './echo'
import { type Roster, rosterEndpoint } from './roster'
import { wellKnownEndpoint } from './well-known'

export { type EchoKeys, echoKeys } from './echo'
export type { Neighbour, Roster } from './roster'

/** What this surface needs besides the core. */
export interface Outside {
  /** What of the contract this server has. */
  readonly features: readonly string[]
  readonly roster: Roster
}

/** Those that are documented. */
export function outsideEndpoints({ features, roster }: Outside): Endpoint[] {
  return [wellKnownEndpoint(features), rosterEndpoint(roster)]
}

/** Those that only `synapse doctor` uses. */
export function doctorEndpoints(core: Core, keys: EchoKeys): Endpoint[] {
  return echoEndpoints(core, keys)
}

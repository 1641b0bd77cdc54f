import { surfaces } from '../src/app/surfaces.ts'
import type { Endpoint } from '../src/http/endpoint.ts'
import { type AppParts, declareSurfaces } from '../src/http/surface.ts'

/** Replaces a part of the server where endpoints are only declared. Using it throws. */
const absent: never = new Proxy({} as never, {
  get: (_, name) => {
    throw new Error(
      `an endpoint uses ${String(name)} of the server when it is declared, not when it is called`,
    )
  },
})

/** The App with which surfaces declare their endpoints without a server. */
export const undeployedParts: AppParts = {
  ...{ core: absent, streams: absent, longPolls: absent, limits: absent, rates: absent },
  ...{ entrance: absent, host: absent, followers: absent, outbound: absent, report: absent },
  homeserver: () => undefined,
}

/** Returns every endpoint, without a server. */
export function undeployedEndpoints(): Endpoint[] {
  return declareSurfaces(surfaces, undeployedParts).flatMap(({ endpoints }) => endpoints)
}

/** Returns the endpoints that /openapi.json describes. */
export function describedEndpoints(): Endpoint[] {
  return undeployedEndpoints().filter(({ documentation }) => documentation === undefined)
}

import { surfaces } from '../src/app/surfaces.ts'
import type { Endpoint } from '../src/http/endpoint.ts'
import { type AppParts, declareSurfaces } from '../src/http/surface.ts'

/** Stands for a part of the server where endpoints are only declared: none is needed, and whoever uses one is told. */
const absent: never = new Proxy({} as never, {
  get: (_, name) => {
    throw new Error(
      `an endpoint uses ${String(name)} of the server when it is declared, not when it is called`,
    )
  },
})

/** What surfaces declare their endpoints with where there is no server. */
export const undeployedParts: AppParts = {
  ...{ core: absent, streams: absent, longPolls: absent, limits: absent, rates: absent },
  ...{ entrance: absent, host: absent, followers: absent, outbound: absent, report: absent },
}

/** Every endpoint, without a server behind them. */
export function undeployedEndpoints(): Endpoint[] {
  return declareSurfaces(surfaces, undeployedParts).flatMap(({ endpoints }) => endpoints)
}

/** Those that /openapi.json describes. */
export function describedEndpoints(): Endpoint[] {
  return undeployedEndpoints().filter(({ documentation }) => documentation === undefined)
}

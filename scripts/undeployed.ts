import type { Endpoint } from '../src/http/endpoint.ts'
import { declareEndpoints } from '../src/surfaces.ts'

/** Stands for a part of the server where endpoints are only declared: none is needed, and whoever uses one is told. */
export const absent: never = new Proxy({} as never, {
  get: (_, name) => {
    throw new Error(
      `an endpoint uses ${String(name)} of the server when it is declared, not when it is called`,
    )
  },
})

/** Every endpoint that /openapi.json describes, without a server behind them. */
export function undeployedEndpoints(): Endpoint[] {
  const live = {
    ...{ core: absent, wire: absent, streams: absent, waits: absent },
    ...{ limits: absent, rates: absent, report: absent },
  }
  const outside = { features: [], roster: absent }
  return declareEndpoints({ live, vitals: absent, lastSeen: absent, backups: absent, self: absent, outside })
}

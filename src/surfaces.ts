/**
 * The surfaces, and the server that they are behind: a new surface is a folder in http/ and a line here.
 */
import type { Core } from './core'
import { adminEndpoints } from './http/admin'
import { docsEndpoints } from './http/docs'
import type { Endpoint } from './http/endpoint'
import { healthEndpoints } from './http/health'
import { openApiEndpoint } from './http/openapi'
import { doctorEndpoints, type EchoKeys, type Outside, outsideEndpoints } from './http/outside'
import { pairPageEndpoint } from './http/pair'
import { createHttpServer, type HttpServer } from './http/server'
import { v1Endpoints } from './http/v1'
import type { Logger } from './logger'
import type { Meters } from './metrics'

/** What the surfaces are made of, besides the core. */
export interface SurfaceParts {
  readonly live: Parameters<typeof v1Endpoints>[0]
  readonly vitals: Parameters<typeof healthEndpoints>[1]
  readonly lastSeen: Parameters<typeof adminEndpoints>[1]
  readonly backups: Parameters<typeof adminEndpoints>[2]
  readonly self: Parameters<typeof adminEndpoints>[3]
  readonly outside: Outside
}

/** Every endpoint that /openapi.json describes. Declaring them calls nothing: their parts are used by requests alone. */
export function declareEndpoints(parts: SurfaceParts): Endpoint[] {
  const { live, vitals, lastSeen, backups, self, outside } = parts
  const { core } = live
  return [
    ...healthEndpoints(core, vitals),
    ...outsideEndpoints(outside),
    ...v1Endpoints(live),
    pairPageEndpoint(),
    ...adminEndpoints(core, lastSeen, backups, self),
  ]
}

/** All of them behind one server. `keys`: for what only `synapse doctor` asks. */
export function serveSurfaces(
  core: Core,
  parts: SurfaceParts,
  keys: EchoKeys,
  logger: Logger,
  meters: Meters,
): HttpServer {
  const declared = declareEndpoints(parts)
  const described = [...declared, openApiEndpoint(declared)]
  const endpoints = [...described, ...docsEndpoints(described), ...doctorEndpoints(core, keys)]
  return createHttpServer(core, endpoints, parts.live.rates, logger, meters)
}

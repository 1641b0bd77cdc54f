import type { Core } from '../core'
import type { Host, LogFollowers, Outbound } from '../core/kernel'
import type { LongPolls, Streams } from '../core/log/streams'
import { type Asset, assetEndpoint } from './asset'
import { headerCredentials } from './auth'
import { type ReadBody, readJson } from './body'
import { type Cors, listedOrigins } from './cors'
import type { Credentials } from './credentials'
import type { Answer, Endpoint } from './endpoint'
import type { Entrance } from './entrance'
import { type Failure, type RenderedError, renderError } from './errors'
import type { RateLimits } from './rate-limits'
import type { StreamLimits } from './stream-limits'
import { renderUnknown, type UnknownRoute } from './unknown-route'

/**
 * One protocol by which the server is used: a folder of http/ and a line of surfaces.ts. `name` and `endpoints` are all
 * that it needs; what it leaves out is as v1 has it.
 */
export interface Surface {
  readonly name: string
  /**
   * Paths that are its own, as `/_matrix`: every endpoint of it lies below one of them, and no endpoint of another surface
   * does. It also answers there what no endpoint answers. Without any it takes part in what v1 answers.
   */
  readonly prefixes?: readonly string[]
  /** Declares what it answers. Documentation is made of the same declarations, so nothing of `app` is called here. */
  endpoints(app: App): readonly Endpoint[]
  /** Takes in what follows the log by `app.followers`. Called once, before anything is served. */
  followLog?(app: AppParts): void
  /** Files for everybody, which never change while the server runs. */
  readonly assets?: readonly Asset[]
  /** What clients may ask `/v1/server` for before they try it. */
  readonly features?: readonly string[]
  /** How a refusal or a fault is written down. */
  renderError?(failure: Failure, requestId: string): RenderedError
  /** What is answered below its prefixes where no endpoint is. @throws HttpError, which `renderError` writes down */
  renderUnknown?(route: UnknownRoute): Answer
  /** How it reads who calls. */
  readonly credentials?: Credentials
  /** What pages of other origins may do. */
  readonly cors?: Cors
  /** Reads the body of a request whose endpoint declares a schema for it. */
  readonly readBody?: ReadBody
}

/** What a surface may use. */
export interface App {
  readonly core: Core
  /** Opens live streams. */
  readonly streams: Streams
  /** Holds requests until the log moves. */
  readonly longPolls: LongPolls
  readonly limits: StreamLimits
  /** Requests come in by the rule of their endpoint. This is for what somebody who came in asks for later, as a frame. */
  readonly entrance: Pick<Entrance, 'enterAgain'>
  readonly rates: Pick<RateLimits, 'passOn'>
  readonly host: Host
  /** Takes in what follows the log: projections, and endpoints of the outbox. */
  readonly followers: LogFollowers
  /** Calls addresses that somebody typed. */
  readonly outbound: Outbound
  /** Told of faults that are no answer to a request. */
  readonly report: (fault: unknown) => void
  /** What clients may ask for, of all surfaces. */
  readonly features: readonly string[]
  /** Every endpoint of all surfaces; for requests, because they are being declared before. */
  endpoints(): readonly Endpoint[]
}

/** The parts of an App that its surfaces do not make themselves. */
export interface AppParts extends Omit<App, 'features' | 'endpoints'> {
  readonly entrance: Entrance
}

/** A surface with what it left out. */
export type WholeSurface = Required<
  Pick<Surface, 'name' | 'prefixes' | 'renderError' | 'renderUnknown' | 'credentials' | 'cors' | 'readBody'>
>

/** A surface and what it declared. */
export interface Declared {
  readonly surface: WholeSurface
  readonly endpoints: readonly Endpoint[]
}

/** What answers where no surface has a prefix. */
const others: WholeSurface = {
  name: 'others',
  prefixes: [],
  renderError,
  renderUnknown,
  credentials: headerCredentials,
  cors: listedOrigins,
  readBody: readJson,
}

/** Has every surface declare its endpoints. @throws an error if two of them want the same path, or one has a foreign one */
export function declareSurfaces(surfaces: readonly Surface[], parts: AppParts): readonly Declared[] {
  const app: App = {
    ...parts,
    features: surfaces.flatMap(({ features = [] }) => features),
    endpoints: () => all,
  }
  const declared = surfaces.map((surface) => ({
    surface: { ...others, ...surface },
    endpoints: [...surface.endpoints(app), ...(surface.assets ?? []).map(assetEndpoint)],
  }))
  const all = declared.flatMap(({ endpoints }) => endpoints)
  checkPaths(declared)
  return declared
}

function checkPaths(declared: readonly Declared[]): void {
  const owners = declared.map(({ surface }) => surface)
  const taken = new Map<string, string>()
  for (const { surface, endpoints } of declared)
    for (const { method, path } of endpoints) {
      const route = `${method} ${path}`
      const other = taken.get(route)
      if (other !== undefined) throw new Error(`${route} is declared by ${other} and by ${surface.name}`)
      taken.set(route, surface.name)
      const owner = surfaceAt(owners, path)
      if (surface.prefixes.length === 0 ? owner !== others : owner !== surface)
        throw new Error(`${surface.name} declares ${route}, which belongs to ${owner.name}`)
    }
}

/** The surface that a path belongs to: the one with the longest prefix of it. */
export function surfaceAt(surfaces: readonly WholeSurface[], path: string): WholeSurface {
  let found = others
  let longest = -1
  for (const surface of surfaces)
    for (const prefix of surface.prefixes)
      if (prefix.length > longest && isBelow(prefix, path)) {
        found = surface
        longest = prefix.length
      }
  return found
}

function isBelow(prefix: string, path: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`)
}

import type { Core } from '../core'
import type { Settings } from '../core/governance/settings'
import type { Host, LogFollowers, Outbound } from '../core/kernel'
import type { LongPolls, Streams } from '../core/log/streams'
import type { MatrixAdministration } from '../core/matrix/administration/administration'
import { type Asset, assetEndpoint } from './asset'
import { headerCredentials } from './auth'
import { type ReadBody, readJson } from './body'
import { type Cors, listedOrigins } from './cors'
import type { Credentials } from './credentials'
import type { Answer, Endpoint } from './endpoint'
import type { Entrance } from './entrance'
import { type Failure, type RenderedError, renderError } from './errors'
import type { RateLimits } from './rate-limits'
import type { RequestContext } from './request-context'
import { commonHeaders } from './response'
import type { StreamLimits } from './stream-limits'
import { renderUnknown, type UnknownRoute } from './unknown-route'

/**
 * A protocol that the server speaks: a folder of http/ and a line in surfaces.ts. Only `name` and `endpoints` are
 * required; everything else defaults to v1's behaviour.
 */
export interface Surface {
  readonly name: string
  /**
   * The surface's own path prefixes, such as `/_matrix`. All its endpoints lie below them, and no endpoint of another
   * surface does. It also answers unknown paths there. Without prefixes, unknown paths are answered as in v1.
   */
  readonly prefixes?: readonly string[]
  /** Declares the endpoints. The documentation uses the same declarations, so `app` must not be called here. */
  endpoints(app: App): readonly Endpoint[]
  /** Registers followers of the log with `app.followers`. Called once, before anything is served. */
  followLog?(app: AppParts): void
  /** Public files that do not change while the server runs. */
  readonly assets?: readonly Asset[]
  /** Features that clients can query at `/v1/server` while the surface is on. */
  readonly features?: readonly string[]
  /** Reports whether the surface is on; by default it always is. While it is off, its paths do not exist (404). */
  isOn?(settings: Settings): boolean
  /** Renders an error. */
  renderError?(failure: Failure, requestId: string): RenderedError
  /** Answers unknown paths below the prefixes. @throws HttpError, which `renderError` renders */
  renderUnknown?(route: UnknownRoute): Answer
  /** How the surface reads the caller's credential. */
  readonly credentials?: Credentials
  /** The rules for pages of other origins. */
  readonly cors?: Cors
  /** Reads the body of a request whose endpoint declares a schema for it. */
  readonly readBody?: ReadBody
  /** Returns the headers that every answer has, unless the answer has others of these names. */
  answerHeaders?(context: RequestContext): Record<string, string>
}

/** What a surface may use. */
export interface App {
  readonly core: Core
  /** Opens live streams. */
  readonly streams: Streams
  /** Holds requests until a new event arrives. */
  readonly longPolls: LongPolls
  readonly limits: StreamLimits
  /** Re-checks a caller for a later frame on its connection. Requests are checked by the rule of their endpoint. */
  readonly entrance: Pick<Entrance, 'enterAgain'>
  readonly rates: Pick<RateLimits, 'passOn' | 'take'>
  readonly host: Host
  /** Registers followers of the log: projections and endpoints of the outbox. */
  readonly followers: LogFollowers
  /** Calls addresses that users entered. */
  readonly outbound: Outbound
  /** The administration of the Matrix homeserver; undefined without one. */
  readonly homeserver: () => MatrixAdministration | undefined
  /** Reports a fault that is not the answer to a request. */
  readonly report: (fault: unknown) => void
  /** The features of all surfaces that are on. */
  features(): readonly string[]
  /** The endpoints of all surfaces. Call it in a request: the list is incomplete while surfaces declare theirs. */
  endpoints(): readonly Endpoint[]
}

/** The parts of an App that do not depend on the surfaces. */
export interface AppParts extends Omit<App, 'features' | 'endpoints'> {
  readonly entrance: Entrance
}

/** A surface with defaults filled in. */
export type WholeSurface = Required<
  Pick<
    Surface,
    | 'name'
    | 'prefixes'
    | 'isOn'
    | 'renderError'
    | 'renderUnknown'
    | 'credentials'
    | 'cors'
    | 'readBody'
    | 'answerHeaders'
  >
>

/** A surface and its declared endpoints. */
export interface Declared {
  readonly surface: WholeSurface
  readonly endpoints: readonly Endpoint[]
}

/** Answers paths below no surface's prefix. */
const fallbackSurface: WholeSurface = {
  name: 'others',
  prefixes: [],
  isOn: () => true,
  renderError,
  renderUnknown,
  credentials: headerCredentials,
  cors: listedOrigins,
  readBody: readJson,
  answerHeaders: commonHeaders,
}

/**
 * Collects the endpoints of all surfaces. @throws Error if two claim the same path, or one is below a prefix of another
 * surface
 */
export function declareSurfaces(surfaces: readonly Surface[], parts: AppParts): readonly Declared[] {
  const app: App = {
    ...parts,
    features: () =>
      declared.flatMap(({ surface, features }) => (surface.isOn(parts.core.settings) ? features : [])),
    endpoints: () => all,
  }
  const declared = surfaces.map((surface) => ({
    surface: { ...fallbackSurface, ...surface },
    features: surface.features ?? [],
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
      if (surface.prefixes.length === 0 ? owner !== fallbackSurface : owner !== surface)
        throw new Error(`${surface.name} declares ${route}, which belongs to ${owner.name}`)
    }
}

/** Returns the surface with the longest prefix of a path. */
export function surfaceAt(surfaces: readonly WholeSurface[], path: string): WholeSurface {
  let found = fallbackSurface
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

/**
 * HTTP: turns requests into verbs of the core, and results into answers. The files in this folder are shared: requests,
 * credentials, schemas and errors. Each subfolder is a surface, which declares endpoints and renders its own wire form.
 * It imports the core, Elysia and TypeBox; never the store, the hub or one surface from another.
 * Start reading at surface.ts (a surface), endpoint.ts, entrance.ts and auth.ts (the caller), then v1/messages.ts.
 */
import { Elysia } from 'elysia'
import { accountOf, principalOf } from '../core/identity/actor'
import { Meters, type RouteMeter } from '../metrics'
import type { Logger } from '../platform/logger'
import { notePeer, peerOf } from './client'
import type { Endpoint } from './endpoint'
import { type Failure, failureOf, HttpError, type RenderedError, renderError } from './errors'
import { credentialsOf, insideRequest } from './inside'
import { type InsideCalls, RequestContext, type SurfaceContext } from './request-context'
import { toResponse, withoutBody } from './response'
import { type AppParts, declareSurfaces, type Surface, surfaceAt, type WholeSurface } from './surface'
import { underPlainUrl } from './target'
import { pathOf, unknownRoute } from './unknown-route'

export interface HttpServer {
  /** Answers a request that a listener registered with `notePeer`; undefined if it became a WebSocket. */
  fetch(request: Request): Promise<Response | undefined>
  /** Answers a registered request that the listener rejects. */
  refuse(request: Request, error: HttpError): Promise<Response | undefined>
}

/** An endpoint with its surface and its counter. */
interface Route {
  readonly endpoint: Endpoint
  readonly surface: WholeSurface
  readonly meter: RouteMeter
}

/** Creates the server: one router for all surfaces. It answers every request, including failed ones. */
export function createHttpServer(
  parts: AppParts,
  surfaces: readonly Surface[],
  logger: Logger,
  meters = new Meters(),
): HttpServer {
  const { core, entrance } = parts
  const declared = declareSurfaces(surfaces, parts)
  const endpoints = declared.flatMap((each) => each.endpoints)
  const contextOf = (surface: WholeSurface): SurfaceContext => ({ core, surface, entrance, inside })
  const isLoggingAll = () => core.settings.get('log.requests') === 'all'
  /** An error is answered in any case: as in v1 if its surface fails to render it. */
  const rendered = (surface: WholeSurface, failure: Failure, requestId: string): RenderedError => {
    try {
      return surface.renderError(failure, requestId)
    } catch (fault) {
      logger.error('an error could not be rendered', { request_id: requestId, surface: surface.name, fault })
      return renderError(failure, requestId)
    }
  }
  const answer = async (
    request: Request,
    of: SurfaceContext,
    meter: RouteMeter,
    run: (context: RequestContext) => ReturnType<Endpoint['run']>,
  ) => {
    const started = core.clock.steady()
    const { route } = meter
    meter.begin()
    const requestId = requestIdOf(request)
    const context = new RequestContext(of, request, requestId)
    let accountId: string | undefined
    let actingAs: string | undefined
    let response: Response | undefined
    try {
      if (!of.surface.isOn(core.settings)) throw new HttpError(404, 'not_found', 'Not Found')
      const ran = await run(context)
      const principal = ran.actor && principalOf(ran.actor)
      if (principal) accountId = accountOf(principal)?.uuid
      if (ran.actor?.via === 'acting') actingAs = ran.actor.account.uuid
      response = toResponse(ran.answer, context, logger)
      // Errors must not change the answer: the act is done, and the next request can extend the session.
      if (principal?.via === 'session' && response)
        await of.surface.credentials
          .renew?.(core, request, principal.session, response)
          .catch((fault) => logger.error('a session could not be extended', { request_id: requestId, fault }))
    } catch (error) {
      const failure = failureOf(error)
      meters.refused(failure.code)
      if (failure.isFault) logger.error('request failed', { request_id: requestId, route, fault: error })
      const { status, body, headers } = rendered(of.surface, failure, requestId)
      const common = of.surface.answerHeaders(context)
      response = new Response(body, { status, headers: { ...common, ...headers } })
    }
    if (response) of.surface.cors.allow(request, response, core.settings)
    const status = response?.status ?? 101
    const milliseconds = core.clock.steady() - started
    meter.end(status, milliseconds)
    if (logger.isOn('info') && (isNotable(request, status, milliseconds) || isLoggingAll()))
      logger.line(requestLine(requestId, { accountId, actingAs }, route, status, milliseconds))
    return response
  }

  const routes = new Map<string, Route>()
  const inside: InsideCalls = async (outer, call) => {
    const name = `${call.method} ${call.path}`
    const route = routes.get(name)
    if (!route) throw new Error(`there is no endpoint ${name}`)
    const { endpoint, meter } = route
    const surface = { ...route.surface, credentials: credentialsOf(outer) }
    const response = await answer(insideRequest(outer, call), contextOf(surface), meter, (context) =>
      endpoint.run(context, call.params ?? {}),
    )
    if (!response) throw new Error(`${name} cannot be called within a request`)
    return response
  }
  const unknown = meters.route('unknown', '')
  const preflight = meters.route('preflight', '')
  const refused = meters.route('refused', '')
  const owners = declared.map(({ surface }) => surface)
  const ownerOf = (request: Request) => surfaceAt(owners, pathOf(request)[0])
  // Without standardHostname: false Elysia misreads the path of a request to a three-letter host such as `pi`.
  const app = new Elysia({
    strictPath: true,
    normalize: false,
    handler: { standardHostname: false },
  }).onError(({ request }) => {
    const surface = ownerOf(request)
    return answer(request, contextOf(surface), unknown, async () => ({
      actor: null,
      answer: surface.renderUnknown(unknownRoute(endpoints, request)),
    }))
  })
  for (const { surface, endpoints } of declared) {
    const of = contextOf(surface)
    for (const endpoint of endpoints) {
      const meter = endpoint.writesNothing
        ? meters.route(endpoint.method, endpoint.path, false)
        : meters.route(endpoint.method, endpoint.path)
      routes.set(`${endpoint.method} ${endpoint.path}`, { endpoint, surface, meter })
      // Use arrow functions with plain destructuring: Elysia parses the source of its handlers.
      app.route(
        endpoint.method,
        endpoint.path,
        ({ request, params }) =>
          answer(request, of, meter, (context) => endpoint.run(context, params as Record<string, string>)),
        { parse: 'none' },
      )
    }
  }
  app.compile()
  return {
    fetch: async (request) => {
      const { method } = request
      if (method === 'OPTIONS') {
        const surface = ownerOf(request)
        if (!surface.cors.isPreflight(request)) return app.fetch(request)
        const nothing = { actor: null, answer: { status: 204 } } as const
        return answer(request, contextOf(surface), preflight, async () => nothing)
      }
      if (method !== 'HEAD') return app.fetch(request)
      const asGet = underPlainUrl(request, 'GET')
      const { transport, address, secure, rescue = false } = peerOf(request)
      notePeer(asGet, { transport, address, secure, rescue })
      return withoutBody(await app.fetch(asGet))
    },
    refuse: (request, error) =>
      answer(request, contextOf(ownerOf(request)), refused, () => Promise.reject(error)),
  }
}

const SLOW_MILLISECONDS = 1000

const validRequestId = /^[A-Za-z0-9._-]{1,64}$/
let requestPrefix = ''
let requestCount = 0

/** Returns the client's request id if it is valid, else a new one: unique, and cheaper than a UUID. */
function requestIdOf(request: Request): string {
  const given = request.headers.get('x-request-id')
  if (given !== null && validRequestId.test(given)) return given
  if (requestPrefix === '' || requestCount > 1e9) {
    requestPrefix = Bun.randomUUIDv7().replaceAll('-', '')
    requestCount = 0
  }
  return `${requestPrefix}-${(requestCount++).toString(36)}`
}

/** Reports whether a request is logged by default: it failed, or it was slow without having asked to wait. */
function isNotable(request: Request, status: number, milliseconds: number): boolean {
  return status >= 400 || (milliseconds >= SLOW_MILLISECONDS && peerOf(request).held !== true)
}

function requestLine(
  id: string,
  { accountId, actingAs }: { accountId: string | undefined; actingAs: string | undefined },
  route: string,
  status: number,
  ms: number,
): string {
  const account = accountId === undefined ? 'null' : `"${accountId}"`
  const who = actingAs === undefined ? account : `${account},"acting_as":"${actingAs}"`
  return `{"timestamp":"${new Date().toISOString()}","level":"info","request_id":"${id}","account_id":${who},"route":"${route}","status":${status},"latency_ms":${ms.toFixed(2)}}`
}

/**
 * HTTP: from a request to a verb of the core and back. The shared files here know requests, credentials, shapes and
 * errors; a folder each is a surface (v1, admin), which declares endpoints and renders its own wire form.
 * May import the core, Elysia and TypeBox; never the store, the hub or another surface.
 * Start reading at endpoint.ts (what an endpoint is), admission.ts and auth.ts (who calls), then v1/messages.ts.
 */
import { Elysia } from 'elysia'
import type { Core } from '../core'
import { accountOf, principalOf } from '../core/actor'
import type { Logger } from '../logger'
import { Meters, type RouteMeter } from '../metrics'
import { prolongSession } from './auth'
import { notePeer, peerOf } from './client'
import { allowOrigin, isPreflight } from './cors'
import type { Answer, Endpoint } from './endpoint'
import { errorAnswer, HttpError } from './errors'
import { type RateLimits, Visit } from './rate-limits'
import { targetOf, underPlainUrl } from './target'

export interface HttpServer {
  /** Answers a request that a listener noted with `notePeer`; undefined once it has become a WebSocket. */
  fetch(request: Request): Promise<Response | undefined>
  /** Answers a request that a listener noted and does not let in. */
  refuse(request: Request, error: HttpError): Promise<Response | undefined>
}

/** Puts the endpoints behind one router. Whatever happens to a request, this answers it. */
export function createHttpServer(
  core: Core,
  endpoints: readonly Endpoint[],
  rates: RateLimits,
  logger: Logger,
  meters = new Meters(),
): HttpServer {
  const isLoggingAll = () => core.settings.get('log.requests') === 'all'
  const answer = async (
    request: Request,
    meter: RouteMeter,
    run: (visit: Visit) => ReturnType<Endpoint['run']>,
  ) => {
    const started = core.clock.steady()
    const { route } = meter
    meter.begin()
    const requestId = requestIdOf(request)
    const visit = new Visit(requestId, rates)
    let accountId: string | undefined
    let actingAs: string | undefined
    let response: Response | undefined
    try {
      const ran = await run(visit)
      const principal = ran.actor && principalOf(ran.actor)
      if (principal) accountId = accountOf(principal)?.uuid
      if (ran.actor?.via === 'acting') actingAs = ran.actor.account.uuid
      response = toResponse(ran.answer, visit)
      // What was done is done: a session that cannot be prolonged now is the next request's matter.
      if (principal?.via === 'session' && response)
        await prolongSession(core, request, principal.session, response).catch((fault) =>
          logger.error('a session could not be prolonged', { request_id: requestId, fault }),
        )
    } catch (error) {
      const { status, code, body, headers, isFault } = errorAnswer(error, requestId)
      meters.refused(code)
      if (isFault) logger.error('request failed', { request_id: requestId, route, fault: error })
      response = new Response(body, { status, headers: { ...commonHeaders(visit), ...headers } })
    }
    if (response) allowOrigin(request, response, core.settings)
    const status = response?.status ?? 101
    const milliseconds = core.clock.steady() - started
    meter.end(status, milliseconds)
    if (logger.isOn('info') && (isNotable(request, status, milliseconds) || isLoggingAll()))
      logger.line(requestLine(requestId, { accountId, actingAs }, route, status, milliseconds))
    return response
  }

  const unknown = meters.route('unknown', '')
  const preflight = meters.route('preflight', '')
  const refused = meters.route('refused', '')
  // Without standardHostname: false Elysia mistakes the path of a request to a host of three letters, such as `pi`.
  const app = new Elysia({
    strictPath: true,
    normalize: false,
    handler: { standardHostname: false },
  }).onError(({ request }) => answer(request, unknown, async () => unknownRoute(endpoints, request)))
  for (const endpoint of endpoints) {
    const meter = meters.route(endpoint.method, endpoint.path)
    // Arrow functions with plain destructuring: Elysia reads the text of its handlers.
    app.route(
      endpoint.method,
      endpoint.path,
      ({ request, params }) =>
        answer(request, meter, (visit) =>
          endpoint.run(core, request, visit, params as Record<string, string>),
        ),
      { parse: 'none' },
    )
  }
  app.compile()
  return {
    fetch: async (request) => {
      if (request.method !== 'HEAD') {
        if (request.method !== 'OPTIONS' || !isPreflight(request)) return app.fetch(request)
        return answer(request, preflight, async () => ({ actor: null, answer: { status: 204 } }))
      }
      const asGet = underPlainUrl(request, 'GET')
      const { transport, address, secure, rescue = false } = peerOf(request)
      notePeer(asGet, { transport, address, secure, rescue })
      return withoutBody(await app.fetch(asGet))
    },
    refuse: (request, error) => answer(request, refused, () => Promise.reject(error)),
  }
}

/** HEAD is GET without the body, but with its length; a stream has none and is not begun. */
async function withoutBody(response: Response): Promise<Response> {
  const { headers } = response
  if (headers.get('content-type')?.startsWith('text/event-stream')) await response.body?.cancel()
  else headers.set('content-length', String((await response.arrayBuffer()).byteLength))
  return new Response(null, response)
}

function toResponse(answer: Answer, visit: Visit): Response | undefined {
  if (answer === 'upgraded') return undefined
  if ('response' in answer) {
    const { headers } = answer.response
    headers.set('x-request-id', visit.requestId)
    headers.set('x-content-type-options', 'nosniff')
    if (!headers.has('cache-control')) headers.set('cache-control', 'no-store')
    const rate: Record<string, string> = {}
    visit.addTo(rate)
    for (const [name, value] of Object.entries(rate)) headers.set(name, value)
    return answer.response
  }
  const headers = commonHeaders(visit)
  if (answer.status === 204) delete headers['content-type']
  if ('headers' in answer) Object.assign(headers, answer.headers)
  if ('text' in answer) return new Response(answer.text, { status: answer.status, headers })
  if ('json' in answer) {
    const response = new Response(JSON.stringify(answer.json), { status: answer.status, headers })
    for (const cookie of answer.cookies ?? []) response.headers.append('set-cookie', cookie)
    return response
  }
  return new Response(null, { status: answer.status, headers })
}

function commonHeaders(visit: Visit): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    'x-request-id': visit.requestId,
  }
  visit.addTo(headers)
  return headers
}

const SLOW_MILLISECONDS = 1000

const validRequestId = /^[A-Za-z0-9._-]{1,64}$/
let requestPrefix = ''
let requestCount = 0

/** The caller's own id if it sent a valid one, else one of ours: unique, and cheaper than a UUID. */
function requestIdOf(request: Request): string {
  const given = request.headers.get('x-request-id')
  if (given !== null && validRequestId.test(given)) return given
  if (requestPrefix === '' || requestCount > 1e9) {
    requestPrefix = Bun.randomUUIDv7().replaceAll('-', '')
    requestCount = 0
  }
  return `${requestPrefix}-${(requestCount++).toString(36)}`
}

/** Whether it has a line in the log by default: it failed, or it took long without having been asked to wait. */
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

/** What is answered where no endpoint is: another method's path says so, a trailing slash leads on, all else is 404. */
function unknownRoute(endpoints: readonly Endpoint[], request: Request): never {
  const target = targetOf(request.url)
  const end = target.search(/[?#]|$/)
  const [pathname, search] = [target.slice(0, end), target.slice(end)]
  const methods = endpoints
    .filter((candidate) => matches(candidate.path, pathname))
    .map((candidate) => candidate.method)
  if (methods.length > 0) {
    const allow = [...new Set(methods)].sort().join(', ')
    throw new HttpError(405, 'method_not_allowed', 'Method Not Allowed', {}, { allow })
  }
  const bare = pathname.replace(/\/+$/, '')
  if (bare !== pathname && endpoints.some((candidate) => matches(candidate.path, bare)))
    throw new HttpError(307, 'moved', 'Temporary Redirect', {}, { location: `${bare}${search}` })
  throw new HttpError(404, 'not_found', 'Not Found')
}

function matches(pattern: string, path: string): boolean {
  const want = pattern.split('/')
  const have = path.split('/')
  return (
    want.length === have.length &&
    want.every((part, i) => (part.startsWith(':') ? have[i] !== '' : part === have[i]))
  )
}

import type { Answer, Endpoint } from './endpoint'
import { HttpError } from './errors'
import { targetOf } from './target'

/** A request that no endpoint answers. */
export interface UnknownRoute {
  readonly request: Request
  readonly path: string
  /** With its question mark; empty if there is none. */
  readonly search: string
  /** The methods of the path, in order; empty if the path does not exist. */
  readonly methods: readonly string[]
  /** Reports whether another path has an endpoint. */
  has(path: string): boolean
}

/** Answers as v1 does: 405 for a wrong method, a redirect for a trailing slash, else 404. */
export function renderUnknown(route: UnknownRoute): Answer {
  const { path, search, methods } = route
  if (methods.length > 0)
    throw new HttpError(405, 'method_not_allowed', 'Method Not Allowed', {}, { allow: methods.join(', ') })
  const bare = path.replace(/\/+$/, '')
  if (bare !== path && route.has(bare))
    throw new HttpError(307, 'moved', 'Temporary Redirect', {}, { location: `${bare}${search}` })
  throw new HttpError(404, 'not_found', 'Not Found')
}

/** Splits the target of a request into path and query. */
export function pathOf(request: Request): readonly [path: string, search: string] {
  const target = targetOf(request.url)
  const end = target.search(/[?#]|$/)
  return [target.slice(0, end), target.slice(end)]
}

/** Collects the facts about a request that no endpoint answers. */
export function unknownRoute(endpoints: readonly Endpoint[], request: Request): UnknownRoute {
  const [path, search] = pathOf(request)
  const at = (wanted: string) => endpoints.filter((candidate) => matches(candidate.path, wanted))
  const methods = [...new Set(at(path).map(({ method }) => method))].sort()
  return { request, path, search, methods, has: (other) => at(other).length > 0 }
}

function matches(pattern: string, path: string): boolean {
  const want = pattern.split('/')
  const have = path.split('/')
  return (
    want.length === have.length &&
    want.every((part, i) => (part.startsWith(':') ? have[i] !== '' : part === have[i]))
  )
}

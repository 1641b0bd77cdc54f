/** The addresses of the console. The server answers each of them with the same document (src/http/console). */
export const paths = {
  home: '/',
  login: '/login',
  channel: '/channels/:slug',
  thread: '/threads/:id',
  message: '/m/:id',
  inbox: '/inbox',
  approvals: '/approvals',
  activity: '/activity',
  search: '/search',
  me: '/me',
  meSection: '/me/:section',
  admin: '/admin',
  adminSection: '/admin/:section',
  adminItem: '/admin/:section/:item',
} as const

export type RouteName = keyof typeof paths

type ParameterOf<Path extends string> = Path extends `${infer First}/${infer Rest}`
  ? ParameterOf<First> | ParameterOf<Rest>
  : Path extends `:${infer Name}`
    ? Name
    : never

export type Params<Name extends RouteName> = Readonly<Record<ParameterOf<(typeof paths)[Name]>, string>>

/** Where the console is: the name of the address, its parameters, and its query. */
export type Route =
  | {
      readonly [Name in RouteName]: {
        readonly name: Name
        readonly params: Params<Name>
        readonly query: URLSearchParams
      }
    }[RouteName]
  | { readonly name: 'unknown'; readonly params: Record<never, string>; readonly query: URLSearchParams }

export type Query = Readonly<Record<string, string | undefined>>

/** The address of a page: `href('channel', { slug: 'general' }, { m: id })`. */
export function href<Name extends RouteName>(
  name: Name,
  ...[params, query = {}]: keyof Params<Name> extends never
    ? [params?: Params<Name>, query?: Query]
    : [params: Params<Name>, query?: Query]
): string {
  const values: Readonly<Record<string, string>> = params ?? {}
  const path = paths[name].replaceAll(/:(\w+)/g, (_, key: string) => encodeURIComponent(values[key] ?? ''))
  const words = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) if (value !== undefined) words.set(key, value)
  return words.size > 0 ? `${path}?${words}` : path
}

/** Finds the route of an address of this server. */
export function routeOf({ pathname, searchParams }: URL): Route {
  for (const [name, pattern] of Object.entries(paths)) {
    const params = match(pattern, pathname)
    // The table gives a name the parameters of its pattern.
    if (params) return { name, params, query: searchParams } as Route
  }
  return { name: 'unknown', params: {}, query: searchParams }
}

function match(pattern: string, pathname: string): Record<string, string> | undefined {
  const [want, have] = [pattern.split('/'), pathname.split('/')]
  if (want.length !== have.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, part] of want.entries()) {
    const given = have[index] ?? ''
    if (!part.startsWith(':')) {
      if (part !== given) return undefined
      continue
    }
    try {
      params[part.slice(1)] = decodeURIComponent(given)
    } catch {
      return undefined
    }
    if (given === '') return undefined
  }
  return params
}

/** Requests to an endpoint: valid by its schemas, with one rule broken, and hostile. */
import type { TSchema } from '@sinclair/typebox'
import fc from 'fast-check'
import type { Endpoint } from '../../src/http/endpoint'
import { byteLimitOf } from '../../src/http/schema'
import { breaking, broken, fitting, type Known } from './arbitraries'
import { anything, nearly, TEXTS } from './hostile'
import { likelyOf } from './likely'
import { Draw, drawn, type Pools } from './pools'
import { isFittingQuery } from './shapes'

/** A request whose ids are still open. */
interface Plan {
  readonly params: readonly unknown[]
  readonly query: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>
  readonly content: { readonly json: unknown } | { readonly text: string } | null
}

/** A request as it is sent. */
export interface Sent {
  readonly endpoint: Endpoint
  /** The values of the path parameters. */
  readonly params: readonly string[]
  readonly path: string
  /** The last value of each name. */
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  readonly text: string | undefined
}

/** A request that can be sent once ids are known. */
export class Draft {
  constructor(
    readonly endpoint: Endpoint,
    private readonly plan: Plan,
  ) {}

  /** Fills in ids and names known by now. */
  settle(pools: Pools): Sent {
    const { params, content } = this.plan
    const parts = params.map((param) => wordOf(settled(param, pools)))
    const rest = [...parts]
    const path = this.endpoint.path.replace(/(?<=\/):\w+|\*$/g, () => inPath(rest.shift() ?? ''))
    const words = Object.entries(this.plan.query).map(
      ([name, value]) => [name.toWellFormed(), wordOf(settled(value, pools))] as const,
    )
    const target = words
      .map(([name, word]) => `${encodeURIComponent(name)}=${encodeURIComponent(word)}`)
      .join('&')
    return {
      endpoint: this.endpoint,
      params: parts,
      path: target === '' ? path : `${path}?${target}`,
      query: Object.fromEntries(words),
      headers: this.plan.headers,
      text:
        content === null
          ? undefined
          : 'text' in content
            ? content.text
            : JSON.stringify(settled(content.json, pools)),
    }
  }
}

/** The command that repeats the request. */
export function curl({ endpoint, path, headers, text }: Sent, who: string): string {
  const quote = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`
  const more = Object.entries(headers).map(([name, value]) => `-H ${quote(`${name}: ${value}`)} `)
  const data = text === undefined ? '' : `-d ${quote(text.length > 500 ? `${text.slice(0, 500)}…` : text)} `
  return `curl -X ${endpoint.method} -H "$${who}" ${more.join('')}${data}${quote(path)}`
}

/** A lone surrogate cannot be encoded, and an empty segment would change the path. */
function inPath(word: string): string {
  return encodeURIComponent(word) || '%20'
}

function wordOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(wordOf).join(',')
  return (typeof value === 'object' ? JSON.stringify(value) : String(value)).toWellFormed()
}

function settled(value: unknown, pools: Pools): unknown {
  if (value instanceof Draw) return value.from(pools)
  if (Array.isArray(value)) return value.map((item) => settled(item, pools))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, settled(inner, pools)]))
}

const nothing = fc.constant({})

/** Whether the endpoint takes any bytes as they are. */
function takesBytes({ body }: Endpoint): boolean {
  return body !== undefined && byteLimitOf(body as TSchema) !== undefined
}

/** A valid body. */
function fittingContent(endpoint: Endpoint, known?: Known): fc.Arbitrary<Plan['content']> {
  if (!endpoint.body) return fc.constant(null)
  if (takesBytes(endpoint)) return fc.constantFrom(...TEXTS).map((text) => ({ text }))
  return fitting(endpoint.body, known).map((json) => ({ json }))
}

/** Valid requests that mostly name existing objects. */
export function fittingRequests(endpoint: Endpoint): fc.Arbitrary<Draft> {
  const content = fittingContent(endpoint, likelyOf(endpoint))
  return drafts(endpoint, {
    query: fc.oneof(
      { weight: 8, arbitrary: queries(endpoint) },
      { weight: 1, arbitrary: withMore(queries(endpoint)) },
    ),
    content,
  })
}

/** Requests with one rule of the schema of the body or the query broken; null if there are no rules. */
export function breakingRequests(endpoint: Endpoint): fc.Arbitrary<Draft> | null {
  const { body, query } = endpoint
  const ways: fc.Arbitrary<Draft>[] = []
  if (body && !takesBytes(endpoint)) {
    const content = breaking(body).map((json) => ({ json }))
    ways.push(drafts(endpoint, { query: queries(endpoint), content }))
  }
  if (query) {
    const content = fittingContent(endpoint)
    const wrong = broken(query)
      .map(asWords)
      .filter((words) => !isFittingQuery(query, words))
    ways.push(drafts(endpoint, { query: wrong, content }))
  }
  return ways.length === 0 ? null : fc.oneof(...ways)
}

/** Requests of an attacker. */
export function hostileRequests(endpoint: Endpoint): fc.Arbitrary<Draft> {
  const { method, query = {} } = endpoint
  const body = takesBytes(endpoint) ? {} : (endpoint.body ?? {})
  const json = fc.oneof({ weight: 4, arbitrary: nearly(body as TSchema) }, { weight: 1, arbitrary: anything })
  const content = fc.oneof(
    { weight: 15, arbitrary: json.map((value) => ({ json: value })) },
    { weight: 1, arbitrary: json.map((value) => ({ text: (JSON.stringify(value) ?? '').slice(0, -1) })) },
    { weight: 1, arbitrary: fc.constantFrom(...TEXTS).map((text) => ({ text })) },
    { weight: 1, arbitrary: fc.constant(null) },
  )
  const words = Object.entries<TSchema>((query as TSchema).properties ?? {}).map(
    ([name, schema]) => [name, nearly(schema)] as const,
  )
  return drafts(endpoint, {
    params: fc.oneof(
      { weight: 1, arbitrary: fc.constantFrom<unknown>(...TEXTS) },
      { weight: 1, arbitrary: drawn('account') },
    ),
    query: withMore(fc.record(Object.fromEntries(words), { requiredKeys: [] })),
    headers: fc.record(hostileHeaders, { requiredKeys: [] }),
    content: method === 'GET' ? fc.constant(null) : content,
  })
}

const hostileHeaders = {
  'idempotency-key': fc.constantFrom('', 'x'.repeat(300), 'a', '"'),
  accept: fc.constantFrom('*/*', 'text/html', 'nonsense', ''),
  'content-type': fc.constantFrom('application/json', 'text/plain', 'application/json; charset=latin1', ''),
  'x-synapse-actor': fc.constantFrom(
    'ann',
    'chief',
    'nobody',
    'ann, chief',
    '*',
    '',
    'fed:peer',
    'x'.repeat(300),
  ),
  'x-request-id': fc.constantFrom('', 'a b', 'x'.repeat(65), '{}'),
  'if-none-match': fc.constantFrom('*', '"x"'),
  range: fc.constantFrom('bytes=0-1', 'lines=x'),
}

function queries(endpoint: Endpoint): fc.Arbitrary<Readonly<Record<string, unknown>>> {
  // The schema of an object makes objects.
  const { query } = endpoint
  return query ? (fitting(query, likelyOf(endpoint)) as fc.Arbitrary<Record<string, unknown>>) : nothing
}

function withMore(query: fc.Arbitrary<object>): fc.Arbitrary<Record<string, unknown>> {
  const more = fc.dictionary(
    fc.constantFrom(...TEXTS.filter((text) => text !== '__proto__')),
    fc.constantFrom<unknown>(...TEXTS),
    { maxKeys: 1 },
  )
  return fc.tuple(more, query).map(([unknown, known]) => ({ ...unknown, ...known }))
}

/** The values of a query as text, without absent ones. */
function asWords(value: unknown): Record<string, string> {
  const fields = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
  return Object.fromEntries(Object.entries(fields).map(([name, inner]) => [name, wordOf(inner)]))
}

function drafts(
  endpoint: Endpoint,
  {
    params,
    query,
    headers = nothing,
    content,
  }: {
    params?: fc.Arbitrary<unknown>
    query: fc.Arbitrary<Readonly<Record<string, unknown>>>
    headers?: fc.Arbitrary<Readonly<Record<string, string>>>
    content: fc.Arbitrary<Plan['content']>
  },
): fc.Arbitrary<Draft> {
  const names = [...endpoint.path.matchAll(/(?<=\/):(\w+)|\*$/g)].map(([, name = '*']) => name)
  const known = likelyOf(endpoint)
  const one = (name: string) => params ?? known(name, fc.constantFrom<unknown>(...TEXTS))
  return fc
    .record({ params: fc.tuple(...names.map(one)), query, headers, content })
    .map((plan) => new Draft(endpoint, plan))
}

import type { TObject, TSchema } from '@sinclair/typebox'
import type { Actor } from '../core/identity/actor'
import { canonicalJson } from '../core/kernel/canonical-json'
import { streamedBody } from './body'
import { hasGone, RequestOrigin } from './client'
import { type AccessRule, type ActorOf, callers, type Who } from './entrance'
import { HttpError } from './errors'
import { type Once, onceBy, retryHeader } from './once'
import type { RateClass } from './rate-limits'
import type { RequestContext } from './request-context'
import { byteLimitOf, type Static } from './schema'
import { validator } from './validation'

/** A request that passed gates 1 and 2: its caller is known and its shape is right. */
export interface Call<W extends Who, Query, Body> {
  readonly request: Request
  readonly context: RequestContext
  readonly actor: ActorOf<W>
  readonly query: Query
  readonly body: Body
  readonly params: Readonly<Record<string, string>>
  /** The header `Idempotency-Key` of a POST. */
  readonly retryKey: string | null
  /** How every POST acts, but for messages, which keep no answer, and for what has no account. */
  readonly once: Once<ActorOf<W>>
}

/** What an endpoint answers: JSON, JSON that is rendered already, nothing, or a response of its own making. */
export type Answer =
  | {
      readonly status: number
      readonly json: unknown
      readonly headers?: Readonly<Record<string, string>>
      /** Each a `Set-Cookie` of its own. */
      readonly cookies?: readonly string[]
    }
  | { readonly status: number; readonly text: string; readonly headers?: Readonly<Record<string, string>> }
  | { readonly status: 204; readonly headers?: Readonly<Record<string, string>> }
  | { readonly response: Response }
  /** The connection is a WebSocket now. */
  | 'upgraded'

interface Spec<W extends Who, Query extends TObject, Body extends TSchema> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With parameters as `:name`. */
  readonly path: string
  readonly who: W
  /** Of an endpoint for admins: the scope that opens it to other tokens. */
  readonly scope?: string
  /** What it counts as; by its method when it does not say. Without a credential nothing is counted. */
  readonly rate?: RateClass
  readonly summary: string
  readonly description?: string
  readonly tag: string
  /** Of a request that is no GET: it is answered while the server drains, because it signs in or ends the drain. */
  readonly duringDrain?: true
  readonly query?: Query
  readonly body?: Body
  /** Answers by status; null where there is no body. */
  readonly answers: Readonly<Record<number, { readonly description: string; readonly schema?: TSchema }>>
  /** Reasons (`code`) of refusals besides those that every endpoint has. */
  readonly refusals?: readonly string[]
  /** Whether all of it is judged again by the transaction that writes. */
  readonly authorizedInTransaction?: true
  /** Of a POST whose answer shows a secret. */
  readonly showsSecret?: true
  /** Where it is shown: in /openapi.json and at /docs unless this says less. */
  readonly documentation?: 'page' | 'none'
  readonly handle: (call: Call<W, Static<Query>, Static<Body>>) => Answer | Promise<Answer>
}

const declared: unique symbol = Symbol('declared')

/**
 * An endpoint with its types erased: what the server runs, the documentation shows and the tests walk. Only `endpoint`
 * makes one, so that none runs past its rule.
 */
export interface Endpoint extends Omit<Spec<Who, TObject, TSchema>, 'handle'> {
  readonly [declared]: true
  run(context: RequestContext, params: Readonly<Record<string, string>>): Promise<Ran>
}

export interface Ran {
  readonly answer: Answer
  readonly actor: Actor | null
}

const noQuery = {}

/**
 * Declares an endpoint. One declaration validates, documents and types it. Elysia only routes: it validates before its
 * guards run, but a caller without a credential must hear that (401), and not what is wrong with the request (422).
 */
export function endpoint<
  W extends Who,
  Query extends TObject = TObject<never>,
  Body extends TSchema = TSchema,
>(spec: Spec<W, Query, Body>): Endpoint {
  const checkQuery = spec.query && validator(spec.query, 'query')
  const bodyOf = spec.body && bodyReader(spec.body)
  const isStreamed = spec.body !== undefined && byteLimitOf(spec.body) !== undefined
  const what = `${spec.method} ${spec.path}`
  const who: Who = spec.who
  if (!callers.includes(who)) throw new Error(`${what} does not say who may call it`)
  const rate = spec.rate ?? (spec.method === 'GET' ? 'read' : 'write')
  const rule: AccessRule | null =
    who === 'nobody'
      ? null
      : { who, scope: spec.scope, rate, authorizedInTransaction: spec.authorizedInTransaction ?? false }
  return {
    [declared]: true,
    ...(spec as Omit<Spec<Who, TObject, TSchema>, 'handle'>),
    async run(context, params) {
      const { request } = context
      const { core, surface } = context.of
      const { credentials } = surface
      // What only reads, and what is posted in one's own name, is not written down.
      const isNoted = rate !== 'read' && (rate !== 'post' || credentials.namesActor?.(request) === true)
      if (isNoted && hasGone(request))
        throw new HttpError(400, 'client_gone', 'The connection was closed before the request was read')
      const origin = isNoted
        ? new RequestOrigin(request, core.settings, what, spec.duringDrain === true)
        : null
      if (rule === null) credentials.checkUnasked?.(core, request)
      const actor = rule === null ? null : await context.enter(rule, origin)
      const query = checkQuery ? checkQuery(queryOf(request.url)) : noQuery
      const body = bodyOf && (await bodyOf(context))
      const retryKey = spec.method === 'POST' ? retryHeader(request) : null
      const once: Once<Actor | null> = async (act, answer) => {
        if (actor === null || retryKey === null) return answer(await act(actor), core.reads)
        // What is streamed is not read before the act, so its key says alone that it is the same.
        const same = canonicalJson([what, params, query, isStreamed ? null : (body ?? null)])
        const key = core.retryKeys.keyOf(actor, retryKey, same, spec.showsSecret === true)
        return onceBy(core, actor, key, act, answer)
      }
      const call = { request, context, actor, query, body, params, retryKey, once }
      // `who` decides the actor's type, the validators decide those of query and body.
      const answer = await spec.handle(call as Call<W, Static<Query>, Static<Body>>)
      return { actor, answer }
    },
  }
}

/** How the body of an endpoint is read: as a whole and checked, as its surface reads it, or handed on as it comes. */
function bodyReader(schema: TSchema): (context: RequestContext) => unknown {
  const limit = byteLimitOf(schema)
  if (limit !== undefined) return ({ request, of }) => streamedBody(request, limit(of.core.settings))
  const check = validator(schema, 'body')
  return async ({ request, of }) => check(await of.surface.readBody(request, of.core.settings))
}

function queryOf(url: string): Record<string, string> {
  const start = url.indexOf('?')
  // Of a name that is repeated the last one counts.
  return start < 0 ? {} : Object.fromEntries(new URLSearchParams(url.slice(start + 1)))
}

import type { TObject, TSchema } from '@sinclair/typebox'
import type { Actor } from '../core/identity/actor'
import { canonicalJson } from '../core/kernel/canonical-json'
import { streamedBody } from './body'
import { isDisconnected, RequestOrigin } from './client'
import { type AccessRule, type ActorOf, callers, type Who } from './entrance'
import { HttpError } from './errors'
import { type Once, onceWithKey, retryHeader } from './once'
import type { RateClass } from './rate-limits'
import type { RequestContext } from './request-context'
import { byteLimitOf, type Static } from './schema'
import { validator } from './validation'

/** A request whose caller and shape have been checked. */
export interface Call<W extends Who, Query, Body> {
  readonly request: Request
  readonly context: RequestContext
  readonly actor: ActorOf<W>
  readonly query: Query
  readonly body: Body
  readonly params: Readonly<Record<string, string>>
  /** The header `Idempotency-Key` of a request that takes one. */
  readonly retryKey: string | null
  /**
   * Runs the act of a POST, or of another request that takes retry keys, at most once for each of them. Two kinds of endpoints do not use it: posts, which store no
   * answer, and those without an account.
   */
  readonly once: Once<ActorOf<W>>
  /**
   * Reports whether the retry key was used before. An endpoint that refuses something before `once` asks for it: a
   * repeated request gets its answer, whatever has changed meanwhile.
   */
  readonly isRepeated: () => Promise<boolean>
}

/** The answer of an endpoint: a JSON value, rendered text, no content, pieces, or a complete response. */
export type Answer =
  | {
      readonly status: number
      readonly json: unknown
      readonly headers?: Readonly<Record<string, string>>
      /** Each becomes a separate `Set-Cookie` header. */
      readonly cookies?: readonly string[]
    }
  | {
      readonly status: number
      readonly text: string | Blob
      readonly headers?: Readonly<Record<string, string>>
    }
  | { readonly status: 204; readonly headers?: Readonly<Record<string, string>> }
  /** Pieces that are sent as they come, no faster than they are read. If one fails, the connection is closed. */
  | {
      readonly status: number
      readonly pieces: AsyncIterable<Uint8Array>
      readonly headers?: Readonly<Record<string, string>>
    }
  /** A file, as it is. The headers include the content type and length. */
  | { readonly status: number; readonly bytes: Blob; readonly headers: Readonly<Record<string, string>> }
  /** Its body is a stream or empty. HEAD does not read it. */
  | { readonly response: Response }
  /** The connection has become a WebSocket. */
  | 'upgraded'

/** How the endpoints of another protocol differ from those of v1. They take bearer tokens alone. */
export interface Dialect {
  /** Of bodies and answers. */
  readonly contentType: string
  /** Of every error. */
  readonly error: TSchema
}

export interface Spec<W extends Who, Query extends TObject, Body extends TSchema> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With parameters as `:name`. */
  readonly path: string
  readonly who: W
  /** For endpoints with `who: 'admin'`: the scope that admits other tokens. */
  readonly scope?: string
  /** The rate class; by default it follows from the method. Requests without a credential are not counted. */
  readonly rate?: RateClass | 'unlimited'
  readonly summary: string
  readonly description?: string
  readonly tag: string
  /**
   * For methods other than GET: the request is allowed while the server drains, because it signs in or ends the drain.
   */
  readonly duringDrain?: true
  readonly query?: Query
  readonly body?: Body
  /** Answers by status; null if there is no body. */
  readonly answers: Readonly<Record<number, { readonly description: string; readonly schema?: TSchema }>>
  /** Error codes besides those that every endpoint has. */
  readonly refusals?: readonly string[]
  /** Whether the writing transaction checks all rights again. */
  readonly authorizedInTransaction?: true
  /** Whether tokens that have only `configsync:*` scopes are admitted. */
  readonly admitsSyncTokens?: true
  /** For methods other than GET: what it writes, requests within it write, which are counted themselves. */
  readonly writesNothing?: true
  /**
   * Whether the request takes a retry key. By default every POST does; another one does where doing it twice is not the
   * same as once. In other protocols a POST may have other means.
   */
  readonly takesRetryKey?: boolean
  /** For a POST whose answer contains a secret. */
  readonly showsSecret?: true
  /** For an endpoint of another protocol: what its documentation says instead of what all others have in common. */
  readonly dialect?: Dialect
  /** Where the endpoint is documented; by default in /openapi.json and at /docs. */
  readonly documentation?: 'page' | 'none'
  readonly handle: (call: Call<W, Static<Query>, Static<Body>>) => Answer | Promise<Answer>
}

const declared: unique symbol = Symbol('declared')

/**
 * An endpoint with its types erased, for the server, the documentation and the tests. Only the function `endpoint`
 * creates one, so every endpoint enforces its access rule.
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
 * Declares an endpoint. One declaration validates, documents and types it. Elysia only routes: it would validate before
 * its guards run, but a caller without a credential must get 401, not the faults of its request (422).
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
    who === 'anyone'
      ? null
      : {
          who,
          scope: spec.scope,
          rate,
          authorizedInTransaction: spec.authorizedInTransaction ?? false,
          admitsSyncTokens: spec.admitsSyncTokens ?? false,
        }
  return {
    [declared]: true,
    ...(spec as Omit<Spec<Who, TObject, TSchema>, 'handle'>),
    async run(context, params) {
      const { request } = context
      const { core, surface } = context.of
      const { credentials } = surface
      // Reads, and posts in the caller's own name, need no audit entry.
      const isNoted = rate !== 'read' && (rate !== 'post' || credentials.namesActor?.(request) === true)
      if (isNoted && isDisconnected(request))
        throw new HttpError(400, 'client_gone', 'The connection was closed before the request was read')
      const origin = isNoted
        ? new RequestOrigin(request, core.settings, what, spec.duringDrain === true)
        : null
      if (rule === null) credentials.checkAnonymous?.(core, request)
      const actor = rule === null ? null : await context.enter(rule, origin)
      const query = checkQuery ? checkQuery(queryOf(request.url)) : noQuery
      const body = bodyOf && (await bodyOf(context))
      const takesKey = spec.takesRetryKey ?? spec.method === 'POST'
      const retryKey = takesKey ? retryHeader(request) : null
      const once: Once<Actor | null> = async (act, answer, content) => {
        if (actor === null || retryKey === null) return answer(await act(actor), core.reads)
        // A streamed body cannot be compared. The endpoint may pass something that stands for it.
        const same = canonicalJson([what, params, query, isStreamed ? (content ?? null) : (body ?? null)])
        const key = core.retryKeys.keyOf(actor, retryKey, same, spec.showsSecret === true)
        return onceWithKey(core, actor, key, act, answer)
      }
      const isRepeated = async () =>
        actor !== null && retryKey !== null && (await core.retryKeys.isUsed(actor, retryKey))
      const call = { request, context, actor, query, body, params, retryKey, once, isRepeated }
      // `who` determines the actor's type, the validators those of query and body.
      const answer = await spec.handle(call as Call<W, Static<Query>, Static<Body>>)
      return { actor, answer }
    },
  }
}

/** Returns how the endpoint's body is read: parsed and checked as its surface does, or streamed. */
function bodyReader(schema: TSchema): (context: RequestContext) => unknown {
  const limit = byteLimitOf(schema)
  if (limit !== undefined) return ({ request, of }) => streamedBody(request, limit(of.core.settings))
  const check = validator(schema, 'body')
  return async ({ request, of }) => check(await of.surface.readBody(request, of.core.settings))
}

function queryOf(url: string): Record<string, string> {
  const start = url.indexOf('?')
  // If a name is repeated, its last value counts.
  return start < 0 ? {} : Object.fromEntries(new URLSearchParams(url.slice(start + 1)))
}

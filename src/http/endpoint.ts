import type { TObject, TSchema } from '@sinclair/typebox'
import type { Core } from '../core'
import { type Actor, type Person, type Principal, principalOf, requireAdmin, withOrigin } from '../core/actor'
import { refuseWhileDraining } from '../core/drain'
import { AppError } from '../core/errors'
import { namesActor } from './actor-header'
import { authenticate, checkBareClaim } from './auth'
import { readJson } from './body'
import { clientAddress, hasGone, RequestOrigin } from './client'
import { HttpError } from './errors'
import type { RateClass, Visit } from './rate-limits'
import type { Static } from './schema'
import { type Validator, validator } from './validation'

/**
 * Who may call: `nobody` needs no credential, `anybody` any credential and the operator, `account` somebody with an
 * account, `admin` a system administrator. There is no default: an endpoint says it, or it does not compile.
 */
export type Who = 'nobody' | 'anybody' | 'account' | 'admin'

/** Who acts as somebody else does so as an account alone; elsewhere its own credential is what counts. */
type ActorOf<W extends Who> = W extends 'nobody' ? null : W extends 'account' ? Person : Principal

/** A request that passed gates 1 and 2: its caller is known and its shape is right. */
export interface Call<W extends Who, Query, Body> {
  readonly request: Request
  readonly visit: Visit
  readonly actor: ActorOf<W>
  readonly query: Query
  readonly body: Body
  readonly params: Readonly<Record<string, string>>
}

/** What an endpoint answers: JSON, JSON that is rendered already, nothing, or a response of its own making. */
export type Answer =
  | { readonly status: number; readonly json: unknown; readonly headers?: Readonly<Record<string, string>> }
  | { readonly status: number; readonly text: string; readonly headers?: Readonly<Record<string, string>> }
  | { readonly status: 204 }
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
  /** Whether all of it is judged once more by the work that writes. */
  readonly isJudgedLate?: boolean
  readonly handle: (call: Call<W, Static<Query>, Static<Body>>) => Answer | Promise<Answer>
}

/** An endpoint with its types erased: what the server runs, the documentation shows and the tests walk. */
export interface Endpoint extends Omit<Spec<Who, TObject, TSchema>, 'handle'> {
  run(core: Core, request: Request, visit: Visit, params: Readonly<Record<string, string>>): Promise<Ran>
}

export interface Ran {
  readonly answer: Answer
  readonly actor: Actor | null
}

const noQuery = {}

/** Whom an endpoint lets in, and how it counts. */
interface Gate {
  readonly who: Who
  readonly scope: string | undefined
  readonly rate: RateClass
  readonly isJudgedLate: boolean
}

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
  const checkBody = spec.body && validator(spec.body, 'body')
  // What is judged again where it is written is refused there, by what every server of the store knows.
  const isRefusedByDrain = spec.method !== 'GET' && spec.duringDrain !== true && spec.isJudgedLate !== true
  const gate: Gate = {
    who: spec.who,
    scope: spec.scope,
    rate: spec.rate ?? (spec.method === 'GET' ? 'read' : 'write'),
    isJudgedLate: spec.isJudgedLate ?? false,
  }
  return {
    ...(spec as Omit<Spec<Who, TObject, TSchema>, 'handle'>),
    async run(core, request, visit, params) {
      // What only reads, and what is posted in one's own name, is not written down.
      const isNoted = gate.rate !== 'read' && (gate.rate !== 'post' || namesActor(request))
      if (isNoted && hasGone(request))
        throw new HttpError(400, 'client_gone', 'The connection was closed before the request was read')
      const origin = isNoted ? new RequestOrigin(request, core.settings) : null
      if (spec.who === 'nobody') checkBareClaim(core, request)
      const actor = spec.who === 'nobody' ? null : await admit(core, request, visit, gate, origin)
      if (isRefusedByDrain && actor?.via !== 'operator') refuseWhileDraining(core.settings)
      const query = checkQuery ? checkQuery(queryOf(request.url)) : noQuery
      const body = checkBody && (await bodyOf(core, request, checkBody))
      const call = { request, visit, actor, query, body, params }
      // `who` decides the actor's type, the validators decide those of query and body.
      const answer = await spec.handle(call as Call<W, Static<Query>, Static<Body>>)
      if (actor?.via === 'acting' && spec.method !== 'GET')
        core.actedWrites.note(actor, `${spec.method} ${spec.path}`)
      return { actor, answer }
    },
  }
}

/**
 * Lets nobody in, and refuses nobody, by what another process has changed meanwhile. What is judged again where it is
 * written is let in by what is known here, which spares it a question.
 */
async function authenticateFresh(core: Core, request: Request, isJudgedLate: boolean): Promise<Actor> {
  if (isJudgedLate)
    try {
      return await authenticate(core, request)
    } catch (refused) {
      const fresh = core.fresh()
      if (!fresh) throw refused
      await fresh
      return authenticate(core, request)
    }
  await core.fresh()
  return authenticate(core, request)
}

/** Gate 1. @throws the 401s, rate_limited, admin_scope_required, missing_scope, not_admin, operator_has_no_account */
async function admit(
  core: Core,
  request: Request,
  visit: Visit,
  gate: Gate,
  origin: RequestOrigin | null,
): Promise<Actor> {
  const { who, scope, rate } = gate
  const found = await authenticateFresh(core, request, gate.isJudgedLate)
  const actor = origin === null ? found : withOrigin(found, origin)
  const principal = principalOf(actor)
  countVisit(core, request, visit, principal, rate)
  if (who === 'admin') requireAdmin(principal, core.settings, scope)
  if (who !== 'account') return principal
  if (actor.via === 'operator')
    throw new AppError(
      'forbidden',
      'operator_has_no_account',
      'The local operator administrates but is nobody; name an account with X-Synapse-Actor, or use its token',
    )
  return actor
}

/** Of every request with a credential, also where an endpoint looks at that itself. @throws rate_limited */
export function countVisit(
  core: Core,
  request: Request,
  visit: Visit,
  principal: Principal,
  rate: RateClass,
): void {
  visit.take(principal, rate)
  core.usage.note(principal)
  // Posts are many: of them it is enough to look at one now and then.
  if (principal.via === 'token' && (rate !== 'post' || core.sharing.isDue(principal.token.id)))
    noteWhere(core, request, principal.token.id)
}

/** Where a token is used from: two programs should not share one. */
function noteWhere(core: Core, request: Request, tokenId: number): void {
  const address = clientAddress(request, core.settings.get('trusted_proxies'))
  // A client that has gone was somewhere all the same.
  if (hasGone(request)) return
  core.sharing.note(tokenId, address, request.headers.get('user-agent'))
}

async function bodyOf(core: Core, request: Request, check: Validator): Promise<unknown> {
  return check(await readJson(request, core.settings.get('http.max_body')))
}

function queryOf(url: string): Record<string, string> {
  const start = url.indexOf('?')
  // Of a name that is repeated the last one counts.
  return start < 0 ? {} : Object.fromEntries(new URLSearchParams(url.slice(start + 1)))
}

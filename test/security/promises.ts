/** What an endpoint documents, and whether an answer agrees with it. */
import { credentialRefusals } from '../../src/http/auth'
import type { Endpoint } from '../../src/http/endpoint'
import { errorCodes } from '../../src/http/error-codes'
import type { Answer } from '../support/caller'
import { inV1 } from '../support/dialects'
import type { Sent } from './requests'
import { isFittingBody, isFittingQuery, misfits } from './shapes'

/** The caller of a request, as far as access depends on it. */
export interface Standing {
  readonly by: 'anyone' | 'operator' | 'account'
  /** Whether the credential is valid; null if unknown. */
  readonly isValid: boolean | null
  readonly isAdmin: boolean
  readonly scopes: readonly string[]
  /** Whether the credential is a token, which other protocols ask for. */
  readonly hasToken: boolean
}

export const GUEST: Standing = { by: 'anyone', isValid: false, isAdmin: false, scopes: [], hasToken: false }
export const OPERATOR: Standing = {
  by: 'operator',
  isValid: true,
  isAdmin: true,
  scopes: [],
  hasToken: false,
}

const statusOf = new Map(errorCodes.map(({ code, status }) => [code, status]))

const ofTheActorHeader = [
  'actor_header_invalid',
  'actor_header_unauthenticated',
  'actor_claim_denied',
  'impersonation_denied',
  'account_not_found',
]

/** The codes with which an endpoint may refuse a request: its own, and those of its kind. */
function refusalsOf({ endpoint, headers }: Sent): Set<string> {
  const { who, method, duringDrain, query, body, admitsSyncTokens, refusals = [] } = endpoint
  const codes = new Set(refusals)
  const add = (...more: string[]) => {
    for (const code of more) codes.add(code)
  }
  if (who !== 'anyone') add(...credentialRefusals, 'rate_limited')
  if (who !== 'anyone' && admitsSyncTokens !== true) add('missing_scope')
  if (who === 'account') add('operator_has_no_account')
  if (who === 'admin') add('admin_scope_required', 'not_admin')
  if (method !== 'GET' && duringDrain !== true) add('draining')
  if (method === 'POST' && who !== 'anyone') add('idempotency_conflict')
  if (query || body || method === 'POST') add('validation_error')
  if (body) add('unsupported_media_type', 'payload_too_large')
  if ('x-synapse-actor' in headers) add(...ofTheActorHeader)
  return codes
}

/** The standing of a caller at an endpoint: other protocols know tokens alone. */
function standingAt({ dialect }: Endpoint, standing: Standing): Standing {
  return dialect && !standing.hasToken ? GUEST : standing
}

/** Whether a credential opens the endpoint; null if unknown. */
export function isLetIn(endpoint: Endpoint, caller: Standing): boolean | null {
  const { who, scope, admitsSyncTokens } = endpoint
  const { by, isValid, isAdmin, scopes } = standingAt(endpoint, caller)
  if (who === 'anyone') return true
  if (!isValid) return isValid
  const isForSyncOnly = scopes.length > 0 && scopes.every((one) => one.startsWith('configsync:'))
  if (isForSyncOnly && admitsSyncTokens !== true) return false
  if (who === 'admin') return isAdmin || (scope !== undefined && scopes.includes(scope) ? null : false)
  return who === 'authenticated' || by === 'account'
}

/** Whether the body and the query fit the schemas. */
function isFitting({ endpoint: { query, body }, query: words, text }: Sent): boolean {
  return (!query || isFittingQuery(query, words)) && (!body || isFittingBody(body, text))
}

/** Codes of checks beyond the schemas: instants, the size of metadata, a header. */
const judgedByHand = ['datetime_parsing', 'value_error']

/** The ways in which an answer differs from the documentation. */
export function* complaints(sent: Sent, caller: Standing, said: Answer<unknown>): Generator<string> {
  const { endpoint } = sent
  const standing = standingAt(endpoint, caller)
  const answer = endpoint.dialect ? { ...said, ...inV1(said.status, said.body) } : said
  yield* ofHeaders(sent, answer)
  if (answer.status < 400 || endpoint.answers[answer.status]) yield* ofAnswer(endpoint, answer)
  else yield* ofRefusal(sent, answer)
  // The actor header is judged by more than the credential, if there is one.
  const isClaimed =
    'x-synapse-actor' in sent.headers && (standing.isValid !== false || endpoint.who === 'anyone')
  const isOpen = isClaimed ? null : isLetIn(endpoint, standing)
  yield* ofAdmission(isOpen, standing, answer)
  yield* ofShape(isOpen, sent, answer)
}

function* ofAdmission(
  isOpen: boolean | null,
  { isValid }: Standing,
  { status, body }: Answer<unknown>,
): Generator<string> {
  if (isOpen === false && status < 400) yield 'let in who must stay outside'
  if (isOpen === false && isValid === false && status !== 401) yield 'no 401 for who has no credential'
  if (isOpen === false && isValid === true && status !== 403) yield 'no 403 for who may not'
  if (isOpen === true && isValid === true && isAboutCredential(body))
    yield 'a 401 for a credential that holds'
}

/** Statuses that come before the validation of the shape: too large, wrong type, too many, unavailable. */
const beforeShape = [413, 415, 429, 503]

function* ofShape(isOpen: boolean | null, sent: Sent, { status, body }: Answer<unknown>): Generator<string> {
  if (isFitting(sent)) {
    if (status === 422 && !isJudgedByHand(body)) yield 'refused what its schemas take'
  } else if (status < 400) yield 'accepted what its schemas refuse'
  else if (isOpen === true && status !== 422 && !beforeShape.includes(status))
    yield 'refused for another reason than the shape'
}

function* ofHeaders({ path }: Sent, { headers }: Answer<unknown>): Generator<string> {
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(headers.get('x-request-id') ?? '')) yield 'no request id'
  if (headers.get('x-content-type-options') !== 'nosniff') yield 'no nosniff'
  // A file never changes, so its reader may keep it, and asks again whether it may still be read.
  const kept = path.startsWith('/v1/attachments/') ? ['no-store', 'private, no-cache'] : ['no-store']
  if (path.startsWith('/v1/') && !kept.includes(headers.get('cache-control') ?? ''))
    yield 'may be kept by a cache'
}

function* ofAnswer(
  { answers }: Endpoint,
  { status, headers, text, body }: Answer<unknown>,
): Generator<string> {
  const promised = answers[status]
  if (!promised) yield 'a status that is not declared'
  const isFile = headers.has('content-disposition')
  const isJson = !isFile && (headers.get('content-type') ?? '').startsWith('application/json')
  if (promised?.schema)
    for (const misfit of misfits(promised.schema, body)) yield `not as declared: ${misfit}`
  else if (isJson && text !== '') yield 'JSON that no schema describes'
  if (status === 204 && text !== '') yield 'a body that must not be'
}

function* ofRefusal(sent: Sent, { status, headers, text, body }: Answer<unknown>): Generator<string> {
  const fields = (body ?? {}) as Readonly<Record<string, unknown>>
  const { code, detail, request_id } = fields
  if (typeof code !== 'string' || detail === undefined || text === '')
    yield 'a refusal without detail or code'
  if (request_id !== headers.get('x-request-id')) yield 'a refusal without its request id'
  if (!refusalsOf(sent).has(String(code))) yield `the refusal ${String(code)} is not declared`
  const isGateOfSocket = sent.endpoint.path === '/v1/ws' && status === 403
  if (statusOf.get(String(code)) !== status && !isGateOfSocket)
    yield `${String(code)} is documented with another status`
  if (status >= 500 && code !== 'draining') yield 'a fault of the server'
  if ((code === 'validation_error') !== Array.isArray(detail)) yield 'a detail of the wrong form'
}

function isAboutCredential(body: unknown): boolean {
  const { code } = (body ?? {}) as { code?: string }
  return credentialRefusals.some((one) => one === code)
}

function isJudgedByHand(body: unknown): boolean {
  const { detail } = body as { detail: { type: string; msg: string }[] }
  // A schema of any JSON accepts any depth, but the server does not.
  return detail.every(({ type, msg }) => judgedByHand.includes(type) || msg.includes('nested in more than'))
}

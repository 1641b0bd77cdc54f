/** Errors as Matrix clients know them: `{"errcode", "error"}` and named extras. */
import { INTERACTIVE_AUTH } from '../../core/matrix/login/interactive'
import { type Failure, HttpError, type RenderedError } from '../errors'
import type { UnknownRoute } from '../unknown-route'
import type { Issue } from '../validation'

/** How a refusal of the core looks in Matrix. What is absent is as the refusal has it. */
interface Shown {
  readonly errcode: string
  readonly status?: number
  readonly error?: string
}

/** One text for unknown rooms and for those that the caller is not in, so that neither tells of the other. */
const NOT_IN_ROOM: Shown = { errcode: 'M_FORBIDDEN', status: 403, error: 'You are not in this room' }
const UNKNOWN_TOKEN: Shown = { errcode: 'M_UNKNOWN_TOKEN', status: 401, error: 'Unknown access token' }
const FORBIDDEN: Shown = { errcode: 'M_FORBIDDEN', status: 403 }

/** Refusals of the core that Matrix knows by another name than that of their status. */
const byReason: Readonly<Record<string, Shown>> = {
  missing_token: { errcode: 'M_MISSING_TOKEN', error: 'Missing access token' },
  not_authenticated: { errcode: 'M_MISSING_TOKEN', error: 'Missing access token' },
  invalid_token: UNKNOWN_TOKEN,
  token_expired: UNKNOWN_TOKEN,
  invalid_session: UNKNOWN_TOKEN,
  session_expired: UNKNOWN_TOKEN,
  account_unavailable: UNKNOWN_TOKEN,
  invalid_credentials: { ...FORBIDDEN, error: 'Wrong user name or password' },
  handle_exists: { errcode: 'M_USER_IN_USE', status: 400, error: 'This user name is taken' },
  invalid_handle: { errcode: 'M_INVALID_USERNAME', status: 400 },
  weak_password: { errcode: 'M_WEAK_PASSWORD' },
  quota_exceeded: { errcode: 'M_RESOURCE_LIMIT_EXCEEDED' },
  channel_not_found: NOT_IN_ROOM,
  channel_archived: { ...FORBIDDEN, error: 'This room is archived: nothing in it can be changed' },
  not_a_member: NOT_IN_ROOM,
  not_public: NOT_IN_ROOM,
  dm_membership_fixed: FORBIDDEN,
  last_admin: FORBIDDEN,
  last_system_admin: FORBIDDEN,
  legal_hold: FORBIDDEN,
  immutable_message: FORBIDDEN,
  edit_window_closed: FORBIDDEN,
}

const byStatus: Readonly<Record<number, string>> = {
  400: 'M_INVALID_PARAM',
  401: 'M_UNKNOWN_TOKEN',
  403: 'M_FORBIDDEN',
  404: 'M_NOT_FOUND',
  405: 'M_UNRECOGNIZED',
  410: 'M_NOT_FOUND',
  413: 'M_TOO_LARGE',
  415: 'M_NOT_JSON',
  429: 'M_LIMIT_EXCEEDED',
}

/** Refusals that pass when somebody else acts. Clients repeat a 429 for ever, so they get a 403 that names the reason. */
const WAITING: ReadonlySet<string> = new Set(['chain_limit', 'loop_guard', 'paused'])

/** Extras of the core's refusals that clients of Matrix know. Refusals with a code of Matrix keep all of theirs. */
const KNOWN_EXTRAS: ReadonlySet<string> = new Set(['soft_logout'])

/** Returns how errors are rendered. `adminContact` returns where a user can ask for more, as a URI. */
export function matrixErrors(adminContact: () => string) {
  return (failure: Failure): RenderedError => {
    const { status, code, extra, headers } = failure
    if (code === INTERACTIVE_AUTH) return rendered(401, extra, headers)
    if (typeof failure.detail !== 'string') return renderedIssue(failure.detail, headers)
    if (WAITING.has(code)) {
      const body = { errcode: 'M_FORBIDDEN', error: failure.detail, 'dev.synapse.code': code }
      return rendered(403, body, {})
    }
    if (code.startsWith('m_')) {
      const { retry_after: _, ...named } = extra
      return rendered(status, { errcode: code.toUpperCase(), error: failure.detail, ...named }, headers)
    }
    const shown: Shown = byReason[code] ?? { errcode: byStatus[status] ?? 'M_UNKNOWN' }
    const { errcode } = shown
    const named = Object.entries(extra).filter(([key]) => KNOWN_EXTRAS.has(key))
    const body = {
      errcode,
      error: shown.error ?? failure.detail,
      ...Object.fromEntries(named),
      ...(errcode === 'M_LIMIT_EXCEEDED' && { retry_after_ms: millisecondsIn(extra) }),
      ...(errcode === 'M_RESOURCE_LIMIT_EXCEEDED' && { admin_contact: adminContact() }),
    }
    return rendered(shown.status ?? status, body, headers)
  }
}

const DEFAULT_WAIT_SECONDS = 1

function millisecondsIn({ retry_after: seconds }: Failure['extra']): number {
  return (typeof seconds === 'number' ? seconds : DEFAULT_WAIT_SECONDS) * 1000
}

function renderedIssue([issue]: readonly Issue[], headers: Failure['headers']): RenderedError {
  const [place, ...path] = issue?.loc ?? []
  const name = path.join('.')
  const error = `${name === '' ? (place ?? 'request') : name}: ${issue?.msg.replace(' after validation', '')}`
  const errcode =
    place !== 'body' ? 'M_INVALID_PARAM' : issue?.type === 'missing' ? 'M_MISSING_PARAM' : 'M_BAD_JSON'
  return rendered(400, { errcode, error }, headers)
}

function rendered(status: number, body: object, headers: Failure['headers']): RenderedError {
  return { status, body: JSON.stringify(body), headers }
}

/** Returns an error with a code of Matrix, for faults of requests that only HTTP knows. */
export function matrixError(
  status: number,
  errcode: string,
  error: string,
  headers: Readonly<Record<string, string>> = {},
): HttpError {
  return new HttpError(status, errcode.toLowerCase(), error, {}, headers)
}

/** Answers unknown paths and wrong methods. It never redirects. */
export function renderMatrixUnknown({ methods }: UnknownRoute): never {
  if (methods.length === 0) throw unrecognized()
  const allow = { allow: methods.join(', ') }
  throw matrixError(405, 'M_UNRECOGNIZED', 'This path has no such method', allow)
}

/** The answer to a path that does not exist. */
export function unrecognized(): HttpError {
  return matrixError(404, 'M_UNRECOGNIZED', 'This path does not exist')
}

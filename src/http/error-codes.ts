import { refusal } from '../core/kernel/errors'
import { failureOf } from './errors'

/** A code of an error, as the documentation explains it. */
interface ErrorCode {
  readonly code: string
  readonly status: number
  /** The text in `detail`, where it is always the same. */
  readonly detail: string
  /** What the text leaves open: when it happens, what to do, which further keys there are. */
  readonly remark: string
}

type Fixed = Parameters<typeof refusal>[0]

/** The refusals whose text is fixed: a new one does not compile until it stands here; '' says that its text does. */
const fixed: Readonly<Record<Fixed, string>> = {
  account_archived: '',
  account_not_found: '',
  account_unavailable: 'The account of this credential is archived.',
  account_required: '',
  actor_claim_denied:
    'Of `X-Synapse-Actor`. To admins an account that does not exist is `account_not_found`.',
  actor_header_invalid: '',
  actor_header_unauthenticated: 'With `strict_actor_header` on.',
  admin_scope_required: 'Also `gate`, `required_scope`.',
  channel_archived: '',
  channel_not_found: 'Also when it is private and not yours.',
  device_not_found: '',
  handle_exists: '',
  humans_only: 'Not for agents, nor in the name of another.',
  humans_only_password: '',
  idempotency_conflict: 'Take another key for another request.',
  impersonation_denied: 'With `strict_impersonation_enforcement` on.',
  invalid_body_format: '',
  invalid_credentials: 'The same for an unknown handle, an agent and a wrong password.',
  invalid_handle: '',
  invalid_reply_to: 'It is no id.',
  invalid_session: '',
  invalid_slug: '',
  invalid_thread_id: 'It is no id.',
  invalid_token: 'Unknown or revoked.',
  message_not_found: 'Also when you may not read it.',
  logout_requires_session: '',
  membership_not_found: '',
  missing_token: 'There is nothing behind `Bearer`.',
  not_a_member: 'An admin adds you. Also `gate`, `channel`.',
  not_admin: 'Also `gate`.',
  not_authenticated: 'No credential came along.',
  pair_code_expired: '',
  pair_code_invalid: 'Unknown, wrong, or locked after five wrong ones.',
  pair_code_revoked: '',
  pair_code_used: '',
  password_not_allowed: '',
  password_required: '',
  read_only_role: 'Also `gate`, `channel`.',
  reply_target_not_found: 'It must lie in the same channel.',
  rotate_requires_bearer: '',
  scopes_required: '',
  session_expired: 'Sign in again.',
  session_not_found: 'Or it is somebody else’s.',
  slug_exists: '',
  thread_mismatch: '',
  thread_not_found: 'It must lie in the same channel.',
  token_expired: '',
  token_not_found: '',
  tokens_for_agents_only: '',
  use_dms: '',
}

/** The refusals whose text says more than that, and those that only HTTP knows. */
const others: readonly ErrorCode[] = [
  { code: 'moved', status: 307, detail: '', remark: 'The path without its last slash is in `Location`.' },
  {
    code: 'agents_use_scopes',
    status: 400,
    detail: '',
    remark: 'An agent administrates by a token with `admin:*`.',
  },
  { code: 'bad_handshake', status: 400, detail: '', remark: 'Not a valid WebSocket handshake.' },
  { code: 'body_broke_off', status: 400, detail: '', remark: 'The body ended before it was complete.' },
  { code: 'client_gone', status: 400, detail: '', remark: 'The connection was closed; nothing was done.' },
  {
    code: 'invalid_cursor',
    status: 400,
    detail: 'Invalid `since` cursor',
    remark: 'Or `before`. Send back what the server sent.',
  },
  { code: 'invalid_id', status: 400, detail: '', remark: 'What the path names is no id.' },
  { code: 'invalid_scope', status: 400, detail: '', remark: 'The text names the scope.' },
  {
    code: 'setting_invalid',
    status: 400,
    detail: '',
    remark: 'The text says what the setting takes; the one that was set still counts.',
  },
  { code: 'too_many_channels', status: 400, detail: '', remark: 'One request names at most 50.' },
  { code: 'too_many_mentions', status: 400, detail: '', remark: 'One message names at most 50 handles.' },
  { code: 'weak_password', status: 400, detail: '', remark: 'The text says how long it has to be.' },
  {
    code: 'missing_scope',
    status: 403,
    detail: '',
    remark: 'The token needs what stands in `required_scope`. Also `gate`, and of a channel `channel`.',
  },
  {
    code: 'operator_has_no_account',
    status: 403,
    detail: '',
    remark: 'The local socket administrates; to read and post it names an account in `X-Synapse-Actor`.',
  },
  {
    code: 'operator_only',
    status: 403,
    detail: '',
    remark: 'Only the local socket does this: it is about the machine of the server.',
  },
  {
    code: 'origin_not_allowed',
    status: 403,
    detail: '',
    remark: 'A page of another origin used a session. List it in `auth.cors_origins`.',
  },
  {
    code: 'quota_exceeded',
    status: 403,
    detail: '',
    remark: 'Also `quota`, the setting to raise, and `limit`.',
  },
  {
    code: 'remote_not_allowed',
    status: 403,
    detail: '',
    remark: 'The server listens on a private address and takes private sources only.',
  },
  {
    code: 'socket_is_local_only',
    status: 403,
    detail: '',
    remark: 'A proxy or a page must not use the Unix socket.',
  },
  {
    code: 'scope_escalation',
    status: 403,
    detail: '',
    remark: 'A token cannot be given more than its maker has: `required_scope` is too much.',
  },
  {
    code: 'websocket_refused',
    status: 403,
    detail: '',
    remark: '`/v1/ws?channel=` only: `auth required`, `invalid session`, `websocket is humans-only`.',
  },
  {
    code: 'setting_unknown',
    status: 404,
    detail: '',
    remark: 'The text names the nearest setting, or says that it needs a restart.',
  },
  { code: 'not_found', status: 404, detail: 'Not Found', remark: 'No such route.' },
  {
    code: 'method_not_allowed',
    status: 405,
    detail: 'Method Not Allowed',
    remark: 'The header `Allow` lists those there are.',
  },
  { code: 'already_member', status: 409, detail: '', remark: 'The text names the role.' },
  {
    code: 'cursor_epoch',
    status: 409,
    detail: '',
    remark:
      'The cursor is of another history, for example from before a restore. Read again from `oldest_cursor`, drop the ids you know. Also `head_cursor`, `epoch`.',
  },
  {
    code: 'dm_membership_fixed',
    status: 409,
    detail: '',
    remark: 'The members of a direct message channel cannot change.',
  },
  {
    code: 'other_run',
    status: 409,
    detail: '',
    remark: 'The server was started again since: `boot_id` is of a run that has ended.',
  },
  {
    code: 'cursor_expired',
    status: 410,
    detail: '',
    remark:
      'What followed the cursor was purged. Go on from `oldest_cursor` and say that there is a gap. Also `head_cursor`.',
  },
  { code: 'payload_too_large', status: 413, detail: '', remark: 'Also `limit`, in bytes.' },
  {
    code: 'unsupported_media_type',
    status: 415,
    detail: '',
    remark: 'Bodies are `application/json`, and not compressed.',
  },
  {
    code: 'validation_error',
    status: 422,
    detail: '',
    remark:
      '`detail` is a list: `type`, `loc`, `msg`, `input`, `ctx`; one entry for everything that is wrong.',
  },
  {
    code: 'proxied_request_refused',
    status: 403,
    detail: '',
    remark: 'The server runs in rescue mode, for programs of its own machine alone.',
  },
  { code: 'host_not_local', status: 421, detail: '', remark: 'The same: ask it as `localhost`.' },
  { code: 'socket_no_websocket', status: 426, detail: '', remark: 'The Unix socket has no WebSockets.' },
  { code: 'upgrade_required', status: 426, detail: '', remark: 'This path wants a WebSocket.' },
  {
    code: 'rate_limited',
    status: 429,
    detail: '',
    remark:
      'Too many requests of one token or session, or too many pairing codes from one address. Wait `retry_after` seconds.',
  },
  {
    code: 'login_throttled',
    status: 429,
    detail: '',
    remark: 'Too many attempts. Wait `retry_after` seconds.',
  },
  {
    code: 'too_many_streams',
    status: 429,
    detail: '',
    remark:
      'Waits, streams or sockets are all in use. The text names the setting. Wait `retry_after` seconds.',
  },
  {
    code: 'backup_failed',
    status: 500,
    detail: '',
    remark: 'The text says why, `fix` what to do. No older copy was removed.',
  },
  {
    code: 'internal',
    status: 500,
    detail: 'Internal Server Error',
    remark: 'A fault of the server; its log has the `request_id`.',
  },
  {
    code: 'unavailable',
    status: 503,
    detail: '',
    remark: 'Nothing was done. Wait `retry_after` seconds and send the same again.',
  },
  {
    code: 'draining',
    status: 503,
    detail: '',
    remark:
      'The server takes no changes for now; reading goes on. Wait `retry_after` seconds and send the same again.',
  },
  {
    code: 'too_many_connections',
    status: 503,
    detail: '',
    remark:
      'The server has no descriptor for another connection, and closes this one. Wait as many seconds as `Retry-After` says. Over TLS the connection is closed without an answer.',
  },
  { code: 'storage_full', status: 507, detail: '', remark: 'Nothing was written. Reading goes on.' },
]

/** Codes of `error` frames, besides those above. */
export const frameCodes: Readonly<Record<string, string>> = {
  invalid_frame: 'Not JSON text, or a field is wrong.',
  unknown_type: 'The frame is of no type that the server knows.',
  too_many_subscriptions: 'A socket has at most 200.',
}

/** Every code that an answer can carry, by status and name. */
export const errorCodes: readonly ErrorCode[] = [
  ...others,
  ...Object.entries(fixed).map(([code, remark]) => {
    // Object.entries forgets the type of the keys.
    const error = refusal(code as Fixed)
    return { code, status: failureOf(error).status, detail: error.message, remark }
  }),
].sort((one, other) => one.status - other.status || (one.code < other.code ? -1 : 1))

const statuses = new Map(errorCodes.map(({ code, status }) => [code, status]))

/** The status that an error of this code has. */
export function statusOf(code: string): number | undefined {
  return statuses.get(code)
}

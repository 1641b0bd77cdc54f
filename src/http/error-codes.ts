import { refusal } from '../core/kernel/errors'
import { failureOf } from './errors'

/** A code of an error, as the documentation explains it. */
interface ErrorCode {
  readonly code: string
  readonly status: number
  /** The text in `detail`, where it is always the same. */
  readonly detail: string
  /** What the text does not say: when it happens, what to do, and additional keys. */
  readonly remark: string
}

type Fixed = Parameters<typeof refusal>[0]

/** Remarks on the refusals with a fixed text; '' if the text is enough. A new refusal does not compile without one. */
const fixed: Readonly<Record<Fixed, string>> = {
  account_archived: '',
  account_not_found: '',
  account_unavailable: 'The account of this credential is archived.',
  account_required: '',
  actor_claim_denied: 'For `X-Synapse-Actor`. Admins get `account_not_found` if the account does not exist.',
  actor_header_invalid: '',
  actor_header_unauthenticated: 'With `strict_actor_header` on.',
  admin_scope_required: 'Also `gate`, `required_scope`.',
  channel_archived: '',
  channel_not_found: 'Also if the channel is private and you are not a member.',
  device_not_found: '',
  handle_exists: '',
  humans_only: 'Not for agents, and not while acting as another account.',
  humans_only_password: '',
  idempotency_conflict: 'Use a new key for a different request.',
  impersonation_denied: 'With `strict_impersonation_enforcement` on.',
  invalid_body_format: '',
  invalid_credentials: 'The same for an unknown handle, an agent and a wrong password.',
  invalid_handle: '',
  invalid_reply_to: 'The value is not an id.',
  invalid_session: '',
  invalid_slug: '',
  invalid_thread_id: 'The value is not an id.',
  invalid_token: 'Unknown or revoked.',
  message_not_found: 'Also if you may not read it.',
  logout_requires_session: '',
  membership_not_found: '',
  missing_token: 'The header has no token after `Bearer`.',
  not_a_member: 'An admin can add you. Also `gate`, `channel`.',
  not_admin: 'Also `gate`.',
  not_authenticated: 'The request has no credential.',
  pair_code_expired: '',
  pair_code_invalid: 'Unknown, wrong, or locked after five wrong attempts.',
  pair_code_revoked: '',
  pair_code_used: '',
  password_not_allowed: '',
  password_required: '',
  read_only_role: 'Also `gate`, `channel`.',
  reply_target_not_found: 'It must be in the same channel.',
  rotate_requires_bearer: '',
  scopes_required: '',
  session_expired: 'Sign in again.',
  session_not_found: 'Also if it belongs to another account.',
  slug_exists: '',
  thread_mismatch: '',
  thread_not_found: 'It must be in the same channel.',
  token_expired: '',
  token_not_found: '',
  tokens_for_agents_only: '',
  use_dms: '',
}

/** The refusals with a variable text, and those that exist only in HTTP. */
const others: readonly ErrorCode[] = [
  { code: 'moved', status: 307, detail: '', remark: '`Location` has the path without its trailing slash.' },
  {
    code: 'agents_use_scopes',
    status: 400,
    detail: '',
    remark: 'To administer, an agent needs a token with `admin:*`.',
  },
  { code: 'bad_handshake', status: 400, detail: '', remark: 'The WebSocket handshake is invalid.' },
  { code: 'body_broke_off', status: 400, detail: '', remark: 'The body ended before it was complete.' },
  { code: 'client_gone', status: 400, detail: '', remark: 'The connection was closed; nothing was done.' },
  {
    code: 'invalid_cursor',
    status: 400,
    detail: 'Invalid `since` cursor',
    remark: 'Or `before`. Send a cursor exactly as the server sent it.',
  },
  { code: 'invalid_id', status: 400, detail: '', remark: 'The path contains an invalid id.' },
  { code: 'invalid_scope', status: 400, detail: '', remark: 'The text names the scope.' },
  {
    code: 'setting_invalid',
    status: 400,
    detail: '',
    remark: 'The text says which values the setting accepts; the old value still applies.',
  },
  { code: 'too_many_channels', status: 400, detail: '', remark: 'A request can name at most 50.' },
  { code: 'too_many_mentions', status: 400, detail: '', remark: 'A message can name at most 50 handles.' },
  { code: 'weak_password', status: 400, detail: '', remark: 'The text gives the minimum length.' },
  {
    code: 'missing_scope',
    status: 403,
    detail: '',
    remark: 'The token needs the scope in `required_scope`. Also `gate`, and for a channel `channel`.',
  },
  {
    code: 'operator_has_no_account',
    status: 403,
    detail: '',
    remark: 'The local socket can administer. To read and post, name an account in `X-Synapse-Actor`.',
  },
  {
    code: 'operator_only',
    status: 403,
    detail: '',
    remark: 'Only allowed over the local socket, because it affects the server’s machine.',
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
    remark: 'Also `quota` (the setting to raise) and `limit`.',
  },
  {
    code: 'remote_not_allowed',
    status: 403,
    detail: '',
    remark: 'The server listens on a private address and accepts only private client addresses.',
  },
  {
    code: 'socket_is_local_only',
    status: 403,
    detail: '',
    remark: 'Proxies and web pages must not use the Unix socket.',
  },
  {
    code: 'scope_escalation',
    status: 403,
    detail: '',
    remark: 'A token cannot have more scopes than its issuer: `required_scope` is not among them.',
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
    remark: 'The text suggests a similar setting, or says that this one needs a restart.',
  },
  { code: 'not_found', status: 404, detail: 'Not Found', remark: 'No such route.' },
  {
    code: 'method_not_allowed',
    status: 405,
    detail: 'Method Not Allowed',
    remark: 'The header `Allow` lists the allowed methods.',
  },
  { code: 'already_member', status: 409, detail: '', remark: 'The text names the role.' },
  {
    code: 'cursor_epoch',
    status: 409,
    detail: '',
    remark:
      'The cursor belongs to another history, for example from before a restore. Read again from `oldest_cursor` and drop the ids you know. Also `head_cursor`, `epoch`.',
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
    remark: 'The server has restarted: `boot_id` belongs to an earlier run.',
  },
  {
    code: 'cursor_expired',
    status: 410,
    detail: '',
    remark:
      'Events after the cursor were purged. Continue from `oldest_cursor` and show that there is a gap. Also `head_cursor`.',
  },
  { code: 'payload_too_large', status: 413, detail: '', remark: 'Also `limit`, in bytes.' },
  {
    code: 'unsupported_media_type',
    status: 415,
    detail: '',
    remark: 'Send an uncompressed `application/json` body.',
  },
  {
    code: 'validation_error',
    status: 422,
    detail: '',
    remark: '`detail` is a list with an entry for each fault: `type`, `loc`, `msg`, `input`, `ctx`.',
  },
  {
    code: 'proxied_request_refused',
    status: 403,
    detail: '',
    remark: 'The server runs in rescue mode, which accepts only programs on its own machine.',
  },
  { code: 'host_not_local', status: 421, detail: '', remark: 'As above: address the server as `localhost`.' },
  {
    code: 'socket_no_websocket',
    status: 426,
    detail: '',
    remark: 'WebSockets are not available on the Unix socket.',
  },
  { code: 'upgrade_required', status: 426, detail: '', remark: 'This path requires a WebSocket upgrade.' },
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
      'All allowed long-polls, streams or sockets are in use. The text names the setting. Wait `retry_after` seconds.',
  },
  {
    code: 'backup_failed',
    status: 500,
    detail: '',
    remark: 'The text gives the reason, `fix` the remedy. No older copy was removed.',
  },
  {
    code: 'internal',
    status: 500,
    detail: 'Internal Server Error',
    remark: 'An internal fault; the server’s log has the `request_id`.',
  },
  {
    code: 'unavailable',
    status: 503,
    detail: '',
    remark: 'Nothing was done. Wait `retry_after` seconds and repeat the request.',
  },
  {
    code: 'draining',
    status: 503,
    detail: '',
    remark:
      'The server is draining and refuses writes; reading still works. Wait `retry_after` seconds and repeat the request.',
  },
  {
    code: 'too_many_connections',
    status: 503,
    detail: '',
    remark:
      'The server has no file descriptor for another connection and closes this one. Wait the seconds in `Retry-After`. Over TLS the connection is closed without an answer.',
  },
  { code: 'storage_full', status: 507, detail: '', remark: 'Nothing was written. Reading still works.' },
]

/** Codes of `error` frames, besides those above. */
export const frameCodes: Readonly<Record<string, string>> = {
  invalid_frame: 'The frame is not JSON text, or a field is invalid.',
  unknown_type: 'The server does not know this type of frame.',
  too_many_subscriptions: 'A socket can have at most 200.',
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

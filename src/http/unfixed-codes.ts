/** A code of an error, as the documentation explains it. */
export interface ErrorCode {
  readonly code: string
  readonly status: number
  /** The text in `detail`, where it is always the same. */
  readonly detail: string
  /** What the text does not say: when it happens, what to do, and additional keys. */
  readonly remark: string
}

/** The refusals with a variable text, and those that exist only in HTTP. */
export const unfixedCodes: readonly ErrorCode[] = [
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
  { code: 'invalid_alias', status: 400, detail: '', remark: 'The text names the rule.' },
  {
    code: 'invalid_cursor',
    status: 400,
    detail: 'Invalid `since` cursor',
    remark: 'Or `before`. Send a cursor exactly as the server sent it.',
  },
  {
    code: 'content_type_not_supported',
    status: 400,
    detail: '',
    remark: 'Only over A2A: a part of the message is no text.',
  },
  {
    code: 'unsupported_operation',
    status: 400,
    detail: '',
    remark: 'Only over A2A: the server does not have this operation.',
  },
  {
    code: 'version_not_supported',
    status: 400,
    detail: '',
    remark: 'Only over A2A: the server speaks another version.',
  },
  { code: 'invalid_resource', status: 400, detail: '', remark: 'The text names the rule.' },
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
  {
    code: 'webhook_target_blocked',
    status: 400,
    detail: '',
    remark: 'The address is no http or https URL, or not in the public internet. An admin can allow it.',
  },
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
    remark: 'Also `quota` (the setting to raise, or the name of a fixed limit) and `limit`.',
  },
  {
    code: 'invalid_action',
    status: 400,
    detail: '',
    remark:
      'An instruction for a ConfigSync machine that its client does not know. The text says which are known.',
  },
  {
    code: 'machine_not_found',
    status: 404,
    detail: '',
    remark: 'The account has no such ConfigSync machine.',
  },
  {
    code: 'environment_not_found',
    status: 404,
    detail: '',
    remark: 'The account has no such ConfigSync environment.',
  },
  { code: 'keypair_not_found', status: 404, detail: '', remark: 'The account has no ConfigSync key pair.' },
  {
    code: 'invalid_options',
    status: 400,
    detail: '',
    remark: 'The text names the rule; for a decision, that the approval has no such option.',
  },
  {
    code: 'claim_held',
    status: 409,
    detail: '',
    remark:
      'Another instance holds the resource, or one that contains it. Also `claim` and `retry_after`, the seconds to its expiry.',
  },
  {
    code: 'claim_lost',
    status: 409,
    detail: '',
    remark:
      'Your claim has ended, or the epoch is that of another one. Also `claim`: that of the resource now, or null.',
  },
  {
    code: 'too_many_actions',
    status: 409,
    detail: '',
    remark: 'At most 100 actions wait for a ConfigSync machine.',
  },
  {
    code: 'configsync_user_exists',
    status: 409,
    detail: '',
    remark:
      'The account has data of ConfigSync, so nothing can be imported for it: `synapse configsync purge`.',
  },
  {
    code: 'bytes_missing',
    status: 409,
    detail: '',
    remark: 'Stored bytes of the ConfigSync account are missing, so an export would not be whole.',
  },
  {
    code: 'ids_taken',
    status: 409,
    detail: '',
    remark: 'An import has ids that are in use here. The text names them. Nothing was imported.',
  },
  {
    code: 'import_too_slow',
    status: 409,
    detail: '',
    remark: 'An import took 50 minutes. Nothing was imported.',
  },
  {
    code: 'invalid_export',
    status: 400,
    detail: '',
    remark: 'An import that is cut off, or that is no export of ConfigSync. The text says what is wrong.',
  },
  {
    code: 'configsync_user_not_found',
    status: 404,
    detail: '',
    remark: 'The account was never enabled: `synapse configsync enable`.',
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
  {
    code: 'not_found',
    status: 404,
    detail: 'Not Found',
    remark: 'No such route, or uploads are switched off.',
  },
  {
    code: 'method_not_allowed',
    status: 405,
    detail: 'Method Not Allowed',
    remark: 'The header `Allow` lists the allowed methods.',
  },
  { code: 'export_running', status: 409, detail: '', remark: 'One export of an account at a time.' },
  { code: 'already_member', status: 409, detail: '', remark: 'The text names the role.' },
  {
    code: 'cursor_epoch',
    status: 409,
    detail: '',
    remark:
      'The cursor belongs to another history, for example from before a restore. Read again from `oldest_cursor` and drop the ids you know. Also `head_cursor`, `epoch`.',
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
    code: 'range_not_satisfiable',
    status: 416,
    detail: '',
    remark: 'The range begins after the end of the file. `Content-Range` says its length.',
  },
  {
    code: 'unsupported_media_type',
    status: 415,
    detail: '',
    remark: 'Send the body uncompressed, and as `application/json` where it is not a file.',
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
      'Too many requests of one token or session, approvals of one account, or pairing codes from one address. Wait `retry_after` seconds.',
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
    code: 'paused',
    status: 429,
    detail: '',
    remark:
      'Posts and edits of an agent are refused for a while. Also `pause`, and if it ends by itself `retry_after`, the seconds until then.',
  },
  {
    code: 'chain_limit',
    status: 429,
    detail: 'Chain limit reached for this thread',
    remark:
      'An agent has posted what it may until a person replies. Also `reason` (`budget_used`, `correction_used` or `counter_correction`), `thread_id`, `limit`, `used`, `resets_on`. Waiting does not help.',
  },
  {
    code: 'loop_guard',
    status: 429,
    detail: '',
    remark:
      'The agents in a channel have posted what they may until a person posts. Also `channel`, `limit`, `used`, `resets_on`. Waiting does not help.',
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

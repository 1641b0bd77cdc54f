/** The kinds of errors. The list is closed; each surface maps every kind. */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'gone'
  | 'too_large'
  | 'rate_limited'
  | 'unavailable'
  | 'storage_full'
  | 'internal'

/** Further facts for the caller. Keys are snake_case because surfaces pass them on unchanged. */
export type ErrorExtra = Readonly<Record<string, unknown>>

/**
 * An error for the caller. `reason` is a stable snake_case code that clients may test; `message` is text for people and
 * contains no secret. Any other thrown value is an internal fault.
 */
export class AppError extends Error {
  override readonly name = 'AppError'

  constructor(
    readonly kind: ErrorKind,
    readonly reason: string,
    message: string,
    readonly extra: ErrorExtra = {},
  ) {
    super(message)
  }
}

/**
 * Every refusal with a fixed kind and text, by reason. Texts and codes are part of the contract:
 * docs/contract/errors.md#codes.
 */
const catalogue = {
  account_archived: ['conflict', 'This account is archived; unarchive it first'],
  account_not_found: ['not_found', 'Account not found'],
  account_unavailable: ['unauthenticated', 'Account unavailable'],
  account_required: ['invalid', 'Name the account: there is not exactly one human system admin'],
  actor_claim_denied: ['forbidden', 'This credential may not act as that account'],
  actor_header_invalid: ['invalid', 'X-Synapse-Actor must be one handle'],
  actor_header_unauthenticated: ['unauthenticated', 'X-Synapse-Actor needs a credential'],
  admin_scope_required: ['forbidden', 'Agent token lacks admin:* scope'],
  channel_archived: ['not_found', 'Channel archived'],
  channel_not_found: ['not_found', 'Channel not found'],
  device_not_found: ['not_found', 'Device not found'],
  handle_exists: ['conflict', 'Handle already exists'],
  humans_only: ['forbidden', 'Only a signed-in human may do this'],
  humans_only_password: ['invalid', 'Only humans have passwords'],
  idempotency_conflict: ['conflict', 'This idempotency key was already used for a different request'],
  impersonation_denied: ['forbidden', 'The impersonation_allowlist does not let you act as that account'],
  invalid_body_format: ['invalid', "body_format must be 'markdown' or 'plaintext'"],
  invalid_credentials: ['unauthenticated', 'Invalid credentials'],
  invalid_handle: [
    'invalid',
    'A handle is 1 to 64 of a-z, 0-9, _ and -, begins with a letter, and is none of: channel, everyone, here, all, system, me',
  ],
  invalid_reply_to: ['invalid', 'Invalid reply_to'],
  invalid_session: ['unauthenticated', 'Invalid session'],
  invalid_slug: [
    'invalid',
    'A slug is 1 to 64 of a-z, 0-9, _ and -, begins with a letter or digit, and does not begin with dm-',
  ],
  invalid_thread_id: ['invalid', 'Invalid thread_id'],
  invalid_token: ['unauthenticated', 'Invalid token'],
  message_not_found: ['not_found', 'Message not found'],
  logout_requires_session: ['invalid', 'Logout only applies to session auth'],
  membership_not_found: ['not_found', 'Membership not found'],
  missing_token: ['unauthenticated', 'Missing token'],
  not_a_member: ['forbidden', 'Not a member'],
  not_admin: ['forbidden', 'Not a system admin'],
  not_authenticated: ['unauthenticated', 'Not authenticated'],
  pair_code_expired: ['gone', 'This code has expired; make another one'],
  pair_code_invalid: ['not_found', 'This code is not valid'],
  pair_code_revoked: ['gone', 'This code was revoked'],
  pair_code_used: ['gone', 'This code was used; make another one'],
  password_not_allowed: ['invalid', 'Agents authenticate via tokens, not passwords'],
  password_required: ['invalid', 'Humans require a password'],
  read_only_role: ['forbidden', 'Read-only membership cannot post'],
  reply_target_not_found: ['not_found', 'Reply target not found'],
  rotate_requires_bearer: ['invalid', 'Only a bearer token can be rotated, by its holder'],
  scopes_required: ['invalid', 'At least one scope required'],
  session_expired: ['unauthenticated', 'Session expired'],
  session_not_found: ['not_found', 'Session not found'],
  slug_exists: ['conflict', 'Slug already exists'],
  thread_mismatch: ['invalid', 'thread_id and reply_to disagree'],
  thread_not_found: ['not_found', 'Thread not found'],
  token_expired: ['unauthenticated', 'Token expired'],
  token_not_found: ['not_found', 'Token not found'],
  tokens_for_agents_only: ['invalid', 'Tokens are for agents only'],
  use_dms: ['invalid', 'A direct message channel is opened with POST /v1/dms, not created here'],
} as const satisfies Record<string, readonly [ErrorKind, string]>

/** Returns the refusal with this reason and its fixed text. */
export function refusal(reason: keyof typeof catalogue, extra?: ErrorExtra): AppError {
  const [kind, message] = catalogue[reason]
  return new AppError(kind, reason, message, extra)
}

/**
 * A failure of something outside the server that the server survives. The message tells the operator everything needed.
 */
export class Trouble extends Error {
  override readonly name: string = 'Trouble'
}

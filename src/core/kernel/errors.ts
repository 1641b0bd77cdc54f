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
  account_erased: ['conflict', 'This account was erased'],
  account_not_found: ['not_found', 'Account not found'],
  account_unavailable: ['unauthenticated', 'Account unavailable'],
  account_required: ['invalid', 'Name the account: there is not exactly one human system admin'],
  actor_claim_denied: ['forbidden', 'This credential may not act as that account'],
  actor_header_invalid: ['invalid', 'X-Synapse-Actor must be one handle'],
  actor_header_unauthenticated: ['unauthenticated', 'X-Synapse-Actor needs a credential'],
  admin_scope_required: ['forbidden', 'Agent token lacks admin:* scope'],
  already_decided: ['conflict', 'This approval is decided'],
  approval_cancelled: ['conflict', 'This approval was cancelled'],
  approval_expired: ['conflict', 'This approval has expired'],
  approval_not_found: ['not_found', 'Approval not found'],
  approval_pending: ['conflict', 'An approval of yours is pending in this thread'],
  attachment_not_found: ['not_found', 'Attachment not found'],
  channel_archived: ['not_found', 'Channel archived'],
  channel_not_found: ['not_found', 'Channel not found'],
  consumer_not_found: ['not_found', 'Consumer not found'],
  claim_not_found: ['not_found', 'Claim not found'],
  confirm_mismatch: ['invalid', 'confirm must be the handle of the account'],
  agents_only: ['forbidden', 'Only agents have a push endpoint'],
  delivery_not_found: ['not_found', 'Delivery not found'],
  delivery_pending: ['conflict', 'This delivery is still to be made'],
  device_not_found: ['not_found', 'Device not found'],
  edit_window_closed: ['forbidden', 'The time in which this message could be edited is over'],
  matrix_no_power: [
    'conflict',
    'The room of this channel was made over Matrix, and nobody here has the power to do this in it',
  ],
  dm_membership_fixed: ['conflict', 'A direct message channel always has the same two members'],
  dm_self: ['invalid', 'A direct message channel needs another account'],
  handle_exists: ['conflict', 'Handle already exists'],
  humans_only: ['forbidden', 'Only a signed-in human may do this'],
  humans_only_password: ['invalid', 'Only humans have passwords'],
  idempotency_conflict: ['conflict', 'This idempotency key was already used for a different request'],
  immutable_message: ['conflict', 'This message cannot be edited'],
  impersonation_denied: ['forbidden', 'The impersonation_allowlist does not let you act as that account'],
  invalid_body_format: ['invalid', "body_format must be 'markdown' or 'plaintext'"],
  invalid_correction: [
    'invalid',
    'A correction is a reply of at most 500 characters that begins with "Correction:"',
  ],
  invalid_credentials: ['unauthenticated', 'Invalid credentials'],
  invalid_emoji: [
    'invalid',
    'An emoji is 1 to 64 visible characters without white space or control characters',
  ],
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
  last_admin: ['conflict', 'A channel keeps an admin while it has other members'],
  last_system_admin: ['conflict', 'This account is the last system admin; make another one first'],
  message_not_found: ['not_found', 'Message not found'],
  legal_hold: ['conflict', 'The channel is under a legal hold: nothing in it is edited or deleted'],
  logout_requires_session: ['invalid', 'Logout only applies to session auth'],
  membership_not_found: ['not_found', 'Membership not found'],
  missing_token: ['unauthenticated', 'Missing token'],
  not_in_inbox: ['not_found', 'Your inbox has no item of this message'],
  not_a_member: ['forbidden', 'Not a member'],
  not_an_agent: ['invalid', 'Only agents can be paused'],
  not_admin: ['forbidden', 'Not a system admin'],
  not_an_approver: ['forbidden', 'You may not decide this approval'],
  not_author: ['forbidden', 'Only the author of the message may do this'],
  no_recipient: ['invalid', 'The message asks no account: mention a member of the channel, as in @handle'],
  no_eligible_approver: ['invalid', 'Nobody could decide this, or one of those named could not'],
  not_holder: ['forbidden', 'Only the instance that holds this claim may do this'],
  not_channel_admin: ['forbidden', 'Not an admin of this channel'],
  not_public: ['forbidden', 'Only public channels can be joined and left'],
  not_authenticated: ['unauthenticated', 'Not authenticated'],
  pair_code_expired: ['gone', 'This code has expired; make another one'],
  pair_code_invalid: ['not_found', 'This code is not valid'],
  pair_code_revoked: ['gone', 'This code was revoked'],
  pair_code_used: ['gone', 'This code was used; make another one'],
  password_not_allowed: ['invalid', 'Agents authenticate via tokens, not passwords'],
  password_required: ['invalid', 'Humans require a password'],
  pause_not_found: ['not_found', 'Pause not found'],
  read_only_role: ['forbidden', 'Read-only membership cannot post'],
  reply_target_not_found: ['not_found', 'Reply target not found'],
  rotate_requires_bearer: ['invalid', 'Only a bearer token can be rotated, by its holder'],
  scopes_required: ['invalid', 'At least one scope required'],
  session_expired: ['unauthenticated', 'Session expired'],
  session_not_found: ['not_found', 'Session not found'],
  slug_exists: ['conflict', 'Slug already exists'],
  system_account: ['conflict', 'The account system belongs to the server and cannot be erased'],
  task_not_found: ['not_found', 'Task not found'],
  thread_mismatch: ['invalid', 'thread_id and reply_to disagree'],
  thread_not_found: ['not_found', 'Thread not found'],
  token_expired: ['unauthenticated', 'Token expired'],
  token_not_found: ['not_found', 'Token not found'],
  tokens_for_agents_only: ['invalid', 'Tokens are for agents only'],
  webhook_not_found: ['not_found', 'Webhook not found'],
  webhook_url_required: ['invalid', 'Agents enabling push must provide webhook_url'],
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

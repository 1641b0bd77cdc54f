import { refusal } from '../core/kernel/errors'
import { failureOf } from './errors'
import { matrixCodes } from './matrix-codes'
import { type ErrorCode, unfixedCodes } from './unfixed-codes'

type Fixed = Parameters<typeof refusal>[0]

/** Remarks on the refusals with a fixed text; '' if the text is enough. A new refusal does not compile without one. */
const fixed: Readonly<Record<Fixed, string>> = {
  account_archived: '',
  account_erased: 'It cannot be changed, and does not come back.',
  account_not_found: '',
  account_unavailable: 'The account of this credential is archived.',
  account_required: '',
  actor_claim_denied: 'For `X-Synapse-Actor`. Admins get `account_not_found` if the account does not exist.',
  actor_header_invalid: '',
  actor_header_unauthenticated: 'With `strict_actor_header` on.',
  admin_scope_required: 'Also `gate`, `required_scope`.',
  already_decided: 'Also `approval`.',
  approval_cancelled: 'Also `approval`.',
  approval_expired: 'Also `approval`.',
  approval_not_found: 'Also if it is of a channel that you may not read.',
  approval_pending: 'Also `approval`. Wait for its end, or cancel it.',
  attachment_not_found: 'Also if you may not read its message, and if a message has it already.',
  channel_archived: '',
  channel_not_found: 'Also if the channel is private and you are not a member.',
  consumer_not_found: '',
  claim_not_found: 'Also if it is of a channel that you may not read.',
  confirm_mismatch: 'An erased account has the handle `erased-…`.',
  agents_only: '',
  delivery_not_found: 'Also if it belongs to another account, or is no longer kept.',
  delivery_pending: 'It is attempted again by itself.',
  device_not_found: '',
  edit_window_closed: 'The setting `messages.edit_window_s` says how long that is.',
  dm_membership_fixed: '',
  matrix_no_power: 'Only while this server is a Matrix homeserver.',
  dm_self: '',
  handle_exists: '',
  humans_only:
    'Not for agents, and not while acting as another account; for decisions, not with a token without `human:act`.',
  humans_only_password: '',
  idempotency_conflict: 'Use a new key for a different request.',
  immutable_message: 'It is deleted, or not of the kind `message`.',
  impersonation_denied: 'With `strict_impersonation_enforcement` on.',
  invalid_body_format: '',
  invalid_correction: '',
  invalid_credentials: 'The same for an unknown handle, an agent and a wrong password.',
  invalid_emoji: '',
  invalid_handle: '',
  invalid_reply_to: 'The value is not an id.',
  invalid_session: '',
  invalid_slug: '',
  invalid_thread_id: 'The value is not an id.',
  invalid_token: 'Unknown or revoked.',
  message_not_found: 'Also if you may not read it, and if it is deleted.',
  last_system_admin: '',
  last_admin: 'A system admin may remove it all the same.',
  legal_hold: 'System admins set and lift it: the setting `legal_hold` of the channel.',
  logout_requires_session: '',
  membership_not_found: '',
  missing_token: 'The header has no token after `Bearer`.',
  no_recipient: 'Only over A2A, where every message asks somebody.',
  no_eligible_approver:
    'Approvers are people who are in the channel, besides yourself; without names, those of them who may post.',
  not_in_inbox: 'Nothing was marked.',
  not_an_agent: 'People are never paused.',
  pause_not_found: 'Also if it has ended, and if you may not know of it.',
  not_a_member: 'An admin can add you. Also `gate`, `channel`.',
  not_admin: 'Also `gate`.',
  not_an_approver: 'The approval names others, or you may not post in its channel.',
  not_author: 'Messages can also be deleted by an admin of the channel and by system admins.',
  not_holder: 'An admin of its channel, or a system admin, can release it.',
  not_channel_admin: 'Also `gate`, `channel`.',
  not_authenticated: 'The request has no credential.',
  not_public: 'An admin of a private channel can add you. Also `channel`.',
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
  system_account: '',
  task_not_found: 'Only over A2A. Also if another account sent the message, or you may not read it any more.',
  thread_mismatch: '',
  thread_not_found: 'It must be in the same channel.',
  token_expired: '',
  token_not_found: '',
  tokens_for_agents_only: '',
  webhook_not_found: 'Also if it belongs to another account.',
  webhook_url_required: '',
  use_dms: '',
}

/** Codes of `error` frames, besides those above. */
export const frameCodes: Readonly<Record<string, string>> = {
  invalid_frame: 'The frame is not JSON text, or a field is invalid.',
  unknown_type: 'The server does not know this type of frame.',
  too_many_subscriptions: 'A socket can have at most 200.',
}

/** Every code that an answer can carry, by status and name. */
export const errorCodes: readonly ErrorCode[] = [
  ...unfixedCodes,
  ...matrixCodes,
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

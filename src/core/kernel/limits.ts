/**
 * Fixed limits of the contract (docs/contract/limits.md). Limits that an operator may change are settings
 * (settings.ts).
 */
export const MAX_BODY_CODE_POINTS = 16_000
export const MAX_CORRECTION_CODE_POINTS = 500
export const MAX_METADATA_BYTES = 8192
export const MAX_DIRECT_MENTIONS = 50
export const MAX_LISTED_MENTIONS = 200
export const MAX_EMOJI = 64
/** Distinct emoji of one account on a message. */
export const MAX_REACTIONS_PER_ACCOUNT = 20
/** Distinct emoji on a message. */
export const MAX_EMOJI_PER_MESSAGE = 50
/** Accounts listed with each emoji. */
export const MAX_LISTED_REACTORS = 20
/** Messages before or after the one whose context is read. */
export const MAX_CONTEXT = 50
/** Aliases of a channel, and handles of one alias. */
export const MAX_ALIASES = 50
export const MAX_ALIAS_HANDLES = 100
/** Attachments of one message. */
export const MAX_ATTACHMENTS = 10
/** How long an upload is kept that no message has. */
export const UPLOAD_HOURS = 24
export const MAX_IDEMPOTENCY_KEY = 128
export const MAX_SCOPES = 100
export const MAX_SCOPE_LENGTH = 160
export const MAX_TOKENS_PER_ACCOUNT = 50
/** Consumers of an inbox, `default` included. */
export const MAX_CONSUMERS = 32
/** Messages whose items are marked at once. */
export const MAX_ACKED_MESSAGES = 200
/** Webhooks of one account, besides its push endpoint. */
export const MAX_WEBHOOKS = 20
export const MAX_WEBHOOK_URL = 2048
export const MAX_WEBHOOK_SECRET = 256
export const MAX_BATCH_SECONDS = 300
export const MAX_NOTE = 500
/** Options of an approval, and the length of their ids and labels. */
export const MIN_OPTIONS = 2
export const MAX_OPTIONS = 10
export const MAX_OPTION_LENGTH = 80
export const MAX_QUESTION = 4000
/** How long an approval is pending at most, in seconds. */
export const MAX_APPROVAL_SECONDS = 30 * 86_400
/** New approvals of an account in an hour. */
export const MAX_APPROVALS_PER_HOUR = 20
export const MAX_CHANNEL_FILTER = 50
export const MAX_PASSWORD = 256
export const IDEMPOTENCY_WINDOW_HOURS = 24
/** A count of unread messages ends here. */
export const MAX_UNREAD = 100
/** Messages of a channel that a count of unread messages examines. */
export const MAX_UNREAD_SCAN = 500
/** The same for one channel, when all of its unread messages are counted. */
export const MAX_UNREAD_TOTAL = 10_000
export const MAX_UNREAD_TOTAL_SCAN = 20_000
/** The longest query of a search, in characters. */
export const MAX_QUERY = 200
/** Events that one filtered read may examine before it returns what it has. */
export const SCAN_LIMIT = 20_000

export const HANDLE_PATTERN = /^[a-z][a-z0-9_-]{0,63}$/
export const SLUG_PATTERN = /^[a-z0-9][a-z0-9_-]{0,63}$/
/** Handles that have a meaning in mentions, or that the server uses itself. */
export const RESERVED_HANDLES: ReadonlySet<string> = new Set([
  'channel',
  'everyone',
  'here',
  'all',
  'system',
  'me',
])

/** Seconds in which a message may have to be answered. */
export const MIN_ACK_SECONDS = 10
export const MAX_ACK_SECONDS = 604_800

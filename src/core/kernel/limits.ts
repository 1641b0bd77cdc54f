/**
 * Fixed limits of the contract (docs/contract/limits.md). Limits that an operator may change are settings
 * (settings.ts).
 */
export const MAX_BODY_CODE_POINTS = 16_000
export const MAX_METADATA_BYTES = 8192
export const MAX_DIRECT_MENTIONS = 50
export const MAX_LISTED_MENTIONS = 200
export const MAX_IDEMPOTENCY_KEY = 128
export const MAX_SCOPES = 100
export const MAX_SCOPE_LENGTH = 160
export const MAX_TOKENS_PER_ACCOUNT = 50
export const MAX_CHANNEL_FILTER = 50
export const MAX_PASSWORD = 256
export const IDEMPOTENCY_WINDOW_HOURS = 24
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

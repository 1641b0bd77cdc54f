import type { Core } from '../../core'
import type { Settings } from '../../core/governance/settings'
import { MAX_GRACE_SECONDS } from '../../core/identity/own-tokens'
import * as limits from '../../core/kernel/limits'
import { CONTRACT_VERSION } from '../contract'
import { type Endpoint, endpoint } from '../endpoint'
import { WAITS_PER_CREDENTIAL } from '../stream-limits'
import type { App } from '../surface'
import { serverSchema } from './schemas'

/** Describes the server to clients with a credential. */
export function serverEndpoints(app: App): Endpoint[] {
  const { core } = app
  return [
    endpoint({
      method: 'GET',
      path: '/v1/server',
      who: 'authenticated',
      tag: 'Server',
      summary: 'Show version, features and limits',
      answers: { 200: { description: 'The server', schema: serverSchema } },
      handle: () => ({
        status: 200,
        json: {
          version: CONTRACT_VERSION,
          epoch: core.log.epoch,
          head_cursor: core.log.headCursor,
          features: app.features(),
          limits: limitsOf(core),
        },
      }),
    }),
  ]
}

function limitsOf({ settings }: Core): Readonly<Record<string, number>> {
  return {
    body_code_points: limits.MAX_BODY_CODE_POINTS,
    request_bytes: settings.get('http.max_body'),
    correction_code_points: limits.MAX_CORRECTION_CODE_POINTS,
    metadata_bytes: limits.MAX_METADATA_BYTES,
    messages_per_page: 200,
    events_per_page: 500,
    context_messages: limits.MAX_CONTEXT,
    emoji_code_points: limits.MAX_EMOJI,
    reactions_per_account: limits.MAX_REACTIONS_PER_ACCOUNT,
    emoji_per_message: limits.MAX_EMOJI_PER_MESSAGE,
    channels_per_filter: limits.MAX_CHANNEL_FILTER,
    attachment_bytes: settings.get('attachments.max_bytes'),
    attachments_per_message: limits.MAX_ATTACHMENTS,
    attachment_quota_bytes: settings.get('attachments.quota'),
    wait_seconds: settings.get('wait.max_s'),
    waits_per_credential: WAITS_PER_CREDENTIAL,
    streams_per_account: settings.get('streams.per_account'),
    streams_total: settings.get('streams.total'),
    mentions_per_message: limits.MAX_DIRECT_MENTIONS,
    idempotency_key: limits.MAX_IDEMPOTENCY_KEY,
    idempotency_hours: limits.IDEMPOTENCY_WINDOW_HOURS,
    scopes_per_token: limits.MAX_SCOPES,
    tokens_per_account: limits.MAX_TOKENS_PER_ACCOUNT,
    rotate_grace_seconds: MAX_GRACE_SECONDS,
    password_min: settings.get('auth.password_min'),
    password_max: limits.MAX_PASSWORD,
    accounts: settings.get('quota.accounts'),
    channels: settings.get('quota.channels'),
    members_per_channel: settings.get('quota.members'),
    ...ratesOf(settings),
  }
}

/** The limits by class, in requests per minute and burst; omits unlimited classes. */
function ratesOf(settings: Settings): Record<string, number> {
  const entries = (['post', 'read', 'write', 'search'] as const).flatMap((name) => {
    const rate = settings.get(`rate.${name}`)
    if (rate === null) return []
    return [
      [`${name}_per_minute`, rate.perMinute],
      [`${name}_burst`, rate.burst],
    ] as const
  })
  return Object.fromEntries(entries)
}

import type { Core } from '../../core'
import * as limits from '../../core/limits'
import { CONTRACT_VERSION } from '../contract'
import { type Endpoint, endpoint } from '../endpoint'
import { Type, text } from '../schema'
import { accessSchema, serverSchema } from './schemas'

/** What of the contract this server has, for clients that want to know before they try. */
const features = [
  'events',
  'sse',
  'websocket',
  'long_poll',
  'idempotency',
  'access',
  'config',
  'rate_limits',
  'audit',
] as const

/** Requests a minute and at once, of the classes that are limited. */
function ratesOf({ settings }: Core): Record<string, number> {
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

export function meEndpoints(core: Core): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/v1/me/access',
      who: 'account',
      tag: 'You',
      summary: 'What each gate of a channel says to you, and how to open the shut one',
      query: Type.Object({ channel: text({ minLength: 1 }) }),
      answers: {
        200: { description: 'The gates in their order', schema: accessSchema },
      },
      handle: async ({ actor, query }) => {
        const { slug, visible, archived, gates, fix } = await core.access.explain(actor, query.channel)
        return { status: 200, json: { channel: slug, visible, archived, gates, fix } }
      },
    }),
    endpoint({
      method: 'GET',
      path: '/v1/server',
      who: 'anybody',
      tag: 'Server',
      summary: 'Version, features and limits',
      answers: { 200: { description: 'The server', schema: serverSchema } },
      handle: () => ({
        status: 200,
        json: {
          version: CONTRACT_VERSION,
          epoch: core.log.epoch,
          head_cursor: core.log.headCursor,
          features,
          limits: {
            body_code_points: limits.MAX_BODY_CODE_POINTS,
            request_bytes: core.settings.get('http.max_body'),
            metadata_bytes: limits.MAX_METADATA_BYTES,
            messages_per_page: 200,
            events_per_page: 500,
            channels_per_filter: limits.MAX_CHANNEL_FILTER,
            wait_seconds: core.settings.get('wait.max_s'),
            streams_per_account: core.settings.get('streams.per_account'),
            streams_total: core.settings.get('streams.total'),
            mentions_per_message: limits.MAX_DIRECT_MENTIONS,
            idempotency_key: limits.MAX_IDEMPOTENCY_KEY,
            idempotency_hours: limits.IDEMPOTENCY_WINDOW_HOURS,
            ...ratesOf(core),
          },
        },
      }),
    }),
  ]
}

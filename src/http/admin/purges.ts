import type { Core } from '../../core'
import type { Purged, PurgeExtent } from '../../core/messages/purges'
import { peerOf } from '../client'
import { type Endpoint, endpoint } from '../endpoint'
import { ValidationError } from '../errors'
import { parsedInstant } from '../instants'
import { maybe, type Static, Type, text } from '../schema'
import { idOf } from './wire'

const request = Type.Object({
  before: maybe(text({ description: 'Purge what was posted before this time, RFC 3339' })),
  keep: maybe(
    Type.Integer({
      minimum: 0,
      maximum: 1_000_000_000,
      description: 'Purge all but so many newest messages',
    }),
  ),
  dry_run: maybe(Type.Boolean({ description: 'Only count' })),
})

const answer = Type.Object({
  messages: Type.Integer({ description: 'The messages deleted, tombstones included' }),
  through_cursor: Type.String({ description: 'The position up to which the channel was purged' }),
  done: Type.Boolean({ description: 'False: after 20 s the rest is done in the background' }),
})

export function purgeEndpoints(core: Core): Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/v1/admin/channels/:id/purge',
      who: 'admin',
      tag: 'Administration',
      summary: 'Delete old messages of a channel for good',
      description:
        'Give either `before` or `keep`. Deletes the messages with their reactions and events; a root of a thread stays as a tombstone while it has later replies.',
      body: request,
      answers: { 200: { description: 'What was deleted', schema: answer } },
      refusals: ['invalid_id', 'channel_not_found', 'legal_hold'],
      handle: ({ request, params, body, once }) => {
        // It may work longer than the idle time of a connection.
        peerOf(request).hold?.()
        const extent = extentOf(body)
        const isDryRun = body.dry_run ?? false
        const channel = idOf(params.id, 'channel id')
        return once(
          (who) => core.purges.purge(who, channel, extent, isDryRun),
          (purged) => ({ status: 200, json: purgedJson(purged) }),
        )
      },
    }),
  ]
}

/** @throws ValidationError unless exactly one of `before` and `keep` is given */
function extentOf(body: Static<typeof request>): PurgeExtent {
  const { before = null, keep = null } = body
  if (before !== null && keep === null) return { before: parsedInstant(before, ['body', 'before']) }
  if (keep !== null && before === null) return { keep }
  const msg = 'Give either `before` or `keep`'
  throw new ValidationError([{ type: 'value_error', loc: ['body'], msg, input: null }])
}

function purgedJson({ messages, throughCursor, isDone }: Purged) {
  return { messages, through_cursor: throughCursor, done: isDone }
}

import type { Core } from '../../core'
import type { Erased } from '../../core/messages/erasures'
import { peerOf } from '../client'
import { type Endpoint, endpoint } from '../endpoint'
import { maybe, oneOf, Type, text } from '../schema'
import { idOf } from './wire'

const request = Type.Object({
  confirm: text({ maxLength: 64, description: 'The handle of the account' }),
  mode: oneOf(['anonymize', 'delete_messages']),
  redact_mentions: maybe(
    Type.Boolean({ description: 'Replace `@handle` in messages by the new handle, `@erased-…`' }),
  ),
})

const answer = Type.Object({
  mode: oneOf(['anonymize', 'delete_messages']),
  messages_deleted: Type.Integer(),
  messages_anonymized: Type.Integer({ description: 'The messages that stay, of the erased account' }),
  tokens_revoked: Type.Integer(),
  matrix: maybe(
    Type.Object(
      { events_redacted: Type.Integer() },
      { description: 'With a homeserver: the events of rooms that lose their content within moments' },
    ),
  ),
  done: Type.Boolean({ description: 'False: after 20 s the rest is done in the background' }),
})

export function erasureEndpoints(core: Core): Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/v1/admin/accounts/:id/erase',
      who: 'admin',
      tag: 'Administration',
      summary: 'Erase an account for good',
      description:
        'Its name, profile, credentials, memberships and reactions are deleted, and its handle is free again. Its messages stay, without its name, or are deleted. Backups keep what they have.',
      body: request,
      answers: { 200: { description: 'What was erased', schema: answer } },
      refusals: [
        'invalid_id',
        'account_not_found',
        'confirm_mismatch',
        'legal_hold',
        'last_system_admin',
        'system_account',
      ],
      handle: ({ request, params, body, once }) => {
        // It may work longer than the idle time of a connection.
        peerOf(request).hold?.()
        const { confirm, mode } = body
        const redactsMentions = body.redact_mentions ?? false
        const account = idOf(params.id, 'account id')
        return once(
          (who) => core.erasures.erase(who, account, { confirm, mode, redactsMentions }),
          (erased) => ({ status: 200, json: erasedJson(erased) }),
        )
      },
    }),
  ]
}

function erasedJson({ mode, deletedMessages, keptMessages, tokensRevoked, redactedEvents, isDone }: Erased) {
  return {
    mode,
    messages_deleted: deletedMessages,
    messages_anonymized: keptMessages,
    tokens_revoked: tokensRevoked,
    ...(redactedEvents === undefined ? {} : { matrix: { events_redacted: redactedEvents } }),
    done: isDone,
  }
}

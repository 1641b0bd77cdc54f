import type { Core } from '../../core'
import { MAX_BODY_CODE_POINTS, MAX_CONTEXT } from '../../core/kernel/limits'
import type { MessageChange } from '../../core/messages/edits'
import { type Endpoint, endpoint } from '../endpoint'
import { checkedMetadata } from '../message-metadata'
import { freeObject, maybe, oneOf, type Static, Type, text } from '../schema'
import { messageTexts } from './message-texts'
import { bodyFormat } from './messages'
import { showingPause } from './pauses'
import { contextSchema, editedSchema, flag, reactionsSchema } from './schemas'
import type { Wire } from './wire'

const neighbours = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_CONTEXT, description }))

const contextQuery = Type.Object({
  before: neighbours('How many messages before it; default 5'),
  after: neighbours('How many messages after it; default 0'),
  rule: Type.Optional(
    oneOf(
      ['protocol'],
      'Instead of `before`: back to the last message of a person, at most 5, or 10 in a rapid exchange',
    ),
  ),
  top_level: flag('Only neighbours outside of a thread, and roots'),
})

const change = Type.Object({
  body: maybe(text({ minLength: 1, maxLength: MAX_BODY_CODE_POINTS, secret: true })),
  body_format: maybe(text({ description: 'markdown or plaintext' })),
  metadata: maybe(freeObject('Replaces the metadata as a whole; at most 8 KiB of compact JSON')),
})

const reaction = Type.Object({
  emoji: text({ description: 'An emoji or a plain word: 1 to 64 visible characters without white space' }),
})

/** The error codes of every act on a message. */
const actErrors = [
  'invalid_id',
  'message_not_found',
  'missing_scope',
  'read_only_role',
  'storage_full',
] as const

/** What is done with one message: reading around it, editing, deleting, reacting. */
export function messageActEndpoints(core: Core, wire: Wire): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/v1/messages/:id/context',
      who: 'account',
      tag: 'Messages',
      summary: 'Read a message with its neighbours',
      description:
        'The neighbours of a reply are those of its thread, root included; those of another message, of its channel.',
      query: contextQuery,
      answers: { 200: { description: 'Oldest first, the message itself included', schema: contextSchema } },
      refusals: ['invalid_id', 'message_not_found'],
      handle: async ({ actor, params, query }) => {
        const views = await core.messageContext.around(actor, params.id ?? '', {
          before: query.rule ?? query.before ?? 5,
          after: query.after ?? 0,
          topLevel: query.top_level ?? false,
        })
        const text = await messageTexts(core, wire, actor.account.id, views)
        const messages = views.map((view) => text(view)).join(',')
        return { status: 200, text: `{"messages":[${messages}]}` }
      },
    }),
    endpoint({
      method: 'PATCH',
      path: '/v1/messages/:id',
      who: 'account',
      authorizedInTransaction: true,
      tag: 'Messages',
      summary: 'Edit a message of yours',
      description: 'Keys that are absent or null stay as they are. Mentions follow the new body.',
      body: change,
      answers: { 200: { description: 'The message', schema: editedSchema } },
      refusals: [
        'invalid_body_format',
        ...actErrors,
        'not_author',
        'immutable_message',
        'legal_hold',
        'edit_window_closed',
        'too_many_mentions',
        'paused',
      ],
      handle: async ({ actor, params, body }) => {
        const { message, unresolved } = await showingPause(
          core.edits.edit(actor, params.id ?? '', changeOf(body)),
        )
        const more = `"unresolved_mentions":${JSON.stringify(unresolved)}`
        const text = await messageTexts(core, wire, actor.account.id, [message])
        return { status: 200, text: text(message, more) }
      },
    }),
    endpoint({
      method: 'POST',
      path: '/v1/messages/:id/reactions',
      who: 'account',
      authorizedInTransaction: true,
      tag: 'Messages',
      summary: 'React to a message',
      body: reaction,
      answers: {
        200: { description: 'You had reacted with this emoji before', schema: reactionsSchema },
        201: { description: 'The reactions to the message', schema: reactionsSchema },
      },
      refusals: ['invalid_emoji', ...actErrors, 'quota_exceeded'],
      handle: ({ params, body, once }) =>
        once(
          (actor) => core.reactions.add(actor, params.id ?? '', body.emoji),
          ({ message, isChanged }) => ({
            status: isChanged ? 201 : 200,
            json: { reactions: message.reactions },
          }),
        ),
    }),
    endpoint({
      method: 'PUT',
      path: '/v1/messages/:id/reactions/:emoji',
      who: 'account',
      authorizedInTransaction: true,
      tag: 'Messages',
      summary: 'React to a message, with the emoji in the path',
      answers: { 200: { description: 'The reactions to the message', schema: reactionsSchema } },
      refusals: ['invalid_emoji', ...actErrors, 'quota_exceeded'],
      handle: async ({ actor, params }) => {
        const { message } = await core.reactions.add(actor, params.id ?? '', params.emoji ?? '')
        return { status: 200, json: { reactions: message.reactions } }
      },
    }),
    endpoint({
      method: 'DELETE',
      path: '/v1/messages/:id/reactions/:emoji',
      who: 'account',
      authorizedInTransaction: true,
      tag: 'Messages',
      summary: 'Take a reaction of yours back',
      answers: { 204: { description: 'You do not react with this emoji' } },
      refusals: ['invalid_emoji', ...actErrors],
      handle: async ({ actor, params }) => {
        await core.reactions.remove(actor, params.id ?? '', params.emoji ?? '')
        return { status: 204 }
      },
    }),
    endpoint({
      method: 'DELETE',
      path: '/v1/messages/:id',
      who: 'account',
      authorizedInTransaction: true,
      tag: 'Messages',
      summary: 'Delete a message: yours, or, as an admin of the channel, any',
      description: 'Its text, mentions, metadata and reactions are gone; a tombstone remains.',
      answers: { 204: { description: 'Deleted, or was already' } },
      refusals: [...actErrors, 'not_author', 'legal_hold'],
      handle: async ({ actor, params }) => {
        await core.deletions.remove(actor, params.id ?? '')
        return { status: 204 }
      },
    }),
  ]
}

function changeOf({ body, body_format: format, metadata }: Static<typeof change>): MessageChange {
  return {
    ...(body == null ? {} : { body }),
    ...(format == null ? {} : { format: bodyFormat(format) }),
    ...(metadata == null ? {} : { metadata: checkedMetadata(metadata) }),
  }
}

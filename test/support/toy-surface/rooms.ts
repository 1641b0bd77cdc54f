import type { Core } from '../../../src/core'
import { type Endpoint, endpoint } from '../../../src/http/endpoint'
import { Type, text } from '../../../src/http/schema'

const documentation = 'none'
const tag = 'Toy'

export function roomEndpoints(core: Core): Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/toy/:room/say',
      who: 'account',
      authorizedInTransaction: true,
      rate: 'post',
      tag,
      documentation,
      summary: 'Say something in a room',
      body: Type.Object({ words: text({ minLength: 1 }) }),
      answers: { 201: { description: 'Said' } },
      handle: async ({ actor, params, body }) => {
        const posted = await core.messages.post(actor, {
          ...{
            channel: params.room ?? '',
            body: body.words,
            format: 'plaintext',
            kind: 'message',
            priority: 'normal',
          },
          ...{ threadId: null, replyTo: null, metadata: {}, clientMessageId: null, idempotency: null },
        })
        const at = posted.replayed ? posted.message.message.seq : posted.event.seq
        return { status: 201, json: { said: body.words, at } }
      },
    }),
    endpoint({
      method: 'GET',
      path: '/toy/:room/words',
      who: 'account',
      rate: 'unlimited',
      tag,
      documentation,
      summary: 'Hear what was said, by a request to v1',
      answers: { 200: { description: 'As v1 answers' } },
      handle: async ({ context, params }) => {
        const query = { channel: params.room, since: 'oldest', limit: 2, before: undefined }
        const answer = await context.call({ method: 'GET', path: '/v1/messages', query })
        return { status: answer.status, text: await answer.text() }
      },
    }),
    endpoint({
      method: 'DELETE',
      path: '/toy/:room',
      who: 'admin',
      tag,
      documentation,
      summary: 'For administrators alone',
      answers: { 204: { description: 'Nothing is done' } },
      handle: () => ({ status: 204 }),
    }),
  ]
}

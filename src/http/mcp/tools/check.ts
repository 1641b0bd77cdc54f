import { Type } from '../../schema'
import { compact, inWords, type Message } from './messages'
import { slugIn, tool } from './tool'

const DEFAULT_LIMIT = 20

interface Page {
  readonly messages: readonly Message[]
  readonly next_cursor: string | null
  readonly position: string
  readonly has_more: boolean
}

const given = {
  channel: Type.Optional(Type.String({ description: 'Slug; default all' })),
  thread: Type.Optional(Type.String({ description: 'Id of a message in it' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  since: Type.Optional(Type.String({ description: 'Cursor: newer' })),
  before: Type.Optional(Type.String({ description: 'Cursor: older' })),
}

export const check = tool({
  name: 'synapse_check',
  description: 'Read messages, oldest first: the newest ones, or from a cursor.',
  given,
  readOnly: true,
  run: async (visit, { channel, thread, limit = DEFAULT_LIMIT, since, before }) => {
    const isForward = since !== undefined && before === undefined
    const page = await visit.ask<Page>('GET', '/v1/messages', {
      query: {
        channel: channel === undefined ? '*' : slugIn(channel),
        ...{ thread, limit, since, before },
        order: isForward ? 'asc' : 'desc',
      },
    })
    const { position, next_cursor: next, has_more: hasMore } = page
    const messages = isForward ? page.messages : page.messages.toReversed()
    // A page back in time does not say what is new.
    const cursor = before === undefined ? { cursor: position } : {}
    const older = !isForward && next !== null ? { before: next } : {}
    const text = messages.length === 0 ? 'No messages.' : inWords(messages)
    const more = hasMore ? `\nMore: ${isForward ? `since=${position}` : `before=${next}`}` : ''
    return {
      structured: { messages: messages.map(compact), ...cursor, ...older, has_more: hasMore },
      text: `${text}${more}`,
    }
  },
})

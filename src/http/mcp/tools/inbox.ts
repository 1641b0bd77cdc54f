import { Type } from '../../schema'
import { compact, inWords, type Message } from './messages'
import { tool, waitOf } from './tool'

const DEFAULT_LIMIT = 20

interface Inbox {
  readonly items: readonly {
    readonly reason: string
    readonly event: string
    readonly cursor: string
    readonly message: Message
  }[]
  readonly cursor: string
  readonly pending: number
  readonly has_more: boolean
  readonly timed_out: boolean
  readonly notices: readonly unknown[]
}

const given = {
  wait: Type.Optional(Type.Integer({ minimum: 0, maximum: 600, description: 'Seconds, at most 25' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  consumer: Type.Optional(Type.String({ description: 'Name of your position' })),
  ack_cursor: Type.Optional(Type.String({ description: 'cursor of the batch you have handled' })),
}

export const inbox = tool({
  name: 'synapse_inbox',
  description:
    'Fetch what notified you (mentions, replies, direct messages, …). Handle the batch, then pass its cursor as ack_cursor to get the next.',
  given,
  run: async (visit, { wait = 0, limit = DEFAULT_LIMIT, consumer, ack_cursor: acked }) => {
    if (acked !== undefined)
      await visit.ask('POST', '/v1/inbox/ack', {
        body: { cursor: acked, consumer },
        retryKey: visit.retryKey,
      })
    const query = { wait: waitOf(wait), limit, consumer }
    const found = await visit.ask<Inbox>('GET', '/v1/inbox', { query })
    const { cursor, pending, has_more, timed_out, notices } = found
    const items = found.items.map(({ reason, event, message }) => ({
      reason,
      ...(event === 'message.created' ? {} : { event }),
      message: compact(message),
    }))
    const lines = found.items.map(({ reason, message }) => `${reason} ${inWords([message])}`)
    const text = lines.length === 0 ? 'Nothing new.' : [...lines, `ack_cursor=${cursor}`].join('\n')
    return {
      structured: {
        ...{ items, cursor, pending, has_more, timed_out },
        ...(notices.length > 0 ? { notices } : {}),
      },
      text,
    }
  },
})

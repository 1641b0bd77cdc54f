import { Type } from '../../schema'
import { compact, type Message } from './messages'
import { handleIn, slugIn, tool } from './tool'

interface Results {
  readonly results: readonly { readonly message: Message; readonly snippet: string }[]
}

const given = {
  q: Type.String({ description: 'Words, "a phrase", -without, begin*' }),
  channel: Type.Optional(Type.String()),
  from: Type.Optional(Type.String()),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
}

export const search = tool({
  name: 'synapse_search',
  description: 'Search messages. Read one in full with synapse_check thread=<id>.',
  given,
  readOnly: true,
  run: async (visit, { q, channel, from, limit }) => {
    const query = {
      ...{ q, limit },
      channel: channel === undefined ? undefined : slugIn(channel),
      from: from === undefined ? undefined : handleIn(from),
    }
    const { results } = await visit.ask<Results>('GET', '/v1/search', { query })
    const shown = results.map(({ message, snippet }) => {
      const { body: _, ...rest } = compact(message)
      return { ...rest, snippet }
    })
    const lines = results.map(
      ({ message: { id, channel, sender_handle, created_at }, snippet }) =>
        `[${created_at.slice(0, 19)}Z #${channel} ${id}] ${sender_handle}: ${snippet}`,
    )
    return { structured: { results: shown }, text: lines.join('\n') || 'Nothing found.' }
  },
})

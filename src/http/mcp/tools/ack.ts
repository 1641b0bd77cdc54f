import { oneOf, Type } from '../../schema'
import { badArgument, tool } from './tool'

/** Each reaction is a request. */
const MAX_REACTIONS = 20

interface Acked {
  readonly position: string
  readonly acked: number
  readonly pending: number
}

const given = {
  cursor: Type.Optional(Type.String({ description: 'Acknowledges everything up to it' })),
  message_ids: Type.Optional(Type.Array(Type.String())),
  state: Type.Optional(oneOf(['acked', 'failed'])),
  note: Type.Optional(Type.String({ description: 'For the sender' })),
  emoji: Type.Optional(Type.String({ description: 'React to message_ids, which acknowledges them' })),
}

export const ack = tool({
  name: 'synapse_ack',
  description: 'Acknowledge inbox items, report failure, or react.',
  given,
  run: async (visit, { cursor, message_ids: ids, state, note, emoji }) => {
    if (emoji !== undefined && (ids === undefined || ids.length === 0 || ids.length > MAX_REACTIONS))
      throw badArgument('message_ids', `emoji needs 1 to ${MAX_REACTIONS} message_ids`)
    // A reaction acknowledges by itself, also what is not in the inbox.
    const isReactionOnly =
      emoji !== undefined && cursor === undefined && state === undefined && note === undefined
    const acked = isReactionOnly
      ? null
      : await visit.ask<Acked>('POST', '/v1/inbox/ack', {
          body: { cursor, message_ids: ids, state, note },
          retryKey: visit.retryKey,
        })
    const reactions: Record<string, unknown> = {}
    if (emoji !== undefined)
      for (const id of ids ?? []) {
        const path = '/v1/messages/:id/reactions/:emoji'
        const shown = await visit.ask<{ reactions: unknown }>('PUT', path, { params: { id, emoji } })
        reactions[id] = shown.reactions
      }
    const reacted = emoji === undefined ? {} : { reactions }
    const words = [
      acked && `${state === 'failed' ? 'Reported as failed' : 'Acknowledged'}; ${acked.pending} pending.`,
      emoji !== undefined && `Reacted ${emoji}.`,
    ]
    return { structured: { ...acked, ...reacted }, text: words.filter(Boolean).join(' ') }
  },
})

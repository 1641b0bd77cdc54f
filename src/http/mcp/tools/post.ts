import { oneOf, Type } from '../../schema'
import { compact, type Message } from './messages'
import { badArgument, handleIn, slugIn, type ToolVisit, tool } from './tool'

const given = {
  channel: Type.Optional(Type.String({ description: 'Slug; or to_handle' })),
  to_handle: Type.Optional(Type.String({ description: 'Direct message' })),
  body: Type.String({ description: 'Markdown; @handle notifies' }),
  reply_to: Type.Optional(Type.String({ description: 'Message id' })),
  kind: Type.Optional(oneOf(['message', 'correction'])),
  priority: Type.Optional(oneOf(['urgent', 'normal', 'fyi'])),
  options: Type.Optional(
    Type.Array(Type.String(), { description: 'Makes body a question that a person decides' }),
  ),
  client_msg_id: Type.Optional(Type.String({ description: 'Same id = posted once' })),
}

interface Posted extends Message {
  readonly unresolved_mentions: readonly string[]
  readonly unreachable: readonly string[]
}

interface Asked {
  readonly approval: { readonly id: string; readonly expires_at: string }
  readonly message: Message
}

export const post = tool({
  name: 'synapse_post',
  description:
    'Post to a channel or an account. Answer with reply_to; replies of agents in a thread are limited until a person posts there.',
  given,
  run: async (visit, { channel, to_handle, body, reply_to, kind, priority, options, client_msg_id }) => {
    if ((channel === undefined) === (to_handle === undefined))
      throw badArgument('channel', 'name either channel or to_handle')
    if (options !== undefined && (kind !== undefined || priority !== undefined))
      throw badArgument('options', 'a question has neither kind nor priority')
    const slug = channel === undefined ? await directChannel(visit, to_handle ?? '') : slugIn(channel)
    const retryKey = client_msg_id ?? visit.retryKey
    if (options !== undefined) {
      const asked = await visit.ask<Asked>('POST', '/v1/approvals', {
        body: { channel: slug, question: body, options, reply_to },
        retryKey,
      })
      const { approval, message } = asked
      return {
        structured: { message: compact(message), approval },
        text: `Asked in #${message.channel}: approval ${approval.id}. Wait with synapse_await approval_id.`,
      }
    }
    const message = await visit.ask<Posted>('POST', '/v1/messages', {
      body: { channel: slug, body, reply_to, kind, priority, client_msg_id },
      // It is the key already, if there is one.
      retryKey: client_msg_id === undefined ? retryKey : null,
    })
    const { unresolved_mentions: unresolved, unreachable } = message
    const notes = [
      `Posted ${message.id} in #${message.channel}. Wait for answers with synapse_await since=${message.cursor}.`,
      unreachable.length > 0 ? `Not reachable now: ${unreachable.join(', ')}.` : '',
      unresolved.length > 0 ? `No such members: ${unresolved.join(', ')}.` : '',
    ]
    return { structured: compact(message), text: notes.filter((note) => note !== '').join(' ') }
  },
})

async function directChannel(visit: ToolVisit, handle: string): Promise<string> {
  const { slug } = await visit.ask<{ slug: string }>('POST', '/v1/dms', {
    body: { handle: handleIn(handle) },
  })
  return slug
}

import type { Core } from '../../core'
import { channelJson, channelSchema } from '../channel-wire'
import { type Endpoint, endpoint } from '../endpoint'
import { Type, text } from '../schema'

export function directEndpoint(core: Core): Endpoint {
  return endpoint({
    method: 'POST',
    path: '/v1/dms',
    who: 'account',
    tag: 'Channels',
    summary: 'Open the direct channel with an account that shares a channel with you',
    body: Type.Object({ handle: text({ minLength: 1, maxLength: 64 }) }),
    answers: {
      200: { description: 'The channel, which existed', schema: channelSchema },
      201: { description: 'The new channel', schema: channelSchema },
    },
    refusals: ['account_not_found', 'dm_self', 'missing_scope'],
    handle: ({ body, once }) =>
      once(
        (actor) => core.directChannels.open(actor, body.handle.replace(/^@/, '')),
        (opened) => ({ status: opened.isNew ? 201 : 200, json: channelJson(opened) }),
      ),
  })
}

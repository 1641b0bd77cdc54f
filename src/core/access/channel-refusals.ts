/** Refusals of calls on a channel. */

import type { Channel } from '../kernel/entities'
import { AppError, refusal } from '../kernel/errors'
import type { ChannelVerb } from './scopes'

/** @throws channel_archived */
export function requireActive({ archivedAt, slug }: Channel): void {
  if (archivedAt !== null) throw refusal('channel_archived', { channel: slug })
}

/** The refusal of a token that lacks the scope for a channel. */
export function lacksScope({ slug }: Channel, verb: ChannelVerb): AppError {
  return new AppError('forbidden', 'missing_scope', `Token lacks ${verb} scope for this channel`, {
    gate: 'scope',
    channel: slug,
    required_scope: `channel:${slug}:${verb}`,
  })
}

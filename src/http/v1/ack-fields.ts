import type { Acked, AckRequest } from '../../core/inbox/acks'
import { DEFAULT_CONSUMER } from '../../core/inbox/consumers'
import { MAX_ACKED_MESSAGES, MAX_NOTE } from '../../core/kernel/limits'
import type { Log } from '../../core/log/log'
import { list, maybe, oneOf, type Static, Type, text } from '../schema'

/** Acknowledgements, as requests and frames of sockets send them (docs/contract/inbox.md#acknowledging). */

export const CONSUMER = '^[A-Za-z0-9_.-]{1,64}$'

export const ackFields = {
  cursor: maybe(text({ minLength: 1, description: 'Acknowledges every item up to it' })),
  message_ids: maybe(
    list(text({ maxLength: 64 }), {
      minItems: 1,
      maxItems: MAX_ACKED_MESSAGES,
      description: 'Marks the items of these messages, all or none',
    }),
  ),
  consumer: maybe(text({ pattern: CONSUMER })),
  state: maybe(oneOf(['acked', 'failed'], 'acked (default), or failed, with message_ids')),
  note: maybe(
    text({ maxLength: MAX_NOTE, form: 'prose', description: 'What the sender sees with the state' }),
  ),
  rewind: maybe(Type.Boolean({ description: 'Lets the cursor move the position back' })),
}
const ackObject = Type.Object(ackFields)
type AckBody = Static<typeof ackObject>

/**
 * Returns what is wrong with an acknowledgement, as the entry of a 422: exactly one of `cursor` and `message_ids` is given, and
 * `failed` only with `message_ids`. Undefined if nothing is.
 */
export function ackProblem({ cursor, message_ids: messageIds, state }: AckBody) {
  const problem = (name: string, msg: string) => ({
    loc: ['body', name],
    msg: `Value error, ${msg}`,
    input: null,
  })
  if ((cursor == null) === (messageIds == null)) return problem('cursor', 'name either cursor or message_ids')
  if (state === 'failed' && messageIds == null) return problem('state', 'failed needs message_ids')
  return undefined
}

export function ackRequest(body: AckBody): AckRequest {
  const { cursor, message_ids: messageIds, state, note, consumer, rewind } = body
  return {
    consumer: consumer ?? DEFAULT_CONSUMER,
    cursor: cursor ?? null,
    messageIds: messageIds ?? [],
    state: state ?? 'acked',
    note: note ?? null,
    rewind: rewind ?? false,
  }
}

export function ackedJson(log: Pick<Log, 'cursor'>, { position, acked, pending }: Acked) {
  return { position: log.cursor(position), acked, pending }
}

import { DELIVERY_STATES } from '../../core/inbox/items'
import { WAKE_REASONS } from '../../core/kernel/entities'
import { named, nullable, oneOf, Type } from '../schema'
import { accountRefSchema, cursor, instant } from './common-schemas'
import { messageSchema } from './schemas'

/** Shapes of the answers about inboxes. */

const inboxItemSchema = named(
  'InboxItem',
  Type.Object({
    seq: Type.Integer({ description: 'Seq of the event that notified you' }),
    cursor,
    reason: oneOf(WAKE_REASONS, 'The first of `reasons`'),
    reasons: Type.Array(oneOf(WAKE_REASONS)),
    event: Type.String({ description: 'Type of the event that notified you' }),
    message: messageSchema,
    delivery: Type.Object({
      state: oneOf(DELIVERY_STATES),
      at: instant,
    }),
  }),
)

export const inboxSchema = named(
  'InboxPage',
  Type.Object({
    items: Type.Array(inboxItemSchema),
    cursor: Type.String({ description: 'What to acknowledge when you have handled the page' }),
    position: Type.String({ description: 'Position of the consumer' }),
    pending: Type.Integer({ description: 'Open items after the position, counted to 1,000' }),
    has_more: Type.Boolean(),
    timed_out: Type.Boolean(),
    notices: Type.Array(Type.Object({ code: Type.String(), detail: Type.String(), at: instant })),
  }),
)

export const ackedSchema = Type.Object({
  position: Type.String({ description: 'Position of the consumer' }),
  acked: Type.Integer({ description: 'Items that were open until now, counted to 1,000' }),
  pending: Type.Integer({ description: 'Open items after the position, counted to 1,000' }),
})

export const deliveriesSchema = Type.Object({
  deliveries: Type.Array(
    Type.Object({
      account: accountRefSchema,
      reason: oneOf(WAKE_REASONS),
      state: oneOf(DELIVERY_STATES),
      state_at: instant,
      note: nullable(Type.String()),
    }),
  ),
  next_cursor: nullable(Type.String()),
  summary: Type.Record(Type.String(), Type.Integer(), {
    description: 'How many deliveries are in each state, over all pages',
  }),
})

export const cursorsSchema = Type.Object({
  cursors: Type.Array(
    Type.Object({
      consumer: Type.String(),
      position: Type.String(),
      pending: Type.Integer(),
      updated_at: nullable(instant),
    }),
  ),
})

import { WAKE_REASONS } from '../../core/kernel/entities'
import { channelSchema } from '../channel-wire'
import { presenceSchema } from '../presence-wire'
import { nullable, oneOf, Type } from '../schema'
import { accountRefSchema, cursor, instant } from './common-schemas'
import { pauseSchema, runChainSchema } from './limit-schemas'

/** Shapes of answers about channels. They document; the tests validate real answers against them. */

const handle = Type.String()

export const channelsSchema = Type.Object({
  channels: Type.Array(
    Type.Object({
      id: Type.String({ format: 'uuid' }),
      slug: Type.String(),
      name: Type.String(),
      description: nullable(Type.String()),
      kind: oneOf(['public', 'private', 'dm']),
      role: nullable(oneOf(['admin', 'member', 'read_only'])),
      topic: nullable(Type.String()),
      access: Type.Object({ read: Type.Boolean(), post: Type.Boolean() }),
      member_count: Type.Integer(),
      invited: Type.Optional(Type.Literal(true, { description: 'invited over Matrix; join it to accept' })),
      head_cursor: nullable(cursor),
      last_message_at: nullable(instant),
      peer: nullable(accountRefSchema),
      notify: nullable(oneOf(['all', 'mentions', 'none'])),
      read_cursor: nullable(cursor),
      pause: nullable(pauseSchema),
      unread: Type.Optional(Type.Integer({ minimum: 0, maximum: 100, description: '100 means 100 or more' })),
      mentions: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: 100,
          description: 'What notified you there and you have not seen',
        }),
      ),
    }),
  ),
})

export const readPositionSchema = Type.Object({
  read_cursor: cursor,
  unread: Type.Integer(),
  mentions: Type.Integer(),
})

export const membersSchema = Type.Object({
  members: Type.Array(
    Type.Object({
      id: Type.String({ format: 'uuid' }),
      handle,
      display_name: Type.String(),
      kind: oneOf(['human', 'agent']),
      role: oneOf(['admin', 'member', 'read_only']),
      presence: presenceSchema,
    }),
  ),
})

export const openedChannelSchema = Type.Composite([
  channelSchema,
  Type.Object({
    role: nullable(oneOf(['admin', 'member', 'read_only'])),
    head_cursor: nullable(cursor),
    chain: runChainSchema,
    unread_total: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 10_000, description: '10000 means 10,000 or more' }),
    ),
    matrix: Type.Optional(Type.Object({ room_id: Type.String(), alias: nullable(Type.String()) })),
  }),
])

export const aliasesSchema = Type.Object({
  aliases: Type.Record(Type.String(), Type.Array(handle)),
})

export const preferencesSchema = Type.Object({
  notify: oneOf(['all', 'mentions', 'none']),
  wake_on: nullable(Type.Array(oneOf(WAKE_REASONS))),
})

import { RESETS_ON } from '../../core/chain/chain'
import { named, nullable, oneOf, Type } from '../schema'
import { accountRefSchema, instant } from './common-schemas'

/** The answers about what stops agents: pauses, and the limits of what they post without a person. */

export const pauseSchema = named(
  'Pause',
  Type.Object({
    id: Type.String({ format: 'uuid' }),
    channel: nullable(Type.String({ description: 'Slug; null: every channel' })),
    account: nullable(accountRefSchema),
    by: nullable(accountRefSchema),
    note: nullable(Type.String()),
    since: instant,
    until: nullable(instant),
  }),
)

export const pausesSchema = Type.Object({ pauses: Type.Array(pauseSchema) })

export const postedChainSchema = named(
  'PostedChain',
  Type.Object(
    {
      thread_id: Type.String({ format: 'uuid' }),
      limit: Type.Integer({ description: '0 = without a limit' }),
      used: Type.Integer({ description: 'Counted up to the limit' }),
      remaining: nullable(Type.Integer()),
      resets_on: Type.Literal(RESETS_ON),
    },
    { description: 'Only for a reply of an agent' },
  ),
)

const blockedSchema = Type.Array(
  Type.Object({
    account: accountRefSchema,
    thread_id: nullable(Type.String({ format: 'uuid' })),
    code: oneOf(['chain_limit', 'loop_guard']),
    limit: Type.Integer(),
    used: Type.Integer(),
    at: instant,
  }),
  { description: 'The agents that are stopped until a person acts' },
)

export const threadChainSchema = Type.Object({
  limit: Type.Integer({ description: 'Your replies without a person; 0 = without a limit' }),
  used: Type.Integer(),
  remaining: nullable(Type.Integer({ description: 'Null = you are not limited' })),
  correction_used: Type.Boolean(),
  blocked: blockedSchema,
})

export const runChainSchema = Type.Object({
  limit: Type.Integer({ description: 'Messages of agents without a person; 0 = without a limit' }),
  used: Type.Integer(),
  remaining: nullable(Type.Integer()),
  blocked: blockedSchema,
})

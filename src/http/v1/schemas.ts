import { KEEP_ALIVE_SECONDS } from '../client'
import { list, oneOf, Type, text } from '../schema'

/** Shapes of the answers of v1. They document; the tests validate real answers against them. */

const instant = Type.String({ format: 'date-time', description: 'UTC with six fraction digits and Z' })
const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()])
const cursor = Type.String({ description: 'An opaque position in the log' })
const handle = Type.String()

export const messageSchema = Type.Object({
  id: Type.String({ format: 'uuid' }),
  channel: Type.String(),
  thread_id: nullable(Type.String({ format: 'uuid' })),
  reply_to: nullable(Type.String({ format: 'uuid' })),
  sender_handle: handle,
  sender_kind: oneOf(['human', 'agent']),
  body: Type.String(),
  body_format: oneOf(['markdown', 'plaintext']),
  created_at: instant,
  edited_at: nullable(instant),
  mentioned_handles: Type.Array(handle),
  seq: Type.Integer(),
  cursor,
  kind: oneOf(['message', 'correction', 'approval', 'system']),
  priority: oneOf(['urgent', 'normal', 'fyi']),
  sender_id: Type.String({ format: 'uuid' }),
  sender_display_name: Type.String(),
  via: oneOf(['session', 'token', 'mcp', 'a2a', 'bridge']),
  broadcast: Type.Boolean(),
  reply_count: Type.Integer(),
  last_reply_at: nullable(instant),
  reactions: Type.Array(Type.Unknown()),
  mentions_truncated: Type.Optional(Type.Literal(true)),
  attachments: Type.Array(Type.Unknown()),
  metadata: Type.Object({}, { additionalProperties: true }),
  deleted: Type.Boolean(),
  client_msg_id: Type.Optional(Type.String()),
})

export const postedSchema = Type.Composite([
  messageSchema,
  Type.Object({
    unresolved_mentions: Type.Array(handle, { description: 'Names that match no member of the channel' }),
  }),
])

export const pageSchema = Type.Object({
  messages: Type.Array(messageSchema),
  next_cursor: nullable(cursor),
  head_cursor: nullable(cursor),
  position: cursor,
  has_more: Type.Boolean(),
  timed_out: Type.Boolean(),
})

const eventSchema = Type.Object(
  {
    type: Type.String(),
    channel: nullable(Type.String()),
    seq: Type.Integer(),
    cursor,
    at: instant,
    actor: nullable(Type.Object({ handle, kind: oneOf(['human', 'agent']) })),
  },
  { additionalProperties: true, description: 'The event type adds its own keys' },
)

export const eventsSchema = Type.Object({
  events: Type.Array(eventSchema),
  cursor,
  head_cursor: cursor,
  has_more: Type.Boolean(),
  timed_out: Type.Boolean(),
})

export const meSchema = Type.Object({
  id: Type.String({ format: 'uuid' }),
  account_id: Type.String({ format: 'uuid' }),
  handle,
  kind: oneOf(['human', 'agent']),
  display_name: Type.String(),
  via: oneOf(['bearer', 'session']),
  scopes: Type.Array(Type.String()),
  is_admin: Type.Boolean(),
  token_id: nullable(Type.String()),
  token_name: nullable(Type.String()),
  expires_at: nullable(instant),
  warnings: Type.Array(Type.String({ description: 'token_shared: two programs use this token' })),
  acted_by: Type.Optional(Type.String({ description: 'With X-Synapse-Actor: the holder of the credential' })),
})

export const profileSchema = Type.Object({
  id: Type.String({ format: 'uuid' }),
  handle,
  kind: oneOf(['human', 'agent']),
  display_name: Type.String(),
  about: Type.String(),
  capabilities: Type.Array(Type.String()),
  residency: oneOf(['continuous', 'episodic']),
})

export const redeemedSchema = Type.Object({
  url: Type.String({ description: 'The address of the server' }),
  token: Type.Optional(Type.String({ description: 'Absent for a session, whose secret is in the cookie' })),
  account: Type.Object({ handle, kind: oneOf(['human', 'agent']) }),
  scopes: Type.Array(Type.String()),
  expires_at: nullable(instant),
  instance_did: Type.String({ description: 'Identifies this server' }),
})

export const sessionsSchema = Type.Object({
  sessions: Type.Array(
    Type.Object({
      id: Type.String({ format: 'uuid' }),
      created_at: instant,
      last_used_at: nullable(instant),
      ip: nullable(Type.String()),
      user_agent: nullable(Type.String()),
      current: Type.Boolean({ description: 'Whether this request used it' }),
    }),
  ),
})

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
      head_cursor: nullable(cursor),
      last_message_at: nullable(instant),
    }),
  ),
})

export const membersSchema = Type.Object({
  members: Type.Array(
    Type.Object({
      id: Type.String({ format: 'uuid' }),
      handle,
      display_name: Type.String(),
      kind: oneOf(['human', 'agent']),
      role: oneOf(['admin', 'member', 'read_only']),
    }),
  ),
})

/** A comma-separated filter of a query. */
export const words = (description: string) => Type.Optional(list(text({ maxLength: 64 }), { description }))
export const flag = (description: string) => Type.Optional(Type.Boolean({ description }))
export const waitSeconds = (longest: number) =>
  Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: longest,
      description: 'Seconds to hold an answer that would be empty',
    }),
  )
/** Time to read the answer of a held request before the connection is closed. */
const READING_SECONDS = 30

/**
 * Returns the idle time of a connection whose request is held for some seconds: never less than that of others, because
 * it also applies afterwards.
 */
export function idleSecondsFor(seconds: number): number {
  return Math.max(seconds + READING_SECONDS, KEEP_ALIVE_SECONDS)
}

/** The error codes of the access checks for reading. */
export const readErrors = ['channel_not_found', 'channel_archived', 'not_a_member', 'missing_scope'] as const
/** The error codes of every read of messages or events. */
export const readerRefusals = [
  'too_many_channels',
  ...readErrors,
  'invalid_thread_id',
  'invalid_cursor',
  'thread_not_found',
  'cursor_expired',
  'cursor_epoch',
  'too_many_streams',
] as const

export const accessSchema = Type.Object({
  channel: Type.String(),
  visible: Type.Boolean(),
  archived: Type.Boolean(),
  gates: nullable(
    Type.Object({
      membership: Type.Object({
        ok: Type.Boolean(),
        role: nullable(oneOf(['admin', 'member', 'read_only'])),
      }),
      scope: Type.Object({
        ok: Type.Boolean(),
        read: Type.Boolean(),
        post: Type.Boolean(),
        granted: Type.Array(Type.String()),
        required: Type.Array(Type.String()),
      }),
      role: Type.Object({ ok: Type.Boolean() }),
    }),
  ),
  fix: nullable(
    Type.String({ description: 'The command with which an operator fixes the first failed check' }),
  ),
})

export const serverSchema = Type.Object({
  version: Type.String(),
  epoch: Type.String(),
  head_cursor: cursor,
  features: Type.Array(Type.String()),
  limits: Type.Record(Type.String(), Type.Integer()),
})

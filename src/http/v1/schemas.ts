import { CLAIM_OUTCOMES } from '../../core/kernel/coordination-ports'
import { presenceSchema } from '../presence-wire'
import { list, named, nullable, oneOf, Type, text } from '../schema'
import { approvalSchema } from './approval-schema'
import { accountRefSchema, cursor, instant } from './common-schemas'
import { postedChainSchema, threadChainSchema } from './limit-schemas'

/** Shapes of the answers of v1. They document; the tests validate real answers against them. */

const handle = Type.String()

const reactions = Type.Array(
  Type.Object({
    emoji: Type.String(),
    count: Type.Integer(),
    handles: Type.Array(handle, { description: 'The first 20, in order of use' }),
  }),
  { description: 'In order of first use' },
)

export const reactionsSchema = Type.Object({ reactions })

export const attachmentSchema = named(
  'Attachment',
  Type.Object({
    id: Type.String({ format: 'uuid' }),
    kind: Type.Union([Type.Literal('file'), Type.Literal('image')], {
      description: 'image: the bytes are a PNG, JPEG, GIF or WebP',
    }),
    filename: Type.String(),
    mime: Type.String({ description: 'Of the bytes for an image, else as declared' }),
    size: Type.Integer({ description: 'In bytes' }),
    sha256: Type.String({ description: 'Of the bytes, in hex' }),
    width: nullable(Type.Integer({ description: 'In pixels; null for a file' })),
    height: nullable(Type.Integer({ description: 'In pixels; null for a file' })),
    url: Type.String({ description: 'Where it is downloaded: a path on this server' }),
  }),
)

export const messageSchema = named(
  'Message',
  Type.Object({
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
    reactions,
    mentions_truncated: Type.Optional(Type.Literal(true)),
    attachments: Type.Array(attachmentSchema),
    metadata: Type.Object({}, { additionalProperties: true }),
    approval: Type.Optional(approvalSchema),
    deleted: Type.Boolean(),
    client_msg_id: Type.Optional(Type.String()),
    deliveries: Type.Optional(
      Type.Record(Type.String(), Type.Integer(), {
        description: 'For the author: how many accounts that it notified directly are in each state',
      }),
    ),
  }),
)

export const postedSchema = named(
  'PostedMessage',
  Type.Composite([
    messageSchema,
    Type.Object({
      unresolved_mentions: Type.Array(handle, { description: 'Names that match no member of the channel' }),
      chain: Type.Optional(postedChainSchema),
      unreachable: Type.Array(handle, {
        description: 'Those whom it notifies and who cannot be reached now, as far as this server knows',
      }),
    }),
  ]),
)

export const editedSchema = named(
  'EditedMessage',
  Type.Composite([
    messageSchema,
    Type.Object({
      unresolved_mentions: Type.Array(handle, {
        description:
          'Names in the new body that match no member, and broadcasts that the posting did not have',
      }),
    }),
  ]),
)

export const contextSchema = Type.Object({ messages: Type.Array(messageSchema) })

export const pageSchema = named(
  'MessagePage',
  Type.Object({
    messages: Type.Array(messageSchema),
    next_cursor: nullable(cursor),
    head_cursor: nullable(cursor),
    position: cursor,
    has_more: Type.Boolean(),
    timed_out: Type.Boolean(),
  }),
)

export const searchSchema = Type.Object({
  results: Type.Array(
    Type.Object({
      message: messageSchema,
      score: Type.Number({ description: 'Between 0 and 1; higher is better' }),
      snippet: Type.String({ description: 'A part of the body, on one line' }),
      highlights: Type.Array(Type.Array(Type.Integer(), { minItems: 2, maxItems: 2 }), {
        description: 'Where the snippet matches: start and length in code points',
      }),
    }),
  ),
  next_cursor: nullable(cursor),
})

const threadSchema = named(
  'Thread',
  Type.Object({
    id: Type.String({ format: 'uuid', description: 'The id of the root' }),
    root: messageSchema,
    reply_count: Type.Integer(),
    last_reply_at: nullable(instant),
    participants: Type.Array(handle, { description: 'At most 20 of those who posted in it' }),
    followed: Type.Boolean({ description: 'Whether you follow it' }),
  }),
)

/** With the budget of the caller in it. */
export const shownThreadSchema = Type.Composite([threadSchema, Type.Object({ chain: threadChainSchema })])

export const threadsSchema = Type.Object({
  threads: Type.Array(threadSchema),
  next_cursor: nullable(cursor),
})

const eventSchema = named(
  'Event',
  Type.Object(
    {
      type: Type.String(),
      channel: nullable(Type.String()),
      seq: Type.Integer(),
      cursor,
      at: instant,
      actor: nullable(Type.Object({ handle, kind: oneOf(['human', 'agent']) })),
    },
    { additionalProperties: true, description: 'The event type adds its own keys' },
  ),
)

export const eventsSchema = Type.Object({
  events: Type.Array(eventSchema),
  cursor,
  head_cursor: cursor,
  has_more: Type.Boolean(),
  timed_out: Type.Boolean(),
})

export const meSchema = named(
  'Me',
  Type.Object({
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
    acted_by: Type.Optional(
      Type.String({ description: 'With X-Synapse-Actor: the holder of the credential' }),
    ),
  }),
)

export const accountsSchema = Type.Object({
  accounts: Type.Array(Type.Composite([accountRefSchema, Type.Object({ presence: presenceSchema })])),
})

export const presencesSchema = Type.Object({ presence: Type.Array(presenceSchema) })

export const profileSchema = named(
  'Profile',
  Type.Object({
    id: Type.String({ format: 'uuid' }),
    handle,
    kind: oneOf(['human', 'agent']),
    display_name: Type.String(),
    about: Type.String(),
    capabilities: Type.Array(Type.String()),
    residency: oneOf(['continuous', 'episodic']),
  }),
)

export const shownProfileSchema = Type.Composite([profileSchema, Type.Object({ presence: presenceSchema })])

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
      device_id: Type.Optional(
        nullable(Type.String({ description: 'The device, for a session of a Matrix client' })),
      ),
    }),
  ),
})

export const claimSchema = named(
  'Claim',
  Type.Object({
    id: Type.String({ format: 'uuid' }),
    resource: Type.String({ description: 'In its canonical form' }),
    channel: nullable(Type.String()),
    message_id: nullable(Type.String({ format: 'uuid' })),
    holder: handle,
    holder_kind: oneOf(['human', 'agent']),
    instance: Type.String({ description: 'Which program of the holder' }),
    note: nullable(Type.String()),
    epoch: Type.Integer({
      description: 'A fencing number: greater than that of every earlier claim of the resource',
    }),
    acquired_at: instant,
    renewed_at: instant,
    expires_at: instant,
    released_at: nullable(instant),
    outcome: nullable(oneOf(CLAIM_OUTCOMES)),
  }),
)

export const claimsSchema = Type.Object({ claims: Type.Array(claimSchema), next_cursor: nullable(cursor) })

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

/** The error codes of the access checks for reading. */
export const readErrors = ['channel_not_found', 'channel_archived', 'not_a_member', 'missing_scope'] as const
/** The error codes of the access checks for a channel's admins. */
export const administerErrors = [...readErrors, 'not_channel_admin'] as const
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

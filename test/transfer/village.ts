/** The contents of a database of the original server: people, their credentials and their messages. */
import type { Cells, Contents } from './original-database'

export const PASSWORD = 'correct horse battery staple'
/** Made by argon2-cffi with its defaults, as on the original server. */
const PASSWORD_HASH =
  '$argon2id$v=19$m=65536,t=3,p=4$MIIRqgvgQbgj220jfp0MPA$YfwJSVjtjSU0zzV/P3S9nnQ/USre2wvJMjfCIjrTQbg'

/** Tokens of the original server have no prefix. */
export const TOKENS = {
  assistant: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8',
  reader: 'BBECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8',
} as const
export const SESSION = 'CCECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8'

/** A version 4 UUID, as the original server made them: `id('m', 7)`. */
export function id(kind: 'a' | 'c' | 'm' | 't', n: number): string {
  const letter = { a: 'a', c: 'c', m: 'd', t: 'e' }[kind]
  return `${letter.repeat(8)}-5ecb-40dc-97a0-${String(n).padStart(12, '0')}`
}

/** The instant `n` microseconds after 15:56:16.123456. */
export function at(n: number): string {
  return `2026-05-07T15:56:${String(16 + Math.floor(n / 1000)).padStart(2, '0')}.${String(123456 + (n % 1000)).padStart(6, '0')}Z`
}

const hash = (text: string) => Bun.SHA256.hash(text, 'hex')

const account = (n: number, kind: 'human' | 'agent', handle: string, more: Cells = {}): Cells => ({
  id: id('a', n),
  kind,
  handle,
  display_name: `The ${handle}`,
  email: null,
  password_hash: null,
  push_enabled: false,
  push_webhook_url: null,
  push_webhook_secret: null,
  created_at: at(n),
  archived_at: null,
  ...more,
})

const channel = (n: number, slug: string, more: Cells = {}): Cells => ({
  id: id('c', n),
  slug,
  name: slug,
  description: null,
  kind: 'public',
  created_at: at(10 + n),
  archived_at: null,
  ...more,
})

const member = (person: number, room: number, role: string): Cells => ({
  account_id: id('a', person),
  channel_id: id('c', room),
  role,
  // Long after the first messages.
  joined_at: at(20_000 + person),
})

const message = (n: number, sender: number, body: string, more: Cells = {}): Cells => ({
  id: id('m', n),
  channel_id: id('c', 1),
  thread_id: null,
  reply_to: null,
  sender_id: id('a', sender),
  body,
  body_format: 'markdown',
  created_at: at(1000 + n),
  edited_at: null,
  deleted_at: null,
  ...more,
})

const token = (
  n: number,
  person: number,
  raw: string,
  scopes: readonly string[],
  more: Cells = {},
): Cells => ({
  id: id('t', n),
  account_id: id('a', person),
  token_hash: hash(raw),
  scopes: JSON.stringify(scopes),
  created_at: at(50),
  last_used_at: at(60),
  revoked_at: null,
  ...more,
})

/** Every case that the importer has to handle. */
export const village: Contents = {
  accounts: [
    account(1, 'human', 'Clint', { password_hash: PASSWORD_HASH, email: 'clint@example.org' }),
    account(2, 'agent', 'assistant', {
      push_enabled: true,
      push_webhook_url: 'http://192.168.1.7:9001/webhook',
      push_webhook_secret: 's3crét',
    }),
    account(3, 'agent', 'reader', { push_enabled: true, push_webhook_url: 'https://hooks.example.org/x' }),
    account(4, 'agent', 'everyone'),
    account(5, 'agent', 'dr.who'),
    account(6, 'agent', 'gone', { archived_at: at(900) }),
  ],
  agent_tokens: [
    token(1, 2, TOKENS.assistant, ['channel:*:read', 'channel:*:post']),
    token(2, 3, TOKENS.reader, ['channel:*:read', 'channel:*:post', 'old:scope']),
    token(3, 3, 'revoked', ['admin:*'], { revoked_at: at(70) }),
  ],
  human_sessions: [
    {
      id: id('t', 9),
      account_id: id('a', 1),
      session_hash: hash(SESSION),
      created_at: at(50),
      last_used_at: null,
      expires_at: '2099-01-01T00:00:00.000000Z',
    },
  ],
  channels: [
    channel(1, 'team-ops', { description: 'Where we meet' }),
    channel(2, 'private_room', { kind: 'private' }),
    channel(3, 'dm-old'),
  ],
  channel_memberships: [
    member(1, 1, 'admin'),
    member(2, 1, 'member'),
    member(3, 1, 'read_only'),
    member(2, 2, 'member'),
  ],
  threads: [],
  messages: [
    message(1, 1, 'hello @reader and @assistant'),
    message(2, 2, 'an answer', { reply_to: id('m', 1), body_format: 'plaintext' }),
    message(3, 1, 'an answer to the answer', { reply_to: id('m', 2), edited_at: at(5000) }),
    // Two in the same microsecond.
    message(4, 2, 'at once', { created_at: at(1004) }),
    message(5, 1, 'at once, too', { created_at: at(1004) }),
    message(6, 2, 'a reply into another room', { channel_id: id('c', 2), reply_to: id('m', 1) }),
    message(7, 2, 'a reply to nobody', { reply_to: id('m', 99) }),
    message(8, 1, 'what nobody is to read', { deleted_at: at(6000) }),
    message(9, 1, 'hear hear @channel, above all @dr.who'),
    message(10, 77, 'said by nobody'),
  ],
  mentions: [
    ...[2, 3].map((n) => ({ message_id: id('m', 1), account_id: id('a', n) })),
    ...[5, 3, 2].map((n) => ({ message_id: id('m', 9), account_id: id('a', n) })),
  ],
  reactions: [
    { message_id: id('m', 1), account_id: id('a', 2), emoji: '👍' },
    { message_id: id('m', 1), account_id: id('a', 3), emoji: 'in_progress' },
    { message_id: id('m', 8), account_id: id('a', 2), emoji: '👍' },
  ],
  attachments: [],
  audit_log: [
    {
      id: id('t', 20),
      actor_account_id: null,
      action: 'x',
      target_type: null,
      target_id: null,
      metadata: null,
      created_at: at(1),
    },
  ],
}

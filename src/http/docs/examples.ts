import type { TSchema } from '@sinclair/typebox'
import type { Endpoint } from '../endpoint'
import { byteLimitOf } from '../schema'
import { EXAMPLE_ORIGIN } from './code-block'

/** A shell command that calls an endpoint. The reader sets `$TOKEN` and the ids. */
export interface Example {
  readonly caption: string
  readonly text: string
}

/** A code as `synapse pair` shows it. */
const EXAMPLE_CODE = '7K3M-9QZC42AB'

/** Example values of fields, by name. */
const values: Readonly<Record<string, unknown>> = {
  account_handle: 'cairn',
  body: 'Hello',
  channel: 'general',
  channel_slug: 'general',
  channels: ['general'],
  current: 'correct horse battery',
  emoji: '👍',
  handle: 'cairn',
  kind: 'agent',
  name: 'Team Ops',
  new: 'staple battery horse',
  password: 'correct horse battery',
  role: 'read_only',
  scopes: ['channel:general:read', 'channel:general:post'],
  slug: 'team-ops',
}

/** Better examples for endpoints whose required fields alone make an unrealistic request. */
const richer: Readonly<Record<string, { readonly query?: string; readonly body?: object }>> = {
  'GET /v1/messages': { query: 'channel=general&order=desc&limit=20' },
  'GET /v1/search': { query: 'q=deploy&limit=10' },
  'PATCH /v1/messages/:id': { body: { body: 'Hello again' } },
  'GET /v1/events': { query: 'since=oldest&limit=20' },
  'GET /v1/admin/memberships': { query: 'channel=general' },
  'GET /v1/admin/tokens': { query: 'account=cairn' },
  'PATCH /v1/admin/accounts/:id': { body: { about: 'Writes the release notes' } },
  'POST /v1/admin/accounts/:id/erase': { body: { confirm: 'cairn', mode: 'anonymize' } },
  'POST /v1/admin/channels/:id/purge': { body: { keep: 10_000, dry_run: true } },
  'PATCH /v1/admin/channels/:id': { body: { settings: { retention_days: 90 } } },
  'POST /v1/channels': { body: { slug: 'garden', name: 'The garden' } },
  'PATCH /v1/channels/:slug': { body: { topic: 'Everyday things', settings: { chain_limit: 3 } } },
  'POST /v1/channels/:slug/members': { body: { handle: 'admin' } },
  'PATCH /v1/channels/:slug/me': { body: { notify: 'mentions' } },
  'PUT /v1/channels/:slug/read': { body: { cursor: 'now' } },
  'POST /v1/admin/configsync/users/:handle/machines/:machine_id/actions': {
    body: { action: 'add_module', payload: { name: 'zsh' } },
  },
  'POST /v1/admin/configsync/users/:handle/purge': { body: { confirm: 'admin' } },
  'PUT /v1/channels/:slug/aliases': { body: { aliases: { oncall: ['cairn', 'robin'] } } },
  'POST /a2a/v1/message:send': {
    body: {
      message: {
        messageId: 'review-1',
        role: 'ROLE_USER',
        parts: [{ text: '@cairn please review the release notes.' }],
        metadata: { 'synapse.channel': 'general' },
      },
      configuration: { returnImmediately: true },
    },
  },
  'PUT /v1/admin/matrix/users/:user_id': { body: { password: 'correct horse battery' } },
  'PATCH /v1/admin/matrix/users/:user_id': { body: { suspended: true } },
  'PUT /v1/admin/matrix/registration-tokens/:registration_token': { body: { uses_allowed: 5 } },
  'PUT /v1/admin/matrix/aliases/:alias': { body: { room: 'general' } },
  'DELETE /v1/admin/matrix/media': { query: 'before=2026-01-01T00:00:00Z&dry_run=true' },
  'POST /v1/dms': { body: { handle: 'admin' } },
  'GET /v1/accounts': { query: 'q=ca' },
  'PUT /v1/config/:key': { body: { value: 30 } },
  'PATCH /v1/me': { body: { about: 'Keeps the release notes' } },
  'POST /v1/me/devices': { body: { device: 'browser-phone' } },
  'POST /v1/me/tokens': { body: { name: 'laptop', scopes: ['channel:*:read'] } },
  'POST /v1/pair/redeem': { body: { code: EXAMPLE_CODE } },
  'POST /v1/admin/devices': { body: { device: 'cli-cairn', account_handle: 'cairn' } },
  'PUT /v1/presence': { body: { state: 'working', note: 'Reviewing the release' } },
  'GET /v1/presence': { query: 'channel=general' },
  'GET /v1/inbox': { query: 'wait=1' },
  'POST /v1/inbox/ack': { body: { cursor: 'now' } },
  'POST /v1/approvals': {
    body: { channel: 'general', question: 'Deploy to staging?', options: ['Deploy', 'Not now'] },
  },
  'GET /v1/approvals': { query: 'state=pending' },
  'POST /v1/approvals/:id/decide': { body: { option: 'Deploy', note: 'After lunch' } },
  'POST /v1/claims': { body: { resource: 'file:src/main.ts', ttl_s: 600, note: 'Refactoring' } },
  'POST /v1/claims/:id/renew': { body: { epoch: 1042 } },
  'POST /v1/claims/:id/release': { body: { outcome: 'done' } },
  'PUT /v1/me/push': { body: { enabled: true, webhook_url: 'https://hooks.example.org/cairn' } },
  'POST /v1/me/webhooks': {
    body: { name: 'ci', url: 'https://hooks.example.org/ci', on: 'events', types: ['message.*'] },
  },
  'PATCH /v1/me/webhooks/:id': { body: { rotate_secret: true } },
  'PATCH /v1/admin/accounts/:id/push': {
    body: { enabled: true, webhook_url: 'https://hooks.example.org/robin' },
  },
  'POST /v1/pauses': { body: { account: 'cairn', channel: 'general', minutes: 15 } },
  'POST /v1/auth/login': { body: { handle: 'admin', password: 'correct horse battery' } },
}

function exampleRequest(endpoint: Endpoint) {
  const { query = '', body } = richer[`${endpoint.method} ${endpoint.path}`] ?? {}
  const required = Object.entries(requiredOf(endpoint.query)).map(([name, value]) => `${name}=${value}`)
  const path = endpoint.path.replace(/(?<=\/):(\w+)/g, (_, name) => variable(endpoint.path, name))
  const search = query || required.join('&')
  return {
    target: search === '' ? path : `${path}?${search}`,
    body: endpoint.body && (body ?? requiredOf(endpoint.body)),
  }
}

/** The example commands of an endpoint; a second one if it also streams. */
export function examplesOf(endpoint: Endpoint): Example[] {
  const { target } = exampleRequest(endpoint)
  if (isSocket(endpoint)) return [{ caption: 'the handshake', text: curl(endpoint, target, handshake) }]
  const plain = { caption: 'curl', text: curl(endpoint, target) }
  if (endpoint.path !== '/v1/events') return [plain]
  const stream = curl(endpoint, '/v1/events?channel=general', ["-N -H 'Accept: text/event-stream'"])
  return [plain, { caption: 'as a stream', text: stream }]
}

function curl(endpoint: Endpoint, target: string, more: readonly string[] = []): string {
  const { method } = endpoint
  const { body } = exampleRequest(endpoint)
  const first = ['curl -sS', method === (body ? 'POST' : 'GET') ? '' : `-X ${method}`, credentialOf(endpoint)]
  const parts = [
    first.filter((word) => word !== '').join(' '),
    ...more,
    ...(body ? sent(endpoint.body, body) : []),
    `"${EXAMPLE_ORIGIN}${target}"`,
  ]
  const line = parts.join(' ')
  return line.length <= 56 ? line : parts.join(' \\\n  ')
}

/** The curl arguments of a body: JSON, or an uploaded file. */
function sent(schema: TSchema | undefined, body: object): string[] {
  return schema && byteLimitOf(schema) !== undefined
    ? [`-H 'Content-Type: ${schema.contentMediaType}'`, '--data-binary @FILE']
    : ["-H 'Content-Type: application/json'", `-d '${JSON.stringify(body)}'`]
}

function credentialOf(endpoint: Endpoint): string {
  if (endpoint.path === '/v1/auth/login') return '-c cookies.txt'
  if (endpoint.path === '/v1/auth/logout' || isForPeople(endpoint)) return '-b cookies.txt'
  if (isOperators(endpoint)) return '--unix-socket "$SYNAPSE_HOME/run/synapse.sock"'
  return needsCredential(endpoint) ? '-H "Authorization: Bearer $TOKEN"' : ''
}

/** Reports whether agents are refused. */
function isForPeople({ refusals = [], tag }: Endpoint): boolean {
  return (tag === 'Login' || tag === 'Pauses') && refusals.includes('humans_only')
}

/** Reports whether only the local socket is accepted. */
function isOperators({ refusals = [] }: Endpoint): boolean {
  return refusals.includes('operator_only')
}

/** Reports whether the endpoint upgrades to a WebSocket; it then checks the credential itself. */
export function isSocket(endpoint: Endpoint): boolean {
  return 101 in endpoint.answers
}

function needsCredential(endpoint: Endpoint): boolean {
  return endpoint.who !== 'anyone' || isSocket(endpoint)
}

const handshake = [
  '-N --http1.1',
  "-H 'Connection: Upgrade' -H 'Upgrade: websocket'",
  "-H 'Sec-WebSocket-Version: 13'",
  "-H 'Sec-WebSocket-Key: c3luYXBzZS12MS1kb2NzIQ=='",
]

/** The shell variable of a parameter: `$TOKEN_ID` in `/v1/admin/tokens/:id`, `$ACCOUNT_ID` for `:account_id`. */
function variable(path: string, name: string): string {
  if (name === 'slug') return 'general'
  if (name === 'key') return 'wait.max_s'
  if (name === 'handle') return 'admin'
  if (name === 'name') return 'dev'
  if (name === 'emoji') return encodeURIComponent('👍')
  const noun = path.split('/').find((_, i, parts) => parts[i + 1] === ':id') ?? ''
  const own = path.startsWith('/v1/me/') ? 'my_' : ''
  return `$${(name === 'id' ? `${own}${noun.replace(/ies$/, 'y').replace(/s$/, '')}_id` : name).toUpperCase()}`
}

function requiredOf(schema: TSchema | undefined): Readonly<Record<string, unknown>> {
  const required: readonly string[] = schema?.required ?? []
  const entries = required.map((name) => [name, values[name] ?? fallback(schema?.properties[name])])
  return Object.fromEntries(entries)
}

/** An example value by type, for fields without one above. */
function fallback(schema: TSchema): unknown {
  if (schema.enum) return schema.enum[0]
  if (schema.type === 'integer') return schema.minimum ?? 1
  if (schema.type === 'boolean') return true
  if (schema.type === 'array') return []
  if (schema.type === 'object') return {}
  return '…'
}

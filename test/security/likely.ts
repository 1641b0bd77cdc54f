import fc from 'fast-check'
import type { Endpoint } from '../../src/http/endpoint'
import type { Known } from './arbitraries'
import { drawn, type Kind } from './pools'

const FRESH_NAMES = ['zoe', 'yan', 'xia', 'wim', 'Vic', 'uma', 'dm-x', 'here', 'no name']
const SETTINGS = ['instance.name', 'backup.keep', 'log.expired_cursor', 'named_aliases', 'home', 'nonsense']

/** Likely values of the fields and parameters of an endpoint by their names, mostly ids of the right kind. */
export function likelyOf({ method, path }: Endpoint): Known {
  return (name, otherwise) => {
    // A long poll takes long.
    if (name === 'wait') return fc.constant(0)
    // They are refused.
    if (path === SEND && REFUSED_PARTS.has(name)) return fc.constant(undefined)
    if (path === SEND && name === 'metadata') return targets
    // Sending waits for a reply.
    if (name === 'returnImmediately') return fc.constant(true)
    // The new handle, which replaces mentions, is not in the answer.
    if (name === 'redact_mentions') return fc.constant(false)
    const likely = path.includes('/api/') ? likelyInConfigSync(name) : likelyIn(method, path, name)
    if (likely === undefined) return otherwise
    return fc.oneof({ weight: 9, arbitrary: likely }, { weight: 1, arbitrary: otherwise })
  }
}

function likelyIn(method: string, path: string, name: string): fc.Arbitrary<unknown> | undefined {
  const newcomers = fc.constantFrom<unknown>(...FRESH_NAMES)
  switch (name) {
    case 'id':
      // Of an option.
      if (path === '/v1/approvals') return fc.constantFrom<unknown>('yes', 'no')
      return path.includes('/configsync/') ? smallIds : drawn(ownerOf(path))
    case 'slug':
      return path === '/v1/admin/channels' || path === '/v1/channels' ? newcomers : drawn('slug')
    case 'handle':
      if (path === '/v1/admin/accounts') return newcomers
      return path === '/v1/admin/onboard' ? fc.oneof(newcomers, drawn('handle')) : drawn('handle')
    case 'channel':
      if (method !== 'GET') return drawn('slug')
      return fc.oneof(
        drawn('slug'),
        fc.constant('*'),
        drawn('slug', (slug) => `${slug}, ${slug.toUpperCase()}`),
      )
    case 'cursor':
      return fc.oneof(drawn('place'), fc.constantFrom<unknown>('1', '5', '400', 'YW5u', 'MQ'))
    case 'since':
      if (path === '/v1/admin/audit')
        return fc.constantFrom<unknown>('2026-05-07T12:00:00Z', '2030-01-01', 'yesterday')
      return fc.oneof(drawn('cursor'), fc.constantFrom<unknown>('oldest', 'now'))
    case 'before':
      return fc.oneof(drawn('cursor'), fc.constantFrom<unknown>('oldest', 'now'))
    case 'expires_at':
      return fc.constantFrom<unknown>('2026-05-07T13:00:00Z', '2020-01-01T00:00:00Z', '2099-12-31', 'never')
    case 'scopes':
      return scopes
    case 'password':
    case 'new':
    case 'current':
      return fc.constantFrom<unknown>('correct horse battery staple', 'a password of theirs', 'short')
    case 'resource':
      return fc.oneof(
        drawn('message', (id) => `message:${id}`),
        fc.constantFrom<unknown>('task:one', 'file:src/', 'file:./src//a.ts', 'file:../up', 'no kind'),
      )
    case 'options':
      return fc.constantFrom<unknown>(['yes', 'no'], ['yes', { id: 'no', label: 'Not now' }], ['yes'])
    case 'option':
      return fc.constantFrom<unknown>('yes', 'no', 'maybe')
    case 'prefix':
      return fc.constantFrom<unknown>('task:', 'file:src/', 'm')
    case 'instance':
      return fc.constantFrom<unknown>('one', 'two')
    case 'epoch':
      return fc.integer({ min: 1, max: 120 })
    case 'text':
      return path === SEND ? drawn('handle', (handle) => `@${handle} look`) : undefined
    case 'taskId':
      return fc.oneof({ weight: 9, arbitrary: fc.constant('') }, { weight: 1, arbitrary: drawn('task') })
    case 'mediaType':
      return fc.constantFrom<unknown>('text/plain', 'text/markdown', 'text/plain', 'image/png')
    case 'url':
    case 'webhook_url':
      // Nobody answers there.
      return fc.constantFrom<unknown>('http://127.0.0.1:9/hook', 'http://10.0.0.1/', 'ftp://127.0.0.1/', 'x')
    case 'emoji':
      return fc.constantFrom<unknown>('👍', 'in_progress', '❤️', 'two words')
    case 'body_format':
      return fc.constantFrom<unknown>('markdown', 'plaintext')
    case 'value':
      return fc.constantFrom<unknown>(true, false, 8, 1, 'clamp', null, [], ['10.0.0.0/8'], {})
    case 'key':
      return fc.oneof(drawn('setting'), fc.constantFrom<unknown>(...SETTINGS))
    case 'grace_s':
      return fc.constantFrom<unknown>(0, 60, 300)
    case 'actors':
      return fc.oneof(drawn('handle'), fc.constant('*'))
    default: {
      const kind = kindOf[name]
      return kind && drawn(kind)
    }
  }
}

const SEND = '/a2a/v1/message:send'
const REFUSED_PARTS: ReadonlySet<string> = new Set(['raw', 'url', 'data', 'taskPushNotificationConfig'])

/** Where a message goes over A2A. */
const targets: fc.Arbitrary<unknown> = fc.oneof(
  drawn('handle').map((handle) => ({ 'synapse.handle': handle })),
  drawn('slug').map((slug) => ({ 'synapse.channel': slug })),
  fc.constant({}),
)

/** Ids of ConfigSync are small numbers, so most of these are of something. */
const smallIds: fc.Arbitrary<unknown> = fc.integer({ min: 1, max: 12 })

function likelyInConfigSync(name: string): fc.Arbitrary<unknown> | undefined {
  if (/^(?:p?id|workspace|n|\w+_id)$/.test(name) && name !== 'machine_id' && name !== 'layer_id')
    return smallIds
  const sealed = (bytes: number) => fc.constant(Buffer.alloc(bytes, 7).toString('base64'))
  switch (name) {
    case 'mid':
    case 'machine_id':
      return fc.constantFrom<unknown>('aaaa', 'bbbb', 'latest', 'no machine')
    case 'slug':
    case 'name':
      return fc.constantFrom<unknown>('one', 'two', 'Three', 'keys')
    case 'type':
    case 'entity_type':
      return fc.constantFrom<unknown>('project', 'workspace', 'config', 'module', 'profile', 'x')
    case 'layer_id':
      return fc.constantFrom<unknown>('shared:1:dev', 'shared:2:dev', 'personal:1:dev:1', 'x')
    case 'env':
    case 'environment_tier':
      return fc.constantFrom<unknown>('dev', 'prod', 'a:b')
    case 'content_hash':
      return fc.constantFrom<unknown>('ab'.repeat(32), 'ab')
    case 'wrapped_dek':
      return sealed(80)
    case 'encrypted_private_key':
      return sealed(60)
    case 'public_key':
    case 'kek_salt':
    case 'ciphertext':
    case 'encrypted_state':
    case 'encrypted_value':
      return sealed(32)
    default:
      return undefined
  }
}

const scopes: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>('channel:*:read', 'channel:*:post', 'channel:*:*', 'admin:*', 'human:act'),
  fc.constantFrom<unknown>('config:read', 'config:write', 'audit:read', 'federation:manage', 'nonsense', ''),
  drawn('slug', (slug) => `channel:${slug}:read`),
  drawn('slug', (slug) => `channel:${slug}:post`),
)

const kindOf: Readonly<Record<string, Kind>> = {
  account_id: 'account',
  channel_id: 'channel',
  account_handle: 'handle',
  from: 'handle',
  holder: 'handle',
  message_id: 'message',
  account: 'handle',
  confirm: 'handle',
  approvers: 'handle',
  actor: 'handle',
  channel_slug: 'slug',
  channels: 'slug',
  thread_id: 'message',
  contextId: 'message',
  reply_to: 'message',
  thread: 'message',
  attachments: 'attachment',
  target: 'account',
  code: 'code',
}

/** The kind of the id in a path. */
function ownerOf(path: string): Kind {
  const [, owner = ''] = /\/(\w+)\/:id/.exec(path) ?? []
  const kind = (
    {
      accounts: 'account',
      channels: 'channel',
      tokens: 'token',
      devices: 'device',
      sessions: 'session',
      messages: 'message',
      m: 'message',
      threads: 'message',
      attachments: 'attachment',
      claims: 'claim',
      pauses: 'pause',
      approvals: 'approval',
      webhooks: 'webhook',
      deliveries: 'delivery',
      tasks: 'task',
    } as const
  )[owner]
  if (kind === undefined) throw new Error(`nobody knows whose id stands in ${path}`)
  return kind
}

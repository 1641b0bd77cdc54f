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
    const likely = likelyIn(method, path, name)
    if (likely === undefined) return otherwise
    return fc.oneof({ weight: 9, arbitrary: likely }, { weight: 1, arbitrary: otherwise })
  }
}

function likelyIn(method: string, path: string, name: string): fc.Arbitrary<unknown> | undefined {
  const newcomers = fc.constantFrom<unknown>(...FRESH_NAMES)
  switch (name) {
    case 'id':
      return drawn(ownerOf(path))
    case 'slug':
      return path === '/v1/admin/channels' ? newcomers : drawn('slug')
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
  account: 'handle',
  actor: 'handle',
  channel_slug: 'slug',
  channels: 'slug',
  thread_id: 'message',
  reply_to: 'message',
  thread: 'message',
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
    } as const
  )[owner]
  if (kind === undefined) throw new Error(`nobody knows whose id stands in ${path}`)
  return kind
}

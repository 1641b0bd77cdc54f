/** Every POST that takes a retry key, with a request of each that succeeds. */
import { type Answer, type Caller, PASSWORD, type Person, type Room, type World } from '../support/world'

/** The requests of one case. `by` is the caller in a world, which may be any replica. */
interface Sample {
  readonly by: (w: World) => Caller
  readonly path: string
  readonly body?: unknown
}

export interface Case {
  readonly post: string
  /** Makes what the request needs; `n` makes texts unique. */
  readonly sample: (w: World, n: string) => Sample | Promise<Sample>
  /** The request concerns the process that answers, and not what is stored. */
  readonly isLocal?: true
  /** The request ends its own credential, so a later one is refused with 401. */
  readonly endsCredential?: true
}

const bearing = (token: string) => (w: World) => w.bearer(token)
const operator = (w: World) => w.operator

const made = async <Body>(answer: Promise<Answer<Body>>): Promise<Body> => {
  const { status, body, text } = await answer
  if (status >= 300) throw new Error(text)
  return body
}

const person = async (w: World, n: string) => {
  const { credential } = await w.human(`human-${n}`)
  return (at: World) => at.caller({ ...credential })
}
/** An agent, a person who can decide, and what the agent asks. */
const asking = async (w: World, n: string) => {
  await w.channel(`room-${n}`)
  const channels = { [`room-${n}`]: 'member' } as const
  const [ann, pat] = [await w.agent(`ann-${n}`, { channels }), await w.human(`pat-${n}`, { channels })]
  return { ann, pat, request: { channel: `room-${n}`, question: n, options: ['yes', 'no'] } }
}
const admin = async (w: World, n: string) =>
  bearing((await w.agent(`chief-${n}`, { scopes: ['admin:*'] })).secret)

/** An agent that may use ConfigSync, and a token for it. */
const enabled = async (w: World, handle: string): Promise<{ token: string }> => {
  await w.agent(handle)
  const user = `/v1/admin/configsync/users/${handle}`
  await made(w.operator.post(`${user}/enable`))
  return made(w.operator.post<{ token: string }>(`${user}/tokens`, { label: 'a machine' }))
}

/** With these all cases can be carried out. */
export const settings = { SYNAPSE_WEBHOOKS_ALLOW_TARGETS: '127.0.0.1/32' }

export const cases: readonly Case[] = [
  {
    post: '/v1/messages',
    sample: async (w, n) => {
      await w.channel(`room-${n}`)
      const { secret } = await w.agent(`ann-${n}`, { channels: { [`room-${n}`]: 'member' } })
      return { by: bearing(secret), path: '/v1/messages', body: { channel: `room-${n}`, body: n } }
    },
  },
  {
    post: '/mcp',
    sample: async (w, n) => {
      await w.channel(`room-${n}`)
      const { secret } = await w.agent(`ann-${n}`, { channels: { [`room-${n}`]: 'member' } })
      const params = { name: 'synapse_post', arguments: { channel: `room-${n}`, body: n } }
      return {
        by: bearing(secret),
        path: '/mcp',
        body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params },
      }
    },
  },
  {
    post: '/a2a/v1/message:send',
    sample: async (w, n) => {
      await w.channel(`room-${n}`)
      const channels = { [`room-${n}`]: 'member' } as const
      const { secret } = await w.agent(`ann-${n}`, { channels })
      await w.agent(`bob-${n}`, { channels })
      const message = {
        messageId: n,
        role: 'ROLE_USER',
        parts: [{ text: `@bob-${n} look` }],
        metadata: { 'synapse.channel': `room-${n}` },
      }
      const body = { message, configuration: { returnImmediately: true } }
      return { by: bearing(secret), path: '/a2a/v1/message:send', body }
    },
  },
  {
    post: '/v1/attachments',
    sample: async (w, n) => ({
      by: bearing((await w.agent(`ann-${n}`)).secret),
      path: '/v1/attachments',
      body: { file: n },
    }),
  },
  {
    post: '/v1/messages/{id}/reactions',
    sample: async (w, n) => {
      await w.channel(`room-${n}`)
      const ann = await w.agent(`ann-${n}`, { channels: { [`room-${n}`]: 'member' } })
      const { id } = await ann.posts(`room-${n}`, n)
      return { by: bearing(ann.secret), path: `/v1/messages/${id}/reactions`, body: { emoji: 'ok' } }
    },
  },
  {
    post: '/v1/inbox/ack',
    sample: async (w, n) => ({
      by: bearing((await w.agent(`ann-${n}`)).secret),
      path: '/v1/inbox/ack',
      body: { cursor: 'now' },
    }),
  },
  {
    post: '/v1/claims',
    sample: async (w, n) => ({
      by: bearing((await w.agent(`ann-${n}`)).secret),
      path: '/v1/claims',
      body: { resource: `task:${n}` },
    }),
  },
  ...(['renew', 'release'] as const).map(
    (act): Case => ({
      post: `/v1/claims/{id}/${act}`,
      sample: async (w, n) => {
        const ann = await w.agent(`ann-${n}`)
        const claim = { resource: `task:${n}` }
        const { body } = await ann.post<{ id: string; epoch: number }>('/v1/claims', claim)
        const { id, epoch } = body
        return { by: bearing(ann.secret), path: `/v1/claims/${id}/${act}`, body: { epoch } }
      },
    }),
  ),
  {
    post: '/v1/threads/{id}/continue',
    sample: async (w, n) => {
      await w.channel(`room-${n}`)
      const ann = await w.human(`ann-${n}`, { channels: { [`room-${n}`]: 'member' } })
      const { id } = await ann.posts(`room-${n}`, n)
      const by = (at: World) => at.caller({ cookie: `synapse_session=${ann.secret}` })
      return { by, path: `/v1/threads/${id}/continue`, body: { extra: 2 } }
    },
  },
  {
    post: '/v1/channels/{slug}/continue',
    sample: async (w, n) => {
      await w.channel(`room-${n}`)
      const { secret } = await w.human(`ann-${n}`, { channels: { [`room-${n}`]: 'member' } })
      const by = (at: World) => at.caller({ cookie: `synapse_session=${secret}` })
      return { by, path: `/v1/channels/room-${n}/continue`, body: { extra: 2 } }
    },
  },
  {
    post: '/v1/pauses',
    sample: async (w, n) => {
      await w.channel(`room-${n}`)
      const { secret } = await w.human(`ann-${n}`, { channels: { [`room-${n}`]: 'member' } })
      const by = (at: World) => at.caller({ cookie: `synapse_session=${secret}` })
      return { by, path: '/v1/pauses', body: { channel: `room-${n}`, note: n } }
    },
  },
  {
    post: '/v1/approvals',
    sample: async (w, n) => {
      const { ann, request } = await asking(w, n)
      return { by: bearing(ann.secret), path: '/v1/approvals', body: request }
    },
  },
  ...(['decide', 'cancel'] as const).map(
    (act): Case => ({
      post: `/v1/approvals/{id}/${act}`,
      sample: async (w, n) => {
        const { ann, pat, request } = await asking(w, n)
        const asked = async () =>
          (await made(ann.post<{ approval: { id: string } }>('/v1/approvals', request))).approval.id
        // The first decision makes the account that tells of it.
        await made(pat.post(`/v1/approvals/${await asked()}/decide`, { option: 'no' }))
        const path = `/v1/approvals/${await asked()}/${act}`
        if (act === 'cancel') return { by: bearing(ann.secret), path }
        return { by: (at) => at.caller({ ...pat.credential }), path, body: { option: 'yes' } }
      },
    }),
  ),
  {
    post: '/v1/me/webhooks',
    sample: async (w, n) => ({
      by: bearing((await w.agent(`ann-${n}`)).secret),
      path: '/v1/me/webhooks',
      body: { name: n, url: 'http://127.0.0.1:9/', on: 'inbox' },
    }),
  },
  {
    post: '/v1/me/webhooks/{id}/test',
    sample: async (w, n) => {
      const ann = await pushedAgent(w, n)
      return { by: bearing(ann.secret), path: '/v1/me/webhooks/push/test', body: {} }
    },
  },
  {
    post: '/v1/me/webhooks/deliveries/{id}/redeliver',
    sample: async (w, n) => {
      const ann = await pushedAgent(w, n)
      return {
        by: bearing(ann.secret),
        path: `/v1/me/webhooks/deliveries/${await dead(w, ann)}/redeliver`,
        body: {},
      }
    },
  },
  {
    post: '/v1/admin/webhooks/deliveries/{id}/redeliver',
    sample: async (w, n) => {
      const id = await dead(w, await pushedAgent(w, n))
      return {
        by: await admin(w, `boss-${n}`),
        path: `/v1/admin/webhooks/deliveries/${id}/redeliver`,
        body: {},
      }
    },
  },
  {
    post: '/v1/channels',
    sample: async (w, n) => ({
      by: await admin(w, n),
      path: '/v1/channels',
      body: { slug: `room-${n}`, name: n },
    }),
  },
  {
    post: '/v1/channels/{slug}/members',
    sample: async (w, n) => {
      await w.channel(`room-${n}`)
      await w.agent(`ann-${n}`)
      return { by: await admin(w, n), path: `/v1/channels/room-${n}/members`, body: { handle: `ann-${n}` } }
    },
  },
  {
    post: '/v1/channels/{slug}/join',
    sample: async (w, n) => {
      await w.channel(`room-${n}`)
      return { by: await person(w, n), path: `/v1/channels/room-${n}/join` }
    },
  },
  {
    post: '/v1/channels/{slug}/leave',
    sample: async (w, n) => {
      await w.channel(`room-${n}`)
      const { secret } = await w.agent(`ann-${n}`, { channels: { [`room-${n}`]: 'member' } })
      return { by: bearing(secret), path: `/v1/channels/room-${n}/leave` }
    },
  },
  {
    post: '/v1/dms',
    sample: async (w, n) => {
      await w.agent(`ann-${n}`)
      return { by: await admin(w, n), path: '/v1/dms', body: { handle: `ann-${n}` } }
    },
  },
  {
    post: '/v1/auth/rotate',
    sample: async (w, n) => ({
      by: bearing((await w.agent(`ann-${n}`)).secret),
      path: '/v1/auth/rotate',
      body: { grace_s: 300 },
    }),
  },
  {
    post: '/v1/auth/logout',
    sample: async (w, n) => ({ by: await person(w, n), path: '/v1/auth/logout' }),
    endsCredential: true,
  },
  {
    post: '/v1/me/tokens',
    sample: async (w, n) => ({
      by: await person(w, n),
      path: '/v1/me/tokens',
      body: { name: n, scopes: ['channel:*:read'] },
    }),
  },
  {
    post: '/v1/me/tokens/{id}/revoke',
    sample: async (w, n) => {
      const by = await person(w, n)
      const body = { name: n, scopes: ['channel:*:read'] }
      const { id } = await made(by(w).post<Room>('/v1/me/tokens', body))
      return { by, path: `/v1/me/tokens/${id}/revoke` }
    },
  },
  {
    post: '/v1/me/devices',
    sample: async (w, n) => ({ by: await person(w, n), path: '/v1/me/devices', body: { device: n } }),
  },
  {
    post: '/v1/me/devices/{id}/revoke',
    sample: async (w, n) => {
      const by = await person(w, n)
      const { id } = await made(by(w).post<Room>('/v1/me/devices', { device: n }))
      return { by, path: `/v1/me/devices/${id}/revoke` }
    },
  },
  {
    post: '/v1/me/password',
    sample: async (w, n) => ({
      by: await person(w, n),
      path: '/v1/me/password',
      body: { current: PASSWORD, new: `another password ${n}` },
    }),
  },
  {
    post: '/v1/admin/accounts',
    sample: async (w, n) => ({
      by: await admin(w, n),
      path: '/v1/admin/accounts',
      body: { kind: 'human', handle: `new-${n}`, password: `first password ${n}` },
    }),
  },
  {
    post: '/v1/admin/accounts/{id}/archive',
    sample: async (w, n) => ({
      by: await admin(w, n),
      path: `/v1/admin/accounts/${(await w.agent(`ann-${n}`)).id}/archive`,
    }),
  },
  {
    post: '/v1/admin/accounts/{id}/unarchive',
    sample: async (w, n) => {
      const ann = await w.agent(`ann-${n}`)
      await w.archives(ann)
      return { by: await admin(w, n), path: `/v1/admin/accounts/${ann.id}/unarchive` }
    },
  },
  {
    post: '/v1/admin/accounts/{id}/erase',
    sample: async (w, n) => ({
      by: await admin(w, n),
      path: `/v1/admin/accounts/${(await w.agent(`ann-${n}`)).id}/erase`,
      body: { confirm: `ann-${n}`, mode: 'anonymize' },
    }),
    // It takes several transactions, and its key is stored after them.
    isLocal: true,
  },
  {
    post: '/v1/admin/channels',
    sample: async (w, n) => ({
      by: await admin(w, n),
      path: '/v1/admin/channels',
      body: { slug: `room-${n}`, name: n },
    }),
  },
  {
    post: '/v1/admin/channels/{id}/archive',
    sample: async (w, n) => ({
      by: await admin(w, n),
      path: `/v1/admin/channels/${(await w.channel(`room-${n}`)).id}/archive`,
    }),
  },
  {
    post: '/v1/admin/channels/{id}/purge',
    sample: async (w, n) => {
      const room = await w.channel(`room-${n}`)
      const by = await admin(w, n)
      const writer = await w.agent(`writer-${n}`, { channels: { [room.slug]: 'member' } })
      await writer.posts(room, 'old')
      return { by, path: `/v1/admin/channels/${room.id}/purge`, body: { keep: 0 } }
    },
    // It takes several transactions, and its key is stored after them.
    isLocal: true,
  },
  {
    // A channel that is not archived does not change, so only the key is written.
    post: '/v1/admin/channels/{id}/unarchive',
    sample: async (w, n) => ({
      by: await admin(w, n),
      path: `/v1/admin/channels/${(await w.channel(`room-${n}`)).id}/unarchive`,
    }),
  },
  {
    post: '/v1/admin/memberships',
    sample: async (w, n) => {
      await w.channel(`room-${n}`)
      await w.agent(`ann-${n}`)
      const body = { account_handle: `ann-${n}`, channel_slug: `room-${n}` }
      return { by: await admin(w, n), path: '/v1/admin/memberships', body }
    },
  },
  {
    post: '/v1/admin/tokens',
    sample: async (w, n) => {
      await w.agent(`ann-${n}`)
      const body = { account_handle: `ann-${n}`, scopes: ['channel:*:read'] }
      return { by: await admin(w, n), path: '/v1/admin/tokens', body }
    },
  },
  {
    post: '/v1/admin/tokens/{id}/revoke',
    sample: async (w, n) => ({
      by: await admin(w, n),
      path: `/v1/admin/tokens/${(await w.agent(`ann-${n}`)).tokenId}/revoke`,
    }),
  },
  {
    post: '/v1/admin/devices',
    sample: async (w, n) => {
      await w.agent(`ann-${n}`)
      const body = { account_handle: `ann-${n}`, device: n }
      return { by: await admin(w, n), path: '/v1/admin/devices', body }
    },
  },
  {
    post: '/v1/admin/devices/{id}/revoke',
    sample: async (w, n) => {
      await w.agent(`ann-${n}`)
      const body = { account_handle: `ann-${n}`, device: n }
      const { id } = await made(w.operator.post<Room>('/v1/admin/devices', body))
      return { by: await admin(w, n), path: `/v1/admin/devices/${id}/revoke` }
    },
  },
  {
    post: '/v1/admin/onboard',
    sample: async (w, n) => {
      await w.channel(`room-${n}`)
      const body = { handle: `new-${n}`, channels: [`room-${n}`] }
      return { by: await admin(w, n), path: '/v1/admin/onboard', body }
    },
  },
  {
    post: '/v1/admin/configsync/users/{handle}/enable',
    sample: async (w, n) => {
      await w.agent(`ann-${n}`)
      return { by: await admin(w, n), path: `/v1/admin/configsync/users/ann-${n}/enable` }
    },
  },
  {
    post: '/v1/admin/configsync/users/{handle}/disable',
    sample: async (w, n) => {
      await enabled(w, `ann-${n}`)
      return { by: await admin(w, n), path: `/v1/admin/configsync/users/ann-${n}/disable` }
    },
  },
  {
    post: '/v1/admin/configsync/users/{handle}/tokens',
    sample: async (w, n) => {
      await enabled(w, `ann-${n}`)
      const path = `/v1/admin/configsync/users/ann-${n}/tokens`
      return { by: await admin(w, n), path, body: { label: n } }
    },
  },
  {
    post: '/v1/admin/configsync/users/{handle}/tokens/{id}/revoke',
    sample: async (w, n) => {
      await enabled(w, `ann-${n}`)
      const tokens = `/v1/admin/configsync/users/ann-${n}/tokens`
      const { id } = await made(w.operator.post<Room>(tokens, { label: n }))
      return { by: await admin(w, n), path: `${tokens}/${id}/revoke` }
    },
  },
  {
    post: '/v1/admin/configsync/users/{handle}/machines/{machine_id}/actions',
    sample: async (w, n) => {
      const { token } = await enabled(w, `ann-${n}`)
      const machine = { machine_id: 'aaaa', name: n }
      await made(w.bearer(token).post('/api/machines/register', machine))
      const path = `/v1/admin/configsync/users/ann-${n}/machines/aaaa/actions`
      return { by: await admin(w, n), path, body: { action: 'add_module', payload: { name: 'ssh' } } }
    },
  },
  {
    post: '/v1/admin/configsync/users/{handle}/purge',
    sample: async (w, n) => {
      await enabled(w, `ann-${n}`)
      const body = { confirm: `ann-${n}` }
      return { by: await admin(w, n), path: `/v1/admin/configsync/users/ann-${n}/purge`, body }
    },
    // It takes several transactions, and its key is stored after them.
    isLocal: true,
  },
  {
    post: '/v1/admin/configsync/users/{handle}/import',
    sample: async (w, n) => {
      await enabled(w, `ann-${n}`)
      const user = `/v1/admin/configsync/users/ann-${n}`
      const body = await (await w.operator.open(`${user}/export`)).bytes()
      await made(w.operator.post(`${user}/purge`, { confirm: `ann-${n}` }))
      return { by: await admin(w, n), path: `${user}/import`, body }
    },
  },
  {
    post: '/v1/admin/configsync/prune',
    sample: async (w, n) => ({ by: await admin(w, n), path: '/v1/admin/configsync/prune', body: {} }),
    isLocal: true,
  },
  {
    post: '/v1/admin/configsync/gc',
    sample: async (w, n) => ({ by: await admin(w, n), path: '/v1/admin/configsync/gc', body: {} }),
    isLocal: true,
  },
  {
    post: '/v1/admin/backups',
    sample: (w) => {
      // The names of backups contain the time of day.
      w.clock.advance(1000)
      return { by: operator, path: '/v1/admin/backups', body: {} }
    },
    isLocal: true,
  },
  {
    post: '/v1/admin/backups/prune',
    sample: () => ({ by: operator, path: '/v1/admin/backups/prune', body: { dry_run: true } }),
    isLocal: true,
  },
  {
    post: '/v1/admin/stop',
    sample: async (w) => {
      const { boot_id } = await made(w.operator.get<{ boot_id: string }>('/v1/health'))
      return { by: operator, path: '/v1/admin/stop', body: { boot_id } }
    },
    isLocal: true,
  },
  {
    post: '/v1/admin/echo',
    sample: async (w, n) => ({ by: await admin(w, n), path: '/v1/admin/echo' }),
    isLocal: true,
  },
]

/** POSTs that make a credential come without one. A key belongs to an account, so it has no effect there. */
export const withoutAccount = ['/v1/auth/login', '/v1/pair/redeem']

const counted = [
  'accounts',
  'audit',
  'channels',
  'events',
  'memberships',
  'messages',
  'pair_codes',
  'sessions',
  'tokens',
  'idempotency',
]

/** The number of rows of every table that a request can write. */
export async function rowsOf(w: World): Promise<Readonly<Record<string, number>>> {
  const columns = counted.map((table) => `(SELECT count(*) FROM ${table}) AS ${table}`)
  const [row = {}] = await w.sql<Record<string, number>>(`SELECT ${columns.join(', ')}`)
  return row
}

/** The difference between two counts. */
export function grownBy(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  return Object.fromEntries(counted.map((table) => [table, (after[table] ?? 0) - (before[table] ?? 0)]))
}

/** The part of two answers to one request that must be equal, without the mark of a replay. */
export const shown = ({ status, text }: Answer<unknown>) => ({ status, text })
export const isReplay = ({ headers }: Answer<unknown>) => headers.get('idempotent-replayed') === 'true'

/** An agent with a push endpoint at which nobody answers. */
async function pushedAgent(w: World, n: string): Promise<Person> {
  const ann = await w.agent(`ann-${n}`)
  await w.operator.patch(`/v1/admin/accounts/${ann.id}/push`, {
    enabled: true,
    webhook_url: 'http://127.0.0.1:9/',
  })
  return ann
}

/** Returns the id of a delivery of an agent that has ended. */
async function dead(w: World, ann: Person): Promise<string> {
  const { body } = await ann.post<{ delivery_id: string }>('/v1/me/webhooks/push/test')
  await ann.patch('/v1/me/webhooks/push', { enabled: false })
  await w.sql("UPDATE webhook_deliveries SET state = 'dead'")
  return body.delivery_id
}

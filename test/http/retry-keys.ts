/** Every POST that takes a retry key, with a request of each that succeeds. */
import { type Answer, type Caller, PASSWORD, type Room, type World } from '../support/world'

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
const admin = async (w: World, n: string) =>
  bearing((await w.agent(`chief-${n}`, { scopes: ['admin:*'] })).secret)

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
    post: '/v1/admin/backups',
    sample: (w) => {
      // The names of backups contain the time of day.
      w.clock.advance(1000)
      return { by: operator, path: '/v1/admin/backups', body: {} }
    },
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

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { EventStream, LiveSocket } from '../support/sockets'
import { type Answer, Caller, type Fields, type Person, type World, world } from '../support/world'
import { expectRefusal, leavesNoTrace } from './refusals'

/**
 * Every cell of the table in docs/contract/authentication.md#acting-as-another-account: thirteen situations under every
 * setting of the two switches.
 */

const strict = { SYNAPSE_STRICT_ACTOR_HEADER: 'on' }
const enforced = {
  SYNAPSE_STRICT_IMPERSONATION_ENFORCEMENT: 'on',
  SYNAPSE_IMPERSONATION_ALLOWLIST: JSON.stringify([
    { account: 'boss', as: ['ann', 'other-boss'] },
    { account: 'root', as: ['*'] },
  ]),
}

/** The settings of each column of the table, and how to find the cell of a row: the last switch that is on decides. */
const columns = {
  'both off': [{}, ({ off }) => off],
  strict_actor_header: [strict, ({ off, strict = off }) => strict],
  strict_impersonation_enforcement: [enforced, ({ off, enforced = off }) => enforced],
  'both on': [{ ...strict, ...enforced }, ({ off, strict = off, enforced = strict }) => enforced],
} satisfies Record<string, readonly [settings: Record<string, string>, cellOf: (cells: Cells) => Cell]>
type Column = keyof typeof columns

interface Cast {
  readonly w: World
  readonly ann: Person
  /** System admins: a person, and an agent by its token. */
  readonly boss: Person
  readonly root: Person
  /** Its token names ann, `@` is not part of a handle. */
  readonly bridge: Caller
  /** Its token names all accounts except admins. */
  readonly relay: Caller
  readonly peer: Person
  /** The local operator. */
  readonly operator: Caller
}

async function cast(column: Column): Promise<Cast> {
  const w = await world({ settings: columns[column][0] })
  await w.channel('general')
  const channels = { general: 'member' } as const
  const ann = await w.agent('ann', { channels })
  const gone = await w.agent('gone', { channels })
  await w.archives(gone)
  await w.agent('away', { channels })
  await w.sql("UPDATE accounts SET handle = 'away@lab' WHERE handle = 'away'")
  const boss = await w.human('boss', { isAdmin: true })
  await w.human('other-boss', { isAdmin: true, channels })
  const root = await w.agent('root', { scopes: ['admin:*'] })
  const peer = await w.agent('fed-lab', { scopes: ['federation:manage'] })
  await w.sql("UPDATE accounts SET handle = 'fed:lab' WHERE handle = 'fed-lab'")
  const listed = async (handle: string, actors: string[]) => {
    await w.agent(handle)
    const scopes = ['channel:*:read', 'channel:*:post']
    const issued = await w.operator.post<{ token: string; actors: string[] }>('/v1/admin/tokens', {
      account_handle: handle,
      scopes,
      actors,
    })
    expect(issued.body.actors).toEqual(actors)
    return w.bearer(issued.body.token)
  }
  const bridge = await listed('bridge', ['ann', 'gone', 'nobody'])
  const relay = await listed('relay', ['*'])
  const unix = w.running.socket ?? ''
  const operator = new Caller((path, init) => fetch(`http://synapse${path}`, { ...init, unix }))
  return { w, ann, boss, root, bridge, relay, peer, operator }
}

const as = (handle: string) => ({ 'x-synapse-actor': handle })
const invalid = { code: 'actor_header_invalid', detail: 'X-Synapse-Actor must be one handle' }
const denied = { code: 'actor_claim_denied', detail: 'This credential may not act as that account' }
const notListed = {
  code: 'impersonation_denied',
  detail: 'The impersonation_allowlist does not let you act as that account',
}
const notFound = { code: 'account_not_found', detail: 'Account not found' }
const unauthenticated = { code: 'not_authenticated', detail: 'Not authenticated' }
const bare = { code: 'actor_header_unauthenticated', detail: 'X-Synapse-Actor needs a credential' }

/** Who the server says the caller is, and by whose credential. */
async function isActing(caller: Caller, handle: string, by: string | undefined): Promise<void> {
  const { status, text, body } = await caller.get('/v1/auth/me', as(handle))
  expect(status, text).toBe(200)
  expect([body.handle, body.acted_by]).toEqual([handle.toLowerCase().trim(), by])
}

/** A read and a write are both refused in the same way, and the write leaves no trace. */
async function isRefused(w: World, caller: Caller, handle: string, status: number, body: Fields) {
  await leavesNoTrace(w, async () => {
    expectRefusal(await caller.get('/v1/auth/me', as(handle)), status, body)
    const sent = { channel: 'general', body: 'not me' }
    expectRefusal(await caller.post('/v1/messages', sent, as(handle)), status, body)
  })
}

type Cell = (cast: Cast) => Promise<void>

/** The answers of one situation with both switches off, and with the switch that changes them. */
interface Cells {
  readonly off: Cell
  readonly strict?: Cell
  readonly enforced?: Cell
}
const everywhere = (off: Cell): Cells => ({ off })

const open = ['/healthz', '/readyz', '/openapi.json', '/docs', '/pair']

const rows: readonly (readonly [situation: string, cells: Cells])[] = [
  [
    'it is missing',
    everywhere(async ({ ann, boss, operator }) => {
      for (const person of [ann, boss]) {
        const { body } = await person.get('/v1/auth/me')
        expect([body.handle, body.acted_by]).toEqual([person.handle, undefined])
      }
      expect((await operator.get('/v1/admin/accounts')).status).toBe(200)
    }),
  ],
  [
    'its value is not one handle',
    everywhere(async ({ w, ann, boss, operator }) => {
      for (const value of ['', ' ', 'ann, bob', 'ann bob', '@ann', 'ünn', '1st', 'ann;', 'a'.repeat(65), '*'])
        for (const caller of [ann, boss, operator]) await isRefused(w, caller, value, 400, invalid)
      const twice = await fetch(`${w.url}/v1/auth/me`, {
        headers: [
          ['authorization', `Bearer ${ann.secret}`],
          ['x-synapse-actor', 'ann'],
          ['x-synapse-actor', 'ann'],
        ],
      })
      expect([twice.status, await twice.json()]).toMatchObject([400, invalid])
    }),
  ],
  [
    'there is no credential and the route needs none',
    {
      off: async ({ w }) => {
        for (const path of open) expect((await w.guest.get(path, as('ann'))).status).toBe(200)
        const login = { handle: 'ann', password: 'x' }
        expect((await w.guest.post('/v1/auth/login', login, as('ann'))).body.code).toBe('invalid_credentials')
        expect((await w.guest.post('/v1/pair/redeem', { code: 'x' }, as('ann'))).body.code).toBe(
          'pair_code_invalid',
        )
      },
      strict: async ({ w }) => {
        for (const path of open) expectRefusal(await w.guest.get(path, as('ann')), 401, bare)
        for (const path of ['/v1/auth/login', '/v1/pair/redeem'])
          expectRefusal(await w.guest.post(path, {}, as('ann')), 401, bare)
      },
    },
  ],
  [
    'there is no credential and the route needs one',
    {
      off: async ({ w }) => isRefused(w, w.guest, 'ann', 401, unauthenticated),
      strict: async ({ w }) => {
        await isRefused(w, w.guest, 'ann', 401, bare)
        // A credential of another scheme counts as no credential.
        for (const headers of [{ authorization: 'Basic YTpi' }, { cookie: 'other=1' }])
          await isRefused(w, w.caller(headers), 'ann', 401, bare)
      },
    },
  ],
  [
    'it names the caller itself',
    everywhere(async ({ ann, boss, root, bridge }) => {
      for (const person of [ann, boss, root]) await isActing(person, person.handle, undefined)
      await isActing(ann, ' ANN ', undefined)
      await isActing(bridge, 'bridge', undefined)
    }),
  ],
  [
    'it names an unknown account',
    everywhere(async ({ w, ann, boss, root, bridge, relay, operator }) => {
      for (const admin of [boss, root, operator]) await isRefused(w, admin, 'nobody', 404, notFound)
      for (const caller of [ann, bridge, relay]) await isRefused(w, caller, 'nobody', 403, denied)
    }),
  ],
  [
    'it names an archived, remote or service account',
    everywhere(async ({ w, ann, boss, root, bridge, relay, operator }) => {
      for (const handle of ['gone', 'away@lab', 'fed:lab'])
        for (const caller of [ann, boss, root, bridge, relay, operator])
          await isRefused(w, caller, handle, 403, denied)
    }),
  ],
  [
    'the token lists the named account',
    everywhere(async ({ w, bridge, relay }) => {
      await isActing(bridge, 'ann', 'bridge')
      await isRefused(w, bridge, 'relay', 403, denied)
      await isActing(relay, 'ann', 'relay')
      // A star does not include admins.
      await isRefused(w, relay, 'other-boss', 403, denied)
    }),
  ],
  [
    'the caller is neither admin nor operator',
    everywhere(async ({ w, ann }) => isRefused(w, ann, 'bridge', 403, denied)),
  ],
  [
    'the caller is a system admin',
    {
      off: async ({ boss, root }) => {
        for (const handle of ['ann', 'bridge', 'other-boss']) {
          await isActing(boss, handle, 'boss')
          await isActing(root, handle, 'root')
        }
      },
      enforced: async ({ w, boss, root }) => {
        await isActing(boss, 'ann', 'boss')
        await isActing(boss, 'other-boss', 'boss')
        await isRefused(w, boss, 'bridge', 403, notListed)
        await isActing(root, 'ann', 'root')
        await isActing(root, 'bridge', 'root')
        await isRefused(w, root, 'other-boss', 403, notListed)
      },
    },
  ],
  [
    'the caller is the local operator',
    everywhere(async ({ operator }) => {
      for (const handle of ['ann', 'bridge', 'boss']) await isActing(operator, handle, 'operator')
    }),
  ],
  [
    'the caller is another server',
    everywhere(async ({ w, peer }) => {
      for (const handle of ['ann', 'fed:lab', 'nobody']) await isRefused(w, peer, handle, 403, denied)
      expect((await peer.get('/v1/auth/me')).status).toBe(200)
    }),
  ],
]

describe.each(Object.keys(columns) as Column[])('X-Synapse-Actor with these settings: %s', (column) => {
  let here: Cast
  beforeAll(async () => {
    here = await cast(column)
  })
  afterAll(() => here.w[Symbol.asyncDispose]())

  test.each(rows)('the header is judged as documented when %s', (_, cells) => columns[column][1](cells)(here))

  test('streams and sockets judge the header when they are opened', async () => {
    const { w, ann, bridge, boss } = here
    await isStreamOf(w, bridge.credential, 'ann', 'ann')
    await isStreamOf(w, boss.credential, 'ann', 'ann')
    for (const [credential, handle, status] of [
      [ann.credential, 'boss', 403],
      [ann.credential, 'x, y', 400],
      [boss.credential, 'nobody', 404],
      [{}, 'ann', 401],
    ] as const) {
      const refused = await EventStream.request(w.url, credential, { headers: as(handle) })
      expect(refused instanceof Response && refused.status).toBe(status)
      await expect(LiveSocket.open(w.url, credential, { headers: as(handle) })).rejects.toThrow()
    }
  })
})

/** Opens a stream and a socket, and checks that both belong to the claimed account. */
async function isStreamOf(w: World, credential: Record<string, string>, claimed: string, handle: string) {
  using stream = await EventStream.open(w.url, credential, { headers: as(claimed) })
  expect(stream.response.status).toBe(200)
  using socket = await LiveSocket.open(w.url, credential, { headers: as(claimed) })
  expect((await socket.next('hello')).account).toMatchObject({ handle })
}

describe('impersonation', () => {
  test('an impersonating caller has the memberships and roles of the claimed account and the scopes of its own token', async () => {
    await using w = await world()
    await w.channel('general')
    await w.channel('bridged')
    await w.agent('ann', { channels: { general: 'member' } })
    await w.agent('ears', { channels: { general: 'read_only' } })
    const root = await w.agent('root', { channels: { bridged: 'admin' }, scopes: ['admin:*'] })
    const posted = await root.post('/v1/messages', { channel: 'general', body: 'hi' }, as('ann'))
    expect(posted).toMatchObject({ status: 201, body: { sender_handle: 'ann', via: 'token' } })
    expect(await slugs(root, as('ann'))).toEqual(['general'])
    const post = (slug: string, handle: string) =>
      root.post('/v1/messages', { channel: slug, body: 'hi' }, as(handle))
    expect((await post('bridged', 'ann')).body.code).toBe('not_a_member')
    expect((await post('general', 'ears')).body.code).toBe('read_only_role')
    const narrow = await w.operator.post<{ token: string }>('/v1/admin/tokens', {
      account_handle: 'root',
      scopes: ['channel:general:read'],
      actors: ['ann'],
    })
    const reader = w.bearer(narrow.body.token)
    expect((await reader.get('/v1/messages?channel=general', as('ann'))).status).toBe(200)
    const refused = await reader.post('/v1/messages', { channel: 'general', body: 'hi' }, as('ann'))
    expect(refused.body).toMatchObject({ code: 'missing_scope', required_scope: 'channel:general:post' })
  })

  test('admin rights come from the caller and never from the claimed account', async () => {
    await using w = await world()
    const boss = await w.human('boss', { isAdmin: true })
    await w.agent('ann')
    await w.agent('bridge')
    const { body } = await w.operator.post<{ token: string }>('/v1/admin/tokens', {
      account_handle: 'bridge',
      scopes: ['channel:*:read'],
      actors: ['boss', 'ann'],
    })
    const bridge = w.bearer(body.token)
    expect((await bridge.get('/v1/admin/accounts', as('boss'))).status).toBe(403)
    expect((await bridge.get('/v1/auth/me', as('boss'))).body).toMatchObject({
      handle: 'boss',
      is_admin: false,
    })
    expect((await bridge.get('/v1/accounts/ann', as('boss'))).status).toBe(404)
    expect((await bridge.get('/v1/health', as('boss'))).body).not.toHaveProperty('epoch')
    expect((await boss.get('/v1/admin/accounts', as('ann'))).status).toBe(200)
    expect((await boss.get('/v1/health', as('ann'))).body).toHaveProperty('epoch')
    // The event log names the real actor.
    await boss.post('/v1/admin/accounts', { kind: 'agent', handle: 'cat' }, as('ann'))
    const log = await boss.get<{ events: Fields[] }>('/v1/events?since=oldest&type=account.created')
    expect(log.body.events.at(-1)).toMatchObject({ actor: { handle: 'boss' }, account: { handle: 'cat' } })
  })

  test('an impersonating caller cannot manage the tokens, password or sessions of a person', async () => {
    await using w = await world()
    const boss = await w.human('boss', { isAdmin: true })
    await w.human('ada')
    await w.agent('ann')
    const humansOnly = { code: 'humans_only', detail: 'Only a signed-in human may do this' }
    const asks: ((handle: string) => Promise<Answer>)[] = [
      (handle) => boss.get('/v1/me/tokens', as(handle)),
      (handle) => boss.post('/v1/me/tokens', { name: 'x', scopes: ['channel:*:read'] }, as(handle)),
      (handle) => boss.post('/v1/me/password', { current: 'x', new: 'y' }, as(handle)),
      (handle) => boss.get('/v1/auth/sessions', as(handle)),
    ]
    await leavesNoTrace(w, async () => {
      for (const ask of asks) expectRefusal(await ask('ada'), 403, humansOnly)
      expectRefusal(await boss.patch('/v1/me', { about: 'x' }, as('ada')), 403, humansOnly)
      expect((await boss.post('/v1/auth/rotate', {}, as('ann'))).body.code).toBe('rotate_requires_bearer')
      expect((await boss.post('/v1/auth/logout', undefined, as('ann'))).body.code).toBe(
        'logout_requires_session',
      )
    })
    expect((await boss.patch('/v1/me', { about: 'helps' }, as('ann'))).body).toMatchObject({
      handle: 'ann',
      about: 'helps',
    })
  })

  test('a message stores the token of the impersonating caller and never shows it', async () => {
    await using w = await world()
    await w.channel('general')
    const ann = await w.agent('ann', { channels: { general: 'member' } })
    const root = await w.agent('root', { scopes: ['admin:*'] })
    const plain = await root.post<{ id: string }>(
      '/v1/messages',
      { channel: 'general', body: 'x' },
      as('ann'),
    )
    await ann.posts('general', 'by herself')
    const rows = await w.sql<{ extra: string | null }>('SELECT extra FROM messages ORDER BY seq')
    const [token] = await w.sql<{ id: number }>(
      'SELECT t.id FROM tokens t JOIN accounts a ON a.id = t.account_id WHERE a.handle = ?',
      'root',
    )
    expect(rows.map(({ extra }) => extra && JSON.parse(extra))).toEqual([{ a: token?.id }, null])
    const read = await ann.get(`/v1/messages/${plain.body.id}`)
    expect(read.text).not.toMatch(/acting|token_id|root/)
  })

  test('the request log names both the caller and the claimed account', async () => {
    await using w = await world({ settings: { SYNAPSE_LOG_REQUESTS: 'all' } })
    await w.channel('general')
    const ann = await w.agent('ann', { channels: { general: 'member' } })
    const boss = await w.human('boss', { isAdmin: true })
    await boss.post('/v1/messages', { channel: 'general', body: 'x' }, as('ann'))
    await w.stop()
    expect(w.log).toContain(`"account_id":"${boss.id}","acting_as":"${ann.id}","route":"POST /v1/messages"`)
  })

  test('a retry key belongs to the claimed account', async () => {
    await using w = await world()
    await w.channel('general')
    const ann = await w.agent('ann', { channels: { general: 'member' } })
    const boss = await w.human('boss', { isAdmin: true, channels: { general: 'member' } })
    const sent = { channel: 'general', body: 'x', client_msg_id: 'one' }
    const first = await boss.post('/v1/messages', sent, as('ann'))
    expect((await ann.post('/v1/messages', sent)).body.id).toBe(first.body.id)
    expect((await boss.post('/v1/messages', sent)).body.id).not.toBe(first.body.id)
  })

  describe('streams of an impersonating caller', () => {
    const ends: [string, (w: World, ann: Person, root: Person) => Promise<unknown>][] = [
      ['the token is revoked', (w, _, root) => w.revokes(root)],
      ['the caller is archived', (w, _, root) => w.archives(root)],
      ['the claimed account is archived', (w, ann) => w.archives(ann)],
    ]
    test.each(ends)('a stream opened by impersonation closes within a second when %s', async (_, end) => {
      await using w = await world()
      await w.channel('general')
      const ann = await w.agent('ann', { channels: { general: 'member' } })
      const root = await w.agent('root', { scopes: ['admin:*'] })
      using own = await LiveSocket.open(w.url, root.credential, { headers: as('ann') })
      await own.subscribe(['general'])
      await ann.posts('general', 'heard')
      expect((await own.next('message.created')).message).toMatchObject({ body: 'heard' })
      await end(w, ann, root)
      expect(await own.closedWithin(1000)).toMatchObject({ code: 1008 })
    })

    const losses: [string, (w: World, boss: Person, ann: Person) => Promise<Answer>][] = [
      [
        'the caller stops being an admin',
        (w, boss) => w.operator.patch(`/v1/admin/accounts/${boss.id}`, { is_admin: false }),
      ],
      [
        'the allowlist is enforced and does not list the caller',
        (w) => w.operator.put('/v1/config/strict_impersonation_enforcement', { value: true }),
      ],
      [
        'the claimed account becomes an admin, which a star does not include',
        async (w, _, ann) => {
          const value = [{ account: 'boss', as: ['*'] }]
          await w.operator.put('/v1/config/impersonation_allowlist', { value })
          await w.operator.put('/v1/config/strict_impersonation_enforcement', { value: true })
          return w.operator.patch(`/v1/admin/accounts/${ann.id}`, { is_admin: true })
        },
      ],
    ]
    test.each(losses)(
      'the caller keeps its own stream and loses the impersonating one when %s',
      async (_, lose) => {
        await using w = await world()
        await w.channel('general')
        const channels = { general: 'member' } as const
        const ann = await w.human('ann', { channels })
        const boss = await w.human('boss', { isAdmin: true, channels })
        using own = await LiveSocket.open(w.url, boss.credential)
        using acted = await LiveSocket.open(w.url, boss.credential, { headers: as('ann') })
        for (const socket of [own, acted]) await socket.subscribe(['general'])
        expect((await lose(w, boss, ann)).status).toBe(200)
        expect(await acted.closedWithin(1000)).toMatchObject({ code: 1008 })
        expect(acted.frames.at(-1)).toEqual({ type: 'bye', reason: 'auth_revoked' })
        await ann.posts('general', 'still heard')
        expect((await own.next('message.created')).message).toMatchObject({ body: 'still heard' })
      },
    )

    test('an impersonating stream follows the memberships of the claimed account, not those of the caller', async () => {
      await using w = await world()
      const general = await w.channel('general')
      const ann = await w.agent('ann', { channels: { general: 'member' } })
      const root = await w.agent('root', { scopes: ['admin:*'], channels: { general: 'member' } })
      using socket = await LiveSocket.open(w.url, root.credential, { headers: as('ann') })
      await socket.subscribe(['general'])
      await w.leaves(root, general)
      await ann.posts('general', 'still heard')
      expect((await socket.next('message.created')).message).toMatchObject({ body: 'still heard' })
      await w.leaves(ann, general)
      expect(await socket.next('unsubscribed')).toMatchObject({ channels: ['general'] })
    })
  })

  test('an impersonating stream makes the claimed account present for @here, and not the caller', async () => {
    await using w = await world()
    await w.channel('general')
    const bob = await w.agent('bob', { channels: { general: 'member' } })
    await w.agent('ann', { channels: { general: 'member' } })
    const root = await w.agent('root', { scopes: ['admin:*'], channels: { general: 'member' } })
    using _socket = await LiveSocket.open(w.url, root.credential, { headers: as('ann') })
    expect((await bob.posts('general', '@here?')).mentioned_handles).toEqual(['ann'])
  })
})

test('the single-channel socket accepts the actor header of a signed-in admin', async () => {
  await using w = await world()
  await w.channel('general')
  const ann = await w.agent('ann', { channels: { general: 'member' } })
  const boss = await w.human('boss', { isAdmin: true })
  const path = '/v1/ws?channel=general'
  await expect(LiveSocket.open(w.url, boss.credential, { path })).rejects.toThrow()
  using socket = await LiveSocket.open(w.url, boss.credential, { path, headers: as('ann') })
  await socket.next('hello')
  await ann.posts('general', 'hi')
  await socket.next('message.created')
})

test('GET /v1/health shows admins which impersonation checks are on, and why', async () => {
  await using w = await world({ settings: { SYNAPSE_STRICT_ACTOR_HEADER: 'on' } })
  const { body } = await w.operator.get('/v1/health')
  expect(body.checks).toEqual([
    {
      check: 'actor_header',
      state: 'on',
      switch: 'strict_actor_header',
      because: expect.stringContaining('X-Synapse-Actor'),
    },
    {
      check: 'impersonation',
      state: 'off',
      switch: 'strict_impersonation_enforcement',
      because: expect.stringContaining('system admin'),
    },
  ])
  expect((await (await w.agent('ann')).get('/v1/health')).body).not.toHaveProperty('checks')
})

async function slugs(caller: Caller, headers: Record<string, string>): Promise<string[]> {
  const { body } = await caller.get<{ channels: { slug: string }[] }>('/v1/channels', headers)
  return body.channels.map(({ slug }) => slug)
}

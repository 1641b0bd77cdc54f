import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { once } from 'node:events'
import { connect } from 'node:net'
import { RawConnection } from '../support/raw-socket'
import { until } from '../support/sockets'
import {
  type Answer,
  DAY,
  type Fields,
  PASSWORD,
  type Person,
  READ_AND_POST,
  type Room,
  type World,
  world,
} from '../support/world'
import { expectRefusal } from './refusals'

interface Entry extends Fields {
  readonly action: string
  readonly hash: string
  readonly metadata: Fields
}

interface Page {
  readonly entries: readonly Entry[]
  readonly next_cursor: string | null
}

interface Verification {
  readonly entries: number
  readonly hash: string
  readonly broken: Fields | null
  readonly known: boolean | null
}

const entriesOf = async (w: World, query = '') =>
  (await w.operator.get<Page>(`/v1/admin/audit?limit=500${query}`)).body.entries

const verified = async (w: World, query = '') =>
  (await w.operator.get<Verification>(`/v1/admin/audit/verify${query}`)).body

/** The audit entries that an act has written, in order. */
async function writtenBy(w: World, act: () => Promise<Answer<unknown>>, status = 200): Promise<Entry[]> {
  const before = (await entriesOf(w)).length
  const answer = await act()
  expect(answer.status, answer.text).toBe(status)
  const all = await entriesOf(w)
  return all.slice(0, all.length - before).toReversed()
}

describe('administrative changes', () => {
  let w: World
  let room: Room
  let ann: Person
  let bob: Person
  beforeAll(async () => {
    w = await world()
    room = await w.channel('general')
    ann = await w.agent('ann')
    bob = await w.human('bob')
  })
  afterAll(() => w[Symbol.asyncDispose]())

  const account = (person: Person) => ({ target_type: 'account', target_id: person.id })
  const rows: [string, () => Promise<Answer<unknown>>, number, () => Fields[]][] = [
    [
      'the creation of an account',
      () => w.operator.post('/v1/admin/accounts', { kind: 'agent', handle: 'cat' }),
      201,
      () => [
        { action: 'account.create', target_type: 'account', metadata: { kind: 'agent', is_admin: false } },
      ],
    ],
    [
      'a changed profile, by its field names',
      () => w.operator.patch(`/v1/admin/accounts/${ann.id}`, { about: 'canary', display_name: 'canary' }),
      200,
      () => [{ action: 'account.update', ...account(ann), metadata: { changed: ['display_name', 'about'] } }],
    ],
    [
      'a new admin and a new password',
      () => w.operator.patch(`/v1/admin/accounts/${bob.id}`, { is_admin: true, password: 'canary-canary' }),
      200,
      () => [
        { action: 'account.admin', ...account(bob), metadata: { is_admin: true } },
        { action: 'password.change', ...account(bob), metadata: { sessions_ended: 1 } },
      ],
    ],
    [
      'an archived account',
      () => w.operator.post(`/v1/admin/accounts/${bob.id}/archive`),
      200,
      () => [{ action: 'account.archive', ...account(bob), metadata: {} }],
    ],
    [
      'an unarchived account',
      () => w.operator.post(`/v1/admin/accounts/${bob.id}/unarchive`),
      200,
      () => [{ action: 'account.unarchive', ...account(bob), metadata: {} }],
    ],
    [
      'an issued token',
      () =>
        w.operator.post('/v1/admin/tokens', { account_handle: 'ann', scopes: ['admin:*'], name: 'canary' }),
      201,
      () => [
        {
          action: 'token.issue',
          target_type: 'token',
          metadata: { account_id: ann.id, scopes: ['admin:*'] },
        },
      ],
    ],
    [
      'a revoked token',
      () => w.operator.post(`/v1/admin/tokens/${ann.tokenId}/revoke`),
      200,
      () => [{ action: 'token.revoke', target_type: 'token', target_id: ann.tokenId }],
    ],
    [
      'a new member',
      () => w.operator.post('/v1/admin/memberships', { account_handle: 'ann', channel_slug: 'general' }),
      201,
      () => [
        {
          action: 'member.add',
          ...account(ann),
          metadata: { channel_id: room.id, channel: 'general', role: 'member' },
        },
      ],
    ],
    [
      'a changed role',
      () => w.operator.patch(`/v1/admin/memberships/${ann.id}/${room.id}`, { role: 'admin' }),
      200,
      () => [{ action: 'member.role', metadata: { channel: 'general', role: 'admin', previous: 'member' } }],
    ],
    [
      'a removed member',
      () => w.operator.delete(`/v1/admin/memberships/${ann.id}/${room.id}`),
      204,
      () => [{ action: 'member.remove', metadata: { channel: 'general', by: 'admin' } }],
    ],
    [
      'the creation of a channel',
      () => w.operator.post('/v1/admin/channels', { slug: 'den', name: 'canary' }),
      201,
      () => [{ action: 'channel.create', target_type: 'channel', metadata: { slug: 'den', kind: 'public' } }],
    ],
    [
      'an archived channel',
      () => w.operator.post(`/v1/admin/channels/${room.id}/archive`),
      200,
      () => [{ action: 'channel.archive', target_type: 'channel', target_id: room.id }],
    ],
    [
      'an unarchived channel',
      () => w.operator.post(`/v1/admin/channels/${room.id}/unarchive`),
      200,
      () => [{ action: 'channel.unarchive', target_id: room.id }],
    ],
    [
      'an onboarded agent, step by step',
      () => w.operator.post('/v1/admin/onboard', { handle: 'dan', channels: ['general', 'den'] }),
      201,
      () => ['account.create', 'member.add', 'member.add', 'token.issue'].map((action) => ({ action })),
    ],
    [
      'a changed setting',
      () => w.operator.put('/v1/config/base_url', { value: 'https://canary.example' }),
      200,
      () => [{ action: 'setting.set', target_type: 'setting', target_id: 'base_url' }],
    ],
    [
      'a reset setting',
      () => w.operator.delete('/v1/config/base_url'),
      200,
      () => [{ action: 'setting.unset', target_id: 'base_url' }],
    ],
  ]
  test.each(rows)('the audit log records %s in the same transaction', async (_, act, status, expected) => {
    const written = await writtenBy(w, act, status)
    expect(written).toMatchObject(expected())
    expect(written).toHaveLength(expected().length)
    for (const entry of written) expect(entry).toMatchObject({ actor: null, via: 'operator', token_id: null })
  })

  test('audit entries contain no names, texts or values', async () => {
    expect(JSON.stringify(await entriesOf(w))).not.toContain('canary')
  })

  test('the hash chain of these entries is valid', async () => {
    const [newest] = await entriesOf(w)
    expect(await verified(w)).toEqual({
      entries: (await entriesOf(w)).length,
      hash: newest?.hash ?? '',
      broken: null,
      known: null,
    })
  })
})

describe('pairing a device', () => {
  interface Device extends Fields {
    readonly id: string
    readonly code: string
    readonly token?: string
  }
  const from = { 'x-forwarded-for': '203.0.113.7' }
  const scopes = ['channel:*:read', 'channel:*:post']

  test('the audit log records the creation, redemption and revocation of a pairing code, with token and address', async () => {
    await using w = await world()
    const bob = await w.human('bob', { isAdmin: true })
    const facts = { account_id: bob.id, scopes }
    const by = { actor: null, via: 'server', token_id: null, ip: '203.0.113.7' }
    let device: Device | undefined
    const made = await writtenBy(
      w,
      async () => {
        const answer = await w.operator.post<Device>('/v1/admin/devices', { device: 'phone-x' })
        device = answer.body
        return answer
      },
      201,
    )
    const target = { target_type: 'pair', target_id: device?.id }
    expect(made).toMatchObject([{ action: 'pair.create', via: 'operator', metadata: facts, ...target }])
    const trade = (code: unknown) => w.guest.post('/v1/pair/redeem', { code, device: 'canary' }, from)
    expect(await writtenBy(w, () => trade('AAAA-AAAAAAAA'), 404)).toEqual([])
    const traded = await writtenBy(w, () => trade(device?.code), 201)
    const [listed] = (await w.operator.get<{ token_id: string }[]>('/v1/admin/devices')).body
    const { token_id } = listed ?? {}
    expect(token_id).toMatch(/./)
    expect(traded).toMatchObject([
      { action: 'pair.redeem', ...by, ...target, metadata: { ...facts, token_id } },
    ])
    expect(await writtenBy(w, () => trade(device?.code), 410)).toEqual([])
    expect(await writtenBy(w, () => w.operator.post(`/v1/admin/devices/${device?.id}/revoke`))).toMatchObject(
      [
        { action: 'token.revoke', target_id: token_id },
        { action: 'pair.revoke', ...target },
      ],
    )
    const text = JSON.stringify(await entriesOf(w))
    for (const secret of ['canary', device?.code]) expect(text).not.toContain(String(secret))
  })

  test('the audit log names the session when a code is redeemed for one', async () => {
    await using w = await world()
    await w.human('bob', { isAdmin: true })
    const { body } = await w.operator.post<Device>('/v1/admin/devices', { device: 'phone-x' })
    const traded = await writtenBy(
      w,
      () => w.guest.post('/v1/pair/redeem', { code: body.code, as: 'session' }, from),
      201,
    )
    expect(traded).toMatchObject([
      { action: 'pair.redeem', target_id: body.id, ip: '203.0.113.7', metadata: { session_id: body.id } },
    ])
    expect(await writtenBy(w, () => w.operator.post(`/v1/admin/devices/${body.id}/revoke`))).toMatchObject([
      { action: 'session.revoke', target_id: body.id },
      { action: 'pair.revoke', target_id: body.id },
    ])
  })

  test('a token that is made without a code is recorded as well', async () => {
    await using w = await world()
    await w.human('bob', { isAdmin: true })
    const direct = { device: 'script-x', direct: true }
    expect(await writtenBy(w, () => w.operator.post('/v1/admin/devices', direct), 201)).toMatchObject([
      { action: 'token.issue' },
      { action: 'pair.create' },
    ])
  })
})

describe('signing in', () => {
  const login = (w: World, handle: string, password: string) =>
    w.guest.post('/v1/auth/login', { handle, password }, { 'x-forwarded-for': '203.0.113.7' })

  test('the audit log records sign-ins, failed sign-ins and sign-outs with their address', async () => {
    await using w = await world()
    const bob = await w.human('bob')
    const from = { ip: '203.0.113.7', via: 'session', token_id: null }
    const target = { target_type: 'account', target_id: bob.id }
    let cookie = ''
    const [ok] = await writtenBy(w, async () => {
      const answer = await login(w, 'bob', PASSWORD)
      cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
      return answer
    })
    expect(ok).toMatchObject({ action: 'login.ok', actor: 'bob', ...from, ...target })
    const [failed] = await writtenBy(w, () => login(w, 'bob', 'wrong'), 401)
    expect(failed).toMatchObject({ action: 'login.failed', actor: null, ...from, ...target, metadata: {} })
    const [out] = await writtenBy(w, () => w.caller({ cookie }).post('/v1/auth/logout'))
    expect(out).toMatchObject({
      action: 'session.revoke',
      actor: 'bob',
      via: 'session',
      target_type: 'session',
    })
    expect(out?.target_id).toBe(ok?.metadata.session_id)
  })

  test('a failed sign-in for an unknown handle is recorded without the handle, because people type passwords there', async () => {
    await using w = await world()
    const [entry] = await writtenBy(w, () => login(w, 'correct horse', 'x'), 401)
    expect(entry).toMatchObject({ action: 'login.failed', target_type: null, target_id: null, metadata: {} })
  })

  test('throttled sign-ins are not recorded, and failed ones only at a limited rate', async () => {
    await using w = await world({ settings: { SYNAPSE_RATE_LOGIN: '2/300' } })
    for (let i = 0; i < 6; i++) await login(w, 'nobody', 'x')
    expect(await entriesOf(w, '&action=login.')).toHaveLength(2)
  })
})

describe('the actor of an entry', () => {
  test('an entry names the account, its token or session, and its address', async () => {
    await using w = await world()
    const [root, boss] = [
      await w.agent('root', { scopes: ['admin:*'] }),
      await w.human('boss', { isAdmin: true }),
    ]
    const from = { 'x-forwarded-for': '203.0.113.9' }
    const make = (who: Person, slug: string) => () =>
      who.post('/v1/admin/channels', { slug, name: slug }, from)
    const [byToken] = await writtenBy(w, make(root, 'one'), 201)
    expect(byToken).toMatchObject({ actor: 'root', via: 'token', token_id: root.tokenId, ip: '203.0.113.9' })
    const [bySession] = await writtenBy(w, make(boss, 'two'), 201)
    expect(bySession).toMatchObject({ actor: 'boss', via: 'session', token_id: null, ip: '203.0.113.9' })
  })

  test('an entry for what people do with their own credentials names the person and the address', async () => {
    await using w = await world()
    const bob = await w.human('bob')
    const other = await w.session('bob')
    const from = { 'x-forwarded-for': '203.0.113.9' }
    const by = { actor: 'bob', via: 'session', ip: '203.0.113.9' }
    const { body } = await bob.get<{ sessions: { id: string; current: boolean }[] }>('/v1/auth/sessions')
    const elsewhere = body.sessions.find(({ current }) => !current)?.id ?? ''
    expect(other).not.toBe('')
    const ended = await writtenBy(w, () => bob.delete(`/v1/auth/sessions/${elsewhere}`, from), 204)
    expect(ended).toMatchObject([{ action: 'session.revoke', target_id: elsewhere, ...by }])
    const renamed = await writtenBy(w, () =>
      bob.patch('/v1/me', { display_name: 'canary', about: 'canary' }, from),
    )
    const keys = { changed: ['display_name', 'about'] }
    expect(renamed).toMatchObject([{ action: 'account.update', target_id: bob.id, metadata: keys, ...by }])
    expect(await writtenBy(w, () => bob.patch('/v1/me', {}, from))).toEqual([])
    const made = { name: 'mine', scopes: READ_AND_POST }
    let token = ''
    const issued = await writtenBy(
      w,
      async () => {
        const answer = await bob.post<{ id: string; token: string }>('/v1/me/tokens', made, from)
        token = answer.body.token
        return answer
      },
      201,
    )
    expect(issued).toMatchObject([{ action: 'token.issue', ...by }])
    const rotated = await writtenBy(
      w,
      () => w.bearer(token).post('/v1/auth/rotate', { grace_s: 0 }, from),
      201,
    )
    const old = { actor: 'bob', via: 'token', token_id: issued[0]?.target_id, ip: '203.0.113.9' }
    expect(rotated).toMatchObject([
      { action: 'token.rotate', ...old },
      { action: 'token.revoke', target_id: issued[0]?.target_id, ...old },
    ])
    const fresh = String(rotated[0]?.target_id)
    const revoked = await writtenBy(w, () => bob.post(`/v1/me/tokens/${fresh}/revoke`, {}, from))
    expect(revoked).toMatchObject([{ action: 'token.revoke', target_id: fresh, ...by }])
    const password = { current: PASSWORD, new: `${PASSWORD}!` }
    const changed = await writtenBy(w, () => bob.post('/v1/me/password', password, from), 204)
    expect(changed).toMatchObject([{ action: 'password.change', target_id: bob.id, ...by }])
  })

  test('an entry has the address of the client even when it disconnects before its request is handled', async () => {
    await using w = await world()
    const root = await w.agent('root', { scopes: ['admin:*'] })
    const bob = await w.human('bob')
    const leave = async (path: string, credential: string, body: object) => {
      const text = JSON.stringify(body)
      using connection = await RawConnection.open(w.url)
      connection.write(
        `POST ${path} HTTP/1.1\r\nHost: x\r\n${credential}Content-Length: ${text.length}\r\n\r\n${text}`,
      )
    }
    const token = `Authorization: Bearer ${root.secret}\r\n`
    for (const slug of ['one', 'two', 'three', 'four'])
      await leave('/v1/admin/channels', token, { slug, name: slug })
    for (let i = 0; i < 4; i++) await leave('/v1/auth/login', '', { handle: 'bob', password: 'wrong' })
    await leave('/v1/me/password', `Cookie: ${bob.credential.cookie}\r\n`, {
      current: PASSWORD,
      new: PASSWORD,
    })
    const acts = ['channel.create', 'login.failed', 'password.change']
    const written = await until('the entries', async () => {
      const entries = (await entriesOf(w)).filter(({ action }) => acts.includes(action))
      return entries.length === 9 && entries
    })
    expect(new Set(written.map(({ ip }) => ip))).toEqual(new Set(['127.0.0.1']))
  })

  test('a request is not carried out when its connection is reset before its address is known', async () => {
    await using w = await world()
    const root = await w.agent('root', { scopes: ['admin:*'] })
    const { hostname, port } = new URL(w.url)
    for (let i = 0; i < 30; i++) {
      const text = JSON.stringify({ slug: `room-${i}`, name: 'room' })
      const token = `Authorization: Bearer ${root.secret}\r\n`
      const request = `POST /v1/admin/channels HTTP/1.1\r\nHost: x\r\n${token}Content-Length: ${text.length}\r\n\r\n${text}`
      const socket = connect({ host: hostname, port: Number(port) })
      await once(socket, 'connect')
      await new Promise((sent) => socket.write(request, sent))
      socket.resetAndDestroy()
    }
    // This request is handled after all connections above.
    expect((await w.guest.get('/healthz')).status).toBe(200)
    await root.post('/v1/admin/channels', { slug: 'last', name: 'last' })
    const made = await entriesOf(w, '&action=channel.create')
    expect(made.map(({ ip }) => ip)).toEqual(made.map(() => '127.0.0.1'))
  })

  test('an entry of the operator names the command that was typed', async () => {
    await using w = await world()
    const make = (slug: string, command: string) => () =>
      w.operator.post('/v1/admin/channels', { slug, name: slug }, { 'x-synapse-command': command })
    const [entry] = await writtenBy(w, make('one', 'add-channel'), 201)
    expect(entry).toMatchObject({
      actor: null,
      via: 'operator',
      ip: null,
      metadata: { command: 'add-channel' },
    })
    const [odd] = await writtenBy(w, make('two', 'rm -rf /; ä'), 201)
    expect(odd?.metadata).toEqual({ slug: 'two', kind: 'public' })
    const root = await w.agent('root', { scopes: ['admin:*'] })
    const pretend = { 'x-synapse-command': 'add-channel' }
    const [other] = await writtenBy(
      w,
      () => root.post('/v1/admin/channels', { slug: 'three', name: 'three' }, pretend),
      201,
    )
    expect(other?.metadata).toEqual({ slug: 'three', kind: 'public' })
  })

  test('each successful write by impersonation is recorded with the real and the claimed account', async () => {
    await using w = await world()
    await w.channel('general')
    const ann = await w.agent('ann', { channels: { general: 'member' } })
    const boss = await w.human('boss', { isAdmin: true })
    const as = { 'x-synapse-actor': 'ann', 'x-forwarded-for': '203.0.113.9' }
    const post = (channel: string) => boss.post('/v1/messages', { channel, body: 'canary' }, as)
    expect([(await post('general')).status, (await post('nowhere')).status]).toEqual([201, 404])
    await boss.get('/v1/messages?channel=general', as)
    const profile = await writtenBy(w, () => boss.patch('/v1/me', { about: 'canary' }, as))
    const by = { actor: 'boss', via: 'session', ip: '203.0.113.9', target_id: ann.id }
    expect(profile).toMatchObject([{ action: 'account.update', ...by, metadata: { acting_as: ann.id } }])
    // Impersonation entries are written in batches; a stop writes the rest.
    await w.restart()
    const acted = (what: string) => ({ action: 'impersonate', ...by, metadata: { what, acting_as: ann.id } })
    expect(await entriesOf(w, '&action=impersonate')).toMatchObject([
      acted('PATCH /v1/me'),
      acted('POST /v1/messages'),
    ])
    expect(JSON.stringify(await entriesOf(w))).not.toContain('canary')
  })

  test('a token shared by two programs is recorded once a day, without an actor', async () => {
    await using w = await world()
    const ann = await w.agent('ann')
    const use = async (program: string) => {
      await ann.get('/v1/auth/me', { 'user-agent': program })
      // The entry is written on its own, so it is there once a later write is.
      await w.operator.put('/v1/config/instance.name', { value: program })
      return entriesOf(w, '&action=token.shared')
    }
    expect(await use('one')).toEqual([])
    const shared = { actor: null, via: 'server', target_type: 'token', target_id: ann.tokenId, metadata: {} }
    expect(await use('two')).toMatchObject([shared])
    for (const program of ['one', 'two', 'three']) expect(await use(program)).toHaveLength(1)
    w.clock.advance(DAY)
    await use('one')
    expect(await use('two')).toHaveLength(2)
  })

  test('a change made by the server itself names no actor', async () => {
    const token = 'bootstrap-token-of-the-tests-0123456789'
    await using w = await world({ settings: { SYNAPSE_ADMIN_TOKEN: token } })
    expect((await entriesOf(w)).toReversed()).toMatchObject([
      { action: 'account.create', actor: null, via: 'server' },
      { action: 'token.issue', actor: null, via: 'server', metadata: { scopes: ['admin:*'] } },
    ])
  })
})

test('posts, reads, refused requests and changes without effect are not recorded', async () => {
  await using w = await world()
  const general = await w.channel('general')
  const ann = await w.agent('ann', { channels: { general: 'member' } })
  const { length } = await entriesOf(w)
  await ann.posts(general, 'hello')
  await ann.hears(general)
  const refused = [
    await ann.post('/v1/admin/channels', { slug: 'x', name: 'x' }),
    await w.operator.post('/v1/admin/channels', { slug: 'general', name: 'x' }),
    await w.operator.post('/v1/admin/onboard', { handle: 'new', channels: ['general', 'never'] }),
    await w.operator.put('/v1/config/wait.max_s', { value: 'soon' }),
  ]
  for (const { status } of refused) expect(status).toBeGreaterThanOrEqual(400)
  await w.operator.post(`/v1/admin/channels/${general.id}/unarchive`)
  await w.operator.delete('/v1/config/drain')
  expect(await entriesOf(w)).toHaveLength(length)
})

describe('GET /v1/admin/audit', () => {
  let w: World
  let root: Person
  beforeAll(async () => {
    w = await world()
    root = await w.agent('root', { scopes: ['admin:*'] })
    for (const slug of ['one', 'two', 'three']) await root.post('/v1/admin/channels', { slug, name: slug })
    w.clock.advance(60_000)
    await root.put('/v1/config/drain', { value: true })
    await w.operator.put('/v1/config/drain', { value: false })
  })
  afterAll(() => w[Symbol.asyncDispose]())

  test('the list goes back page by page', async () => {
    const all = await entriesOf(w)
    const paged: Entry[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const more: string = cursor === '' ? '' : `&cursor=${cursor}`
      const { body } = await w.operator.get<Page>(`/v1/admin/audit?limit=2${more}`)
      paged.push(...body.entries)
      cursor = body.next_cursor
    }
    expect(paged).toEqual([...all])
    expect(all.map(({ action }) => action)).toEqual([
      'setting.set',
      'setting.set',
      'channel.create',
      'channel.create',
      'channel.create',
      'token.issue',
      'account.create',
    ])
  })

  const filters: [string, () => string, number][] = [
    ['its actor', () => 'actor=root', 4],
    ['its action', () => 'action=channel.create', 3],
    ['a prefix of its action', () => 'action=channel.', 3],
    ['an action that would be a pattern in SQL', () => 'action=%25', 0],
    ['its target', () => 'target=drain', 2],
    ['its time', () => 'since=2026-05-07T12:00:30Z', 2],
    ['all of these together', () => 'actor=root&action=setting.&target=drain&since=2026-05-07T12:00:30Z', 1],
  ]
  test.each(filters)('entries can be filtered by %s', async (_, query, count) => {
    expect(await entriesOf(w, `&${query()}`)).toHaveLength(count)
  })

  test('an invalid filter is refused', async () => {
    const codes = async (query: string) => {
      const { status, body } = await w.operator.get(`/v1/admin/audit?${query}`)
      return [status, body.code]
    }
    expect(await codes('actor=nobody')).toEqual([404, 'account_not_found'])
    expect(await codes('since=soon')).toEqual([422, 'validation_error'])
    expect(await codes('cursor=x')).toEqual([400, 'invalid_cursor'])
    expect(await codes('limit=501')).toEqual([422, 'validation_error'])
  })

  test('the audit log is readable for admins and for tokens with the scope audit:read', async () => {
    const reader = await w.agent('reader', { scopes: ['audit:read'] })
    const [agent, human] = [await w.agent('agent'), await w.human('human')]
    for (const path of ['/v1/admin/audit', '/v1/admin/audit/verify']) {
      for (const caller of [root, reader]) expect((await caller.get(path)).status).toBe(200)
      expectRefusal(await agent.get(path), 403, {
        code: 'missing_scope',
        detail: 'Insufficient scope',
        gate: 'scope',
        required_scope: 'audit:read',
      })
      expect((await human.get(path)).body).toMatchObject({ code: 'not_admin' })
    }
  })
})

describe('tampering with the audit log', () => {
  async function scene() {
    const w: World = await world()
    for (const slug of ['one', 'two', 'three', 'four', 'five']) await w.channel(slug)
    const on = w.database.kind === 'sqlite' ? '' : ' ON audit'
    const unguarded = async () => {
      await w.sql(`DROP TRIGGER audit_keeps_rows${on}`)
      if (w.database.kind === 'sqlite') await w.sql('DROP TRIGGER audit_loses_none')
    }
    return { w, unguarded, [Symbol.asyncDispose]: () => w[Symbol.asyncDispose]() }
  }

  test('the database refuses to change or delete an entry', async () => {
    await using s = await scene()
    for (const statement of ["UPDATE audit SET action = 'x' WHERE id = 2", 'DELETE FROM audit WHERE id = 2'])
      expect(await s.w.sql(statement).then(String, (error: Error) => error.message)).toContain('append-only')
    expect((await verified(s.w)).broken).toBeNull()
  })

  const changes: [string, string, Fields][] = [
    [
      'a changed action',
      "UPDATE audit SET action = 'login.ok' WHERE id = 3",
      { entry: 3, problem: 'changed' },
    ],
    [
      'a changed address',
      "UPDATE audit SET ip = '203.0.113.1' WHERE id = 1",
      { entry: 1, problem: 'changed' },
    ],
    ['changed metadata', "UPDATE audit SET metadata = '{}' WHERE id = 2", { entry: 2, problem: 'changed' }],
    ['a changed hash', "UPDATE audit SET hash = hash || '0' WHERE id = 5", { entry: 5, problem: 'changed' }],
    ['a missing entry', 'DELETE FROM audit WHERE id = 3', { entry: 3, problem: 'missing' }],
    ['a missing first entry', 'DELETE FROM audit WHERE id = 1', { entry: 1, problem: 'missing' }],
  ]
  test.each(changes)('verification finds %s', async (_, statement, broken) => {
    await using s = await scene()
    await s.unguarded()
    await s.w.sql(statement)
    const found = await verified(s.w)
    expect([found.broken, found.entries]).toEqual([broken, Number(broken.entry) - 1])
  })

  test('verification finds a gap that was closed by renumbering', async () => {
    await using s = await scene()
    await s.unguarded()
    await s.w.sql('DELETE FROM audit WHERE id = 3')
    await s.w.sql('UPDATE audit SET id = 3 WHERE id = 4')
    expect((await verified(s.w)).broken).toEqual({ entry: 3, problem: 'changed' })
  })

  test('verification finds a cut-off end when the caller knows a later hash', async () => {
    await using s = await scene()
    const { hash } = await verified(s.w)
    expect((await verified(s.w, `?known=${hash}`)).known).toBeTrue()
    await s.w.channel('six')
    expect((await verified(s.w, `?known=${hash}`)).known).toBeTrue()
    await s.unguarded()
    await s.w.sql('DELETE FROM audit WHERE id >= 5')
    expect(await verified(s.w, `?known=${hash}`)).toMatchObject({ broken: null, known: false, entries: 4 })
  })
})

test('the hash chain continues after a restart and with simultaneous changes', async () => {
  await using w = await world()
  await w.channel('general')
  await w.restart()
  const slugs = Array.from({ length: 40 }, (_, i) => `c${i}`)
  await Promise.all(slugs.map((slug) => w.channel(slug)))
  expect(await verified(w)).toMatchObject({ entries: 41, broken: null })
})

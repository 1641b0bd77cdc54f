import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { directSlug } from '../../src/core/channels/direct-channels'
import { parseUuid, type Uuid } from '../../src/core/kernel/ids'
import { LiveSocket } from '../support/sockets'
import { type Fields, type Person, type World, world } from '../support/world'
import { expectRefusal, leavesNoTrace } from './refusals'

interface Direct extends Fields {
  readonly id: string
  readonly slug: string
}

let w: World
let ann: Person
let bob: Person
let boss: Person
beforeAll(async () => {
  w = await world()
  await w.channel('town')
  const channels = { town: 'member' } as const
  ann = await w.human('ann', { channels })
  bob = await w.agent('bob', { channels })
  boss = await w.human('boss', { isAdmin: true })
})
afterAll(() => w[Symbol.asyncDispose]())

const open = (who: Person, handle: string) => who.post<Direct>('/v1/dms', { handle })

test('the slug of a direct channel is derived from both ids in byte order', () => {
  const secrets = { sha256: (text: string) => Bun.SHA256.hash(text, 'hex') }
  const ids = ['0197a1b2-c3d4-7e5f-8a6b-000000000001', '0197a1b2-c3d4-7e5f-8a6b-000000000002']
  const [one, two] = ids.map((id) => parseUuid(id)) as [Uuid, Uuid]
  expect([directSlug(one, two, secrets), directSlug(two, one, secrets)]).toEqual([
    'dm-1a68910a1e88c88a',
    'dm-1a68910a1e88c88a',
  ])
})

describe('POST /v1/dms', () => {
  test('two accounts that share a channel have one direct channel, whoever opens it', async () => {
    const made = await open(ann, '@BOB')
    expect([made.status, made.body]).toMatchObject([
      201,
      { kind: 'dm', name: 'ann, bob', topic: null, settings: {}, member_count: 2 },
    ])
    const again = await open(bob, 'ann')
    expect([again.status, again.body.slug]).toEqual([200, made.body.slug])
    await ann.posts(made.body.slug, 'just us')
    expect(await bob.hears(made.body.slug)).toEqual(['just us'])
    const { body } = await bob.get<{ channels: Fields[] }>('/v1/channels')
    expect(body.channels[0]).toMatchObject({
      slug: made.body.slug,
      kind: 'dm',
      role: 'member',
      member_count: 2,
    })
    const members = await bob.get<{ members: Fields[] }>(`/v1/channels/${made.body.slug}/members`)
    expect(members.body.members.map(({ handle, role }) => [handle, role])).toEqual([
      ['ann', 'member'],
      ['bob', 'member'],
    ])
  })

  test('accounts that share no channel, are archived or are missing cannot be reached', async () => {
    const far = await w.agent('far')
    const gone = await w.agent('gone', { channels: { town: 'member' } })
    await w.archives(gone)
    await leavesNoTrace(w, async () => {
      const missing = { code: 'account_not_found', detail: 'Account not found' }
      for (const handle of ['far', 'gone', 'nobody', 'system'])
        expectRefusal(await open(ann, handle), 404, missing)
      expectRefusal(await open(boss, 'gone'), 404, missing)
      expectRefusal(await open(ann, 'ann'), 400, {
        code: 'dm_self',
        detail: 'A direct message channel needs another account',
      })
    })
    expect((await open(boss, far.handle)).status).toBe(201)
  })

  test('a token needs a scope on that direct channel', async () => {
    const channels = { town: 'member' } as const
    const made = async (handle: string, scopes: string[]) =>
      open(await w.agent(handle, { channels, scopes }), 'ann')
    const refused = await made('deaf', ['channel:town:read', 'dm:bob:read'])
    expectRefusal(refused, 403, {
      code: 'missing_scope',
      detail: 'Token lacks post scope for this channel',
      gate: 'scope',
      required_scope: 'dm:ann:post',
    })
    expect((await made('named', ['dm:ann:post'])).status).toBe(201)
    expect((await made('any', ['dm:*:read'])).status).toBe(201)
    expect((await made('every', ['channel:*:read'])).status).toBe(201)
  })

  test('a scope on a direct channel reads and posts there, by slug or by the handle of the other', async () => {
    const { slug } = (await open(ann, 'bob')).body
    const tokenWith = async (...scopes: string[]) => {
      const issued = await w.operator.post<{ token: string }>('/v1/admin/tokens', {
        account_handle: 'bob',
        scopes,
      })
      return w.bearer(issued.body.token)
    }
    const reads = async (scope: string) =>
      (await (await tokenWith(scope)).get(`/v1/messages?channel=${slug}`)).status
    expect(await Promise.all([reads('dm:ann:read'), reads(`channel:${slug}:read`), reads('dm:*:*')])).toEqual(
      [200, 200, 200],
    )
    expect([await reads('dm:boss:read'), await reads('dm:ann:post')]).toEqual([403, 403])
  })
})

describe('a direct channel', () => {
  test('admins do not read it, and only change its settings', async () => {
    const { slug, id } = (await open(ann, 'bob')).body
    await ann.posts(slug, 'private')
    const root = await w.agent('root', { scopes: ['admin:*', 'channel:*:read'] })
    for (const admin of [boss, root]) {
      expectRefusal(await admin.reads(slug), 403, {
        code: 'not_a_member',
        detail: 'Not a member',
        gate: 'membership',
        channel: slug,
      })
      expect((await admin.post(`/v1/channels/${slug}/members`, { handle: 'boss' })).body).toMatchObject({
        code: 'dm_membership_fixed',
      })
      expect((await admin.post(`/v1/channels/${slug}/join`)).body).toMatchObject({ code: 'not_public' })
      for (const patch of [{ name: 'x' }, { topic: 'x' }, { archived: true }, { kind: 'public' }])
        expect((await admin.patch(`/v1/channels/${slug}`, patch)).body).toMatchObject({
          code: 'not_channel_admin',
        })
      expect((await admin.hears('*')).join()).not.toContain('private')
    }
    expect((await w.operator.post(`/v1/admin/channels/${id}/archive`)).body).toMatchObject({
      code: 'not_channel_admin',
    })
    const changed = await boss.patch(`/v1/channels/${slug}`, { settings: { retention_days: 9 } })
    expect([changed.status, changed.body.settings]).toEqual([200, { retention_days: 9 }])
  })

  test('its two members cannot change it or leave it', async () => {
    const { slug } = (await open(ann, 'bob')).body
    const eve = await w.human('eve', { channels: { town: 'member' } })
    await leavesNoTrace(w, async () => {
      expect((await ann.patch(`/v1/channels/${slug}`, { name: 'x' })).body).toMatchObject({
        code: 'not_channel_admin',
      })
      expect((await eve.patch(`/v1/channels/${slug}`, { name: 'x' })).body).toMatchObject({
        code: 'channel_not_found',
      })
      expect((await bob.post(`/v1/channels/${slug}/members`, { handle: 'eve' })).body).toMatchObject({
        code: 'not_channel_admin',
      })
      for (const act of ['join', 'leave'])
        expect((await ann.post(`/v1/channels/${slug}/${act}`)).body).toMatchObject({ code: 'not_public' })
      expect((await ann.delete(`/v1/channels/${slug}/members/ann`)).body).toMatchObject({
        code: 'not_public',
      })
    })
    expect((await eve.get(`/v1/channels?include=discoverable`)).text).not.toContain(slug)
  })

  test('an archived account gets no more messages, and the other one reads on', async () => {
    const old = await w.agent('old', { channels: { town: 'member' } })
    const { slug } = (await open(ann, 'old')).body
    await old.posts(slug, 'before')
    await w.archives(old)
    expectRefusal(await ann.post('/v1/messages', { channel: slug, body: 'after' }), 404, {
      code: 'account_not_found',
      detail: 'Account not found',
      channel: slug,
    })
    expect(await ann.hears(slug)).toEqual(['before'])
  })

  test('direct channels do not count towards the quota of channels', async () => {
    const { body } = await w.operator.get<Direct[]>('/v1/admin/channels')
    const rooms = body.filter(({ kind }) => kind !== 'dm').length
    await w.operator.put('/v1/config/quota.channels', { value: rooms })
    const next = await w.agent('next', { channels: { town: 'member' } })
    expect((await open(next, 'ann')).status).toBe(201)
    expect((await w.operator.post('/v1/admin/channels', { slug: 'more', name: 'more' })).body).toMatchObject({
      code: 'quota_exceeded',
    })
    await w.operator.delete('/v1/config/quota.channels')
  })

  test('an open stream hears a direct channel that is opened with its account, from its first message', async () => {
    const kim = await w.agent('kim', { channels: { town: 'member' } })
    using socket = await LiveSocket.open(w.url, kim.credential)
    using stranger = await LiveSocket.open(w.url, boss.credential)
    await socket.subscribe(['*'])
    await stranger.subscribe(['*'])
    const { slug } = (await open(ann, 'kim')).body
    await ann.posts(slug, 'hello kim')
    await socket.next('message.created')
    expect(socket.events.map(({ type, channel }) => [type, channel])).toEqual([
      ['channel.created', slug],
      ['member.joined', slug],
      ['member.joined', slug],
      ['message.created', slug],
    ])
    await stranger.ask({ type: 'ping' })
    expect(stranger.events).toEqual([])
  })
})

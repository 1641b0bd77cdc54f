import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Fields, type Person, type World, world } from '../support/world'
import { expectRefusal, issuesOf, leavesNoTrace } from './refusals'

type Channel = Fields & { readonly id: string; readonly settings: Fields }
type Events = { readonly events: readonly (Fields & { readonly type: string })[] }

const ALL = ['channel:*:read', 'channel:*:post', 'channel:*:admin']

let w: World
let boss: Person
let chief: Person
let member: Person
beforeAll(async () => {
  w = await world()
  await w.channel('town')
  await w.channel('family', { kind: 'private' })
  const channels = { town: 'admin', family: 'admin' } as const
  boss = await w.human('boss', { isAdmin: true })
  chief = await w.agent('chief', { channels, scopes: ALL })
  member = await w.agent('member', { channels: { town: 'member', family: 'member' }, scopes: ALL })
})
afterAll(() => w[Symbol.asyncDispose]())

const changes = async (since: string) => {
  const { body } = await member.get<Events>(`/v1/events?since=${since}&type=channel.*`)
  return body.events.map(({ type, changed }) => (changed === undefined ? type : [type, changed]))
}
const now = async () => (await member.get<{ cursor: string }>('/v1/events')).body.cursor

describe('PATCH /v1/channels/{slug}', () => {
  test('an admin of the channel changes its name, topic, kind and settings, and members see an event', async () => {
    const since = await now()
    const patch = { name: 'The Town', topic: 'Everything', settings: { chain_limit: 3, history: 'all' } }
    const { status, body } = await chief.patch<Channel>('/v1/channels/TOWN', patch)
    expect([status, body]).toMatchObject([
      200,
      { name: 'The Town', topic: 'Everything', description: 'Everything', member_count: 2 },
    ])
    expect(body.settings).toEqual({ chain_limit: 3, history: 'all' })
    const hidden = await chief.patch<Channel>('/v1/channels/town', { kind: 'private', description: '' })
    expect(hidden.body).toMatchObject({ kind: 'private', topic: null })
    const stranger = await w.human('stranger')
    expect((await stranger.get('/v1/channels/town')).status).toBe(404)
    await chief.patch('/v1/channels/town', { kind: 'public' })
    expect((await stranger.post('/v1/channels/town/join')).status).toBe(200)
    expect(await changes(since)).toEqual([
      ['channel.updated', ['name', 'description', 'settings']],
      ['channel.updated', ['description', 'kind']],
      ['channel.updated', ['kind']],
    ])
  })

  test('settings that are not named stay, null unsets one, and a change without effect has no event', async () => {
    const set = (settings: Fields) => chief.patch<Channel>('/v1/channels/family', { settings })
    await set({ retention_days: 30, retention_max: 500, agent_run: 0, auto_continue_s: 60 })
    expect((await set({ retention_max: null, broadcast_by: 'humans' })).body.settings).toEqual({
      retention_days: 30,
      agent_run: 0,
      auto_continue_s: 60,
      broadcast_by: 'humans',
    })
    await leavesNoTrace(w, async () => {
      expect((await set({ retention_days: 30, chain_limit: null })).status).toBe(200)
      expect((await chief.patch('/v1/channels/family', { name: null, archived: false })).status).toBe(200)
    })
    await set({ retention_days: null, agent_run: null, auto_continue_s: null, broadcast_by: null })
    expect((await chief.get<Channel>('/v1/channels/family')).body).toMatchObject({
      settings: {},
      role: 'admin',
    })
  })

  test('unknown settings and values outside the range are refused by name', async () => {
    const set = (settings: unknown) => chief.patch('/v1/channels/town', { settings })
    expect(issuesOf(await set({ colour: 'red' }))).toEqual(['extra_forbidden body.settings.colour'])
    expect(issuesOf(await set({ chain_limit: -1 }))).toEqual(['greater_than_equal body.settings.chain_limit'])
    expect(issuesOf(await set({ history: 'none' }))).toEqual(['literal_error body.settings.history'])
    expect(issuesOf(await set({ legal_hold: 'yes' }))).toEqual(['bool_type body.settings.legal_hold'])
    expect(issuesOf(await set([]))).toEqual(['model_attributes_type body.settings'])
  })

  test('only a system admin changes the legal hold, and the audit log has it', async () => {
    await leavesNoTrace(w, async () =>
      expectRefusal(await chief.patch('/v1/channels/town', { settings: { legal_hold: true } }), 403, {
        code: 'not_admin',
        detail: 'Not a system admin',
        gate: 'role',
      }),
    )
    const held = await boss.patch<Channel>('/v1/channels/town', { settings: { legal_hold: true } })
    expect([held.status, held.body.settings.legal_hold]).toEqual([200, true])
    // A client that sends all settings back changes nothing.
    const same = await chief.patch('/v1/channels/town', { settings: { legal_hold: true, agent_run: 30 } })
    expect(same.status).toBe(200)
    const { id } = held.body
    await w.operator.patch(`/v1/admin/channels/${id}`, { settings: { legal_hold: null, agent_run: null } })
    const { body } = await w.operator.get<{ entries: Fields[] }>('/v1/admin/audit?action=channel.hold')
    expect(body.entries.map(({ metadata }) => metadata)).toEqual([
      { slug: 'town', on: false },
      { slug: 'town', on: true },
    ])
  })

  test('an admin of a channel archives it and brings it back', async () => {
    const since = await now()
    expect(
      (await chief.patch<Channel>('/v1/channels/family', { archived: true })).body.archived_at,
    ).not.toBeNull()
    expectRefusal(await chief.patch('/v1/channels/family', { name: 'x' }), 404, {
      code: 'channel_archived',
      detail: 'Channel archived',
      channel: 'family',
    })
    expect(
      (await chief.patch<Channel>('/v1/channels/family', { archived: false })).body.archived_at,
    ).toBeNull()
    expect((await member.hears('family')).length).toBe(0)
    expect(await changes(since)).toEqual(['channel.archived', 'channel.unarchived'])
  })

  test('everyone else is refused at the check that fails first', async () => {
    const scoped = await w.agent('scoped', { channels: { town: 'admin' } })
    const outsider = await w.agent('outsider', { scopes: ALL })
    const rows: [Person, string, number, Fields][] = [
      [outsider, 'nowhere', 404, { code: 'channel_not_found', detail: 'Channel not found' }],
      [outsider, 'family', 404, { code: 'channel_not_found', detail: 'Channel not found' }],
      [outsider, 'town', 403, { code: 'not_a_member', detail: 'Not a member', gate: 'membership' }],
      [
        scoped,
        'town',
        403,
        {
          code: 'missing_scope',
          detail: 'Token lacks admin scope for this channel',
          gate: 'scope',
          required_scope: 'channel:town:admin',
        },
      ],
      [
        member,
        'town',
        403,
        { code: 'not_channel_admin', detail: 'Not an admin of this channel', gate: 'role' },
      ],
    ]
    await leavesNoTrace(w, async () => {
      for (const [who, channel, status, body] of rows) {
        const answers = [
          await who.patch(`/v1/channels/${channel}`, { name: 'x' }),
          await who.post(`/v1/channels/${channel}/members`, { handle: 'boss' }),
          await who.patch(`/v1/channels/${channel}/members/chief`, { role: 'member' }),
          await who.delete(`/v1/channels/${channel}/members/chief`),
        ]
        for (const answer of answers) expectRefusal(answer, status, { ...body, channel })
      }
    })
  })

  test('a kind is public or private, and a channel never becomes a direct one', async () => {
    const { status, body } = await chief.patch('/v1/channels/town', { kind: 'dm' })
    expect([status, body.code]).toEqual([400, 'use_dms'])
  })
})

describe('POST /v1/channels', () => {
  test('only system admins create channels, unless members may', async () => {
    const ada = await w.human('ada')
    const bot = await w.agent('bot', { scopes: ALL })
    const make = (who: Person, slug: string) => who.post<Channel>('/v1/channels', { slug, name: slug })
    expect((await make(ada, 'mine')).body).toMatchObject({ code: 'not_admin' })
    expect((await make(bot, 'mine')).body).toMatchObject({ code: 'admin_scope_required' })
    expect((await make(boss, 'his')).status).toBe(201)
    await w.operator.put('/v1/config/channels.create', { value: 'members' })
    const made = await make(ada, 'mine')
    expect([made.status, made.body]).toMatchObject([201, { slug: 'mine', kind: 'public', member_count: 1 }])
    expect((await ada.get('/v1/channels/mine')).body).toMatchObject({ role: 'admin' })
    expect((await make(bot, 'its')).body).toMatchObject({ code: 'admin_scope_required' })
    expect((await make(ada, 'mine')).body).toMatchObject({ code: 'slug_exists' })
    expect((await make(ada, 'dm-x')).body).toMatchObject({ code: 'invalid_slug' })
    const direct = await ada.post('/v1/channels', { slug: 'x', name: 'x', kind: 'dm' })
    expect(direct.body).toMatchObject({ code: 'use_dms' })
    await w.operator.delete('/v1/config/channels.create')
  })
})

describe('GET /v1/channels/{slug}', () => {
  test('a reader sees the channel with its own role and the newest position', async () => {
    const { cursor } = await member.posts('town', 'hi')
    const { body } = await member.get<Channel>('/v1/channels/town')
    expect(body).toMatchObject({ slug: 'town', role: 'member', head_cursor: cursor, archived_at: null })
    const mouth = await w.agent('mouth', { channels: { town: 'member' }, scopes: ['channel:*:post'] })
    expect((await mouth.get('/v1/channels/town')).body).toMatchObject({ code: 'missing_scope' })
  })
})

describe('the setting broadcast_by', () => {
  test('a broadcast of others is posted, notifies no one, and is listed as unresolved', async () => {
    const ada = await w.human('ada-2', { channels: { town: 'member' } })
    const by = (broadcast_by: string | null) =>
      chief.patch('/v1/channels/town', { settings: { broadcast_by } })
    const heard = async (who: Person) => {
      const { broadcast, unresolved_mentions, mentioned_handles } = await who.posts(
        'town',
        '@channel @here @boss2',
      )
      return { broadcast, unresolved: unresolved_mentions, mentions: mentioned_handles.length > 0 }
    }
    const refused = { broadcast: false, unresolved: ['channel', 'here', 'boss2'], mentions: false }
    const allowed = { broadcast: true, unresolved: ['boss2'], mentions: true }
    await by('humans')
    expect([await heard(member), await heard(chief), await heard(ada)]).toEqual([refused, refused, allowed])
    await by('admins')
    expect([await heard(member), await heard(ada), await heard(chief)]).toEqual([refused, refused, allowed])
    await by('all')
    expect(await heard(member)).toEqual(allowed)
    await by(null)
    expect(await heard(member)).toEqual(allowed)
  })
})

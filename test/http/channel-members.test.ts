import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Fields, type Person, type World, world } from '../support/world'
import { expectRefusal, issuesOf, leavesNoTrace } from './refusals'

type Events = { readonly events: readonly Fields[] }

let w: World
let chief: Person
let bob: Person
beforeAll(async () => {
  w = await world()
  await w.channel('town')
  await w.channel('family', { kind: 'private' })
  chief = await w.human('chief', { channels: { town: 'admin', family: 'admin' } })
  bob = await w.agent('bob', { channels: { town: 'member' } })
})
afterAll(() => w[Symbol.asyncDispose]())

const roles = async (slug: string) => {
  const { body } = await chief.get<{ members: Fields[] }>(`/v1/channels/${slug}/members`)
  return Object.fromEntries(body.members.map(({ handle, role }) => [handle, role]))
}

describe('members of a channel', () => {
  test('an admin of the channel adds, changes and removes members', async () => {
    const eve = await w.human('eve')
    const added = await chief.post('/v1/channels/family/members', { handle: 'EVE' })
    expect([added.status, added.body]).toMatchObject([
      201,
      { account_handle: 'eve', channel_slug: 'family', role: 'member' },
    ])
    expect((await eve.reads('family')).status).toBe(200)
    const again = await chief.post('/v1/channels/family/members', { account_handle: 'eve' })
    expectRefusal(again, 409, { code: 'already_member', detail: 'Already a member (role=member)' })
    const changed = await chief.patch('/v1/channels/family/members/Eve', { role: 'read-only' })
    expect([changed.status, changed.body]).toMatchObject([200, { role: 'read_only' }])
    expect((await chief.delete('/v1/channels/family/members/eve')).status).toBe(204)
    expect((await eve.reads('family')).status).toBe(404)
    expect(await roles('family')).toEqual({ chief: 'admin' })
    const { body } = await chief.get<Events>('/v1/events?since=oldest&channel=family&type=member.*')
    expect(body.events.slice(-3)).toMatchObject([
      { type: 'member.joined', role: 'member', actor: { handle: 'chief' } },
      { type: 'member.role', role: 'read_only', previous: 'member' },
      { type: 'member.left', by: 'admin' },
    ])
  })

  test('unknown accounts and members are refused', async () => {
    await leavesNoTrace(w, async () => {
      const absent = { code: 'account_not_found', detail: 'Account not found' }
      expectRefusal(await chief.post('/v1/channels/town/members', { handle: 'nobody' }), 404, absent)
      const missing = { code: 'membership_not_found', detail: 'Membership not found' }
      for (const handle of ['nobody', 'system']) {
        expectRefusal(await chief.delete(`/v1/channels/town/members/${handle}`), 404, missing)
        const patch = { role: 'member' }
        expectRefusal(await chief.patch(`/v1/channels/town/members/${handle}`, patch), 404, missing)
      }
      expect(issuesOf(await chief.post('/v1/channels/town/members', {}))).toEqual(['value_error body.handle'])
    })
  })

  test('the last admin stays while others remain, unless a system admin removes it', async () => {
    const refused = { code: 'last_admin', detail: 'A channel keeps an admin while it has other members' }
    await leavesNoTrace(w, async () => {
      expectRefusal(await chief.post('/v1/channels/town/leave'), 409, refused)
      expectRefusal(await chief.delete('/v1/channels/town/members/chief'), 409, refused)
      expectRefusal(await chief.patch('/v1/channels/town/members/chief', { role: 'member' }), 409, refused)
    })
    const deputy = await w.human('deputy', { channels: { town: 'admin' } })
    expect((await deputy.post('/v1/channels/town/leave')).status).toBe(204)
    await w.joins(deputy, 'town', 'admin')
    await w.archives(deputy)
    expect((await chief.post('/v1/channels/town/leave')).body).toMatchObject(refused)
    const boss = await w.human('boss', { isAdmin: true })
    expect((await boss.delete('/v1/channels/town/members/chief')).status).toBe(204)
    await w.joins(chief, 'town', 'admin')
  })

  test('the last admin of a channel without other members may leave it', async () => {
    await w.channel('hut')
    const hermit = await w.human('hermit', { channels: { hut: 'admin' } })
    expect((await hermit.post('/v1/channels/hut/leave')).status).toBe(204)
  })
})

describe('joining and leaving', () => {
  test('everyone may join and leave a public channel, and a member stays what it is', async () => {
    const ann = await w.agent('ann')
    const joined = await ann.post('/v1/channels/TOWN/join')
    expect([joined.status, joined.body]).toMatchObject([200, { account_handle: 'ann', role: 'member' }])
    await ann.posts('town', 'hello')
    const again = await chief.post('/v1/channels/town/join')
    expect([again.status, again.body.role]).toEqual([200, 'admin'])
    expect((await ann.post('/v1/channels/town/leave')).status).toBe(204)
    expectRefusal(await ann.post('/v1/channels/town/leave'), 403, {
      code: 'not_a_member',
      detail: 'Not a member',
      gate: 'membership',
      channel: 'town',
    })
  })

  test('a private channel cannot be joined, and looks missing to those who are not in it', async () => {
    const eve = await w.agent('eve-2')
    const boss = await w.human('boss-2', { isAdmin: true })
    const missing = { code: 'channel_not_found', detail: 'Channel not found' }
    const closed = { code: 'not_public', detail: 'Only public channels can be joined and left' }
    await leavesNoTrace(w, async () => {
      for (const act of ['join', 'leave']) {
        expectRefusal(await eve.post(`/v1/channels/family/${act}`), 404, { ...missing, channel: 'family' })
        expectRefusal(await boss.post(`/v1/channels/family/${act}`), 403, { ...closed, channel: 'family' })
      }
    })
    await w.joins(eve, 'family')
    expect((await eve.post('/v1/channels/family/join')).status).toBe(200)
    expect((await eve.post('/v1/channels/family/leave')).status).toBe(204)
  })

  test('a token without a scope on the channel neither joins nor leaves it', async () => {
    const narrow = await w.agent('narrow', { scopes: ['channel:family:read'], channels: { town: 'member' } })
    const refused = {
      code: 'missing_scope',
      detail: 'Token lacks read scope for this channel',
      gate: 'scope',
      required_scope: 'channel:town:read',
      channel: 'town',
    }
    await leavesNoTrace(w, async () => {
      for (const act of ['join', 'leave'])
        expectRefusal(await narrow.post(`/v1/channels/town/${act}`), 403, refused)
      expectRefusal(await narrow.patch('/v1/channels/town/me', { notify: 'none' }), 403, refused)
    })
  })

  test('an archived channel is neither joined nor left', async () => {
    await w.channel('attic')
    const eve = await w.agent('eve-3', { channels: { attic: 'member' } })
    const { body } = await w.operator.get<{ id: string; slug: string }[]>('/v1/admin/channels')
    const attic = body.find(({ slug }) => slug === 'attic')
    await w.operator.post(`/v1/admin/channels/${attic?.id}/archive`)
    for (const act of ['join', 'leave'])
      expect((await eve.post(`/v1/channels/attic/${act}`)).body).toMatchObject({ code: 'channel_archived' })
  })
})

describe('PATCH /v1/channels/{slug}/me', () => {
  test('a member chooses what notifies it, without an event', async () => {
    const set = (patch: Fields) => bob.patch('/v1/channels/town/me', patch)
    const before = await w.trace()
    expect((await set({})).body).toEqual({ notify: 'all', wake_on: null })
    expect((await set({ notify: 'mentions', wake_on: ['dm', 'broadcast'] })).body).toEqual({
      notify: 'mentions',
      wake_on: ['dm', 'broadcast'],
    })
    expect((await set({ notify: null })).body).toEqual({ notify: 'mentions', wake_on: ['dm', 'broadcast'] })
    expect((await set({ wake_on: [] })).body).toMatchObject({ wake_on: [] })
    expect((await set({ wake_on: null })).body).toEqual({ notify: 'mentions', wake_on: null })
    expect(await w.trace()).toEqual(before)
    expect(issuesOf(await set({ notify: 'some' }))).toEqual(['literal_error body.notify'])
    expect(issuesOf(await set({ wake_on: ['x'] }))).toEqual(['literal_error body.wake_on.0'])
  })
})

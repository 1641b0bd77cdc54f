import { describe, expect, test } from 'bun:test'
import { type Fields, type Person, type World, world } from '../support/world'
import { expectRefusal, issuesOf } from './refusals'

type Listing = { channels: Fields[] }

/** A public and a private channel with ann in both, and an archived channel. */
async function scene() {
  const w: World = await world()
  const general = await w.channel('general', { name: 'General' })
  const family = await w.channel('family', { kind: 'private' })
  const attic = await w.channel('attic')
  const everywhere = { general: 'member', family: 'admin', attic: 'member' } as const
  const ann = await w.agent('ann', { channels: everywhere, displayName: 'Ann' })
  await w.archives(attic)
  const list = async (person: Person, query = '') =>
    (await person.get<Listing>(`/v1/channels${query}`)).body.channels
  return { w, general, family, ann, list, [Symbol.asyncDispose]: () => w[Symbol.asyncDispose]() }
}

const slugs = (channels: Fields[]) => channels.map(({ slug }) => slug)

describe('GET /v1/channels', () => {
  test('the list has the channels of the caller by slug, without archived ones', async () => {
    await using s = await scene()
    const { cursor, created_at } = await s.ann.posts(s.general, 'hi')
    const own = { peer: null, notify: 'all', read_cursor: null, pause: null }
    expect(await s.list(s.ann)).toEqual([
      {
        id: s.family.id,
        slug: 'family',
        name: 'family',
        description: null,
        kind: 'private',
        role: 'admin',
        topic: null,
        access: { read: true, post: true },
        member_count: 1,
        head_cursor: null,
        last_message_at: null,
        ...own,
      },
      {
        id: s.general.id,
        slug: 'general',
        name: 'General',
        description: null,
        kind: 'public',
        role: 'member',
        topic: null,
        access: { read: true, post: true },
        member_count: 1,
        head_cursor: cursor,
        last_message_at: created_at,
        ...own,
      },
    ])
  })

  test('an agent sees only the channels that a scope of its token names', async () => {
    await using s = await scene()
    const channels = { general: 'member', family: 'member' } as const
    const list = async (handle: string, scopes: string[]) =>
      slugs(await s.list(await s.w.agent(handle, { channels, scopes })))
    expect(await list('a', ['channel:family:read'])).toEqual(['family'])
    expect(await list('b', ['channel:family:post', 'channel:general:admin'])).toEqual(['family', 'general'])
    expect(await list('c', ['inbox:*:read'])).toEqual([])
    expect(await list('d', ['admin:*'])).toEqual(['family', 'general'])
    expect(slugs(await s.list(await s.w.human('e', { channels })))).toEqual(['family', 'general'])
  })

  test('each channel says what the caller may do, and only readers see its newest position', async () => {
    await using s = await scene()
    await s.ann.posts(s.general, 'hi')
    const channels = { general: 'member' } as const
    const mouth = await s.w.agent('mouth', { channels, scopes: ['channel:*:post'] })
    expect(await s.list(mouth)).toMatchObject([
      { access: { read: false, post: true }, head_cursor: null, last_message_at: null },
    ])
    const reader = await s.w.human('reader', { channels: { general: 'read_only' } })
    expect(await s.list(reader)).toMatchObject([{ role: 'read_only', access: { read: true, post: false } }])
  })

  test('public channels that the caller could join are listed on request', async () => {
    await using s = await scene()
    await s.ann.posts(s.general, 'hi')
    const bob = await s.w.human('bob')
    expect(await s.list(bob)).toEqual([])
    expect(await s.list(bob, '?include=discoverable')).toMatchObject([
      {
        slug: 'general',
        role: null,
        access: { read: false, post: false },
        member_count: 1,
        head_cursor: null,
      },
    ])
    expect(issuesOf(await bob.get('/v1/channels?include=everything'))).toEqual([
      'literal_error query.include.0',
    ])
  })

  test('the list follows joining, leaving and archiving', async () => {
    await using s = await scene()
    const bob = await s.w.agent('bob', { channels: { general: 'member' } })
    expect(await s.list(bob)).toMatchObject([{ slug: 'general', member_count: 2 }])
    await s.w.leaves(s.ann, s.general)
    expect(await s.list(bob)).toMatchObject([{ slug: 'general', member_count: 1 }])
    await s.w.archives(s.general)
    expect(await s.list(bob)).toEqual([])
    await s.w.operator.post(`/v1/admin/channels/${s.general.id}/unarchive`)
    expect(slugs(await s.list(bob))).toEqual(['general'])
  })
})

describe('GET /v1/channels/{slug}/members', () => {
  test('the list has the active members by handle', async () => {
    await using s = await scene()
    const bob = await s.w.human('bob', { channels: { general: 'read_only' } })
    const gone = await s.w.agent('gone', { channels: { general: 'member' } })
    await s.w.archives(gone)
    const presence = (handle: string) => ({ presence: expect.objectContaining({ handle }) })
    const expected = {
      members: [
        {
          id: s.ann.id,
          handle: 'ann',
          display_name: 'Ann',
          kind: 'agent',
          role: 'member',
          ...presence('ann'),
        },
        {
          id: bob.id,
          handle: 'bob',
          display_name: 'bob',
          kind: 'human',
          role: 'read_only',
          ...presence('bob'),
        },
      ],
    }
    for (const slug of ['general', 'GENERAL', '%67eneral'])
      expect((await bob.get(`/v1/channels/${slug}/members`)).body).toEqual(expected)
  })

  test('only those who may read the channel may list its members', async () => {
    await using s = await scene()
    const stranger = await s.w.agent('stranger')
    expectRefusal(await stranger.get('/v1/channels/general/members'), 403, {
      code: 'not_a_member',
      detail: 'Not a member',
      gate: 'membership',
      channel: 'general',
    })
    expectRefusal(await s.ann.get('/v1/channels/attic/members'), 404, {
      code: 'channel_archived',
      detail: 'Channel archived',
      channel: 'attic',
    })
    const mouth = await s.w.agent('mouth', { channels: { general: 'member' }, scopes: ['channel:*:post'] })
    expect((await mouth.get('/v1/channels/general/members')).body).toMatchObject({
      code: 'missing_scope',
      required_scope: 'channel:general:read',
    })
  })

  test('a renamed member has the new name in the next answer', async () => {
    await using s = await scene()
    await s.ann.get('/v1/channels/general/members')
    await s.w.operator.patch(`/v1/admin/accounts/${s.ann.id}`, { display_name: 'Anna' })
    expect((await s.ann.get('/v1/channels/general/members')).body).toMatchObject({
      members: [{ display_name: 'Anna' }],
    })
  })
})

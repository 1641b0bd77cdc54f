import { describe, expect, test } from 'bun:test'
import { type Caller, type Fields, MINUTE, type World, world } from '../support/world'
import { expectRefusal, issuesOf, leavesNoTrace } from './refusals'

const PATH = '/v1/admin/channels'
const TOKEN = 'a-token-of-the-operator-of-at-least-32-characters'
const ids = '0197a1b2-c3d4-7e5f-8a6b-0c1d2e3f4a5b'
const make = (w: World, fields: Fields) => w.operator.post(PATH, fields)

describe('POST /v1/admin/channels', () => {
  test('a new channel is public by default', async () => {
    await using w = await world()
    const { status, body } = await make(w, {
      slug: ' Team-OPS ',
      name: 'Team Ops',
      description: 'What we do',
    })
    expect(status).toBe(201)
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      slug: 'team-ops',
      name: 'Team Ops',
      description: 'What we do',
      kind: 'public',
      created_at: expect.stringMatching(/^2026-05-07T12:00:00\.\d{6}Z$/),
      archived_at: null,
      topic: 'What we do',
      settings: {},
      member_count: 0,
    })
  })

  test('a topic becomes the description unless a description is given', async () => {
    await using w = await world()
    expect((await make(w, { slug: 'a', name: 'A', topic: 't' })).body).toMatchObject({
      description: 't',
      topic: 't',
    })
    const both = { slug: 'b', name: 'B', topic: 't', description: 'd' }
    expect((await make(w, both)).body).toMatchObject({ description: 'd', topic: 'd' })
    expect((await make(w, { slug: 'c', name: 'C' })).body).toMatchObject({ description: null, topic: null })
  })

  test('an account that creates a channel becomes its admin', async () => {
    await using w = await world()
    const makers = [await w.agent('root', { scopes: ['admin:*'] }), await w.human('boss', { isAdmin: true })]
    for (const maker of makers) {
      const slug = `of-${maker.handle}`
      const { body } = await maker.post(PATH, { slug, name: slug, kind: 'private' })
      expect(body).toMatchObject({ kind: 'private', member_count: 1 })
      expect((await w.operator.get(`/v1/admin/memberships?channel=${slug}`)).body).toMatchObject([
        { account_handle: maker.handle, role: 'admin' },
      ])
      expect((await maker.post('/v1/messages', { channel: slug, body: 'hi' })).status).toBe(201)
    }
  })

  const slugDetail =
    'A slug is 1 to 64 of a-z, 0-9, _ and -, begins with a letter or digit, and does not begin with dm-'
  const refused: [Fields, number, Fields][] = [
    [{ slug: 'general' }, 409, { code: 'slug_exists', detail: 'Slug already exists' }],
    [{ slug: 'GENERAL' }, 409, { code: 'slug_exists', detail: 'Slug already exists' }],
    [{ slug: 'attic' }, 409, { code: 'slug_exists', detail: 'Slug already exists' }],
    [{ slug: '-x' }, 400, { code: 'invalid_slug', detail: slugDetail }],
    [{ slug: '_x' }, 400, { code: 'invalid_slug', detail: slugDetail }],
    [{ slug: 'a b' }, 400, { code: 'invalid_slug', detail: slugDetail }],
    [{ slug: 'a/b' }, 400, { code: 'invalid_slug', detail: slugDetail }],
    [{ slug: 'a,b' }, 400, { code: 'invalid_slug', detail: slugDetail }],
    [{ slug: '*' }, 400, { code: 'invalid_slug', detail: slugDetail }],
    [{ slug: 'ü' }, 400, { code: 'invalid_slug', detail: slugDetail }],
    [{ slug: 'dm-x' }, 400, { code: 'invalid_slug', detail: slugDetail }],
    [
      { slug: 'new', kind: 'dm' },
      400,
      { code: 'use_dms', detail: 'A direct message channel is opened with POST /v1/dms, not created here' },
    ],
  ]
  test.each(refused)('the request %j is refused with status %d', async (fields, status, body) => {
    await using w = await world()
    await w.channel('general')
    await w.archives(await w.channel('attic'))
    await leavesNoTrace(w, async () => expectRefusal(await make(w, { name: 'N', ...fields }), status, body))
  })

  test('a creator can choose not to join, and the system account never joins', async () => {
    await using w = await world({ settings: { SYNAPSE_ADMIN_TOKEN: TOKEN } })
    const system = w.bearer(TOKEN)
    const by = (caller: Caller, slug: string, more = {}) => caller.post(PATH, { slug, name: slug, ...more })
    expect((await by(system, 'by-system')).body).toMatchObject({ member_count: 0 })
    expect((await by(system, 'asked', { join: true })).body).toMatchObject({ member_count: 0 })
    const ops = await w.agent('ops', { scopes: ['admin:*'] })
    expect((await by(ops, 'by-ops', { join: false })).body).toMatchObject({ member_count: 0 })
    expect((await w.operator.get<Fields[]>('/v1/admin/memberships')).body).toEqual([])
  })

  test('a slug may begin with a digit and have 64 characters', async () => {
    await using w = await world()
    for (const slug of ['1', '2-b', 'a'.repeat(64), 'dm', 'dmx'])
      expect((await make(w, { slug, name: slug })).status).toBe(201)
  })

  test('a refusal names each invalid field', async () => {
    await using w = await world()
    const fields = { slug: 'a'.repeat(65), name: '', description: 'x'.repeat(2001), kind: 'secret' }
    expect(issuesOf(await make(w, fields))).toEqual([
      'string_too_long body.slug',
      'string_too_short body.name',
      'string_too_long body.description',
      'literal_error body.kind',
    ])
  })

  test('a channel beyond the quota is refused', async () => {
    await using w = await world({ settings: { SYNAPSE_QUOTA_CHANNELS: '1' } })
    await w.channel('one')
    await leavesNoTrace(w, async () =>
      expectRefusal(await make(w, { slug: 'two', name: 'Two' }), 403, {
        code: 'quota_exceeded',
        detail: 'The limit of 1 is reached; raise the setting quota.channels',
        quota: 'quota.channels',
        limit: 1,
      }),
    )
  })
})

describe('archiving a channel', () => {
  test('archiving closes a channel with the next request, happens once, and can be undone', async () => {
    await using w = await world()
    const general = await w.channel('general')
    const ann = await w.agent('ann', { channels: { general: 'member' } })
    await ann.posts(general, 'before')
    const change = (verb: string) => w.operator.post(`${PATH}/${general.id}/${verb}`)
    const { status, body } = await change('archive')
    expect([status, typeof body.archived_at, body.member_count]).toEqual([200, 'string', 1])
    const gone = { code: 'channel_archived', detail: 'Channel archived', channel: 'general' }
    expectRefusal(await ann.reads(general), 404, gone)
    expectRefusal(await ann.post('/v1/messages', { channel: 'general', body: 'x' }), 404, gone)
    const before = await w.trace()
    w.clock.advance(MINUTE)
    expect((await change('archive')).body).toEqual(body)
    expect(await w.trace()).toEqual(before)
    expect((await change('unarchive')).body).toEqual({ ...body, archived_at: null })
    expect((await change('unarchive')).body).toEqual({ ...body, archived_at: null })
    expect(await w.trace()).toEqual({
      ...before,
      events: before.events + 1,
      announced: before.announced + 1,
    })
    expect(await ann.hears(general)).toEqual(['before'])
  })

  test.each(['archive', 'unarchive'])('%s refuses an id that is not a channel', async (verb) => {
    await using w = await world()
    expectRefusal(await w.operator.post(`${PATH}/x/${verb}`), 400, {
      code: 'invalid_id',
      detail: 'Invalid channel id',
    })
    expectRefusal(await w.operator.post(`${PATH}/${ids}/${verb}`), 404, {
      code: 'channel_not_found',
      detail: 'Channel not found',
    })
  })
})

import { describe, expect, test } from 'bun:test'
import { type Fields, type World, world } from '../support/world'
import { expectRefusal, issuesOf, leavesNoTrace } from './refusals'

const PATH = '/v1/admin/memberships'
const ids = '0197a1b2-c3d4-7e5f-8a6b-0c1d2e3f4a5b'

async function scene(settings: Record<string, string> = {}) {
  const w: World = await world({ settings })
  const general = await w.channel('general', { kind: 'private' })
  const ann = await w.agent('ann')
  const add = (fields: Fields) => w.operator.post(PATH, fields)
  return { w, general, ann, add, [Symbol.asyncDispose]: () => w[Symbol.asyncDispose]() }
}

/** A direct message channel of two, whose memberships are fixed. */
async function makeDirect(w: World): Promise<string> {
  const id = '0197a1b2-c3d4-7e5f-8a6b-0c1d2e3f4a5c'
  await w.sql(
    `INSERT INTO channels (uuid, slug, name, kind, created_at) VALUES (${w.words.uuid(id)}, 'dm-1', 'dm', 'dm', ?)`,
    w.clock.now(),
  )
  return id
}

describe('POST /v1/admin/memberships', () => {
  test('a new member has access with the next request', async () => {
    await using s = await scene()
    expect((await s.ann.reads(s.general)).status).toBe(404)
    const { status, body } = await s.add({ account_handle: ' ANN ', channel_slug: 'General' })
    expect(status).toBe(201)
    expect(body).toEqual({
      account_handle: 'ann',
      channel_slug: 'general',
      role: 'member',
      joined_at: expect.stringMatching(/^2026-05-07T12:00:00\.\d{6}Z$/),
    })
    expect((await s.ann.reads(s.general)).status).toBe(200)
    await s.ann.posts(s.general, 'hi')
  })

  test.each([
    ['admin', 'admin'],
    ['member', 'member'],
    ['read_only', 'read_only'],
    ['read-only', 'read_only'],
  ])('the role %s is accepted', async (sent, role) => {
    await using s = await scene()
    expect((await s.add({ account_handle: 'ann', channel_slug: 'general', role: sent })).body).toMatchObject({
      role,
    })
  })

  const refused: [Fields, number, Fields][] = [
    [{ account_handle: 'nobody' }, 404, { code: 'account_not_found', detail: 'Account not found' }],
    [{ channel_slug: 'nowhere' }, 404, { code: 'channel_not_found', detail: 'Channel not found' }],
    [
      { account_handle: 'nobody', channel_slug: 'nowhere' },
      404,
      { code: 'account_not_found', detail: 'Account not found' },
    ],
    [{ account_handle: 'bob' }, 409, { code: 'already_member', detail: 'Already a member (role=read_only)' }],
    [
      { account_handle: 'bob', role: 'admin' },
      409,
      { code: 'already_member', detail: 'Already a member (role=read_only)' },
    ],
    [
      { channel_slug: 'dm-1' },
      409,
      { code: 'dm_membership_fixed', detail: 'A direct message channel always has the same two members' },
    ],
  ]
  test.each(refused)('the request %j is refused with status %d', async (fields, status, body) => {
    await using s = await scene()
    await s.w.human('bob', { channels: { general: 'read_only' } })
    await makeDirect(s.w)
    await leavesNoTrace(s.w, async () =>
      expectRefusal(await s.add({ account_handle: 'ann', channel_slug: 'general', ...fields }), status, body),
    )
  })

  test('a membership beyond the quota is refused', async () => {
    await using s = await scene({ SYNAPSE_QUOTA_MEMBERS: '1' })
    await s.w.agent('bob', { channels: { general: 'member' } })
    await leavesNoTrace(s.w, async () =>
      expectRefusal(await s.add({ account_handle: 'ann', channel_slug: 'general' }), 403, {
        code: 'quota_exceeded',
        detail: 'The limit of 1 is reached; raise the setting quota.members',
        quota: 'quota.members',
        limit: 1,
      }),
    )
  })

  test('a refusal names each invalid field', async () => {
    await using s = await scene()
    expect(issuesOf(await s.add({ channel_slug: '', role: 'owner' }))).toEqual([
      'missing body.account_handle',
      'string_too_short body.channel_slug',
      'literal_error body.role',
    ])
  })
})

describe('GET /v1/admin/memberships', () => {
  test('memberships are listed by channel and handle, for the server, one channel or one account', async () => {
    await using s = await scene()
    await s.w.channel('alpha')
    const pairs = [
      ['zoe', 'general'],
      ['ann', 'general'],
      ['zoe', 'alpha'],
    ]
    await s.w.agent('zoe')
    for (const [account_handle, channel_slug] of pairs) await s.add({ account_handle, channel_slug })
    const list = async (query: string) => {
      const { body } = await s.w.operator.get<Fields[]>(`${PATH}?${query}`)
      return body.map(({ account_handle, channel_slug }) => `${channel_slug}/${account_handle}`)
    }
    expect(await list('')).toEqual(['alpha/zoe', 'general/ann', 'general/zoe'])
    expect(await list('account=ZOE')).toEqual(['alpha/zoe', 'general/zoe'])
    expect(await list('channel=general')).toEqual(['general/ann', 'general/zoe'])
    expect(await list('channel=general&account=zoe')).toEqual(['general/zoe'])
    expect(await list('channel=alpha&account=ann')).toEqual([])
    expectRefusal(await s.w.operator.get(`${PATH}?account=nobody`), 404, {
      code: 'account_not_found',
      detail: 'Account not found',
    })
    expectRefusal(await s.w.operator.get(`${PATH}?channel=nowhere`), 404, {
      code: 'channel_not_found',
      detail: 'Channel not found',
    })
  })
})

describe('changing a membership', () => {
  test('a new role applies with the next request, and an unchanged role causes no event', async () => {
    await using s = await scene()
    await s.add({ account_handle: 'ann', channel_slug: 'general' })
    const set = (role: string) => s.w.operator.patch(`${PATH}/${s.ann.id}/${s.general.id}`, { role })
    expect(await set('read-only')).toMatchObject({
      status: 200,
      body: { role: 'read_only', account_handle: 'ann' },
    })
    const post = () => s.ann.post('/v1/messages', { channel: 'general', body: 'hi' })
    expect((await post()).body).toMatchObject({ code: 'read_only_role' })
    await leavesNoTrace(s.w, async () => void (await set('read_only')))
    expect((await set('admin')).body).toMatchObject({ role: 'admin' })
    expect((await post()).status).toBe(201)
    expect(issuesOf(await set('owner'))).toEqual(['literal_error body.role'])
    expect(issuesOf(await s.w.operator.patch(`${PATH}/${s.ann.id}/${s.general.id}`, {}))).toEqual([
      'missing body.role',
    ])
  })

  test('a removed member loses access with the next request', async () => {
    await using s = await scene()
    await s.add({ account_handle: 'ann', channel_slug: 'general' })
    await s.ann.posts(s.general, 'hi')
    const path = `${PATH}/${s.ann.id}/${s.general.id}`
    const { status, text } = await s.w.operator.delete(path)
    expect([status, text]).toEqual([204, ''])
    expect((await s.ann.reads(s.general)).status).toBe(404)
    expect((await s.w.operator.delete(path)).status).toBe(404)
  })

  test('a missing membership or an invalid id is refused', async () => {
    await using s = await scene()
    const notFound = { code: 'membership_not_found', detail: 'Membership not found' }
    const invalid = { code: 'invalid_id', detail: 'Invalid id' }
    const rows: [string, number, Fields][] = [
      [`x/${s.general.id}`, 400, invalid],
      [`${s.ann.id}/x`, 400, invalid],
      [`${ids}/${s.general.id}`, 404, notFound],
      [`${s.ann.id}/${ids}`, 404, notFound],
      [`${s.ann.id}/${s.general.id}`, 404, notFound],
    ]
    await leavesNoTrace(s.w, async () => {
      for (const [pair, status, body] of rows) {
        expectRefusal(await s.w.operator.delete(`${PATH}/${pair}`), status, body)
        expectRefusal(await s.w.operator.patch(`${PATH}/${pair}`, { role: 'member' }), status, body)
      }
    })
  })

  test('a membership of a direct message channel cannot be changed', async () => {
    await using s = await scene()
    const id = await makeDirect(s.w)
    await s.w.sql(
      `INSERT INTO memberships (channel_id, account_id, role, joined_at, joined_seq)
       SELECT c.id, a.id, 'member', c.created_at, 1 FROM channels c, accounts a
       WHERE c.slug = 'dm-1' AND a.handle = 'ann'`,
    )
    await leavesNoTrace(s.w, async () => {
      for (const answer of [
        await s.w.operator.delete(`${PATH}/${s.ann.id}/${id}`),
        await s.w.operator.patch(`${PATH}/${s.ann.id}/${id}`, { role: 'admin' }),
      ])
        expect([answer.status, answer.body.code]).toEqual([409, 'dm_membership_fixed'])
    })
  })
})

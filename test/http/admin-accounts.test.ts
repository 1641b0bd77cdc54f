import { describe, expect, test } from 'bun:test'
import {
  type Caller,
  type Fields,
  MINUTE,
  PASSWORD,
  PASSWORD_HASH,
  type World,
  world,
} from '../support/world'
import { expectRefusal, issuesOf, leavesNoTrace } from './refusals'

const PATH = '/v1/admin/accounts'
const make = (w: World, fields: Fields) => w.operator.post(PATH, fields)
const ids = '0197a1b2-c3d4-7e5f-8a6b-0c1d2e3f4a5b'

describe('POST /v1/admin/accounts', () => {
  test('makes an agent, with its handle for a name', async () => {
    await using w = await world()
    const { status, body } = await make(w, { kind: 'agent', handle: ' Helper-1 ' })
    expect(status).toBe(201)
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      handle: 'helper-1',
      kind: 'agent',
      display_name: 'helper-1',
      email: null,
      created_at: expect.stringMatching(/^2026-05-07T12:00:00\.\d{6}Z$/),
      archived_at: null,
      is_admin: false,
      chain_limit: null,
      about: '',
      capabilities: [],
      residency: 'episodic',
      last_seen_at: null,
    })
  })

  test('makes a human, whose password is stored as argon2id of 64 MiB and three passes', async () => {
    await using w = await world()
    const password = 'p'.repeat(8)
    const { status, body, text } = await make(w, {
      kind: 'human',
      handle: 'bob',
      display_name: 'Bob 😀',
      email: 'bob@example.org',
      password,
      is_admin: true,
    })
    expect(status).toBe(201)
    expect(body).toMatchObject({
      kind: 'human',
      display_name: 'Bob 😀',
      email: 'bob@example.org',
      is_admin: true,
    })
    expect(text).not.toContain('password')
    const [row] = w.sql<{ password_hash: string }>('SELECT password_hash FROM accounts')
    expect(row?.password_hash).toMatch(/^\$argon2id\$v=19\$m=65536,t=3,p=1\$/)
    expect(await Bun.password.verify(password, row?.password_hash ?? '')).toBeTrue()
  })

  const refused: [Fields, number, Fields][] = [
    [{ kind: 'agent', handle: 'ann' }, 409, { code: 'handle_exists', detail: 'Handle already exists' }],
    [{ kind: 'agent', handle: 'ANN' }, 409, { code: 'handle_exists', detail: 'Handle already exists' }],
    [{ kind: 'human', handle: 'x' }, 400, { code: 'password_required', detail: 'Humans require a password' }],
    [
      { kind: 'human', handle: 'x', password: '' },
      400,
      { code: 'password_required', detail: 'Humans require a password' },
    ],
    [
      { kind: 'agent', handle: 'x', password: 'long enough' },
      400,
      { code: 'password_not_allowed', detail: 'Agents authenticate via tokens, not passwords' },
    ],
    [
      { kind: 'human', handle: 'x', password: 'seven77' },
      400,
      { code: 'weak_password', detail: 'A password has 8 to 256 characters' },
    ],
    [
      { kind: 'human', handle: 'x', password: 'x'.repeat(257) },
      400,
      { code: 'weak_password', detail: 'A password has 8 to 256 characters' },
    ],
    [
      { kind: 'agent', handle: 'x', is_admin: true },
      400,
      { code: 'agents_use_scopes', detail: 'Agents administrate by a token with the scope admin:*' },
    ],
  ]
  test.each(refused)('refuses %j: %d', async (fields, status, body) => {
    await using w = await world()
    await w.agent('ann')
    await leavesNoTrace(w, async () => expectRefusal(await make(w, fields), status, body))
  })

  const detail =
    'A handle is 1 to 64 of a-z, 0-9, _ and -, begins with a letter, and is none of: channel, everyone, here, all, system, me'
  test.each([
    '1bob',
    '_bob',
    '-bob',
    'bob smith',
    'bob.smith',
    'bøb',
    'bob@x',
    '@bob',
    ' ',
    'channel',
    'Everyone',
    'here',
    'all',
    'system',
    'me',
  ])('refuses the handle %p', async (handle) => {
    await using w = await world()
    await leavesNoTrace(w, async () =>
      expectRefusal(await make(w, { kind: 'agent', handle }), 400, { code: 'invalid_handle', detail }),
    )
  })

  test('takes a handle of 64 letters, digits, _ and -', async () => {
    await using w = await world()
    expect((await make(w, { kind: 'agent', handle: `a${'9_-z'.repeat(15)}abc` })).status).toBe(201)
    expect(issuesOf(await make(w, { kind: 'agent', handle: 'a'.repeat(65) }))).toEqual([
      'string_too_long body.handle',
    ])
  })

  test('says what is wrong with its fields', async () => {
    await using w = await world()
    const fields = {
      kind: 'robot',
      handle: '',
      display_name: 'x'.repeat(129),
      email: 'nonsense',
      is_admin: 'yes',
    }
    expect(issuesOf(await make(w, fields))).toEqual([
      'literal_error body.kind',
      'string_too_short body.handle',
      'string_too_long body.display_name',
      'string_pattern_mismatch body.email',
      'bool_type body.is_admin',
    ])
  })

  test('stops at the quota', async () => {
    await using w = await world({ settings: { SYNAPSE_QUOTA_ACCOUNTS: '2' } })
    await w.agent('one')
    await w.agent('two')
    await leavesNoTrace(w, async () =>
      expectRefusal(await make(w, { kind: 'agent', handle: 'three' }), 403, {
        code: 'quota_exceeded',
        detail: 'The limit of 2 is reached; raise the setting quota.accounts',
        quota: 'quota.accounts',
        limit: 2,
      }),
    )
  })

  test('makes one account of twenty requests at once', async () => {
    await using w = await world()
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => make(w, { kind: 'agent', handle: 'ann' })),
    )
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array(19).fill(409)])
  })
})

describe('PATCH /v1/admin/accounts/{id}', () => {
  test('changes what is given and leaves the rest alone; so does null', async () => {
    await using w = await world()
    const ann = await w.agent('ann')
    const patch = (fields: Fields) => w.operator.patch(`${PATH}/${ann.id}`, fields)
    const changed = {
      display_name: 'Anna',
      email: 'ann@example.org',
      chain_limit: 3,
      about: 'helps',
      capabilities: ['code', 'tea'],
      residency: 'continuous',
    }
    expect(await patch(changed)).toMatchObject({ status: 200, body: changed })
    const before = await w.trace()
    const nothing = Object.fromEntries(
      [...Object.keys(changed), 'password', 'is_admin'].map((key) => [key, null]),
    )
    expect(await patch(nothing)).toMatchObject({ status: 200, body: changed })
    expect(await patch({})).toMatchObject({ status: 200, body: changed })
    expect(await w.trace()).toEqual(before)
    expect((await patch({ chain_limit: 'inherit' })).body).toMatchObject({ ...changed, chain_limit: null })
    expect((await patch({ chain_limit: 0 })).body).toMatchObject({ chain_limit: 0 })
  })

  test('makes and unmakes a system admin, with the next request', async () => {
    await using w = await world()
    const bob = await w.human('bob')
    const asks = async () => (await bob.get(PATH)).status
    expect(await asks()).toBe(403)
    await w.operator.patch(`${PATH}/${bob.id}`, { is_admin: true })
    expect(await asks()).toBe(200)
    await w.operator.patch(`${PATH}/${bob.id}`, { is_admin: false })
    expect(await asks()).toBe(403)
  })

  test('of a password signs everybody out who knew the old one', async () => {
    await using w = await world()
    const bob = await w.human('bob')
    expect((await bob.get('/v1/auth/me')).status).toBe(200)
    expect((await w.operator.patch(`${PATH}/${bob.id}`, { password: 'a new one' })).status).toBe(200)
    expect((await bob.get('/v1/auth/me')).body).toMatchObject({ code: 'invalid_session' })
    const [row] = w.sql<{ password_hash: string }>("SELECT password_hash FROM accounts WHERE handle = 'bob'")
    expect(row?.password_hash).not.toBe(PASSWORD_HASH)
  })

  const refused: [string, string, Fields, number, Fields][] = [
    ['a broken id', 'x', {}, 400, { code: 'invalid_id', detail: 'Invalid account id' }],
    ['a missing account', ids, {}, 404, { code: 'account_not_found', detail: 'Account not found' }],
    [
      'a password for an agent',
      'ann',
      { password: PASSWORD },
      400,
      { code: 'humans_only_password', detail: 'Only humans have passwords' },
    ],
    [
      'a weak password',
      'bob',
      { password: 'short' },
      400,
      { code: 'weak_password', detail: 'A password has 8 to 256 characters' },
    ],
    [
      'an agent as system admin',
      'ann',
      { is_admin: true },
      400,
      { code: 'agents_use_scopes', detail: 'Agents administrate by a token with the scope admin:*' },
    ],
  ]
  test.each(refused)('refuses %s', async (_, who, fields, status, body) => {
    await using w = await world()
    const people: Record<string, { id: string }> = { ann: await w.agent('ann'), bob: await w.human('bob') }
    await leavesNoTrace(w, async () =>
      expectRefusal(await w.operator.patch(`${PATH}/${people[who]?.id ?? who}`, fields), status, body),
    )
  })

  test('says what is wrong with its fields', async () => {
    await using w = await world()
    const fields = {
      chain_limit: 1001,
      about: 'x'.repeat(501),
      capabilities: Array(21).fill('a'),
      residency: 'both',
    }
    expect(issuesOf(await w.operator.patch(`${PATH}/${ids}`, fields))).toEqual([
      'less_than_equal body.chain_limit',
      'string_too_long body.about',
      'too_long body.capabilities',
      'literal_error body.residency',
    ])
    expect(
      issuesOf(await w.operator.patch(`${PATH}/${ids}`, { capabilities: 'a', chain_limit: 'none' })),
    ).toEqual(['int_type body.chain_limit', 'list_type body.capabilities'])
  })
})

describe('archiving an account', () => {
  const change = (caller: Caller, id: string, verb: string) => caller.post(`${PATH}/${id}/${verb}`)

  test('ends its credentials with the next request, once, and may be taken back', async () => {
    await using w = await world()
    const general = await w.channel('general')
    const ann = await w.agent('ann', { channels: { general: 'member' } })
    const bob = await w.human('bob', { channels: { general: 'member' } })
    for (const person of [ann, bob]) {
      expect((await person.reads(general)).status).toBe(200)
      const { status, body } = await change(w.operator, person.id, 'archive')
      expect([status, typeof body.archived_at]).toEqual([200, 'string'])
      const before = await w.trace()
      w.clock.advance(MINUTE)
      expect((await change(w.operator, person.id, 'archive')).body).toEqual(body)
      expect(await w.trace()).toEqual(before)
    }
    expect((await ann.reads(general)).body).toMatchObject({
      code: 'account_unavailable',
      detail: 'Account unavailable',
    })
    expect((await bob.reads(general)).body).toMatchObject({ code: 'invalid_session' })
    for (const person of [ann, bob])
      expect((await change(w.operator, person.id, 'unarchive')).body).toMatchObject({ archived_at: null })
    expect((await ann.reads(general)).status).toBe(200)
    // A session that ended has ended.
    expect((await bob.reads(general)).body).toMatchObject({ code: 'invalid_session' })
  })

  test.each(['archive', 'unarchive'])('%s refuses what is no account', async (verb) => {
    await using w = await world()
    expectRefusal(await change(w.operator, 'x', verb), 400, {
      code: 'invalid_id',
      detail: 'Invalid account id',
    })
    expectRefusal(await change(w.operator, ids, verb), 404, {
      code: 'account_not_found',
      detail: 'Account not found',
    })
  })
})

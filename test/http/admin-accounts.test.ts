import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Fields, type World, world } from '../support/world'
import { expectRefusal, issuesOf, leavesNoTrace } from './refusals'

const PATH = '/v1/admin/accounts'
const make = (w: World, fields: Fields) => w.operator.post(PATH, fields)

describe('POST /v1/admin/accounts', () => {
  test('a new agent is named after its handle by default', async () => {
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

  test('the password of a new human is stored as argon2id with 64 MiB and three passes', async () => {
    await using w = await world({ hasSlowPasswords: true })
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
    const [row] = await w.sql<{ password_hash: string }>('SELECT password_hash FROM accounts')
    expect(row?.password_hash).toMatch(/^\$argon2id\$v=19\$m=65536,t=3,p=1\$/)
    expect(await Bun.password.verify(password, row?.password_hash ?? '')).toBeTrue()
  })

  test('a handle may have 64 letters, digits, _ and -', async () => {
    await using w = await world()
    expect((await make(w, { kind: 'agent', handle: `a${'9_-z'.repeat(15)}abc` })).status).toBe(201)
    expect(issuesOf(await make(w, { kind: 'agent', handle: 'a'.repeat(65) }))).toEqual([
      'string_too_long body.handle',
    ])
  })

  test('a refusal names each invalid field', async () => {
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

  test('an account beyond the quota is refused', async () => {
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

  test('twenty simultaneous requests for one handle create one account', async () => {
    await using w = await world()
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => make(w, { kind: 'agent', handle: 'ann' })),
    )
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array(19).fill(409)])
  })
})

describe('refusals of POST /v1/admin/accounts', () => {
  let w: World
  beforeAll(async () => {
    w = await world()
    await w.agent('ann')
  })
  afterAll(() => w[Symbol.asyncDispose]())

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
      { kind: 'human', handle: 'x', password: '😀'.repeat(7) },
      400,
      { code: 'weak_password', detail: 'A password has 8 to 256 characters' },
    ],
    [
      { kind: 'agent', handle: 'x', is_admin: true },
      400,
      { code: 'agents_use_scopes', detail: 'Agents administer with a token that has the scope admin:*' },
    ],
  ]
  test.each(refused)('the request %j is refused with status %d', async (fields, status, body) => {
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
  ])('the handle %p is refused', async (handle) => {
    await leavesNoTrace(w, async () =>
      expectRefusal(await make(w, { kind: 'agent', handle }), 400, { code: 'invalid_handle', detail }),
    )
  })
})

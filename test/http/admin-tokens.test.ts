import { describe, expect, test } from 'bun:test'
import { DAY, type Fields, type Person, type World, world } from '../support/world'
import { expectRefusal, issuesOf, leavesNoTrace } from './refusals'

const PATH = '/v1/admin/tokens'
const ids = '0197a1b2-c3d4-7e5f-8a6b-0c1d2e3f4a5b'

/** Ann, an agent without a token, and bob, a human. */
async function scene() {
  const w: World = await world()
  await w.operator.post('/v1/admin/accounts', { kind: 'agent', handle: 'ann' })
  await w.human('bob')
  const issue = (fields: Fields = {}) =>
    w.operator.post<Fields & { token: string; id: string }>(PATH, {
      account_handle: 'ann',
      scopes: ['channel:*:read'],
      ...fields,
    })
  return { w, issue, [Symbol.asyncDispose]: () => w[Symbol.asyncDispose]() }
}

describe('POST /v1/admin/tokens', () => {
  test('a new token works at once and is shown only in this answer', async () => {
    await using s = await scene()
    const { status, body } = await s.issue({
      account_handle: ' ANN ',
      name: 'laptop',
      expires_at: '2026-06-01T00:00:00+02:00',
    })
    expect(status).toBe(201)
    const { token, ...rest } = body
    expect(token).toMatch(/^syn_[A-Za-z0-9_-]{43}$/)
    expect<Fields>(rest).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      account_handle: 'ann',
      scopes: ['channel:*:read'],
      created_at: expect.stringMatching(/^2026-05-07T12:00:00\.\d{6}Z$/),
      last_used_at: null,
      revoked_at: null,
      name: 'laptop',
      expires_at: '2026-05-31T22:00:00.000000Z',
      actors: null,
      device: null,
    })
    expect((await s.w.bearer(token).get('/v1/auth/me')).body).toMatchObject({
      handle: 'ann',
      token_name: 'laptop',
    })
    const { body: listed, text } = await s.w.operator.get<Fields[]>(`${PATH}?account=ann`)
    expect(listed).toEqual([{ ...rest, last_used_at: '2026-05-07T12:00:00.000000Z' }])
    expect(text).not.toContain(token)
    expect(await s.w.sql('SELECT hash FROM tokens')).toEqual([{ hash: Bun.SHA256.hash(token, 'hex') }])
  })

  test('scopes are stored in lower case and without repetition', async () => {
    await using s = await scene()
    const { body } = await s.issue({
      scopes: ['Channel:General:READ', 'channel:general:read', ' inbox:*:read '],
    })
    expect(body.scopes).toEqual(['channel:general:read', 'inbox:*:read'])
  })

  const refused: [Fields, number, Fields][] = [
    [{ account_handle: 'nobody' }, 404, { code: 'account_not_found', detail: 'Account not found' }],
    [
      { account_handle: 'bob' },
      400,
      { code: 'tokens_for_agents_only', detail: 'Tokens are for agents only' },
    ],
    [{ scopes: [] }, 400, { code: 'scopes_required', detail: 'At least one scope required' }],
    [{ scopes: [''] }, 400, { code: 'scopes_required', detail: 'At least one scope required' }],
    [
      { scopes: ['channel:*:read', 'channel:*:write'] },
      400,
      { code: 'invalid_scope', detail: 'Unknown scope: channel:*:write' },
    ],
    [
      { scopes: ['channel:*:read', 'human:act'] },
      400,
      { code: 'invalid_scope', detail: 'human:act is for the personal tokens of people' },
    ],
    [
      { actors: ['bob', 'b b'] },
      400,
      {
        code: 'invalid_handle',
        detail:
          'A handle is 1 to 64 of a-z, 0-9, _ and -, begins with a letter, and is none of: channel, everyone, here, all, system, me',
      },
    ],
    [
      {
        scopes: Array(101)
          .fill(0)
          .map((_, i) => `channel:c${i}:read`),
      },
      400,
      { code: 'invalid_scope', detail: 'A token has at most 100 scopes' },
    ],
  ]
  test.each(refused)('the request %j is refused with status %d', async (fields, status, body) => {
    await using s = await scene()
    await leavesNoTrace(s.w, async () => expectRefusal(await s.issue(fields), status, body))
    expect(await s.w.sql('SELECT * FROM tokens')).toEqual([])
  })

  test('a refusal names each invalid field', async () => {
    await using s = await scene()
    expect(issuesOf(await s.issue({ account_handle: 5, scopes: 'channel:*:read', name: '' }))).toEqual([
      'string_type body.account_handle',
      'list_type body.scopes',
      'string_too_short body.name',
    ])
    expect(issuesOf(await s.issue({ scopes: ['channel:*:read', 5] }))).toEqual(['string_type body.scopes.1'])
    expect(issuesOf(await s.issue({ name: 'x'.repeat(65) }))).toEqual(['string_too_long body.name'])
    for (const expires_at of ['tomorrow', '2026-02-30T00:00:00Z', '2026-06-31', '2026-06'])
      expect(issuesOf(await s.issue({ expires_at }))).toEqual(['datetime_parsing body.expires_at'])
  })

  test('an account has at most 50 live tokens, and revoking one makes room', async () => {
    await using s = await scene()
    const { body: first } = await s.issue()
    await Promise.all(Array.from({ length: 49 }, () => s.issue()))
    expectRefusal(await s.issue(), 403, {
      code: 'quota_exceeded',
      detail: 'An account has at most 50 live tokens; revoke one first',
      quota: 'tokens',
      limit: 50,
    })
    await s.w.operator.post(`${PATH}/${first.id}/revoke`)
    expect((await s.issue()).status).toBe(201)
  })
})

describe('POST /v1/admin/tokens/{id}/revoke', () => {
  test('a revoked token fails with the next request, is revoked once, and other tokens keep working', async () => {
    await using s = await scene()
    const [one, two] = [(await s.issue()).body, (await s.issue()).body]
    const me = (token: string) => s.w.bearer(token).get('/v1/auth/me')
    expect((await me(one.token)).status).toBe(200)
    const { status, body } = await s.w.operator.post(`${PATH}/${one.id}/revoke`)
    expect([status, typeof body.revoked_at]).toEqual([200, 'string'])
    expect(body).not.toHaveProperty('token')
    expectRefusal(await me(one.token), 401, { code: 'invalid_token', detail: 'Invalid token' })
    expect((await me(two.token)).status).toBe(200)
    await leavesNoTrace(s.w, async () => {
      s.w.clock.advance(1000)
      expect((await s.w.operator.post(`${PATH}/${one.id}/revoke`)).body).toEqual(body)
    })
  })

  test('revoke refuses an id that is not a token', async () => {
    await using s = await scene()
    expectRefusal(await s.w.operator.post(`${PATH}/x/revoke`), 400, {
      code: 'invalid_id',
      detail: 'Invalid token id',
    })
    expectRefusal(await s.w.operator.post(`${PATH}/${ids}/revoke`), 404, {
      code: 'token_not_found',
      detail: 'Token not found',
    })
  })

  test('a post sent after the answer to a revoke is refused', async () => {
    await using s = await scene()
    await s.w.channel('general')
    const ann = await s.w.agent('cat', { channels: { general: 'member' } })
    await ann.posts('general', 'before')
    // Both are sent before either is answered; a post that arrives after the answer to the revoke is refused.
    const revoked = s.w.revokes(ann)
    const posts = Promise.all(
      Array.from({ length: 5 }, () => ann.post('/v1/messages', { channel: 'general', body: 'x' })),
    )
    await revoked
    const late = await ann.post('/v1/messages', { channel: 'general', body: 'too late' })
    expect(late.status).toBe(401)
    for (const { status } of await posts) expect([201, 401]).toContain(status)
    expect(await s.w.sql("SELECT * FROM messages WHERE body = 'too late'")).toEqual([])
  })
})

describe('administrators', () => {
  const asks = async (person: Person) => (await person.get('/v1/admin/accounts')).body
  const noScope = { code: 'admin_scope_required', detail: 'Agent token lacks admin:* scope', gate: 'scope' }
  const noFlag = { code: 'not_admin', detail: 'Not a system admin', gate: 'role' }

  test('an agent is an administrator when its token carries admin:*, and with no other scopes', async () => {
    await using w = await world()
    expect(await asks(await w.agent('root', { scopes: ['admin:*'] }))).toBeArray()
    const much = await w.agent('much', { scopes: ['channel:*:*', 'config:write', 'audit:read'] })
    expect(await asks(much)).toMatchObject(noScope)
  })

  test('a human is an administrator by its flag or by the configured list, and in no other way', async () => {
    await using w = await world({ settings: { SYNAPSE_ADMIN_HANDLES: 'listed' } })
    expect(await asks(await w.human('boss', { isAdmin: true }))).toBeArray()
    expect(await asks(await w.human('listed'))).toBeArray()
    expect(await asks(await w.human('plain'))).toMatchObject(noFlag)
  })

  test('the bootstrap token of the environment makes its holder an administrator when there is no other', async () => {
    const token = 'bootstrap-token-of-thirty-two-letters'
    await using w = await world({ settings: { SYNAPSE_ADMIN_TOKEN: token } })
    const { body } = await w.bearer(token).get('/v1/auth/me')
    expect(body).toMatchObject({
      handle: 'system',
      kind: 'agent',
      token_name: 'bootstrap-env',
      is_admin: true,
    })
    expect(w.running.summary.adminCredentials).toBe(1)
    await w.restart()
    expect((await w.operator.get<Fields[]>(`${PATH}?account=system`)).body).toHaveLength(1)
  })

  test('a token counts as administrator while it is valid and its account is active', async () => {
    await using w = await world()
    const administrators = async () => {
      await w.restart()
      return w.running.summary.adminCredentials
    }
    const expiresAt = new Date(w.clock.now() / 1000 + DAY).toISOString()
    const root = await w.agent('root', { scopes: ['admin:*'], expiresAt })
    expect(await administrators()).toBe(1)
    await w.archives(root)
    expect(await administrators()).toBe(0)
    await w.operator.post(`/v1/admin/accounts/${root.id}/unarchive`)
    expect(await administrators()).toBe(1)
    w.clock.advance(DAY)
    expect(await administrators()).toBe(0)
  })

  test('each start logs a warning when no account or no person is an administrator', async () => {
    await using w = await world()
    const said = async () => {
      const before = w.log.length
      await w.restart()
      const lines = w.log
        .slice(before)
        .split('\n')
        .filter((line) => line.includes('can administer'))
      return lines.map((line) => (JSON.parse(line) as Fields).message)
    }
    expect(await said()).toEqual(['no account can administer this server over the network yet'])
    await w.agent('root', { scopes: ['admin:*'] })
    expect(await said()).toEqual([
      'no person can administer this server: no active human account is a system admin',
    ])
    const boss = await w.human('boss', { isAdmin: true })
    expect(await said()).toEqual([])
    await w.archives(boss)
    expect(await said()).toHaveLength(1)
  })

  test('a revoked bootstrap token stays revoked when the server starts again', async () => {
    const token = 'bootstrap-token-of-thirty-two-letters'
    await using w = await world({ settings: { SYNAPSE_ADMIN_TOKEN: token } })
    const [listed] = (await w.operator.get<{ id: string }[]>(`${PATH}?account=system`)).body
    await w.operator.post(`${PATH}/${listed?.id}/revoke`)
    await w.restart()
    expect((await w.bearer(token).get('/v1/auth/me')).body).toMatchObject({ code: 'invalid_token' })
    expect(w.running.summary.adminCredentials).toBe(0)
  })
})

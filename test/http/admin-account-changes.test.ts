import { describe, expect, test } from 'bun:test'
import { type Caller, type Fields, MINUTE, PASSWORD, world } from '../support/world'
import { expectRefusal, issuesOf, leavesNoTrace } from './refusals'

const PATH = '/v1/admin/accounts'
const ids = '0197a1b2-c3d4-7e5f-8a6b-0c1d2e3f4a5b'

describe('PATCH /v1/admin/accounts/{id}', () => {
  test('fields that are absent or null keep their value', async () => {
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

  test('granting or removing admin rights takes effect with the next request', async () => {
    await using w = await world()
    const bob = await w.human('bob')
    const asks = async () => (await bob.get(PATH)).status
    expect(await asks()).toBe(403)
    await w.operator.patch(`${PATH}/${bob.id}`, { is_admin: true })
    expect(await asks()).toBe(200)
    await w.operator.patch(`${PATH}/${bob.id}`, { is_admin: false })
    expect(await asks()).toBe(403)
  })

  test('a new password ends all sessions of the person', async () => {
    await using w = await world()
    const bob = await w.human('bob')
    const hash = () =>
      w.sql<{ password_hash: string }>('SELECT password_hash FROM accounts WHERE handle = ?', 'bob')
    const before = await hash()
    expect((await bob.get('/v1/auth/me')).status).toBe(200)
    expect((await w.operator.patch(`${PATH}/${bob.id}`, { password: 'a new one' })).status).toBe(200)
    expect((await bob.get('/v1/auth/me')).body).toMatchObject({ code: 'invalid_session' })
    expect(await hash()).not.toEqual(before)
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
      { code: 'agents_use_scopes', detail: 'Agents administer with a token that has the scope admin:*' },
    ],
  ]
  test.each(refused)('a change of an account is refused for %s', async (_, who, fields, status, body) => {
    await using w = await world()
    const people: Record<string, { id: string }> = { ann: await w.agent('ann'), bob: await w.human('bob') }
    await leavesNoTrace(w, async () =>
      expectRefusal(await w.operator.patch(`${PATH}/${people[who]?.id ?? who}`, fields), status, body),
    )
  })

  test('a refusal names each invalid field', async () => {
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

  test('archiving ends all credentials with the next request, happens once, and can be undone', async () => {
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
    // Unarchiving does not bring a session back.
    expect((await bob.reads(general)).body).toMatchObject({ code: 'invalid_session' })
  })

  test.each(['archive', 'unarchive'])('%s refuses an id that is not an account', async (verb) => {
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

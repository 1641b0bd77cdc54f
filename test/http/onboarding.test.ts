import { describe, expect, test } from 'bun:test'
import { type Fields, type World, world } from '../support/world'
import { expectRefusal, issuesOf, leavesNoTrace } from './refusals'

interface Onboarded extends Fields {
  readonly token: string
}

async function scene() {
  const w: World = await world()
  for (const slug of ['general', 'family']) await w.channel(slug, { kind: 'private' })
  const onboard = (fields: Fields) =>
    w.operator.post<Onboarded>('/v1/admin/onboard', {
      handle: 'helper',
      channels: ['general', 'family'],
      ...fields,
    })
  return { w, onboard, [Symbol.asyncDispose]: () => w[Symbol.asyncDispose]() }
}

describe('POST /v1/admin/onboard', () => {
  test('onboarding makes the account, its memberships and a token with fitting scopes', async () => {
    await using s = await scene()
    const { status, body } = await s.onboard({
      handle: ' Helper ',
      channels: ['General', 'family', 'general'],
      display_name: 'Helper 1',
      token_name: 'box',
    })
    expect(status).toBe(201)
    const { token, token_id, ...rest } = body
    expect(token_id).toMatch(/^[0-9a-f-]{36}$/)
    expect<Fields>(rest).toEqual({
      handle: 'helper',
      account_created: true,
      channels_joined: ['general', 'family'],
      channels_already_member: [],
      token_scopes: [
        'channel:general:read',
        'channel:general:post',
        'channel:family:read',
        'channel:family:post',
      ],
    })
    const helper = s.w.bearer(token)
    expect((await helper.get('/v1/auth/me')).body).toMatchObject({
      handle: 'helper',
      display_name: 'Helper 1',
      token_name: 'box',
      scopes: rest.token_scopes,
    })
    for (const channel of ['general', 'family'])
      expect((await helper.post('/v1/messages', { channel, body: 'hi' })).status).toBe(201)
  })

  test('an agent onboarded for reading can read and cannot post', async () => {
    await using s = await scene()
    const { body } = await s.onboard({ channels: ['general'], read_only: true })
    expect(body.token_scopes).toEqual(['channel:general:read'])
    const helper = s.w.bearer(body.token)
    expect((await helper.get('/v1/messages?channel=general')).status).toBe(200)
    expect((await helper.post('/v1/messages', { channel: 'general', body: 'x' })).body).toMatchObject({
      gate: 'scope',
    })
    expect((await helper.get('/v1/channels')).body).toMatchObject({ channels: [{ role: 'read_only' }] })
  })

  test('repeated onboarding keeps what exists and issues another token each time', async () => {
    await using s = await scene()
    const first = await s.onboard({ channels: ['general'], read_only: true })
    const { status, body } = await s.onboard({ display_name: 'Another name' })
    expect(status).toBe(201)
    expect(body).toMatchObject({
      account_created: false,
      channels_joined: ['family'],
      channels_already_member: ['general(read_only)'],
    })
    for (const { token } of [first.body, body])
      expect((await s.w.bearer(token).get('/v1/auth/me')).body).toMatchObject({ display_name: 'helper' })
  })

  test('onboarding changes nothing when one of the channels is missing', async () => {
    await using s = await scene()
    await leavesNoTrace(s.w, async () => {
      expectRefusal(await s.onboard({ channels: ['general', 'nowhere'] }), 404, {
        code: 'channel_not_found',
        detail: 'Channel not found',
        channel: 'nowhere',
      })
    })
    for (const table of ['accounts', 'memberships', 'tokens'])
      expect(await s.w.sql(`SELECT * FROM ${table}`)).toEqual([])
  })

  const refused: [string, Fields, number, string][] = [
    ['a human', { handle: 'bob' }, 400, 'tokens_for_agents_only'],
    ['an archived agent', { handle: 'gone' }, 409, 'account_archived'],
    ['a reserved handle', { handle: 'everyone' }, 400, 'invalid_handle'],
    ['a broken handle', { handle: 'no way' }, 400, 'invalid_handle'],
  ]
  test.each(refused)('onboarding refuses %s', async (_, fields, status, code) => {
    await using s = await scene()
    await s.w.human('bob')
    await s.w.archives(await s.w.agent('gone'))
    await leavesNoTrace(s.w, async () => {
      const answer = await s.onboard(fields)
      expect([answer.status, (answer.body as Fields).code]).toEqual([status, code])
    })
  })

  test('a refusal names each invalid field', async () => {
    await using s = await scene()
    expect(issuesOf(await s.onboard({ handle: '', channels: [], read_only: 'no' }))).toEqual([
      'string_too_short body.handle',
      'too_short body.channels',
      'bool_type body.read_only',
    ])
    expect(issuesOf(await s.onboard({ channels: Array(51).fill('general') }))).toEqual([
      'too_long body.channels',
    ])
  })

  test('onboarding leaves nothing behind when it reaches a quota half way', async () => {
    await using w = await world({ settings: { SYNAPSE_QUOTA_MEMBERS: '1' } })
    await w.channel('free')
    await w.channel('full')
    await w.agent('somebody', { channels: { full: 'member' } })
    await leavesNoTrace(w, async () => {
      const { body } = await w.operator.post('/v1/admin/onboard', {
        handle: 'helper',
        channels: ['free', 'full'],
      })
      expect(body).toMatchObject({ code: 'quota_exceeded', quota: 'quota.members' })
    })
    expect(await w.sql("SELECT * FROM accounts WHERE handle = 'helper'")).toEqual([])
  })
})

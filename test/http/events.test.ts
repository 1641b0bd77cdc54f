import { describe, expect, test } from 'bun:test'
import { type Fields, type Message, type Person, type World, world } from '../support/world'
import { expectRefusal, issuesOf } from './refusals'

interface Events {
  readonly events: readonly (Fields & {
    readonly type: string
    readonly seq: number
    readonly cursor: string
  })[]
  readonly cursor: string
  readonly head_cursor: string
  readonly has_more: boolean
}

/** Boss, an admin who receives all events of general, and ann, another member. */
async function scene() {
  const w: World = await world()
  const general = await w.channel('general')
  const boss = await w.human('boss', { isAdmin: true, channels: { general: 'admin' } })
  const ann = await w.agent('ann', { channels: { general: 'member' } })
  const { head_cursor } = (await boss.get<{ head_cursor: string }>('/v1/server')).body
  const events = async (person: Person, query = '') =>
    (await person.get<Events>(`/v1/events?since=${head_cursor}&limit=500${query}`)).body
  return { w, general, boss, ann, head_cursor, events, [Symbol.asyncDispose]: () => w[Symbol.asyncDispose]() }
}

const types = ({ events }: Events) => events.map(({ type }) => type)

describe('GET /v1/events', () => {
  test('an event of an unknown type is skipped', async () => {
    await using s = await scene()
    for (const body of ['one', 'two', 'three']) await s.ann.posts(s.general, body)
    const becomesUnknown = async (n: number) => {
      const seq = (await s.events(s.boss)).events[n]?.seq ?? 0
      await s.w.sql("UPDATE events SET type = 'message.from_tomorrow' WHERE seq = ?", seq)
      // The server has what it announced in memory.
      await s.w.restart()
    }
    await becomesUnknown(1)
    expect(types(await s.events(s.boss))).toEqual(['message.created', 'message.created'])
    await becomesUnknown(1)
    await becomesUnknown(0)
    const { events, cursor, head_cursor, has_more } = await s.events(s.boss)
    expect({ events, cursor, has_more }).toEqual({ events: [], cursor: head_cursor, has_more: false })
    expect(types(await s.events(s.boss, '&type=unknown,reaction.*'))).toEqual([])
    await s.w.restart()
    expect((await s.ann.posts(s.general, 'goes on')).body).toBe('goes on')
    expect(types(await s.events(s.boss))).toEqual(['message.created'])
  })

  test('every change appears once, in log order and in one shape', async () => {
    await using s = await scene()
    const act = (method: string, path: string, body?: Fields) =>
      s.boss.request<Fields & { id: string }>(method, `/v1/admin/${path}`, body)
    const message = await s.ann.posts(s.general, 'hi @boss')
    const cat = (await act('POST', 'accounts', { kind: 'agent', handle: 'cat' })).body
    await act('PATCH', `accounts/${cat.id}`, { about: 'purrs' })
    await act('POST', 'memberships', { account_handle: 'cat', channel_slug: 'general' })
    await act('PATCH', `memberships/${cat.id}/${s.general.id}`, { role: 'read_only' })
    await act('DELETE', `memberships/${cat.id}/${s.general.id}`)
    const token = (
      await act('POST', 'tokens', { account_handle: 'cat', scopes: ['channel:*:read'], name: 'box' })
    ).body
    await act('POST', `tokens/${token.id}/revoke`)
    await act('POST', `accounts/${cat.id}/archive`)
    await act('POST', `accounts/${cat.id}/unarchive`)
    await act('POST', `channels/${s.general.id}/archive`)
    await act('POST', `channels/${s.general.id}/unarchive`)
    const lunch = (await act('POST', 'channels', { slug: 'lunch', name: 'Lunch' })).body

    const { unresolved_mentions, unreachable, deliveries, ...shown } = message
    const account = { id: cat.id, handle: 'cat', kind: 'agent', display_name: 'cat' }
    const info = { id: s.general.id, slug: 'general', name: 'general', kind: 'public' }
    const facts = { token_id: token.id, name: 'box', scopes: ['channel:*:read'] }
    const expected: [string, string | null, Fields][] = [
      ['message.created', 'general', { message: shown }],
      ['account.created', null, { account }],
      ['account.updated', null, { account, changed: ['about'] }],
      ['member.joined', 'general', { account, role: 'member' }],
      ['member.role', 'general', { account, role: 'read_only', previous: 'member' }],
      ['member.left', 'general', { account, by: 'admin' }],
      ['account.token_issued', null, { account, ...facts }],
      ['account.token_revoked', null, { account, ...facts }],
      ['account.archived', null, { account }],
      ['account.unarchived', null, { account }],
      ['channel.archived', 'general', { info }],
      ['channel.unarchived', 'general', { info }],
      ['channel.created', 'lunch', { info: { id: lunch.id, slug: 'lunch', name: 'Lunch', kind: 'public' } }],
      [
        'member.joined',
        'lunch',
        { account: { id: s.boss.id, handle: 'boss', kind: 'human', display_name: 'boss' }, role: 'admin' },
      ],
    ]
    const told = await s.events(s.boss)
    expect(told.events.map(({ seq, cursor, at, ...rest }) => rest)).toEqual(
      expected.map(([type, channel, payload]) => ({
        type,
        channel,
        ...payload,
        actor:
          type === 'message.created' ? { handle: 'ann', kind: 'agent' } : { handle: 'boss', kind: 'human' },
      })),
    )
    const seqs = told.events.map(({ seq }) => seq)
    expect(seqs).toEqual(seqs.map((_, i) => (seqs[0] ?? 0) + i))
    expect(Object.keys(told.events[0] ?? {})).toEqual([
      'type',
      'channel',
      'message',
      'seq',
      'cursor',
      'at',
      'actor',
    ])
    expect(told).toMatchObject({
      cursor: told.events.at(-1)?.cursor,
      head_cursor: told.cursor,
      has_more: false,
    })
  })

  test('the events begin at the current position unless a cursor is given', async () => {
    await using s = await scene()
    await s.ann.posts(s.general, 'before')
    expect(types((await s.boss.get<Events>('/v1/events')).body)).toEqual([])
    expect(types((await s.boss.get<Events>('/v1/events?since=')).body)).toEqual([])
    expect(types(await s.events(s.boss))).toEqual(['message.created'])
    expect(types((await s.boss.get<Events>('/v1/events?since=oldest')).body)[0]).toBe('channel.created')
  })

  test('each page continues from the cursor of the page before', async () => {
    await using s = await scene()
    for (let i = 0; i < 7; i++) await s.ann.posts(s.general, `${i}`)
    const seqs: number[] = []
    for (let since = s.head_cursor, more = true; more && seqs.length < 100; ) {
      const { body } = await s.boss.get<Events>(`/v1/events?limit=3&since=${since}`)
      seqs.push(...body.events.map(({ seq }) => seq))
      ;({ cursor: since, has_more: more } = body)
    }
    expect(seqs).toHaveLength(7)
    expect(new Set(seqs).size).toBe(7)
  })

  test('filters limit the events to the requested types and channels', async () => {
    await using s = await scene()
    const lunch = await s.w.channel('lunch')
    await s.w.joins(s.ann, lunch)
    const root = await s.ann.posts(s.general, 'root')
    const hook = await s.boss.posts(s.general, 'reply', { reply_to: root.id })
    await s.ann.posts(lunch, 'elsewhere')
    const seqs = async (query: string) => (await s.events(s.ann, query)).events.map(({ seq }) => seq)
    expect(types(await s.events(s.ann, '&type=message.*'))).toEqual(Array(3).fill('message.created'))
    expect(types(await s.events(s.ann, '&type=member.joined'))).toEqual(['member.joined'])
    expect(types(await s.events(s.ann, '&type=member.*,channel.created'))).toEqual([
      'channel.created',
      'member.joined',
    ])
    expect(types(await s.events(s.ann, '&type=mess'))).toEqual([])
    expect(await seqs('&channel=general')).toEqual([root.seq, hook.seq])
    expect(await seqs('&exclude_self=true&channel=general')).toEqual([hook.seq])
    expect(await seqs(`&thread=${root.id}`)).toEqual([root.seq, hook.seq])
    expect(await seqs(`&thread=${hook.id}&exclude_self=1`)).toEqual([hook.seq])
    expectRefusal(await s.ann.get(`/v1/events?channel=general,never`), 404, {
      code: 'channel_not_found',
      detail: 'Channel not found',
      channel: 'never',
    })
    expect(issuesOf(await s.ann.get('/v1/events?limit=501&wait=61'))).toEqual([
      'less_than_equal query.limit',
      'less_than_equal query.wait',
    ])
  })

  test('the type * selects every event, and what notifies the reader', async () => {
    await using w = await world()
    const den = await w.channel('den')
    const ann = await w.agent('ann', { channels: { den: 'member' } })
    const bob = await w.agent('bob', { channels: { den: 'member' } })
    const { cursor } = await ann.posts(den, 'start')
    await ann.posts(den, '@bob look')
    const { body } = await bob.get<{ events: { type: string }[] }>(`/v1/events?type=*&since=${cursor}`)
    expect(body.events.map(({ type }) => type)).toEqual(['message.created', 'inbox.item'])
  })

  test('an event shows the message with current names, but without later replies', async () => {
    await using s = await scene()
    const root = await s.ann.posts(s.general, 'root')
    await s.boss.posts(s.general, 'reply', { reply_to: root.id })
    await s.w.operator.patch(`/v1/admin/accounts/${s.ann.id}`, { display_name: 'Anna' })
    const [created] = (await s.events(s.boss)).events
    expect(created?.message as Message).toMatchObject({
      sender_display_name: 'Anna',
      reply_count: 0,
      last_reply_at: null,
    })
  })
})

describe('the audience of an event', () => {
  test('an event reaches only the accounts that it concerns', async () => {
    await using s = await scene()
    const bob = await s.w.agent('bob')
    const secret = await s.w.channel('secret', { kind: 'private' })
    await s.w.joins(bob, secret)
    await bob.posts(secret, 'psst')
    await s.w.operator.patch(`/v1/admin/accounts/${bob.id}`, { about: 'spy' })
    await s.w.operator.patch(`/v1/admin/accounts/${s.ann.id}`, { about: 'helps' })
    await s.w.leaves(bob, secret)
    // Bob sees events about himself. Since he left the channel, he sees only that he joined and left it.
    expect(types(await s.events(bob))).toEqual([
      'account.created',
      'account.token_issued',
      'member.joined',
      'account.updated',
      'member.left',
    ])
    // Ann shares no channel with bob. Boss is a system admin and a member of general, but not of secret.
    expect(types(await s.events(s.ann))).toEqual(['account.updated'])
    expect(types(await s.events(s.boss))).toEqual([
      'account.created',
      'account.token_issued',
      'account.updated',
      'account.updated',
    ])
  })

  test('a refused request causes no event', async () => {
    await using s = await scene()
    const stream = await s.boss.open('/v1/events', { headers: { accept: 'text/event-stream' } })
    const { readable, writable } = new TransformStream()
    const piped = stream.body?.pipeTo(writable).catch(() => {})
    const refused = [
      await s.ann.post('/v1/messages', { channel: 'general', body: '' }),
      await s.ann.post('/v1/messages', { channel: 'general', body: 'x', reply_to: s.ann.id }),
      await s.ann.post('/v1/messages', { channel: 'nowhere', body: 'x' }),
      await s.ann.post('/v1/admin/accounts', { kind: 'agent', handle: 'x' }),
      await s.boss.post('/v1/admin/accounts', { kind: 'agent', handle: 'ann' }),
      await s.boss.post('/v1/admin/onboard', { handle: 'new', channels: ['nowhere'] }),
    ]
    for (const { status } of refused) expect(status).toBeGreaterThanOrEqual(400)
    const { seq } = await s.ann.posts(s.general, 'the first that happened')
    let text = ''
    for await (const chunk of readable) {
      text += new TextDecoder().decode(chunk as Uint8Array)
      if (text.includes('the first that happened')) break
    }
    await piped
    const told = [...text.matchAll(/^event: (.*)$/gm)].map(([, type]) => type)
    expect(told).toEqual(['hello', 'message.created'])
    expect(seq).toBe((await s.w.trace()).events)
  })
})

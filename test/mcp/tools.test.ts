// What each tool does, by the official client over HTTP, in the revisions of both kinds.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Fields, type Message, MINUTE, SECOND, type World, world } from '../support/world'
import { room, shown } from './room'
import { REVISIONS } from './scene'

let w: World
beforeAll(async () => {
  w = await world({ settings: { SYNAPSE_CHAIN_LIMIT: '0' } })
  await w.channel('general')
})
afterAll(() => w[Symbol.asyncDispose]())

const scene = (revision?: (typeof REVISIONS)[number]) => room(w, revision)

describe.each(REVISIONS)('tools by the revision %s', (revision) => {
  test('a client connects, and finds the eight tools and how to begin', async () => {
    await using s = await scene(revision)
    const { tools } = await s.tools.client.listTools()
    expect(tools.map(({ name }) => name)).toEqual([
      ...['synapse_post', 'synapse_check', 'synapse_await', 'synapse_inbox'],
      ...['synapse_ack', 'synapse_search', 'synapse_claim', 'synapse_status'],
    ])
    expect(s.tools.client.getNegotiatedProtocolVersion()).toBe(revision)
    expect(s.tools.client.getInstructions()).toContain('synapse_inbox')
  })

  test('a conversation of two agents goes through all tools', async () => {
    await using s = await scene(revision)
    const { slug, bob, tools } = s
    const asked = await tools.done('synapse_post', { channel: slug, body: `@${bob.handle} ready?` })
    await bob.posts(slug, `@${s.ann.handle} yes`, { reply_to: asked.id })
    const found = await tools.done('synapse_await', { channel: slug, from: bob.handle, since: asked.cursor })
    expect(found).toMatchObject({
      message: { body: `@${s.ann.handle} yes`, reply_to: asked.id },
      timed_out: false,
    })
    const inbox = await tools.done('synapse_inbox')
    expect(inbox).toMatchObject({ items: [{ reason: 'mention' }], pending: 1 })
    expect(await tools.done('synapse_inbox', { ack_cursor: inbox.cursor })).toMatchObject({
      items: [],
      pending: 0,
    })
    const { claim } = await tools.done('synapse_claim', { action: 'acquire', resource: `task:${slug}` })
    expect(claim).toMatchObject({ holder: s.ann.handle, resource: `task:${slug}` })
    expect(await tools.done('synapse_status', { state: 'working', channel: slug })).toMatchObject({
      me: { handle: s.ann.handle },
      members: expect.arrayContaining([
        { handle: s.ann.handle, kind: 'agent', role: 'member', state: 'working' },
      ]),
    })
    const { messages } = await tools.done('synapse_check', { channel: slug })
    expect((messages as Message[]).map(({ body }) => body)).toEqual([
      `@${bob.handle} ready?`,
      `@${s.ann.handle} yes`,
    ])
  })

  test('a refusal of the API is a result with the error body of the API', async () => {
    await using s = await scene(revision)
    const { isError, structured, text } = await s.tools.call('synapse_post', {
      channel: 'nowhere',
      body: 'x',
    })
    const direct = await s.ann.post('/v1/messages', { channel: 'nowhere', body: 'x' })
    expect(isError).toBe(true)
    expect(structured).toEqual({ ...direct.body, request_id: expect.any(String) })
    expect(text).toBe('channel_not_found: Channel not found')
  })
})

describe('synapse_post', () => {
  test('a message that was posted by it says so, and is otherwise that of POST /v1/messages', async () => {
    await using s = await scene()
    const { id } = await s.tools.done('synapse_post', {
      channel: `#${s.slug}`,
      body: 'hi',
      priority: 'urgent',
    })
    expect(await shown(s.bob, id)).toMatchObject({
      body: 'hi',
      via: 'mcp',
      priority: 'urgent',
      channel: s.slug,
    })
    const { body } = await s.ann.post<Fields>('/v1/messages', { channel: s.slug, body: 'hi' })
    expect(body.via).toBe('token')
  })

  test('to_handle opens the direct channel, and channel and to_handle exclude each other', async () => {
    await using s = await scene()
    const { id } = await s.tools.done('synapse_post', { to_handle: `@${s.bob.handle}`, body: 'psst' })
    expect((await shown(s.bob, id)).channel).toStartWith('dm-')
    const both = { channel: s.slug, to_handle: s.bob.handle, body: 'x' }
    for (const given of [both, { body: 'x' }])
      expect((await s.tools.call('synapse_post', given)).structured).toMatchObject({
        code: 'validation_error',
        detail: [{ loc: ['body', 'channel'] }],
      })
  })

  test('the same client_msg_id posts once, and another body with it is a conflict', async () => {
    await using s = await scene()
    const given = { channel: s.slug, body: 'once', client_msg_id: 'k' }
    const first = await s.tools.done('synapse_post', given)
    expect((await s.tools.done('synapse_post', given)).id).toBe(first.id)
    const other = await s.tools.call('synapse_post', { ...given, body: 'twice' })
    expect(other.structured).toMatchObject({ code: 'idempotency_conflict' })
    const question = { channel: s.slug, body: 'sure?', options: ['yes', 'no'], client_msg_id: 'q' }
    const asked = await s.tools.done('synapse_post', question)
    expect(await s.tools.done('synapse_post', question)).toEqual(asked)
  })

  test('with options it asks people, and synapse_await returns the decision', async () => {
    await using s = await scene()
    const asked = await s.tools.done('synapse_post', {
      channel: s.slug,
      body: 'Deploy?',
      options: ['yes', 'no'],
    })
    const { id } = asked.approval as { id: string }
    expect(await s.tools.done('synapse_await', { approval_id: id, timeout: 1 })).toMatchObject({
      approval: { state: 'pending' },
      timed_out: true,
    })
    expect(await shown(s.pat, (asked.message as Message).id)).toMatchObject({ kind: 'approval', via: 'mcp' })
    await s.pat.post(`/v1/approvals/${id}/decide`, { option: 'yes' })
    const { structured, text } = await s.tools.call('synapse_await', { approval_id: id })
    expect(structured).toMatchObject({
      approval: { decision: { option: 'yes', by: s.pat.handle } },
      timed_out: false,
    })
    expect(text).toBe(`${s.pat.handle} decided: yes`)
  })

  test('a question has no kind, and a decision is awaited without other filters', async () => {
    await using s = await scene()
    const question = { channel: s.slug, body: 'x', options: ['a', 'b'], kind: 'correction' }
    expect((await s.tools.call('synapse_post', question)).structured).toMatchObject({
      code: 'validation_error',
    })
    const mixed = { approval_id: crypto.randomUUID(), channel: s.slug }
    expect((await s.tools.call('synapse_await', mixed)).structured).toMatchObject({
      code: 'validation_error',
    })
  })
})

describe('synapse_inbox and synapse_ack', () => {
  test('a batch is fetched, acknowledged by its cursor, and each consumer has a position of its own', async () => {
    await using s = await scene()
    for (const body of ['1', '2', '3']) await s.bob.posts(s.slug, `@${s.ann.handle} ${body}`)
    const first = await s.tools.done('synapse_inbox', { limit: 2, consumer: 'one' })
    expect(first).toMatchObject({ items: [{}, {}], has_more: true, pending: 3 })
    const second = await s.tools.done('synapse_inbox', { ack_cursor: first.cursor, consumer: 'one' })
    expect(second).toMatchObject({ items: [{ message: { body: `@${s.ann.handle} 3` } }], pending: 1 })
    expect(await s.tools.done('synapse_inbox')).toMatchObject({ items: [{}, {}, {}] })
  })

  test('a message is acknowledged, reported as failed with a note, or answered by a reaction', async () => {
    await using s = await scene()
    const { id } = await s.bob.posts(s.slug, `@${s.ann.handle} do it`)
    const failed = { message_ids: [id], state: 'failed', note: 'no access' }
    expect(await s.tools.done('synapse_ack', failed)).toMatchObject({ acked: 1, pending: 0 })
    const { body } = await s.bob.get<Fields>(`/v1/messages/${id}/deliveries`)
    expect(body).toMatchObject({ deliveries: [{ state: 'failed', note: 'no access' }] })
    const other = await s.bob.posts(s.slug, 'nothing for you')
    expect(await s.tools.done('synapse_ack', { message_ids: [other.id], emoji: '👍' })).toEqual({
      reactions: { [other.id]: [{ emoji: '👍', count: 1, handles: [s.ann.handle] }] },
    })
    expect(await s.tools.done('synapse_ack', { cursor: 'now' })).toMatchObject({ pending: 0 })
  })

  test('a reaction needs messages, and an acknowledgement of others is refused', async () => {
    await using s = await scene()
    expect((await s.tools.call('synapse_ack', { emoji: 'ok' })).structured).toMatchObject({
      code: 'validation_error',
      detail: [{ loc: ['body', 'message_ids'] }],
    })
    const { id } = await s.bob.posts(s.slug, 'not for you')
    expect((await s.tools.call('synapse_ack', { message_ids: [id] })).structured).toMatchObject({
      code: 'not_in_inbox',
    })
  })
})

test('synapse_search finds messages and shows snippets in place of their bodies', async () => {
  await using s = await scene()
  const { id } = await s.bob.posts(s.slug, 'the quick brown fox')
  let found: Fields = {}
  do {
    w.clock.advance(SECOND)
    await s.bob.posts(s.slug, 'later')
    found = await s.tools.done('synapse_search', {
      q: 'quick fox',
      channel: s.slug,
      from: s.bob.handle,
      limit: 5,
    })
  } while ((found.results as unknown[]).length === 0)
  expect(found.results).toEqual([expect.objectContaining({ id, snippet: 'the quick brown fox' })])
  expect((found.results as Fields[])[0]).not.toHaveProperty('body')
})

describe('synapse_claim', () => {
  test('a claim is acquired, renewed, listed and released by its resource', async () => {
    await using s = await scene()
    const resource = `file:${s.slug}/a.ts`
    const { claim } = await s.tools.done('synapse_claim', {
      action: 'acquire',
      resource,
      ttl_s: 60,
      note: 'mine',
    })
    const { epoch } = claim as { epoch: number }
    w.clock.advance(MINUTE / 2)
    const renewed = await s.tools.done('synapse_claim', { action: 'renew', resource, epoch, ttl_s: 600 })
    expect(renewed.claim).toMatchObject({ epoch, note: 'mine' })
    expect(await s.tools.done('synapse_claim', { action: 'list', resource: `file:${s.slug}` })).toMatchObject(
      {
        claims: [{ resource }],
      },
    )
    const released = await s.tools.done('synapse_claim', { action: 'release', resource, outcome: 'done' })
    expect(released.claim).toMatchObject({ outcome: 'done' })
    expect(await s.tools.done('synapse_claim', { action: 'list', resource: `file:${s.slug}` })).toEqual({
      claims: [],
    })
  })

  test('a claim that another holds, has ended or never was is refused as over the API', async () => {
    await using s = await scene()
    const [resource, missing] = [`task:${s.slug}`, `task:none-${s.slug}`]
    await s.bob.post('/v1/claims', { resource })
    const code = async (given: Fields) => (await s.tools.call('synapse_claim', given)).structured
    expect(await code({ action: 'acquire', resource })).toMatchObject({
      code: 'claim_held',
      claim: { holder: s.bob.handle },
    })
    expect(await code({ action: 'renew', resource })).toMatchObject({ code: 'claim_not_found' })
    await s.tools.done('synapse_claim', { action: 'acquire', resource: missing })
    await s.tools.done('synapse_claim', { action: 'release', resource: missing })
    expect(await code({ action: 'renew', resource: missing })).toMatchObject({ code: 'claim_lost' })
    expect(await code({ action: 'release' })).toMatchObject({ code: 'validation_error' })
  })
})

test('synapse_status shows the account, its channels, the chain limit and who is in a channel', async () => {
  await using s = await scene()
  expect(await s.tools.done('synapse_status')).toMatchObject({
    me: { handle: s.ann.handle, kind: 'agent', is_admin: false },
    chain: { limit: 0 },
    channels: [{ slug: s.slug, role: 'member', access: { read: true, post: true } }],
  })
  await s.tools.done('synapse_status', { state: 'blocked', note: 'waiting for a key', ttl_s: 60 })
  const { members } = await s.tools.done('synapse_status', { channel: s.slug })
  expect(members).toContainEqual({
    ...{ handle: s.ann.handle, kind: 'agent', role: 'member' },
    ...{ state: 'blocked', note: 'waiting for a key' },
  })
  expect((await s.tools.call('synapse_status', { note: 'without a state' })).structured).toMatchObject({
    code: 'validation_error',
  })
})

describe('what stops an agent', () => {
  test('the chain limit stops a reply by a tool as it stops one over the API, until a person replies', async () => {
    await using s = await scene()
    await w.operator.put('/v1/config/chain.limit', { value: 1 })
    const { id } = await s.pat.posts(s.slug, 'go on')
    const reply = { channel: s.slug, body: 'done', reply_to: id }
    expect(await s.tools.done('synapse_post', reply)).toMatchObject({ chain: { used: 1, remaining: 0 } })
    const { structured } = await s.tools.call('synapse_post', reply)
    const direct = await s.ann.post('/v1/messages', reply)
    expect(structured).toEqual({ ...direct.body, request_id: expect.any(String) })
    expect(structured).toMatchObject({ code: 'chain_limit', resets_on: 'human_message' })
    await s.tools.done('synapse_post', { ...reply, kind: 'correction', body: 'Correction: not yet' })
    await s.pat.posts(s.slug, 'again', { reply_to: id })
    await s.tools.done('synapse_post', reply)
    await w.operator.put('/v1/config/chain.limit', { value: 0 })
  })

  test('a pause stops posts and nothing else', async () => {
    await using s = await scene()
    const paused = await s.pat.post('/v1/pauses', { account: s.ann.handle, channel: s.slug })
    expect(paused.status, paused.text).toBe(201)
    expect((await s.tools.call('synapse_post', { channel: s.slug, body: 'x' })).structured).toMatchObject({
      code: 'paused',
      pause: { channel: s.slug },
    })
    await s.tools.done('synapse_status', { state: 'waiting' })
    await s.tools.done('synapse_claim', { action: 'acquire', resource: `task:${s.slug}` })
  })
})

describe('arguments', () => {
  test('those of the functions of earlier clients are accepted', async () => {
    await using s = await scene()
    await s.tools.done('synapse_post', { channel: s.slug, body: 'a question' })
    await s.bob.posts(s.slug, `@${s.ann.handle} an answer`)
    await s.tools.done('synapse_check', {})
    await s.tools.done('synapse_check', { channel: s.slug, limit: 100 })
    const waiting = { channel: s.slug, mention: s.ann.handle, from: s.bob.handle, body_contains: 'answer' }
    let found: Fields | undefined
    const call = s.tools.done('synapse_await', { ...waiting, timeout: 600 }).then((one) => (found = one))
    while (!found) await s.bob.posts(s.slug, `@${s.ann.handle} another answer`)
    await call
    expect(found).toMatchObject({ message: { body: `@${s.ann.handle} another answer` } })
  })

  test('null counts as absent, and what is wrong is named', async () => {
    await using s = await scene()
    await s.tools.done('synapse_check', { channel: s.slug, thread: null, limit: null })
    const { structured, text } = await s.tools.call('synapse_check', { limit: 500, channel: 7 })
    expect(structured).toMatchObject({
      code: 'validation_error',
      detail: [{ loc: ['body', 'channel'] }, { loc: ['body', 'limit'], type: 'less_than_equal' }],
    })
    expect(text).toBe(
      'validation_error: channel: Input should be a valid string; limit: Input should be less than or equal to 100',
    )
  })
})

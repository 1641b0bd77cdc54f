// Sending over A2A: the same rules as for every post (docs/contract/a2a.md#sending).
import { describe, expect, test } from 'bun:test'
import type { Message } from '../support/world'
import { message, messageIdOf, refusalIn, SEND, scene, sends, type TaskJson, taskOf } from './scene'

const waiting = (...words: Parameters<typeof message>) => ({ message: message(...words).message })

describe('targets', () => {
  test('a handle, a channel, or the thread alone names where a message goes', async () => {
    await using s = await scene()
    const one = await sends(s.bob, 'look', { handle: 'cat' })
    const two = await sends(s.bob, 'and this', { contextId: one.contextId })
    expect(two).toMatchObject({ contextId: one.contextId, metadata: one.metadata })
    const shown = await s.cat.get<Message>(`/v1/messages/${messageIdOf(two)}`)
    expect(shown.body.thread_id).toBe(one.contextId)
    const three = await sends(s.bob, '@dan look', { channel: 'GENERAL' })
    expect(three.metadata['synapse.channel']).toBe('general')
  })

  test('an agent answers another over A2A in the thread, which is its reply', async () => {
    await using s = await scene()
    const task = await sends(s.bob, 'look', { handle: 'cat' })
    const back = await sends(s.cat, 'done', { contextId: task.contextId })
    expect(back.metadata['synapse.recipient']).toBe('bob')
    expect((await taskOf(s.bob, task)).status).toMatchObject({
      state: 'TASK_STATE_COMPLETED',
      message: { parts: [{ text: 'done' }] },
    })
  })

  test('a target that is missing, double or hidden is refused, and nothing is posted', async () => {
    await using s = await scene()
    const theirs = await s.eve.posts('elsewhere', 'secret')
    const before = await s.w.trace()
    const refused = async (to: Parameters<typeof message>[1], more = {}) =>
      refusalIn(await s.bob.post(SEND, message('@cat hi', to, more)))
    expect(await refused({})).toBe('400 INVALID_ARGUMENT INVALID_PARAMS')
    expect(await refused({ handle: 'cat', channel: 'general' })).toBe('400 INVALID_ARGUMENT INVALID_PARAMS')
    expect(await refused({}, { metadata: { 'synapse.handle': 7 } })).toBe(
      '400 INVALID_ARGUMENT INVALID_PARAMS',
    )
    expect(await refused({ handle: 'eve' })).toBe('404 NOT_FOUND ACCOUNT_NOT_FOUND')
    expect(await refused({ handle: 'nobody' })).toBe('404 NOT_FOUND ACCOUNT_NOT_FOUND')
    expect(await refused({ handle: 'bob' })).toBe('400 INVALID_ARGUMENT DM_SELF')
    expect(await refused({ channel: 'elsewhere' })).toBe('404 NOT_FOUND CHANNEL_NOT_FOUND')
    expect(await refused({ channel: 'nowhere' })).toBe('404 NOT_FOUND CHANNEL_NOT_FOUND')
    expect(await refused({ contextId: theirs.id })).toBe('404 NOT_FOUND THREAD_NOT_FOUND')
    expect(await refused({ contextId: Bun.randomUUIDv7() })).toBe('404 NOT_FOUND THREAD_NOT_FOUND')
    expect(await refused({ contextId: 'x' })).toBe('404 NOT_FOUND THREAD_NOT_FOUND')
    expect(await refused({ channel: 'general', contextId: theirs.id })).toBe('404 NOT_FOUND THREAD_NOT_FOUND')
    expect(await s.w.trace()).toEqual(before)
  })

  test('sending needs the rights to post and to read', async () => {
    await using s = await scene()
    const inside = { channels: { general: 'member' } } as const
    const mute = await s.w.agent('mute', { ...inside, scopes: ['channel:general:read'] })
    const deaf = await s.w.agent('deaf', { ...inside, scopes: ['channel:general:post'] })
    const looker = await s.w.agent('looker', { channels: { general: 'read_only' } })
    const before = await s.w.trace()
    for (const [who, reason] of [
      [mute, 'MISSING_SCOPE'],
      [deaf, 'MISSING_SCOPE'],
      [looker, 'READ_ONLY_ROLE'],
    ] as const)
      expect(refusalIn(await who.post(SEND, message('@cat hi', { channel: 'general' })))).toBe(
        `403 PERMISSION_DENIED ${reason}`,
      )
    expect(await s.w.trace()).toEqual(before)
  })
})

describe('what is sent', () => {
  test('texts are joined, and metadata of other programs is stored with the message', async () => {
    await using s = await scene()
    const task = await sends(
      s.bob,
      '',
      {},
      {
        parts: [
          { text: 'one', mediaType: 'text/plain' },
          { text: 'two', mediaType: 'text/plain; charset=utf-8' },
        ],
        metadata: { 'synapse.handle': 'cat', 'example.trace': 7 },
      },
    )
    const shown = await s.cat.get<Message>(`/v1/messages/${messageIdOf(task)}`)
    expect(shown.body).toMatchObject({
      body: 'one\n\ntwo',
      body_format: 'plaintext',
      metadata: { 'example.trace': 7 },
    })
    expect(task.history?.[0]).toMatchObject({
      role: 'ROLE_USER',
      parts: [{ text: 'one\n\ntwo', mediaType: 'text/plain' }],
      metadata: { 'example.trace': 7, 'synapse.sender': 'bob' },
    })
  })

  test('parts that are no text are refused', async () => {
    await using s = await scene()
    for (const part of [
      { raw: 'aGk=' },
      { url: 'https://example.org/x' },
      { data: { x: 1 } },
      { text: 'x', mediaType: 'application/json' },
    ]) {
      const body = message('', { handle: 'cat' }, { parts: [{ text: 'hi' }, part] })
      expect(refusalIn(await s.bob.post(SEND, body))).toBe('400 INVALID_ARGUMENT CONTENT_TYPE_NOT_SUPPORTED')
    }
  })

  test('a message of the wrong shape is refused with the field, and without its text', async () => {
    await using s = await scene()
    const fieldOf = async (body: unknown) => {
      const answer = await s.bob.post(SEND, body)
      expect(refusalIn(answer)).toBe('400 INVALID_ARGUMENT INVALID_PARAMS')
      const { error } = JSON.parse(answer.text)
      return error.details.find((one: { fieldViolations?: object }) => one.fieldViolations).fieldViolations[0]
        .field
    }
    const secret = 'this text stays out of errors'
    const good = message(secret, { handle: 'cat' }).message
    expect(await fieldOf({})).toBe('message')
    expect(await fieldOf({ message: { ...good, role: 'ROLE_AGENT' } })).toBe('message.role')
    expect(await fieldOf({ message: { ...good, messageId: '' } })).toBe('message.messageId')
    expect(await fieldOf({ message: { ...good, parts: [] } })).toBe('message.parts')
    expect(await fieldOf({ message: { ...good, parts: [{ text: '' }] } })).toBe('message.parts')
    expect(await fieldOf({ message: { ...good, parts: [{ text: 'x'.repeat(16_001) }] } })).toBe(
      'message.parts',
    )
    expect(await fieldOf({ message: { ...good, parts: [{ text: 7 }] } })).toBe('message.parts.0.text')
    const big = { ...good, metadata: { 'synapse.handle': 'cat', x: 'x'.repeat(9000) } }
    expect(await fieldOf({ message: big })).toBe('message.metadata')
    const answer = await s.bob.post(SEND, { message: { ...good, parts: [{ text: `${secret}\u0000` }] } })
    expect(answer.status).toBe(400)
    expect(answer.text).not.toContain(secret)
    const broken = await s.bob.fetch(SEND, {
      method: 'POST',
      body: '{',
      headers: { 'content-type': 'application/a2a+json' },
    })
    expect(refusalIn(broken)).toBe('400 INVALID_ARGUMENT INVALID_PARAMS')
  })
})

describe('retries', () => {
  test('a repeated messageId returns the task of the first message, as it is now', async () => {
    await using s = await scene()
    const body = message('look', { handle: 'cat' })
    const first = await s.bob.post<{ task: TaskJson }>(SEND, body)
    await s.cat.posts(String(first.body.task.metadata['synapse.channel']), 'done', {
      reply_to: messageIdOf(first.body.task),
    })
    const again = await s.bob.post<{ task: TaskJson }>(SEND, { ...body, configuration: {} })
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(again.body.task).toMatchObject({
      id: first.body.task.id,
      status: { state: 'TASK_STATE_COMPLETED' },
    })
    const { body: page } = await s.cat.get<{ items: object[] }>('/v1/inbox')
    expect(page.items).toHaveLength(1)
  })

  test('a messageId with another message is refused', async () => {
    await using s = await scene()
    const body = message('look', { handle: 'cat' })
    await s.bob.post(SEND, body)
    const other = { ...body, message: { ...body.message, parts: [{ text: 'another' }] } }
    expect(refusalIn(await s.bob.post(SEND, other))).toBe('409 ABORTED IDEMPOTENCY_CONFLICT')
    expect(
      (await s.dan.post(SEND, message('mine', { handle: 'cat' }, { messageId: body.message.messageId })))
        .status,
    ).toBe(200)
  })
})

describe('limits', () => {
  test('the chain limit holds over A2A', async () => {
    await using s = await scene({ SYNAPSE_CHAIN_LIMIT: '1' })
    const root = await s.bob.posts(s.general, 'root')
    expect(
      (await s.cat.post(SEND, message('@bob one', { channel: 'general', contextId: root.id }))).status,
    ).toBe(200)
    const refused = await s.cat.post(SEND, message('@bob two', { channel: 'general', contextId: root.id }))
    expect(refusalIn(refused)).toBe('429 RESOURCE_EXHAUSTED CHAIN_LIMIT')
    expect(refused.text).toContain('"used":"1"')
  })

  test('a paused agent cannot send', async () => {
    await using s = await scene()
    await s.w.operator.post('/v1/pauses', { account: 'bob', minutes: 5 })
    expect(refusalIn(await s.bob.post(SEND, message('hi', { handle: 'cat' })))).toBe(
      '429 RESOURCE_EXHAUSTED PAUSED',
    )
  })

  test('the rate of posts holds over A2A', async () => {
    await using s = await scene({ SYNAPSE_RATE_POST: '60/1' })
    expect((await s.bob.post(SEND, message('hi', { handle: 'cat' }))).status).toBe(200)
    const refused = await s.bob.post(SEND, message('hi', { handle: 'cat' }))
    expect(refusalIn(refused)).toBe('429 RESOURCE_EXHAUSTED RATE_LIMITED')
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(refused.text).toContain('"retryDelay":"1s"')
    expect(refused.headers.get('ratelimit-policy')).toContain('"post"')
  })
})

describe('waiting for the reply', () => {
  test('without returnImmediately the answer has the reply', async () => {
    await using s = await scene()
    const asked = s.bob.post<{ task: TaskJson }>(SEND, waiting('look', { handle: 'cat' }))
    const { body: page } = await s.cat.get<{ items: { message: Message }[] }>('/v1/inbox?wait=30')
    const [item] = page.items
    if (!item) throw new Error('the message did not arrive')
    await s.cat.posts(item.message.channel, 'done', { reply_to: item.message.id })
    expect((await asked).body.task.status).toMatchObject({
      state: 'TASK_STATE_COMPLETED',
      message: { parts: [{ text: 'done' }] },
    })
  })

  test('a failure, and a question that a person must decide, end the wait', async () => {
    await using s = await scene()
    const settled = async (act: (asked: Message) => Promise<unknown>) => {
      const asked = s.bob.post<{ task: TaskJson }>(SEND, waiting('@cat look', { channel: 'general' }))
      const { body: page } = await s.cat.get<{ items: { message: Message }[] }>(
        '/v1/inbox?wait=30&unacked=true',
      )
      const [item] = page.items
      if (!item) throw new Error('the message did not arrive')
      await act(item.message)
      return (await asked).body.task.status.state
    }
    const fail = ({ id }: Message) => s.cat.post('/v1/inbox/ack', { message_ids: [id], state: 'failed' })
    expect(await settled(fail)).toBe('TASK_STATE_FAILED')
    const question = { channel: 'general', question: 'Deploy?', options: ['yes', 'no'] }
    const ask = ({ id }: Message) => s.cat.post('/v1/approvals', { ...question, reply_to: id })
    expect(await settled(ask)).toBe('TASK_STATE_INPUT_REQUIRED')
  })

  test('the answer comes after wait.max_s without a reply, with the task as it is', async () => {
    await using s = await scene({ SYNAPSE_WAIT_MAX_S: '1' })
    const { body } = await s.bob.post<{ task: TaskJson }>(SEND, waiting('look', { handle: 'cat' }))
    expect(body.task.status.state).toBe('TASK_STATE_SUBMITTED')
  })

  test('a credential has a limited number of waiting requests, and the one too many posts nothing', async () => {
    await using s = await scene()
    const end = new AbortController()
    const waits = Array.from({ length: 8 }, (_, i) =>
      s.bob
        .fetch(SEND, {
          method: 'POST',
          signal: end.signal,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(waiting(`look ${i}`, { handle: 'cat' })),
        })
        .catch(() => undefined),
    )
    let found: object[] = []
    while (found.length < 8)
      found = (await s.cat.get<{ items: object[] }>('/v1/inbox?since=oldest')).body.items
    const before = await s.w.trace()
    expect(refusalIn(await s.bob.post(SEND, waiting('one too many', { handle: 'cat' })))).toBe(
      '429 RESOURCE_EXHAUSTED TOO_MANY_STREAMS',
    )
    expect(await s.w.trace()).toEqual(before)
    end.abort()
    await Promise.all(waits)
  })
})

// What becomes of a message that was sent over A2A (docs/contract/a2a.md#tasks).
import { describe, expect, test } from 'bun:test'
import { until } from '../support/sockets'
import { HOUR, MINUTE, SECOND } from '../support/world'
import { message, messageIdOf, refusalIn, SEND, scene, sends, type TaskJson, taskOf, tasksOf } from './scene'

const ack = (who: Awaited<ReturnType<typeof scene>>['cat'], task: TaskJson, more = {}) =>
  who.post('/v1/inbox/ack', { message_ids: [messageIdOf(task)], ...more })
const stateOf = async (who: Awaited<ReturnType<typeof scene>>['cat'], task: TaskJson) => {
  const { status, metadata } = await taskOf(who, task)
  return `${status.state} ${metadata['synapse.delivery']}`
}

describe('the states of a task', () => {
  test('a message to a handle is a task in the direct channel, which is opened', async () => {
    await using s = await scene()
    const task = await sends(s.bob, 'please look', { handle: '@Cat' })
    const [messageId, recipient] = task.id.split('.')
    expect(recipient).toBe(s.cat.id)
    expect(task).toMatchObject({
      contextId: messageId,
      status: { state: 'TASK_STATE_SUBMITTED' },
      metadata: { 'synapse.recipient': 'cat', 'synapse.delivery': 'queued' },
    })
    const shown = (await s.cat.get(`/v1/messages/${messageId}`)).body
    expect(shown).toMatchObject({
      body: 'please look',
      via: 'a2a',
      sender_handle: 'bob',
      body_format: 'markdown',
    })
    expect(String(shown.channel)).toStartWith('dm-')
    expect((await s.cat.get<{ items: object[] }>('/v1/inbox')).body.items).toHaveLength(1)
  })

  test('a task is submitted until its recipient has read it, then working', async () => {
    await using s = await scene()
    const task = await sends(s.bob, 'please look', { handle: 'cat' })
    expect(await stateOf(s.bob, task)).toBe('TASK_STATE_SUBMITTED queued')
    await s.cat.get('/v1/inbox')
    s.w.clock.advance(SECOND)
    await until(
      'it is seen',
      async () => (await stateOf(s.bob, task)) === 'TASK_STATE_WORKING seen' || undefined,
    )
    await ack(s.cat, task)
    expect(await stateOf(s.bob, task)).toBe('TASK_STATE_WORKING acked')
  })

  test('a task that could not be delivered is still submitted', async () => {
    await using s = await scene()
    const task = await sends(s.bob, 'please look', { handle: 'cat' })
    s.w.clock.advance(HOUR)
    await until(
      'it is unreachable',
      async () => (await stateOf(s.bob, task)) === 'TASK_STATE_SUBMITTED unreachable' || undefined,
    )
  })

  test('a reply completes a task, and is its message', async () => {
    await using s = await scene()
    const task = await sends(s.bob, 'please look', { handle: 'cat' })
    const reply = await s.cat.posts(String(task.metadata['synapse.channel']), 'it is **fine**', {
      reply_to: messageIdOf(task),
    })
    const done = await taskOf(s.bob, task)
    expect(done.status).toMatchObject({
      state: 'TASK_STATE_COMPLETED',
      timestamp: reply.created_at,
      message: {
        messageId: reply.id,
        role: 'ROLE_AGENT',
        taskId: task.id,
        contextId: task.contextId,
        parts: [{ text: 'it is **fine**', mediaType: 'text/markdown' }],
        metadata: { 'synapse.sender': 'cat' },
      },
    })
  })

  test('a message in the thread that the task began completes it, too', async () => {
    await using s = await scene()
    const task = await sends(s.bob, '@cat please look', { channel: 'general' })
    await s.dan.posts(s.general, 'not me', { thread_id: messageIdOf(task) })
    expect(await stateOf(s.bob, task)).toStartWith('TASK_STATE_SUBMITTED')
    const reply = await s.cat.posts(s.general, 'fine', {
      thread_id: messageIdOf(task),
      body_format: 'plaintext',
    })
    const { status } = await taskOf(s.bob, task)
    expect(status).toMatchObject({ state: 'TASK_STATE_COMPLETED', message: { messageId: reply.id } })
    expect(status.message?.parts).toEqual([{ text: 'fine', mediaType: 'text/plain' }])
  })

  test('the first reply counts, and a deleted one does not', async () => {
    await using s = await scene()
    const task = await sends(s.bob, 'please look', { handle: 'ann' })
    const channel = String(task.metadata['synapse.channel'])
    const first = await s.ann.posts(channel, 'one', { reply_to: messageIdOf(task) })
    const second = await s.ann.posts(channel, 'two', { reply_to: messageIdOf(task) })
    expect((await taskOf(s.bob, task)).status.message?.messageId).toBe(first.id)
    await s.ann.delete(`/v1/messages/${first.id}`)
    expect((await taskOf(s.bob, task)).status.message?.messageId).toBe(second.id)
  })

  test('a recipient that reports a failure fails the task, and its note is the message', async () => {
    await using s = await scene()
    const task = await sends(s.bob, 'please look', { handle: 'cat' })
    await ack(s.cat, task, { state: 'failed', note: 'no access' })
    expect((await taskOf(s.bob, task)).status).toMatchObject({
      state: 'TASK_STATE_FAILED',
      message: { role: 'ROLE_AGENT', parts: [{ text: 'no access', mediaType: 'text/plain' }] },
    })
  })

  test('a pending approval in the thread asks for input, until it is decided', async () => {
    await using s = await scene()
    const task = await sends(s.bob, '@cat please deploy', { channel: 'general' })
    const asked = await s.cat.post<{ approval: { id: string }; message: { id: string } }>('/v1/approvals', {
      channel: 'general',
      question: 'Deploy?',
      options: ['yes', 'no'],
      reply_to: messageIdOf(task),
    })
    expect((await taskOf(s.bob, task)).status).toMatchObject({
      state: 'TASK_STATE_INPUT_REQUIRED',
      message: { messageId: asked.body.message.id, parts: [{ text: 'Deploy?' }] },
    })
    await s.ann.post(`/v1/approvals/${asked.body.approval.id}/decide`, { option: 'yes' })
    expect((await taskOf(s.bob, task)).status.state).not.toBe('TASK_STATE_INPUT_REQUIRED')
    await s.cat.posts(s.general, 'done', { reply_to: messageIdOf(task) })
    expect((await taskOf(s.bob, task)).status.state).toBe('TASK_STATE_COMPLETED')
  })

  test('an approval that has expired asks for nothing', async () => {
    await using s = await scene()
    const task = await sends(s.bob, '@cat please deploy', { channel: 'general' })
    const question = { channel: 'general', question: 'Deploy?', options: ['yes', 'no'], ttl_s: 60 }
    await s.cat.post('/v1/approvals', { ...question, reply_to: messageIdOf(task) })
    expect((await taskOf(s.bob, task)).status.state).toBe('TASK_STATE_INPUT_REQUIRED')
    s.w.clock.advance(2 * MINUTE)
    expect((await taskOf(s.bob, task)).status.state).not.toBe('TASK_STATE_INPUT_REQUIRED')
  })
})

describe('tasks of several recipients', () => {
  test('each account that a message mentions has a task, and the answer has the first', async () => {
    await using s = await scene()
    const answer = await s.bob.post<{ task: TaskJson }>(
      SEND,
      message('@dan and @cat and @nobody, look', { channel: 'general' }),
    )
    const { task } = answer.body
    expect(task.id).toEndWith(s.dan.id)
    const id = messageIdOf(task)
    expect(task.metadata['synapse.tasks']).toEqual([`${id}.${s.dan.id}`, `${id}.${s.cat.id}`])
    expect(task.metadata['synapse.unresolved_mentions']).toEqual(['nobody'])
    await s.cat.posts(s.general, 'done', { reply_to: id })
    expect((await tasksOf(s.bob)).tasks.map((one) => [one.id, one.status.state])).toEqual([
      [`${id}.${s.cat.id}`, 'TASK_STATE_COMPLETED'],
      [`${id}.${s.dan.id}`, 'TASK_STATE_SUBMITTED'],
    ])
  })

  test('a message that asks nobody is refused, and nothing is posted', async () => {
    await using s = await scene()
    const before = await s.w.trace()
    for (const text of ['hello', '@bob note to self', '@nobody', '@channel look'])
      expect(refusalIn(await s.bob.post(SEND, message(text, { channel: 'general' }))), text).toBe(
        '400 INVALID_ARGUMENT NO_RECIPIENT',
      )
    expect(await s.w.trace()).toEqual(before)
  })
})

describe('who sees a task', () => {
  test('a task is shown to the sender of its message alone', async () => {
    await using s = await scene()
    const task = await sends(s.bob, '@cat look', { channel: 'general' })
    for (const who of [s.cat, s.dan, s.eve])
      expect(refusalIn(await who.get(`/a2a/v1/tasks/${task.id}`))).toBe('404 NOT_FOUND TASK_NOT_FOUND')
    expect((await tasksOf(s.cat)).tasks).toEqual([])
  })

  test('a message that was not sent over A2A, or that is deleted, has no tasks', async () => {
    await using s = await scene()
    const plain = await s.bob.posts(s.general, '@cat look')
    const task = await sends(s.bob, '@cat look', { channel: 'general' })
    await s.bob.delete(`/v1/messages/${messageIdOf(task)}`)
    const strange = [
      `${plain.id}.${s.cat.id}`,
      task.id,
      `${messageIdOf(task)}`,
      'x',
      `${task.id}.x`,
      `${plain.id}.${s.dan.id}`,
      '%00',
    ]
    for (const id of strange)
      expect(refusalIn(await s.bob.get(`/a2a/v1/tasks/${id}`)), id).toBe('404 NOT_FOUND TASK_NOT_FOUND')
    expect(await tasksOf(s.bob)).toEqual({ tasks: [], nextPageToken: '', pageSize: 50, totalSize: 0 })
  })

  test('the tasks of a channel that the sender can no longer read are gone', async () => {
    await using s = await scene()
    const task = await sends(s.bob, '@cat look', { channel: 'general' })
    await s.w.leaves(s.bob, s.general)
    expect(refusalIn(await s.bob.get(`/a2a/v1/tasks/${task.id}`))).toBe('404 NOT_FOUND TASK_NOT_FOUND')
    expect((await tasksOf(s.bob)).totalSize).toBe(0)
    await s.w.joins(s.bob, s.general)
    expect((await tasksOf(s.bob)).totalSize).toBe(1)
  })
})

describe('lists of tasks', () => {
  test('pages have every task once, the latest change first', async () => {
    await using s = await scene()
    const sent: TaskJson[] = []
    for (let i = 0; i < 5; i++) sent.push(await sends(s.bob, `@cat ${i}`, { channel: 'general' }))
    await s.cat.posts(s.general, 'done', { reply_to: messageIdOf(sent[1] as TaskJson) })
    const found: string[] = []
    for (let token = ''; ; ) {
      const page = await tasksOf(s.bob, `?pageSize=2&pageToken=${token}`)
      expect(page).toMatchObject({ pageSize: 2, totalSize: 5 })
      found.push(...page.tasks.map(({ history }) => String(history?.[0]?.parts[0]?.text)))
      token = page.nextPageToken
      if (token === '') break
    }
    expect(found).toEqual(['@cat 1', '@cat 4', '@cat 3', '@cat 2', '@cat 0'])
  })

  test('a list can be narrowed to a thread, a state and a time', async () => {
    await using s = await scene()
    const one = await sends(s.bob, '@cat one', { channel: 'general' })
    s.w.clock.advance(MINUTE)
    const two = await sends(s.bob, '@cat two', { channel: 'general' })
    const more = await sends(s.bob, '@cat more', { channel: 'general', contextId: one.contextId })
    await s.cat.posts(s.general, 'done', { reply_to: messageIdOf(two) })
    const ids = async (query: string) => (await tasksOf(s.bob, query)).tasks.map(({ id }) => id)
    expect(await ids(`?contextId=${one.contextId}`)).toEqual([more.id, one.id])
    expect(await ids('?status=TASK_STATE_COMPLETED')).toEqual([two.id])
    expect(await ids('?status=TASK_STATE_CANCELED')).toEqual([])
    expect(await ids('?status=TASK_STATE_UNSPECIFIED')).toHaveLength(3)
    expect(await ids(`?statusTimestampAfter=${two.status.timestamp}`)).toEqual([two.id, more.id])
    expect(await ids(`?contextId=${Bun.randomUUIDv7()}`)).toEqual([])
    expect(await ids('?contextId=x')).toEqual([])
  })

  test('historyLength limits the history, and 0 leaves it out', async () => {
    await using s = await scene()
    const task = await sends(s.bob, '@cat one', { channel: 'general' })
    expect(task.history).toHaveLength(1)
    const shown = async (query: string) =>
      (await s.bob.get<TaskJson>(`/a2a/v1/tasks/${task.id}${query}`)).body
    expect((await shown('?historyLength=5')).history).toHaveLength(1)
    expect(await shown('?historyLength=0')).not.toHaveProperty('history')
    expect((await tasksOf(s.bob, '?historyLength=0')).tasks[0]).not.toHaveProperty('history')
  })
})

// The client of the A2A project, over the network, against a server in a process of its own.
import { describe, expect, test } from 'bun:test'
import { type Message, Role, type SendMessageResult, type Task, TaskState } from '@a2a-js/sdk'
import {
  ClientFactory,
  ClientFactoryOptions,
  createAuthenticatingFetchWithRetry,
  RestTransportFactory,
} from '@a2a-js/sdk/client'
import {
  ContentTypeNotSupportedError,
  RequestMalformedError,
  TaskNotFoundError,
  UnsupportedOperationError,
} from '@a2a-js/sdk/errors'
import { rejectionOf } from '../home/temporary'
import type { Caller } from '../support/caller'
import type { ServerProcess } from '../support/server-process'
import { Site } from '../support/site'

/** A client that finds the server by its card, as any program would. */
async function clientOf({ url }: ServerProcess, token: string) {
  const fetchImpl = createAuthenticatingFetchWithRetry(fetch, {
    headers: async () => ({ authorization: `Bearer ${token}` }),
    shouldRetryWithHeaders: async () => undefined,
  })
  const transports = [new RestTransportFactory({ fetchImpl })]
  const options = ClientFactoryOptions.createFrom(ClientFactoryOptions.default, { transports })
  return new ClientFactory(options).createFromUrl(url)
}

function messageTo(handle: string, text: string, more: Partial<Message> = {}): Message {
  return {
    messageId: crypto.randomUUID(),
    contextId: '',
    taskId: '',
    role: Role.ROLE_USER,
    parts: [{ content: { $case: 'text', value: text }, metadata: undefined, filename: '', mediaType: '' }],
    metadata: { 'synapse.handle': handle },
    extensions: [],
    referenceTaskIds: [],
    ...more,
  }
}

function request(message: Message, returnImmediately = true) {
  const configuration = { acceptedOutputModes: [], taskPushNotificationConfig: undefined, returnImmediately }
  return { tenant: '', message, configuration, metadata: undefined }
}

function task(result: SendMessageResult): Task {
  if ('status' in result) return result
  throw new Error('the answer is no task')
}

const textOf = (message: Message | undefined) => message?.parts[0]?.content?.value

/** Bob and cat are agents in `general`. */
async function scene() {
  const site = new Site()
  const server = await site.serve()
  await server.room('general')
  const tokenOf = async (handle: string) => {
    await server.agent(handle, 'general')
    const wanted = { account_handle: handle, scopes: ['channel:*:read', 'channel:*:post'] }
    return (await server.operator.post<{ token: string }>('/v1/admin/tokens', wanted)).body.token
  }
  const bob = await clientOf(server, await tokenOf('bob'))
  const cat: Caller = server.as(await tokenOf('cat'))
  return { server, bob, cat, [Symbol.asyncDispose]: () => site[Symbol.asyncDispose]() }
}

const taskRequest = (id: string) => ({ tenant: '', id })

describe('the client of the A2A project', () => {
  test('it finds the server, sends a message, waits for the reply, and lists its tasks', async () => {
    await using s = await scene()
    const asked = s.bob.sendMessage(request(messageTo('cat', 'look'), false))
    const { body } = await s.cat.get<{ items: { message: { id: string; channel: string } }[] }>(
      '/v1/inbox?wait=30',
    )
    const [item] = body.items
    if (!item) throw new Error('the message did not arrive')
    const { channel, id } = item.message
    await s.cat.post('/v1/messages', { channel, body: 'done', reply_to: id })
    const done = task(await asked)
    expect(done.status?.state).toBe(TaskState.TASK_STATE_COMPLETED)
    expect(textOf(done.status?.message)).toBe('done')
    expect(textOf(done.history[0])).toBe('look')
    expect(await s.bob.getTask(taskRequest(done.id))).toEqual(done)

    const next = messageTo('', 'and this', { contextId: done.contextId, metadata: undefined })
    const second = task(await s.bob.sendMessage(request(next)))
    expect(second.status?.state).toBe(TaskState.TASK_STATE_SUBMITTED)
    const list = {
      tenant: '',
      contextId: done.contextId,
      status: TaskState.TASK_STATE_UNSPECIFIED,
      pageToken: '',
    }
    const page = await s.bob.listTasks({ ...list, pageSize: 1, statusTimestampAfter: undefined })
    expect([page.tasks.map(({ id }) => id), page.totalSize]).toEqual([[second.id], 2])
    const { nextPageToken: pageToken } = page
    const rest = await s.bob.listTasks({ ...list, pageSize: 1, pageToken, statusTimestampAfter: undefined })
    expect([rest.tasks.map(({ id }) => id), rest.nextPageToken]).toEqual([[done.id], ''])
  })

  test('it reads the extended card with a skill for each agent', async () => {
    await using s = await scene()
    const card = await s.bob.getAgentCard()
    expect(card.skills.map(({ id }) => id)).toEqual(['cat'])
    expect(card.supportedInterfaces).toMatchObject([
      { url: `${s.server.url}/a2a/v1`, protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' },
    ])
    expect(card.securitySchemes.bearer?.scheme?.$case).toBe('httpAuthSecurityScheme')
  })

  test('it knows the errors', async () => {
    await using s = await scene()
    const sent = task(await s.bob.sendMessage(request(messageTo('cat', 'look'))))
    const data = [
      { content: { $case: 'data' as const, value: 1 }, metadata: undefined, filename: '', mediaType: '' },
    ]
    expect(await rejectionOf(s.bob.getTask(taskRequest('x')))).toBeInstanceOf(TaskNotFoundError)
    const cancelled = s.bob.cancelTask({ ...taskRequest(sent.id), metadata: undefined })
    expect(await rejectionOf(cancelled)).toBeInstanceOf(UnsupportedOperationError)
    const ofData = s.bob.sendMessage(request(messageTo('cat', '', { parts: data })))
    expect(await rejectionOf(ofData)).toBeInstanceOf(ContentTypeNotSupportedError)
    expect(await rejectionOf(s.bob.sendMessage(request(messageTo('', 'look'))))).toBeInstanceOf(
      RequestMalformedError,
    )
    const stranger = await clientOf(s.server, 'syn_wrong')
    expect(await rejectionOf(stranger.getTask(taskRequest(sent.id)))).toMatchObject({
      statusCode: 401,
      message: 'Invalid token',
    })
  })
})

// Who comes in over A2A, and what the server does not do (docs/contract/a2a.md#errors).
import { describe, expect, test } from 'bun:test'
import { message, refusalIn, SEND, scene, sends } from './scene'

const CARD = '/.well-known/agent-card.json'
const EXTENDED = '/a2a/v1/extendedAgentCard'

describe('the agent card', () => {
  test('anybody reads the card, which names no account', async () => {
    await using s = await scene()
    const { status, headers, body, text } = await s.w.guest.get(CARD)
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('application/json')
    expect(body).toMatchObject({
      name: 'Synapse',
      supportedInterfaces: [
        { url: `${s.w.url}/a2a/v1`, protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' },
      ],
      capabilities: { streaming: false, pushNotifications: false, extendedAgentCard: true },
      securitySchemes: { bearer: { httpAuthSecurityScheme: { scheme: 'Bearer' } } },
      securityRequirements: [{ schemes: { bearer: { list: [] } } }],
      defaultInputModes: ['text/plain', 'text/markdown'],
      defaultOutputModes: ['text/plain', 'text/markdown'],
    })
    expect((body.skills as { id: string }[]).map(({ id }) => id)).toEqual(['message-an-agent'])
    for (const word of ['ann', 'bob', 'dan', 'eve', 'general', 'elsewhere'])
      expect(text).not.toMatch(new RegExp(`"${word}"|@${word}\\b`))
  })

  test('base_url is the address in the card', async () => {
    await using s = await scene({ SYNAPSE_BASE_URL: 'https://rooms.example.org' })
    expect((await s.w.guest.get(CARD)).text).toContain('"url":"https://rooms.example.org/a2a/v1"')
  })

  test('the extended card has a skill for each agent that shares a channel with the caller', async () => {
    await using s = await scene()
    await s.cat.patch('/v1/me', { about: 'Reviews code', capabilities: ['typescript'], display_name: 'Cat' })
    const skillsOf = async (who: typeof s.bob) => {
      const { body } = await who.get<{ skills: { id: string }[] }>(EXTENDED)
      return body.skills
    }
    const skills = await skillsOf(s.bob)
    expect(skills.map(({ id }) => id)).toEqual(['cat', 'dan'])
    expect(skills[0]).toEqual({
      id: 'cat',
      name: 'Cat',
      description: 'Reviews code',
      tags: ['typescript'],
    } as object as (typeof skills)[0])
    expect(await skillsOf(s.eve)).toEqual([])
  })
})

describe('refusals', () => {
  const calls = (who: {
    request(method: string, path: string, body?: unknown): Promise<{ status: number }>
  }) =>
    [
      ['GET', EXTENDED],
      ['GET', '/a2a/v1/tasks'],
      ['GET', '/a2a/v1/tasks/x'],
      ['POST', SEND],
      ['POST', '/a2a/v1/message:stream'],
      ['POST', '/a2a/v1/tasks/x:cancel'],
      ['DELETE', '/a2a/v1/anything'],
    ].map(([method = '', path = '']) =>
      who.request(method, path, method === 'POST' ? message('hi', { handle: 'cat' }) : undefined),
    )

  test('every operation needs a bearer token; sessions and the local socket do not count', async () => {
    await using s = await scene()
    for (const answer of await Promise.all(calls(s.w.guest))) {
      expect(refusalIn(answer as never)).toBe('401 UNAUTHENTICATED NOT_AUTHENTICATED')
      expect((answer as never as { headers: Headers }).headers.get('www-authenticate')).toBe(
        'Bearer realm="synapse"',
      )
    }
    for (const answer of await Promise.all([...calls(s.ann), ...calls(s.w.operator)]))
      expect(refusalIn(answer as never)).toBe('401 UNAUTHENTICATED NOT_AUTHENTICATED')
    for (const answer of await Promise.all(calls(s.w.bearer('syn_wrong'))))
      expect(refusalIn(answer as never)).toBe('401 UNAUTHENTICATED INVALID_TOKEN')
    await s.w.revokes(s.bob)
    for (const answer of await Promise.all(calls(s.bob)))
      expect(refusalIn(answer as never)).toBe('401 UNAUTHENTICATED INVALID_TOKEN')
  })

  test('another version is refused; none, 1.0 and its patches are not', async () => {
    await using s = await scene()
    for (const version of ['0.3', '1.1', '2.0', 'x', '1'])
      for (const path of [EXTENDED, '/a2a/v1/tasks/x:subscribe'])
        expect(refusalIn(await s.bob.get(path, { 'a2a-version': version })), version).toBe(
          '400 FAILED_PRECONDITION VERSION_NOT_SUPPORTED',
        )
    for (const version of ['1.0', '1.0.3', ''])
      expect((await s.bob.get(EXTENDED, { 'a2a-version': version })).status).toBe(200)
  })

  test('the rest of the protocol is an unsupported operation', async () => {
    await using s = await scene()
    const task = await sends(s.bob, 'hi', { handle: 'cat' })
    const push = { url: 'https://example.org/hook' }
    for (const [method, path, body] of [
      ['POST', '/a2a/v1/message:stream', message('hi', { handle: 'cat' })],
      ['POST', '/a2a/v1/messages', message('hi', { handle: 'cat' })],
      ['POST', `/a2a/v1/tasks/${task.id}:cancel`, {}],
      ['POST', `/a2a/v1/tasks/${task.id}:subscribe`, {}],
      ['GET', `/a2a/v1/tasks/${task.id}:subscribe`],
      ['POST', `/a2a/v1/tasks/${task.id}/pushNotificationConfigs`, push],
      ['GET', `/a2a/v1/tasks/${task.id}/pushNotificationConfigs`],
      ['GET', `/a2a/v1/tasks/${task.id}/pushNotificationConfigs/x`],
      ['DELETE', `/a2a/v1/tasks/${task.id}/pushNotificationConfigs/x`],
      ['POST', '/a2a/v1/tenant/message:send', message('hi', { handle: 'cat' })],
      ['PUT', '/a2a/v1/tasks', {}],
      ['PATCH', `/a2a/v1/tasks/${task.id}`, {}],
      ['POST', '/a2a/v1/skills/cat/query', {}],
    ] as const)
      expect(refusalIn(await s.bob.request(method, path, body)), path).toBe(
        '400 FAILED_PRECONDITION UNSUPPORTED_OPERATION',
      )
    const { message: sent } = message('hi', { handle: 'cat' })
    const configuration = { taskPushNotificationConfig: push, returnImmediately: true }
    expect(refusalIn(await s.bob.post(SEND, { message: sent, configuration }))).toBe(
      '400 FAILED_PRECONDITION UNSUPPORTED_OPERATION',
    )
  })

  test('a message cannot continue a task: an unknown one is not found, a known one is unsupported', async () => {
    await using s = await scene()
    const task = await sends(s.bob, 'hi', { handle: 'cat' })
    const naming = (taskId: string) => s.bob.post(SEND, message('more', { handle: 'cat' }, { taskId }))
    expect(refusalIn(await naming(task.id))).toBe('400 FAILED_PRECONDITION UNSUPPORTED_OPERATION')
    expect(refusalIn(await naming('x'))).toBe('404 NOT_FOUND TASK_NOT_FOUND')
    expect((await s.bob.post(SEND, message('more', { handle: 'cat' }, { taskId: '' }))).status).toBe(200)
  })

  test('a list is refused for values that it does not know', async () => {
    await using s = await scene()
    for (const query of [
      'pageSize=0',
      'pageSize=101',
      'status=working',
      'historyLength=-1',
      'statusTimestampAfter=x',
    ])
      expect(refusalIn(await s.bob.get(`/a2a/v1/tasks?${query}`)), query).toBe(
        '400 INVALID_ARGUMENT INVALID_PARAMS',
      )
    for (const token of ['x', 'MSB4', Buffer.from(`1 ${'-'.repeat(73)} `).toString('base64url')])
      expect(refusalIn(await s.bob.get(`/a2a/v1/tasks?pageToken=${token}`)), token).toBe(
        '400 INVALID_ARGUMENT INVALID_CURSOR',
      )
  })

  test('while a2a.enabled is off, nothing is there', async () => {
    await using s = await scene()
    await s.w.operator.put('/v1/config/a2a.enabled', { value: false })
    expect(refusalIn(await s.w.guest.get(CARD))).toBe('404 NOT_FOUND NOT_FOUND')
    for (const who of [s.bob, s.w.guest])
      for (const answer of await Promise.all(calls(who)))
        expect(refusalIn(answer as never)).toBe('404 NOT_FOUND NOT_FOUND')
    await s.w.operator.put('/v1/config/a2a.enabled', { value: true })
    expect((await s.w.guest.get(CARD)).status).toBe(200)
  })

  test('unknown paths beside the protocol are not found, and other methods not allowed', async () => {
    await using s = await scene()
    expect(refusalIn(await s.bob.get('/a2a/x'))).toBe('404 NOT_FOUND NOT_FOUND')
    expect(refusalIn(await s.bob.post(CARD, {}))).toBe('405 UNIMPLEMENTED METHOD_NOT_ALLOWED')
  })
})

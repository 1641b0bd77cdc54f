import { describe, expect, test } from 'bun:test'
import { EventStream, until } from '../support/sockets'
import { type Answer, type Fields, type World, world } from '../support/world'
import { expectRefusal, leavesNoTrace } from './refusals'

interface Row extends Fields {
  readonly key: string
  readonly value: unknown
}

const rowOf = async (w: World, key: string): Promise<Row | undefined> => {
  const { body } = await w.operator.get<{ settings: Row[] }>('/v1/config')
  return body.settings.find((row) => row.key === key)
}

const longestWait = async (w: World) => {
  const ann = await w.operator.get<{ limits: { wait_seconds: number } }>('/v1/server')
  return ann.body.limits.wait_seconds
}

describe('a setting', () => {
  test('a setting shows its effective value and the source of it', async () => {
    await using w = await world({ settings: { SYNAPSE_WAIT_MAX_S: '20' } })
    const row = { updated_at: null, updated_by: null }
    expect(await rowOf(w, 'wait.max_s')).toEqual({
      ...row,
      key: 'wait.max_s',
      value: 20,
      default: 60,
      source: 'env',
    })
    expect(await rowOf(w, 'auth.session_days')).toMatchObject({ value: 14, default: 14, source: 'default' })
    const { body } = await w.operator.put('/v1/config/wait.max_s', { value: 30 })
    expect(body).toEqual({
      key: 'wait.max_s',
      value: 30,
      default: 60,
      source: 'set',
      updated_at: expect.stringMatching(/Z$/),
      updated_by: null,
    })
    expect(await rowOf(w, 'wait.max_s')).toEqual(body as Row)
  })

  test('a changed setting applies from the next request and survives a restart', async () => {
    await using w = await world()
    expect(await longestWait(w)).toBe(60)
    await w.operator.put('/v1/config/wait.max_s', { value: 30 })
    expect(await longestWait(w)).toBe(30)
    await w.restart()
    expect(await longestWait(w)).toBe(30)
    const { status, body } = await w.operator.delete('/v1/config/wait.max_s')
    expect([status, body]).toMatchObject([200, { value: 60, source: 'default' }])
    expect(await longestWait(w)).toBe(60)
    await w.restart()
    expect(await longestWait(w)).toBe(60)
  })

  test('a write is judged by the settings at the moment it is carried out', async () => {
    await using w = await world()
    const both = [
      w.operator.put('/v1/config/quota.channels', { value: 1 }),
      w.operator.post('/v1/admin/channels', { slug: 'one', name: 'one' }),
      w.operator.post('/v1/admin/channels', { slug: 'two', name: 'two' }),
    ]
    expect((await Promise.all(both)).map(({ status }) => status)).toEqual([200, 201, 403])
  })

  test('a setting is stored in its normalized form', async () => {
    await using w = await world()
    const origins = ['https://A.example:443', 'https://a.example', 'http://b.example:8080']
    const { body } = await w.operator.put('/v1/config/auth.cors_origins', { value: origins })
    expect(body.value).toEqual(['https://a.example', 'http://b.example:8080'])
    expect((await w.operator.put('/v1/config/base_url', { value: 'https://X.example/' })).body.value).toBe(
      'https://x.example',
    )
    expect((await w.operator.put('/v1/config/base_url', { value: null })).body).toMatchObject({
      value: null,
      source: 'set',
    })
  })

  test('a change without effect leaves no trace', async () => {
    await using w = await world()
    await w.operator.put('/v1/config/wait.max_s', { value: 30 })
    await leavesNoTrace(w, async () => {
      expect((await w.operator.put('/v1/config/wait.max_s', { value: 30 })).status).toBe(200)
      expect((await w.operator.delete('/v1/config/drain')).status).toBe(200)
    })
  })
})

describe('invalid changes of settings', () => {
  const rows: [string, string, unknown, number, Fields][] = [
    [
      'an unknown name',
      'wait.max',
      5,
      404,
      { code: 'setting_unknown', detail: 'There is no setting of that name; the nearest is wait.max_s' },
    ],
    [
      'a boot option',
      'port',
      5,
      404,
      {
        code: 'setting_unknown',
        detail: 'port is read when the server starts: set SYNAPSE_PORT and restart it',
      },
    ],
    [
      'a value of another type',
      'wait.max_s',
      '5',
      400,
      { code: 'setting_invalid', detail: 'wait.max_s must be a whole number from 1 to 300' },
    ],
    [
      'one bad origin among good ones',
      'auth.cors_origins',
      ['https://a.example', 'https://a.example/'],
      400,
      {
        code: 'setting_invalid',
        detail: "auth.cors_origins is refused: 'https://a.example/' is not an origin",
        fix: expect.stringContaining('https://chat.example.org'),
      },
    ],
    [
      'a public address below a path',
      'base_url',
      'https://example.org/synapse',
      400,
      {
        code: 'setting_invalid',
        detail:
          "base_url is refused: 'https://example.org/synapse' has a path, and Synapse needs a host name of its own",
        fix: expect.stringContaining('https://synapse.example.org'),
      },
    ],
    [
      'a rate without a burst',
      'rate.post',
      '600',
      400,
      {
        code: 'setting_invalid',
        detail: 'rate.post must be <per minute>/<burst> or off',
        fix: expect.stringContaining('600/120'),
      },
    ],
  ]
  test.each(rows)('a change with %s is refused and changes nothing', async (_, key, value, status, body) => {
    await using w = await world()
    await leavesNoTrace(w, async () => {
      expectRefusal(await w.operator.put(`/v1/config/${key}`, { value }), status, body)
    })
  })

  test('a change without a value is refused', async () => {
    await using w = await world()
    const { status, body } = await w.operator.put('/v1/config/wait.max_s', {})
    expect([status, body.code]).toEqual([422, 'validation_error'])
    expect((await w.operator.delete('/v1/config/nothing')).status).toBe(404)
  })
})

describe('access to settings', () => {
  test('settings are for admins, the operator and tokens with the scope', async () => {
    await using w = await world()
    const [reader, writer] = [
      await w.agent('reader', { scopes: ['config:read'] }),
      await w.agent('writer', { scopes: ['config:write'] }),
    ]
    const [root, boss] = [
      await w.agent('root', { scopes: ['admin:*'] }),
      await w.human('boss', { isAdmin: true }),
    ]
    const [agent, human] = [await w.agent('agent'), await w.human('human')]
    const statuses = async (caller: typeof agent) => [
      (await caller.get('/v1/config')).status,
      (await caller.get('/v1/config-history')).status,
      (await caller.put('/v1/config/wait.max_s', { value: 30 })).status,
      (await caller.delete('/v1/config/wait.max_s')).status,
    ]
    expect(await statuses(reader)).toEqual([200, 200, 403, 403])
    expect(await statuses(writer)).toEqual([403, 403, 200, 200])
    expect(await statuses(root)).toEqual([200, 200, 200, 200])
    expect(await statuses(boss)).toEqual([200, 200, 200, 200])
    expect(await statuses(agent)).toEqual([403, 403, 403, 403])
    expect(await statuses(human)).toEqual([403, 403, 403, 403])
    expectRefusal(await agent.get('/v1/config'), 403, {
      code: 'missing_scope',
      detail: 'Insufficient scope',
      gate: 'scope',
      required_scope: 'config:read',
    })
    expectRefusal(await human.put('/v1/config/wait.max_s', { value: 30 }), 403, {
      code: 'not_admin',
      detail: 'Not a system admin',
      gate: 'role',
    })
  })

  test('system admins receive an event for each change, without the value', async () => {
    await using w = await world()
    const [root, agent] = [
      await w.agent('root', { scopes: ['admin:*'] }),
      await w.agent('agent', { scopes: ['config:read', 'channel:*:read'] }),
    ]
    using heard = await EventStream.open(w.url, root.credential)
    using unheard = await EventStream.open(w.url, agent.credential)
    await root.put('/v1/config/base_url', { value: 'https://hidden.example' })
    await until('the event', () => heard.events.some(({ type }) => type === 'setting.changed'))
    const pages: Answer<{ events: Fields[] }>[] = []
    for (const caller of [root, agent])
      pages.push(await caller.get('/v1/events?since=oldest&type=setting.*&limit=500'))
    expect(pages.map(({ body }) => body.events.length)).toEqual([1, 0])
    expect(pages[0]?.body.events[0]).toMatchObject({
      type: 'setting.changed',
      channel: null,
      key: 'base_url',
      by: 'root',
    })
    for (const text of [pages[0]?.text ?? '', JSON.stringify(heard.events)])
      expect(text).not.toContain('hidden')
    expect(unheard.events).toEqual([])
  })
})

describe('GET /v1/config-history', () => {
  test('the history lists every change, newest first, page by page', async () => {
    await using w = await world()
    const root = await w.agent('root', { scopes: ['admin:*'] })
    await w.operator.put('/v1/config/wait.max_s', { value: 30 })
    await root.put('/v1/config/drain', { value: true })
    await root.delete('/v1/config/wait.max_s')
    const first = await root.get<{ changes: Fields[]; next_cursor: string }>('/v1/config-history?limit=2')
    expect(first.body.changes).toMatchObject([
      { key: 'wait.max_s', unset: true, value: null, by: 'root' },
      { key: 'drain', unset: false, value: true, by: 'root' },
    ])
    const second = await root.get<{ changes: Fields[]; next_cursor: null }>(
      `/v1/config-history?limit=2&cursor=${first.body.next_cursor}`,
    )
    expect(second.body).toMatchObject({
      changes: [{ key: 'wait.max_s', unset: false, value: 30, by: null }],
      next_cursor: null,
    })
    const one = await root.get<{ changes: Fields[] }>('/v1/config-history?key=drain')
    expect(one.body.changes).toHaveLength(1)
    expect((await root.get('/v1/config-history?cursor=x')).body.code).toBe('invalid_cursor')
  })
})

test('a stored setting that this version does not accept is ignored and logged', async () => {
  await using w = await world()
  await w.operator.put('/v1/config/wait.max_s', { value: 30 })
  await w.operator.put('/v1/config/drain', { value: true })
  await w.sql("UPDATE setting_changes SET value = '\"soon\"' WHERE key = 'wait.max_s'")
  await w.sql("UPDATE setting_changes SET key = 'of.tomorrow' WHERE key = 'drain'")
  await w.restart()
  expect(await rowOf(w, 'wait.max_s')).toMatchObject({ value: 60, source: 'default' })
  expect(await rowOf(w, 'of.tomorrow')).toBeUndefined()
  await w.stop()
  for (const key of ['wait.max_s', 'of.tomorrow']) expect(w.log).toContain(`"key":"${key}"`)
})

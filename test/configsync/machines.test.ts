// Machines, what waits for them, and what a user may have.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { MINUTE, type World, world } from '../support/world'
import { bytes, type SyncUser, syncToken, syncUser } from './sync-user'

let w: World
let ada: SyncUser
beforeAll(async () => {
  w = await world()
  ada = await syncUser(w, 'ada')
})
afterAll(() => w[Symbol.asyncDispose]())

interface Machine {
  readonly id: number
  readonly user_id: number
  readonly platform: string
  readonly arch: string
  readonly created_at: string
  readonly updated_at: string
  readonly name: string
  readonly machine_id: string
  readonly last_seen_at: string
}

const machine = (id: string, name = id) => ({
  ...{ machine_id: id, name, platform: 'linux', arch: 'x64', cli_version: '2.0.0-beta.28' },
})
const machinesOf = async ({ caller }: SyncUser) =>
  (await caller.get<{ machines: Machine[] }>('/api/machines')).body.machines

describe('a machine', () => {
  test('registers with 200, and again with another name, which changes it', async () => {
    const first = await ada.caller.post<{ machine: Machine }>('/api/machines/register', machine('aa', 'one'))
    expect([first.status, first.body]).toEqual([
      200,
      {
        machine: {
          id: expect.any(Number),
          user_id: expect.any(Number),
          ...{ machine_id: 'aa', name: 'one', platform: 'linux', arch: 'x64' },
          last_seen_at: expect.stringMatching(/Z$/),
          created_at: expect.stringMatching(/Z$/),
          updated_at: expect.stringMatching(/Z$/),
        },
      },
    ])
    w.clock.advance(MINUTE)
    const again = await ada.caller.post<{ machine: Machine }>(
      '/configsync/api/machines',
      machine('aa', 'two'),
    )
    expect(again.body.machine).toMatchObject({ id: first.body.machine.id, name: 'two' })
    expect(again.body.machine.last_seen_at > first.body.machine.last_seen_at).toBeTrue()
    expect((await machinesOf(ada)).map(({ name }) => name)).toEqual(['two'])
  })

  test('of the earlier client says its Python version instead', async () => {
    const { cli_version: _, ...rest } = machine('old')
    const sent = { ...rest, python_version: '3.12.1' }
    expect((await ada.caller.post('/api/machines/register', sent)).status).toBe(200)
    const [row] = await w.sql<{ client_version: string }>(
      "SELECT client_version FROM cs_machines WHERE machine_id = 'old'",
    )
    expect(row?.client_version).toBe('3.12.1')
  })

  test('cannot be called like a word of a path, or anything else than an id', async () => {
    for (const id of ['register', 'latest', 'history', 'snapshot'])
      expect([id, (await ada.caller.post('/api/machines/register', machine(id))).status]).toEqual([id, 422])
    for (const id of ['', 'a b', 'a/b', 'x'.repeat(65), 'ä'])
      expect([id, (await ada.caller.post('/api/machines/register', machine(id, 'x'))).status]).toEqual([
        id,
        400,
      ])
    const long = await ada.caller.post('/api/machines/register', machine('bb', 'x'.repeat(129)))
    expect(long.status).toBe(422)
  })

  test('cannot have the name of a word of a path in any path or body', async () => {
    const project = (
      await ada.caller.post<{ project: { id: number } }>('/api/projects', { slug: 'p', name: 'p' })
    ).body.project.id
    const version = { ciphertext: bytes(40), content_hash: 'a'.repeat(64) }
    for (const word of ['register', 'latest', 'history', 'snapshot']) {
      const answers = [
        await ada.caller.delete(`/api/machines/${word}`),
        await ada.caller.get(`/api/machines/${word}/actions`),
        await ada.caller.delete(`/api/machines/${word}/actions`),
        await ada.caller.get(`/api/machines/${word}/projects`),
        await ada.caller.post(`/api/machines/${word}/projects`, { project_id: project }),
        await ada.caller.post('/api/sync/plan', { machine_id: word, entities: [] }),
        await ada.caller.get(`/api/machines/history?machine_id=${word}`),
        await ada.caller.post(`/api/projects/${project}/versions`, {
          ...version,
          pushed_from_machine_id: word,
        }),
      ]
      // `GET /machines/snapshot/:id` is another endpoint.
      const expected = answers.map((_, i) => (word === 'snapshot' && (i === 1 || i === 3) ? 400 : 422))
      expect([word, answers.map(({ status }) => status)]).toEqual([word, expected])
    }
    const malformed = { ...version, pushed_from_machine_id: 'a b' }
    expect((await ada.caller.post(`/api/projects/${project}/versions`, malformed)).status).toBe(400)
    for (const id of ['', 'a%20b'])
      expect((await ada.caller.get(`/api/machines/latest?machine_id=${id}`)).status).toBe(400)
  })

  test('is removed once, with its actions, and belongs to one user', async () => {
    const bert = await syncUser(w, 'bert')
    await bert.caller.post('/api/machines/register', machine('bb'))
    expect((await ada.caller.delete('/api/machines/bb')).status).toBe(404)
    const gone = await bert.caller.delete('/api/machines/bb')
    expect([gone.status, gone.body]).toEqual([200, { ok: true }])
    expect((await bert.caller.delete('/api/machines/bb')).status).toBe(404)
    expect((await bert.caller.get('/api/machines')).body).toEqual({ machines: [] })
  })

  test('is refused when the limit is reached, unless it is known', async () => {
    await using few = await world({ settings: { SYNAPSE_CONFIGSYNC_MAX_MACHINES: '2' } })
    const cleo = await syncUser(few, 'cleo')
    for (const id of ['c1', 'c2', 'c1'])
      expect((await cleo.caller.post('/api/machines/register', machine(id))).status).toBe(200)
    const third = await cleo.caller.post<{ error: string }>('/api/machines/register', machine('c3'))
    expect([third.status, third.body.error]).toEqual([403, expect.stringContaining('limit of 2 machines')])
    const usage = await cleo.caller.get('/api/usage')
    expect(usage.body).toEqual({
      ...{ machines: 2, machine_limit: 2, storage_bytes: 0, storage_limit: 1_073_741_824 },
    })
    await few.operator.put('/v1/config/configsync.max_machines', { value: 0 })
    expect((await cleo.caller.post('/api/machines/register', machine('c3'))).status).toBe(200)
  })
})

test('a machine without actions has an empty list, and nothing to clear is no error', async () => {
  const none = await ada.caller.get('/api/machines/unknown/actions')
  expect([none.status, none.body]).toEqual([200, { actions: [] }])
  expect((await ada.caller.delete('/api/machines/unknown/actions')).body).toEqual({ ok: true })
})

describe('environments', () => {
  interface Environment {
    readonly name: string
    readonly tier: string
  }
  const environment = (name: string, tier = 'development') => ({ name, tier, color: null, protect: false })
  const sync = async (user: SyncUser, names: readonly string[], deletes = true) => {
    const environments = names.map((name) => environment(name))
    const sent = { environments, delete_missing: deletes }
    const { status, body } = await user.caller.put<{ environments: Environment[] }>(
      '/api/environments/sync',
      sent,
    )
    expect(status).toBe(200)
    return body.environments.map(({ name }) => name)
  }
  const listed = async (user: SyncUser) =>
    (await user.caller.get<{ environments: Environment[] }>('/api/environments')).body.environments.map(
      ({ name }) => name,
    )

  test('of a new machine, which sends none, delete nothing', async () => {
    const one = await syncUser(w, 'dora')
    expect(await sync(one, ['dev', 'prod'])).toEqual(['dev', 'prod'])
    const two = await syncToken(w, 'dora')
    expect(await sync(two, [])).toEqual(['dev', 'prod'])
    expect(await sync(two, ['dev', 'prod'])).toEqual(['dev', 'prod'])
  })

  test('are deleted by a machine that has seen them, and kept by one that has not', async () => {
    const one = await syncUser(w, 'eve')
    const two = await syncToken(w, 'eve')
    await sync(one, ['dev', 'prod'])
    expect(await sync(two, ['test'])).toEqual(['dev', 'prod', 'test'])
    expect(await sync(one, ['dev'])).toEqual(['dev', 'test'])
    expect(await sync(two, ['test'])).toEqual(['test'])
  })

  test('that a list has shown count as seen', async () => {
    const one = await syncUser(w, 'fay')
    const two = await syncToken(w, 'fay')
    await sync(one, ['dev', 'prod'])
    expect(await listed(two)).toEqual(['dev', 'prod'])
    expect(await sync(two, ['dev'])).toEqual(['dev'])
  })

  test('stay if the client does not ask to delete, and the last one stays in any case', async () => {
    const one = await syncUser(w, 'gus')
    await sync(one, ['dev', 'prod'])
    expect(await sync(one, ['dev'], false)).toEqual(['dev', 'prod'])
    expect(await sync(one, [])).toEqual(['dev', 'prod'])
  })

  test('take the tier, color and protection of the last machine', async () => {
    const one = await syncUser(w, 'hal')
    await sync(one, ['dev'])
    const changed = { name: 'dev', tier: 'production', color: '#ff0000', protect: true }
    const { body } = await one.caller.put('/api/environments/sync', {
      environments: [changed],
      delete_missing: true,
    })
    expect(body).toEqual({ environments: [changed] })
  })

  test('with a bad name, an unknown tier, twice, or too many are 422 and change nothing', async () => {
    const one = await syncUser(w, 'ivy')
    await sync(one, ['dev'])
    const many = Array.from({ length: 64 }, (_, i) => environment(`e${i}`))
    for (const environments of [
      [environment('Dev')],
      [environment('-x')],
      [environment('x'.repeat(65))],
      [environment('x', 'weird')],
      [environment('x'), environment('x')],
      [...many, environment('dev')],
    ]) {
      const sent = { environments, delete_missing: true }
      expect((await one.caller.put('/api/environments/sync', sent)).status).toBe(422)
    }
    expect((await one.caller.put('/api/environments/sync', { environments: [{ name: 'x' }] })).status).toBe(
      400,
    )
    expect(await listed(one)).toEqual(['dev'])
  })

  test('are those of the user alone', async () => {
    expect(await listed(await syncUser(w, 'jan'))).toEqual([])
  })
})

describe('the actions of a machine', () => {
  const listed = async (caller: SyncUser['caller']) => {
    const path = '/api/machines/aaaa/actions'
    const { body } = await caller.get<{ actions: { payload: { name: string } }[] }>(path)
    return body.actions.map(({ payload }) => payload.name)
  }

  async function scene() {
    const user = await syncUser(w, 'busy')
    await user.caller.post('/api/machines/register', { machine_id: 'aaaa', name: 'a machine' })
    const path = '/v1/admin/configsync/users/busy/machines/aaaa/actions'
    const add = async (name: string) => {
      const action = { action: 'add_module', payload: { name } }
      expect((await w.operator.post(path, action)).status).toBe(201)
    }
    return { user, add, done: () => user.caller.delete('/api/machines/aaaa/actions') }
  }

  test('an action that is added between the list and its clearing is listed the next time', async () => {
    const { user, add, done } = await scene()
    await add('early')
    // Nothing was listed yet, so nothing is done.
    expect((await done()).body).toEqual({ ok: true })
    expect(await listed(user.caller)).toEqual(['early'])
    await add('late')
    expect((await done()).status).toBe(200)
    expect(await listed(user.caller)).toEqual(['late'])
    // A client that failed lists it again.
    expect(await listed(user.caller)).toEqual(['late'])
    // A token that only reads cannot clear actions, so its lists do not count.
    await add('last')
    const reader = await syncToken(w, 'busy', { read_only: true })
    expect(await listed(reader.caller)).toEqual(['late', 'last'])
    await done()
    expect(await listed(user.caller)).toEqual(['last'])
    await done()
    expect(await listed(user.caller)).toEqual([])
  })
})

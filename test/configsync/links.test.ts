// Which machine has which entity, and what `sync` is told to do.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type World, world } from '../support/world'
import { type IdentifiedUser, identified } from './identified'

let w: World
let ada: IdentifiedUser
let bob: IdentifiedUser
beforeAll(async () => {
  w = await world()
  ada = await identified(w, 'ada')
  bob = await identified(w, 'bob')
})
afterAll(() => w[Symbol.asyncDispose]())

interface Row {
  readonly id: number
  readonly current_version: number
}

let count = 0

/** An entity whose newest version is `version`. */
async function entity(user: IdentifiedUser, type = 'project', version = 0): Promise<Row> {
  const slug = `e${count++}`
  const { body } = await user.caller.post<Record<string, Row>>(`/api/${type}s`, {
    ...{ slug, name: slug },
    ...(type === 'module' && { module_type: 'ssh' }),
  })
  const row = body[type]
  if (!row) throw new Error('no entity was made')
  await push(row.id, version)
  return row
}

/** Raises the current version, as pushes do. */
async function push(id: number, versions = 1): Promise<void> {
  await w.sql('UPDATE cs_entities SET current_version = current_version + ? WHERE id = ?', versions, id)
}

function link(user: IdentifiedUser, machine: string, project: number, path: string | null = null) {
  const fields = { project_id: project, local_path: path }
  return user.caller.post(`/api/machines/${machine}/projects`, fields)
}

async function linksOf(user: IdentifiedUser, machine: string, what = 'projects') {
  const { body } = await user.caller.get(`/api/machines/${machine}/${what}`)
  return body[what] as (Row & { last_synced_version: number | null; local_path: string | null })[]
}

const plan = (user: IdentifiedUser, machine_id: string, entities: object[]) =>
  user.caller.post<{ actions: object[] }>('/api/sync/plan', { machine_id, entities })
const commit = (user: IdentifiedUser, machine_id: string, updates: object[]) =>
  user.caller.post('/api/sync/commit', { machine_id, updates })

describe('a link', () => {
  test('says that the machine has the current version, also when it is made again', async () => {
    const project = await entity(ada, 'project', 1)
    const first = await link(ada, 'aaaa', project.id, '/home/a')
    expect([first.status, first.body]).toEqual([201, { ok: true }])
    const { body } = await ada.caller.get(`/api/projects/${project.id}`)
    const row = body.project as object
    expect(await linksOf(ada, 'aaaa')).toEqual([
      { ...(row as Row), last_synced_version: 1, local_path: '/home/a' },
    ])
    await push(project.id)
    expect(await linksOf(ada, 'aaaa')).toMatchObject([{ current_version: 2, last_synced_version: 1 }])
    const again = await link(ada, 'aaaa', project.id, '/home/b')
    expect([again.status, again.body]).toEqual([200, { ok: true }])
    expect(await linksOf(ada, 'aaaa')).toMatchObject([{ last_synced_version: 2, local_path: '/home/b' }])
  })

  test('is changed by what is given, within the versions that there are', async () => {
    const project = await entity(ada, 'project', 2)
    await link(ada, 'bbbb', project.id, '/old')
    const path = `/api/machines/bbbb/projects/${project.id}`
    const changed = await ada.caller.patch(path, { last_synced_version: 1 })
    expect([changed.status, changed.body]).toEqual([200, { ok: true }])
    expect(await linksOf(ada, 'bbbb')).toMatchObject([{ last_synced_version: 1, local_path: '/old' }])
    await ada.caller.patch(path, { local_path: '/new' })
    expect(await linksOf(ada, 'bbbb')).toMatchObject([{ last_synced_version: 1, local_path: '/new' }])
    expect((await ada.caller.patch(path, {})).status).toBe(200)
    for (const version of [-1, 3])
      expect((await ada.caller.patch(path, { last_synced_version: version })).status).toBe(400)
    expect((await ada.caller.patch(path, { local_path: 'x'.repeat(4097) })).status).toBe(422)
  })

  test('that does not exist cannot be changed', async () => {
    const project = await entity(ada)
    const { status, body } = await ada.caller.patch(`/api/machines/cccc/projects/${project.id}`, {})
    expect([status, body]).toEqual([404, { error: 'the machine cccc does not have this project' }])
  })

  test('of a deleted project, and of a machine that is unknown, is not listed', async () => {
    const project = await entity(ada)
    await link(ada, 'dddd', project.id)
    await ada.caller.delete(`/api/projects/${project.id}`)
    for (const machine of ['dddd', 'never-seen'])
      for (const what of ['projects', 'configs', 'modules'])
        expect(await linksOf(ada, machine, what)).toEqual([])
  })

  test('belongs to its user, though two users call their machines alike', async () => {
    const project = await entity(ada)
    await link(ada, 'shared-name', project.id)
    expect(await linksOf(bob, 'shared-name')).toEqual([])
    expect((await link(bob, 'shared-name', project.id)).status).toBe(404)
    expect((await bob.caller.patch(`/api/machines/shared-name/projects/${project.id}`, {})).status).toBe(404)
  })

  test('needs an id that is a positive whole number, and not one that only a float holds', async () => {
    for (const id of [2 ** 63, 1.5, '1', null, -1, 0])
      expect([id, (await link(ada, 'iiii', id as number)).status]).toEqual([id, 400])
    expect((await link(ada, 'iiii', Number.MAX_SAFE_INTEGER)).status).toBe(404)
  })

  test('needs a machine that could be one', async () => {
    const project = await entity(ada)
    for (const machine of ['a.b', 'x'.repeat(65), 'a%20b'])
      expect([machine, (await link(ada, machine, project.id)).status]).toEqual([machine, 400])
  })
})

describe('a profile', () => {
  test('is switched on and off on a machine', async () => {
    const profile = await entity(ada, 'profile')
    for (const active of [true, false]) {
      const path = `/api/machines/eeee/profiles/${profile.id}`
      const { status, body } = await ada.caller.patch(path, { active })
      expect([status, body]).toEqual([200, { ok: true }])
      const [row] = await w.sql<{ active: number | boolean }>(
        'SELECT active FROM cs_links WHERE entity_id = ?',
        profile.id,
      )
      expect(Boolean(row?.active)).toBe(active)
    }
    const project = await entity(ada)
    const wrong = await ada.caller.patch(`/api/machines/eeee/profiles/${project.id}`, { active: true })
    expect(wrong.status).toBe(404)
    expect((await ada.caller.patch(`/api/machines/eeee/profiles/${profile.id}`, {})).status).toBe(400)
  })
})

describe('a plan', () => {
  test('compares versions with the one that the machine last synced, in the order of the request', async () => {
    const machine_id = 'ffff'
    const [even, ahead, behind, both, unlinked] = await Promise.all([
      entity(ada, 'project', 1),
      entity(ada, 'project', 1),
      entity(ada, 'project', 1),
      entity(ada, 'project', 1),
      entity(ada, 'project', 1),
    ])
    for (const { id } of [even, ahead, behind, both]) await link(ada, machine_id, id)
    await push(behind.id)
    await push(both.id)
    const foreign = await entity(bob, 'project', 1)
    const { status, body } = await plan(ada, machine_id, [
      { type: 'project', id: both.id, local_version: 2, local_hash: 'x' },
      { type: 'project', id: ahead.id, local_version: 2 },
      { type: 'project', id: even.id, local_version: 1, local_hash: 'changes on every run' },
      { type: 'project', id: behind.id, local_version: 1 },
      { type: 'project', id: unlinked.id, local_version: 0 },
      { type: 'project', id: foreign.id, local_version: 0 },
      { type: 'workspace', id: even.id, local_version: 0 },
      { type: 'nonsense', id: even.id, local_version: 0 },
    ])
    const error = (type: string, id: number) => ({
      ...{ type, id, action: 'error', current_version: 0, last_synced_version: 0 },
      error: `there is no ${type} with the id ${id}`,
    })
    const told = (action: string, id: number, current_version: number, last_synced_version: number) => ({
      ...{ type: 'project', id, action, current_version, last_synced_version },
    })
    expect([status, body]).toEqual([
      200,
      {
        actions: [
          told('conflict', both.id, 2, 1),
          told('push', ahead.id, 1, 1),
          told('noop', even.id, 1, 1),
          told('pull', behind.id, 2, 1),
          told('pull', unlinked.id, 1, 0),
          error('project', foreign.id),
          error('workspace', even.id),
          error('nonsense', even.id),
        ],
      },
    ])
  })

  test('has at most 1000 entities, and may have none', async () => {
    expect((await plan(ada, 'ffff', [])).body).toEqual({ actions: [] })
    const one = { type: 'project', id: 1, local_version: 0 }
    expect((await plan(ada, 'ffff', Array(1000).fill(one))).body.actions).toHaveLength(1000)
    expect((await plan(ada, 'ffff', Array(1001).fill(one))).status).toBe(422)
    expect((await plan(ada, 'ffff', [{ type: 'project' }])).status).toBe(400)
    expect((await plan(ada, 'ffff', [{ ...one, id: 0 }])).status).toBe(400)
    expect((await plan(ada, 'no machine', [])).status).toBe(400)
  })
})

describe('a commit', () => {
  const update = (entity_type: string, entity_id: number, new_last_synced_version: number) => ({
    ...{ entity_type, entity_id, new_last_synced_version },
  })

  test('notes what the machine has now, of every type', async () => {
    const project = await entity(ada, 'project', 2)
    const config = await entity(ada, 'config', 1)
    const module = await entity(ada, 'module', 1)
    await link(ada, 'gggg', project.id, '/kept')
    const { status, body } = await commit(ada, 'gggg', [
      update('project', project.id, 1),
      update('config', config.id, 1),
      update('module', module.id, 0),
    ])
    expect([status, body]).toEqual([200, { ok: true }])
    expect(await linksOf(ada, 'gggg')).toMatchObject([{ last_synced_version: 1, local_path: '/kept' }])
    expect(await linksOf(ada, 'gggg', 'configs')).toMatchObject([{ id: config.id, last_synced_version: 1 }])
    expect(await linksOf(ada, 'gggg', 'modules')).toMatchObject([{ id: module.id, last_synced_version: 0 }])
    expect((await commit(ada, 'gggg', [])).status).toBe(200)
  })

  test('notes nothing if one of its versions or entities does not exist', async () => {
    const project = await entity(ada, 'project', 1)
    const foreign = await entity(bob, 'project', 1)
    await link(ada, 'hhhh', project.id)
    const before = await linksOf(ada, 'hhhh')
    const refused = [
      [400, update('project', project.id, 2)],
      [400, update('project', project.id, -1)],
      [400, update('project', 0, 1)],
      [404, update('project', foreign.id, 1)],
      [404, update('config', project.id, 1)],
    ] as const
    for (const [status, bad] of refused) {
      const answer = await commit(ada, 'hhhh', [update('project', project.id, 0), bad])
      expect([answer.status, answer.body]).toEqual([status, { error: expect.any(String) }])
    }
    expect(await linksOf(ada, 'hhhh')).toEqual(before)
  })
})

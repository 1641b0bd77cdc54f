// Encrypted variables of projects, and the keys of their layers.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type World, world } from '../support/world'
import { type IdentifiedUser, identified } from './identified'

let w: World
let ada: IdentifiedUser
let bob: IdentifiedUser
let project: number
beforeAll(async () => {
  w = await world()
  ada = await identified(w, 'ada')
  bob = await identified(w, 'bob')
  project = await newProject(ada)
})
afterAll(() => w[Symbol.asyncDispose]())

const sealed = (bytes: number, fill = 1) => Buffer.alloc(bytes, fill).toString('base64')
const KEY = sealed(80)
let count = 0

async function newProject(user: IdentifiedUser): Promise<number> {
  const slug = `p${count++}`
  const { body } = await user.caller.post<{ project: { id: number } }>('/api/projects', { slug, name: slug })
  return body.project.id
}

const SHARED = {
  environment_tier: 'dev',
  visibility: 'shared',
  value_source: 'inline',
  encrypted_value: sealed(40),
}

const put = (name: string, fields: object = {}, id = project, user = ada) =>
  user.caller.put(`/api/projects/${id}/env/${encodeURIComponent(name)}`, { ...SHARED, ...fields })

async function list(query = '', id = project) {
  const { body } = await ada.caller.get<{ variables: Record<string, unknown>[] }>(
    `/api/projects/${id}/env${query}`,
  )
  return body.variables
}

describe('a variable', () => {
  test('is answered as a whole row, in which required is a number', async () => {
    const id = await newProject(ada)
    const { status, body } = await put('API_KEY', {}, id)
    expect([status, body]).toEqual([200, { ok: true, current_version: 1 }])
    await put('PORT', { required: true, description: 'where it listens' }, id)
    const row = {
      ...{ id: expect.any(Number), project_id: id, environment_tier: 'dev', name: 'API_KEY' },
      ...{ visibility: 'shared', owner_user_id: null, description: null, required: 0 },
      ...{ value_source: 'inline', encrypted_value: sealed(40), vault_secret_id: null },
      ...{ encrypted_external_ref: null, current_version: 1 },
    }
    expect(await list('', id)).toEqual([
      row,
      { ...row, name: 'PORT', required: 1, description: 'where it listens' },
    ])
  })

  test('is listed by id with all others, however many pages they take', async () => {
    const id = await newProject(ada)
    expect(await list('', id)).toEqual([])
    const names = Array.from({ length: 33 }, (_, i) => `N${(i * 7) % 33}`)
    for (const name of names) await put(name, { environment_tier: name === 'N0' ? 'other' : 'dev' }, id)
    expect((await list('', id)).map(({ name }) => name)).toEqual(names)
    expect((await list('?env=dev', id)).map(({ name }) => name)).toEqual(names.slice(1))
    expect(await list('?env=none', id)).toEqual([])
    const answer = await ada.caller.open(`/api/projects/${id}/env`)
    expect(answer.headers.get('content-type')).toBe('application/json')
  })

  test('that is set again has the new value and the next version', async () => {
    const id = await newProject(ada)
    await put('A', { required: 1 }, id)
    const { body } = await put('A', { encrypted_value: sealed(50), required: 0 }, id)
    expect(body).toEqual({ ok: true, current_version: 2 })
    expect(await list('', id)).toMatchObject([
      { encrypted_value: sealed(50), required: 0, current_version: 2 },
    ])
  })

  test('is one for each tier, visibility and owner', async () => {
    const id = await newProject(ada)
    await put('A', {}, id)
    await put('A', { environment_tier: 'prod' }, id)
    await put('A', { visibility: 'personal' }, id)
    await put('A', { visibility: 'restricted' }, id)
    await put('A', { visibility: 'personal', owner_user_id: ada.userId }, id)
    const found = await list('', id)
    expect(
      found.map((one) => [one.environment_tier, one.visibility, one.owner_user_id, one.current_version]),
    ).toEqual([
      ['dev', 'shared', null, 1],
      ['prod', 'shared', null, 1],
      ['dev', 'personal', ada.userId, 2],
      ['dev', 'restricted', null, 1],
    ])
    expect(await list('?env=prod', id)).toHaveLength(1)
    expect(await list('?env=dev&visibility=personal', id)).toHaveLength(1)
    expect(await list('?visibility=none', id)).toHaveLength(0)
  })

  test('may have any name but one with a slash or NUL, up to 128 bytes', async () => {
    const id = await newProject(ada)
    const names = ['a b', 'ä?#%=&', 'x'.repeat(128), 'keys', '..a']
    for (const name of names) expect([name, (await put(name, {}, id)).status]).toEqual([name, 200])
    expect((await list('', id)).map(({ name }) => name)).toEqual(names)
    for (const name of ['a/b', 'a\0b', 'x'.repeat(129), 'é'.repeat(65)])
      expect([name, (await put(name, {}, id)).status]).toEqual([name, 422])
  })

  test.each([
    [400, { environment_tier: undefined }],
    [400, { visibility: undefined }],
    [400, { value_source: undefined }],
    [400, { encrypted_value: undefined }],
    [400, { encrypted_value: 'not base64' }],
    [400, { encrypted_value: sealed(27) }],
    [400, { required: 'yes' }],
    [400, { required: 2 }],
    [413, { encrypted_value: sealed(64 * 1024 + 1) }],
    [422, { environment_tier: '' }],
    [422, { environment_tier: 'a:b' }],
    [422, { environment_tier: 'x'.repeat(65) }],
    [422, { visibility: 'public' }],
    [422, { value_source: 'vault_ref' }],
    [422, { description: 'x'.repeat(2049) }],
  ])('is refused with %d for %j', async (status, fields) => {
    const answer = await put('REFUSED', fields)
    expect([answer.status, answer.body]).toEqual([status, { error: expect.any(String) }])
  })

  test('of 64 KiB is stored', async () => {
    expect((await put('LARGE', { encrypted_value: sealed(64 * 1024) })).status).toBe(200)
  })

  test('belongs to no other user', async () => {
    expect((await put('A', { visibility: 'personal', owner_user_id: bob.userId })).status).toBe(403)
  })

  test('of somebody else’s project is not there', async () => {
    await put('MINE')
    const path = `/api/projects/${project}/env`
    for (const { status } of [
      await bob.caller.get(path),
      await put('MINE', {}, project, bob),
      await bob.caller.delete(`${path}/MINE?env=dev&visibility=shared`),
      await bob.caller.get(`${path}/keys`),
      await bob.caller.post(`${path}/keys`, { layer_id: `shared:${project}:dev`, wrapped_dek: KEY }),
    ])
      expect(status).toBe(404)
  })

  test('is deleted in one tier and visibility', async () => {
    const id = await newProject(ada)
    await put('A', {}, id)
    await put('A', { environment_tier: 'prod' }, id)
    await put('A', { visibility: 'personal' }, id)
    const path = `/api/projects/${id}/env/A`
    const gone = await ada.caller.delete(`${path}?env=dev&visibility=personal`)
    expect([gone.status, gone.body]).toEqual([200, { ok: true }])
    expect((await ada.caller.delete(`${path}?env=dev&visibility=personal`)).status).toBe(404)
    expect((await ada.caller.delete(`${path}?env=dev`)).status).toBe(200)
    expect((await ada.caller.delete(path)).status).toBe(400)
    expect(await list('', id)).toMatchObject([{ environment_tier: 'prod' }])
  })

  test('counts in the bytes of its user until it is deleted', async () => {
    const used = async () => {
      const [row] = await w.sql<{ used: number | string }>(
        'SELECT used_bytes AS used FROM configsync_users WHERE id = ?',
        ada.userId,
      )
      return Number(row?.used)
    }
    const id = await newProject(ada)
    const before = await used()
    await put('A', {}, id)
    await put('A', { encrypted_value: sealed(60) }, id)
    expect((await used()) - before).toBe(4096)
    await ada.caller.delete(`/api/projects/${id}/env/A?env=dev`)
    expect(await used()).toBe(before)
  })
})

describe('the limit of variables', () => {
  test('is 2000 for a project, and refuses new names alone', async () => {
    const id = await newProject(ada)
    const at = w.words.instant(w.clock.now())
    const row = `(?, ?, 'dev', 'shared', 0, ?, 'x', 1, ${at})`
    for (let start = 0; start < 2000; start += 100) {
      const names = Array.from({ length: 100 }, (_, i) => `V${start + i}`)
      await w.sql(
        `INSERT INTO cs_env_vars (project_id, name, environment_tier, visibility, owner_user_id, required,
           encrypted_value, current_version, updated_at) VALUES ${names.map(() => row).join(', ')}`,
        ...names.flatMap((name) => [id, name, false]),
      )
    }
    const { status, body } = await put('ONE_MORE', {}, id)
    expect([status, body]).toEqual([
      422,
      { error: 'the project has 2000 variables, which is the limit; delete one first' },
    ])
    expect((await put('V7', {}, id)).body).toEqual({ ok: true, current_version: 2 })
  })
})

describe('the key of a layer', () => {
  const keys = (id: number) => `/api/projects/${id}/env/keys`

  test('is kept once for each layer, and replaced when it is sent again', async () => {
    const id = await newProject(ada)
    const layers = [`personal:${id}:dev:${ada.userId}`, `shared:${id}:dev`, `shared:${id}:prod`]
    for (const fill of [1, 2])
      for (const layer_id of layers) {
        const sent = await ada.caller.post(keys(id), { layer_id, wrapped_dek: sealed(80, fill) })
        expect([sent.status, sent.body]).toEqual([200, { ok: true }])
      }
    const { body } = await ada.caller.get(keys(id))
    expect(body).toEqual({ keys: layers.map((layer_id) => ({ layer_id, wrapped_dek: sealed(80, 2) })) })
  })

  test('is refused for another project, another user, and an id that is none', async () => {
    const other = await newProject(ada)
    const wrong = [
      `shared:${other}:dev`,
      `shared:0${project}:dev`,
      `personal:${project}:dev:${bob.userId}`,
      `personal:${project}:dev`,
      `shared:${project}:`,
      `shared:${project}:a:b`,
      `shared:${project}:dev\n`,
      `shared:${project}:a b`,
      `personal:${project}:a/b:${ada.userId}`,
      `restricted:${project}:dev`,
      '',
    ]
    for (const layer_id of wrong) {
      const { status } = await ada.caller.post(keys(project), { layer_id, wrapped_dek: KEY })
      expect([layer_id, status]).toEqual([layer_id, 422])
    }
    const layer_id = `shared:${project}:dev`
    for (const [status, wrapped_dek] of [
      [422, sealed(79)],
      [400, '===='],
    ] as const)
      expect((await ada.caller.post(keys(project), { layer_id, wrapped_dek })).status).toBe(status)
  })
})

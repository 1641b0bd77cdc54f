/** Every POST of ConfigSync takes a retry key, except the login, which has no account yet. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { undeployedEndpoints } from '../../scripts/offline-endpoints'
import { type World, world } from '../support/world'
import { type IdentifiedUser, identified } from './identified'
import { syncToken } from './sync-user'

let w: World
let ada: IdentifiedUser
let ids: Readonly<Record<string, number>>
beforeAll(async () => {
  w = await world()
  ada = await identified(w, 'ada')
  const made = TYPES.map(async (type) => {
    const { body } = await ada.caller.post<Record<string, { id: number }>>(
      `/api/${type}s`,
      entity(type, 'first'),
    )
    return [type, body[type]?.id ?? 0] as const
  })
  ids = Object.fromEntries(await Promise.all(made))
})
afterAll(() => w[Symbol.asyncDispose]())

const TYPES = ['project', 'workspace', 'config', 'module', 'profile']
const sealed = (bytes: number) => Buffer.alloc(bytes, 7).toString('base64')
const entity = (type: string, slug: string) => ({
  ...{ slug, name: slug },
  ...(type === 'module' && { module_type: 'ssh' }),
})
const machine = { machine_id: 'aaaa', name: 'a machine', platform: 'linux', arch: 'x64', cli_version: '2' }
const state = {
  ...{ machine_id: 'aaaa', encrypted_state: sealed(40), timestamp: '2026-05-07T12:00:00Z', version: '1.0' },
}

interface Sample {
  readonly path: string
  readonly body: unknown
}

/** A request to each POST that succeeds. */
const samples: Readonly<Record<string, () => Sample>> = {
  '/auth/keypair': () => ({
    path: '/auth/keypair',
    body: {
      ...{ public_key: sealed(32), encrypted_private_key: sealed(60), kek_salt: sealed(32) },
      ...{ kek_iterations: 600_000, key_algorithm: 'x25519' },
    },
  }),
  '/machines': () => ({ path: '/machines', body: machine }),
  '/machines/register': () => ({ path: '/machines/register', body: machine }),
  '/machines/snapshot': () => ({ path: '/machines/snapshot', body: state }),
  '/machines/:mid/push': () => ({ path: '/machines/aaaa/push', body: state }),
  '/machines/:mid/projects': () => ({
    path: '/machines/aaaa/projects',
    body: { project_id: ids.project, local_path: null },
  }),
  '/projects/:id/env/keys': () => ({
    path: `/projects/${ids.project}/env/keys`,
    body: { layer_id: `shared:${ids.project}:dev`, wrapped_dek: sealed(80) },
  }),
  '/profiles/:id/workspaces': () => ({
    path: `/profiles/${ids.profile}/workspaces`,
    body: { workspace_id: ids.workspace },
  }),
  '/sync/plan': () => ({ path: '/sync/plan', body: { machine_id: 'aaaa', entities: [] } }),
  '/sync/commit': () => ({ path: '/sync/commit', body: { machine_id: 'aaaa', updates: [] } }),
  ...Object.fromEntries(
    TYPES.flatMap((type) => [
      [`/${type}s`, () => ({ path: `/${type}s`, body: entity(type, 'second') })],
      [
        `/${type}s/:id/keys`,
        () => ({
          path: `/${type}s/${ids[type]}/keys`,
          body: { user_id: ada.userId, wrapped_dek: sealed(80) },
        }),
      ],
      [
        `/${type}s/:id/versions`,
        () => ({
          path: `/${type}s/${ids[type]}/versions`,
          body: { ciphertext: sealed(40), content_hash: 'ab'.repeat(32), pushed_from_machine_id: null },
        }),
      ],
    ]),
  ),
}

test('every POST of ConfigSync has a case in this suite, except the login', () => {
  const posts = undeployedEndpoints()
    .filter(({ method, tag, path }) => method === 'POST' && tag === 'ConfigSync' && path.startsWith('/api/'))
    .map(({ path }) => path.slice('/api'.length))
  expect([...Object.keys(samples), '/auth/login'].toSorted()).toEqual(posts.toSorted())
})

/** What a request may add to. */
async function rows(): Promise<unknown> {
  const tables = ['cs_entities', 'cs_snapshots', 'cs_versions', 'cs_machines', 'cs_audit', 'idempotency']
  const counts = tables.map((table) => `(SELECT count(*) FROM ${table}) AS ${table}`)
  return (await w.sql(`SELECT ${counts.join(', ')}`))[0]
}

describe.each(Object.entries(samples))('POST %s', (route, sample) => {
  test('with a retry key is carried out once, and answered the same way again', async () => {
    const { path, body } = sample()
    const key = { 'idempotency-key': `key-of-${route}` }
    const first = await ada.caller.post(`/api${path}`, body, key)
    expect(first.status, first.text).toBeLessThan(300)
    const after = await rows()
    const again = await ada.caller.post(`/api${path}`, body, key)
    expect([again.status, again.text]).toEqual([first.status, first.text])
    expect(await rows()).toEqual(after)
  })
})

describe('a repeated request', () => {
  const key = (name: string) => ({ 'idempotency-key': name })
  const environment = (name: string) => ({ name, tier: 'custom', color: null, protect: false })
  const environments = (...names: string[]) => ({
    ...{ environments: names.map(environment), delete_missing: true },
  })

  test('of `sync` deletes no environment that only the lost answer has shown', async () => {
    const bob = await identified(w, 'bob')
    const other = await syncToken(w, 'bob')
    const sync = '/api/environments/sync'
    await bob.caller.put(sync, environments('a'))
    await other.caller.put(sync, environments('a', 'new'))
    const first = await bob.caller.put(sync, environments('a'), key('lost'))
    expect(first.body).toEqual({ environments: ['a', 'new'].map(environment) })
    const again = await bob.caller.put(sync, environments('a'), key('lost'))
    expect([again.status, again.text]).toEqual([200, first.text])
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect((await bob.caller.get('/api/environments')).text).toBe(first.text)
    // Without the key it is the next `sync`, of a machine on which somebody has deleted it.
    expect((await bob.caller.put(sync, environments('a'))).body).toEqual({
      environments: [environment('a')],
    })
  })

  test('with an upload is answered though there is no room for it any more', async () => {
    const cleo = await identified(w, 'cleo')
    const quota = { quota_bytes: 10_000 }
    await w.operator.patch('/v1/admin/configsync/users/cleo', quota)
    const first = await cleo.caller.post('/api/machines/aaaa/push', state, key('full'))
    await w.operator.patch('/v1/admin/configsync/users/cleo', { quota_bytes: 0 })
    const again = await cleo.caller.post('/api/machines/aaaa/push', state, key('full'))
    expect([first.status, again.status, again.text]).toEqual([200, 200, first.text])
    expect((await cleo.caller.post('/api/machines/aaaa/push', state, key('other'))).status).toBe(507)
    expect((await cleo.caller.get('/api/machines/history')).body.snapshots).toHaveLength(1)
  })

  test('with an upload is answered though its entity is gone', async () => {
    const dora = await identified(w, 'dora')
    const made = await dora.caller.post<{ project: { id: number } }>('/api/projects', entity('project', 'p'))
    const path = `/api/projects/${made.body.project.id}`
    const version = { ciphertext: sealed(40), content_hash: 'ab'.repeat(32) }
    const first = await dora.caller.post(`${path}/versions`, version, key('gone'))
    await dora.caller.delete(path)
    const again = await dora.caller.post(`${path}/versions`, version, key('gone'))
    expect([first.status, again.status, again.text]).toEqual([201, 201, first.text])
    expect((await dora.caller.post(`${path}/versions`, version, key('other'))).status).toBe(404)
  })

  test('with an upload is answered while the server drains', async () => {
    await using own = await world()
    const { caller } = await identified(own, 'eve')
    const first = await caller.post('/api/machines/aaaa/push', state, key('drain'))
    await own.operator.put('/v1/config/drain', { value: true })
    const again = await caller.post('/api/machines/aaaa/push', state, key('drain'))
    expect([first.status, again.status, again.text]).toEqual([200, 200, first.text])
    expect((await caller.post('/api/machines/aaaa/push', state, key('other'))).status).toBe(503)
  })

  test('is another one if anything in its body is another', async () => {
    const fay = await identified(w, 'fay')
    const push = (fields: object) =>
      fay.caller.post<{ error?: string }>('/api/machines/aaaa/push', { ...state, ...fields }, key('same'))
    expect((await push({})).status).toBe(200)
    for (const fields of [
      { timestamp: '2026-05-07T12:00:01Z' },
      { version: '1.1' },
      { encrypted_state: sealed(41) },
      { metadata: { note: 'more' } },
    ]) {
      const { status, body } = await push(fields)
      expect([fields, status, body.error]).toEqual([
        fields,
        409,
        expect.stringContaining('different request'),
      ])
    }
    expect((await push({})).status).toBe(200)
  })
})

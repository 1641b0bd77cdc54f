// What admins see of users of ConfigSync, and change.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type World, world } from '../support/world'
import { keypair, syncUser } from './sync-user'

let w: World
beforeAll(async () => {
  w = await world()
})
afterAll(() => w[Symbol.asyncDispose]())

const of = (handle: string) => `/v1/admin/configsync/users/${handle}`
const machine = (id: string) => ({ machine_id: id, name: id, platform: 'linux', arch: 'x64' })

describe('a user', () => {
  test('is listed with what it has, and its limits can be set and taken back', async () => {
    const ada = await syncUser(w, 'ada')
    await ada.caller.post('/api/machines/register', machine('aa'))
    const listed = await w.operator.get<Record<string, unknown>[]>('/v1/admin/configsync/users')
    expect(listed.body).toContainEqual({
      user_id: expect.any(Number),
      ...{ handle: 'ada', enabled: true, created_at: expect.any(String), disabled_at: null },
      ...{ machines: 1, machine_limit: 10, storage_bytes: 0, storage_limit: 1_073_741_824 },
    })
    const set = await w.operator.patch(of('ada'), { quota_bytes: 5000, max_machines: 1 })
    expect(set.body).toMatchObject({ machine_limit: 1, storage_limit: 5000 })
    expect((await ada.caller.post('/api/machines/register', machine('ab'))).status).toBe(403)
    await w.operator.patch(of('ada'), { max_machines: null })
    expect((await ada.caller.post('/api/machines/register', machine('ab'))).status).toBe(200)
    expect((await w.operator.get(of('ada'))).body).toMatchObject({ machine_limit: 10, storage_limit: 5000 })
  })

  test('that was never enabled, or does not exist, is 404', async () => {
    await w.agent('nobody')
    for (const path of ['', '/tokens', '/machines', '/actions', '/environments', '/keypair', '/audit']) {
      const never = await w.operator.get<{ code: string }>(`${of('nobody')}${path}`)
      expect([path, never.status, never.body.code]).toEqual([path, 404, 'configsync_user_not_found'])
      const none = await w.operator.get<{ code: string }>(`${of('nowhere')}${path}`)
      expect([path, none.status, none.body.code]).toEqual([path, 404, 'account_not_found'])
    }
  })
})

test('tokens are listed and revoked by the user that they belong to', async () => {
  const bert = await syncUser(w, 'bert')
  const cleo = await syncUser(w, 'cleo')
  const { body } = await w.operator.get<{ id: string; name: string }[]>(`${of('bert')}/tokens`)
  expect(body.map(({ id, name }) => [id, name])).toEqual([[bert.tokenId, 'a machine']])
  expect((await w.operator.post(`${of('cleo')}/tokens/${bert.tokenId}/revoke`)).status).toBe(404)
  expect((await w.operator.post(`${of('bert')}/tokens/${bert.tokenId}/revoke`)).status).toBe(200)
  expect((await bert.caller.get('/api/auth/verify')).status).toBe(401)
  expect((await cleo.caller.get('/api/auth/verify')).status).toBe(200)
})

describe('a machine', () => {
  test('is renamed and removed', async () => {
    const dora = await syncUser(w, 'dora')
    await dora.caller.post('/api/machines/register', machine('dd'))
    const renamed = await w.operator.patch(`${of('dora')}/machines/dd`, { name: 'Laptop' })
    expect(renamed.body).toMatchObject({ machine_id: 'dd', name: 'Laptop' })
    // As long as a name may be that a client gives.
    for (const [length, status] of [
      [128, 200],
      [129, 422],
    ] as const) {
      const name = 'x'.repeat(length)
      expect((await w.operator.patch(`${of('dora')}/machines/dd`, { name })).status).toBe(status)
    }
    const [left] = (await w.operator.get<object[]>(`${of('dora')}/machines`)).body
    expect(left).toEqual({ ...renamed.body, name: 'x'.repeat(128) })
    expect((await w.operator.patch(`${of('dora')}/machines/xx`, { name: 'x' })).status).toBe(404)
    expect((await w.operator.delete(`${of('dora')}/machines/dd`)).status).toBe(200)
    expect((await w.operator.delete(`${of('dora')}/machines/dd`)).status).toBe(404)
  })

  test('is removed with its snapshots if asked', async () => {
    const leo = await syncUser(w, 'leo')
    for (const id of ['l1', 'l2'])
      for (let i = 0; i < 2; i++)
        await leo.caller.post(`/api/machines/${id}/push`, {
          ...{ machine_id: id, encrypted_state: Buffer.alloc(40).toString('base64') },
          ...{ timestamp: '2026-01-01T00:00:00Z', version: '1.0' },
        })
    const left = async () =>
      (await leo.caller.get<{ snapshots: unknown[] }>('/api/machines/history')).body.snapshots.length
    await w.operator.delete(`${of('leo')}/machines/l1`)
    expect(await left()).toBe(4)
    await w.operator.delete(`${of('leo')}/machines/l2?snapshots=true`)
    expect(await left()).toBe(2)
  })

  test('is told what to do, and says when it has done it', async () => {
    const eve = await syncUser(w, 'eve')
    await eve.caller.post('/api/machines/register', machine('ee'))
    const actions = `${of('eve')}/machines/ee/actions`
    const added = await w.operator.post(actions, { action: 'add_module', payload: { name: 'zsh' } })
    expect(added.status).toBe(201)
    await w.operator.post(actions, { action: 'remove_package', payload: { item: 'jq' } })
    expect((await eve.caller.get('/api/machines/ee/actions')).body).toEqual({
      actions: [
        { action: 'add_module', payload: { name: 'zsh' } },
        { action: 'remove_package', payload: { item: 'jq' } },
      ],
    })
    expect((await w.operator.get<unknown[]>(`${of('eve')}/actions?machine=ee`)).body).toHaveLength(2)
    expect((await w.operator.get<unknown[]>(`${of('eve')}/actions?machine=xx`)).body).toEqual([])
    await eve.caller.delete('/api/machines/ee/actions')
    expect((await w.operator.get<unknown[]>(`${of('eve')}/actions`)).body).toEqual([])
    await w.operator.post(actions, { action: 'add_module', payload: { name: 'zsh' } })
    expect((await w.operator.delete(actions)).body).toEqual({ removed: 1 })
    expect((await eve.caller.get('/api/machines/ee/actions')).body).toEqual({ actions: [] })
  })

  test('is told only what its client knows, and is known itself', async () => {
    const fay = await syncUser(w, 'fay')
    await fay.caller.post('/api/machines/register', machine('ff'))
    const actions = `${of('fay')}/machines/ff/actions`
    const wrong = [
      { action: 'format_disk', payload: {} },
      { action: 'toString', payload: {} },
      { action: 'add_module', payload: {} },
      { action: 'add_module', payload: { name: '' } },
      { action: 'add_module', payload: { name: 'x', more: 1 } },
      { action: 'remove_package', payload: {} },
      { action: 'add_environment', payload: { name: 'dev', tier: 'weird' } },
      { action: 'add_environment', payload: { name: 'Dev', tier: 'custom' } },
      { action: 'add_module', payload: { name: 'x'.repeat(20_000) } },
    ]
    for (const action of wrong) {
      const { status, body } = await w.operator.post<{ code: string }>(actions, action)
      expect([action, status, body.code]).toEqual([action, 400, 'invalid_action'])
    }
    const right = { action: 'add_environment', payload: { name: 'dev', tier: 'custom', protect: true } }
    expect((await w.operator.post(actions, right)).status).toBe(201)
    expect((await w.operator.post(`${of('fay')}/machines/xx/actions`, right)).status).toBe(404)
    for (let i = 1; i < 100; i++) await w.operator.post(actions, right)
    expect((await w.operator.post(actions, right)).status).toBe(409)
  })
})

test('an environment is removed, also the last one', async () => {
  const gus = await syncUser(w, 'gus')
  const dev = { name: 'dev', tier: 'development', color: null, protect: false }
  await gus.caller.put('/api/environments/sync', { environments: [dev], delete_missing: true })
  expect((await w.operator.get<unknown[]>(`${of('gus')}/environments`)).body).toEqual([dev])
  expect((await w.operator.delete(`${of('gus')}/environments/prod`)).status).toBe(404)
  expect((await w.operator.delete(`${of('gus')}/environments/dev`)).body).toEqual(dev)
  expect((await gus.caller.get('/api/environments')).body).toEqual({ environments: [] })
})

test('a key pair is shown without its private part, and reset', async () => {
  const hal = await syncUser(w, 'hal')
  expect((await w.operator.get(`${of('hal')}/keypair`)).status).toBe(404)
  await hal.caller.post('/api/auth/keypair', keypair())
  const { text } = await w.operator.get(`${of('hal')}/keypair`)
  expect(text).toContain(keypair().public_key)
  expect(text).not.toContain(keypair().encrypted_private_key)
  expect((await w.operator.delete(`${of('hal')}/keypair`)).status).toBe(200)
  expect((await w.operator.delete(`${of('hal')}/keypair`)).status).toBe(404)
  expect((await hal.caller.post('/api/auth/keypair', keypair())).status).toBe(201)
})

describe('the audit', () => {
  interface Entry {
    readonly event: string
    readonly ref: string | null
    readonly token_id: string | null
  }
  test('has what a user did and what admins did, newest first, in pages', async () => {
    const ivy = await syncUser(w, 'ivy')
    await ivy.caller.post('/api/machines/register', machine('ii'))
    await ivy.caller.post('/api/auth/keypair', keypair())
    await w.operator.patch(of('ivy'), { max_machines: 3 })
    const audit = `${of('ivy')}/audit`
    const all = await w.operator.get<{ entries: Entry[] }>(audit)
    expect(all.body.entries.map(({ event, ref, token_id }) => [event, ref, token_id])).toEqual([
      ['admin.quota', null, null],
      ['key.set', 'keypair', ivy.tokenId],
      ['register', 'machine:ii', ivy.tokenId],
      ['admin.token.issue', `token:${ivy.tokenId}`, null],
      ['admin.enable', null, null],
    ])
    const paged: Entry[] = []
    let cursor: string | null = null
    do {
      const from: string = cursor === null ? '' : `&cursor=${cursor}`
      const { body } = await w.operator.get<{ entries: Entry[]; next_cursor: string | null }>(
        `${audit}?limit=2${from}`,
      )
      paged.push(...body.entries)
      cursor = body.next_cursor
    } while (cursor !== null)
    expect(paged).toEqual(all.body.entries)
    const { body } = await w.operator.get<{ entries: { metadata: object }[] }>(
      '/v1/admin/audit?action=configsync.admin&limit=1',
    )
    expect(body.entries[0]?.metadata).toMatchObject({ what: 'quota' })
  })
})

describe('a purge', () => {
  test('needs the handle once more, and leaves nothing but an account', async () => {
    const jan = await syncUser(w, 'jan')
    for (let i = 0; i < 3; i++) await jan.caller.post('/api/machines/register', machine(`j${i}`))
    await jan.caller.post('/api/auth/keypair', keypair())
    const { body: made } = await jan.caller.post<{ project: { id: number } }>('/api/projects', {
      ...{ slug: 'one', name: 'One' },
    })
    const sealed = Buffer.alloc(40).toString('base64')
    const pushed = await jan.caller.post(`/api/projects/${made.project.id}/versions`, {
      ...{ ciphertext: sealed, content_hash: 'a'.repeat(64), pushed_from_machine_id: null },
    })
    expect(pushed.status).toBe(201)
    await jan.caller.post('/api/machines/j0/push', {
      ...{ machine_id: 'j0', encrypted_state: sealed, timestamp: '2026-01-01T00:00:00Z', version: '1.0' },
    })
    await jan.caller.post('/api/machines/j0/projects', { project_id: made.project.id, local_path: null })
    const dev = { name: 'dev', tier: 'development', color: null, protect: false }
    await jan.caller.put('/api/environments/sync', { environments: [dev], delete_missing: true })
    const wrong = await w.operator.post<{ code: string }>(`${of('jan')}/purge`, { confirm: 'ada' })
    expect([wrong.status, wrong.body.code]).toEqual([400, 'confirm_mismatch'])
    const [user] = await w.sql<{ id: number }>(
      "SELECT u.id FROM configsync_users u JOIN accounts a ON a.id = u.account_id WHERE a.handle = 'jan'",
    )
    expect((await w.operator.post(`${of('jan')}/purge`, { confirm: 'jan' })).status).toBe(200)
    const tables = ['machines', 'keypairs', 'snapshots', 'entities', 'environments', 'links', 'audit']
    for (const table of tables) {
      const rows = await w.sql(`SELECT * FROM cs_${table} WHERE user_id = ?`, user?.id ?? 0)
      expect([table, rows]).toEqual([table, []])
    }
    expect(await w.sql('SELECT * FROM cs_versions WHERE pushed_by_user_id = ?', user?.id ?? 0)).toEqual([])
    expect((await jan.caller.get('/api/auth/verify')).status).toBe(403)
    const again = await w.operator.post<{ user_id: number }>(`${of('jan')}/enable`)
    expect(again.body.user_id).toBeGreaterThan(user?.id ?? 0)
    expect((await jan.caller.get('/api/machines')).body).toEqual({ machines: [] })
  })

  test('happens when the account is erased', async () => {
    const kim = await syncUser(w, 'kim')
    await kim.caller.post('/api/machines/register', machine('kim-laptop'))
    const { body } = await w.operator.get<{ id: string; handle: string }[]>('/v1/admin/accounts')
    const account = body.find(({ handle }) => handle === 'kim')
    const erase = { confirm: 'kim', mode: 'delete_messages' }
    const erased = await w.operator.post(`/v1/admin/accounts/${account?.id}/erase`, erase)
    expect([erased.status, erased.body.done]).toEqual([200, true])
    expect(await w.sql("SELECT * FROM cs_machines WHERE name = 'kim-laptop'")).toEqual([])
    expect((await kim.caller.get('/api/auth/verify')).status).toBe(401)
  })
})

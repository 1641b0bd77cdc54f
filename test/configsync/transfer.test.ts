// An account that is exported, purged and imported: clients notice nothing, because every id stays.
import { describe, expect, test } from 'bun:test'
import { DAY, type World, world } from '../support/world'
import {
  MACHINE,
  projectOf,
  pushed,
  pushVersion,
  sealedBytes,
  storedBlobs,
  usedBy,
  userIdOf,
} from './blob-scene'
import { bytes, keypair, type SyncUser, syncUser } from './sync-user'

const USERS = '/v1/admin/configsync/users'

interface Row {
  readonly id: number
}

/** Lets a user store something of every kind. */
async function fill(w: World, ada: SyncUser): Promise<void> {
  const { caller } = ada
  const ok = async (answer: Promise<{ status: number; text: string }>) => {
    const { status, text } = await answer
    if (status >= 300) throw new Error(text)
  }
  const userId = await userIdOf(ada)
  await ok(caller.post('/api/auth/keypair', keypair()))
  await ok(
    caller.post('/api/machines/register', {
      machine_id: MACHINE,
      name: 'Büro',
      platform: 'linux',
      arch: 'x64',
    }),
  )
  const environments = [
    { name: 'dev', tier: 'development', color: null, protect: false },
    { name: 'live', tier: 'production', color: 'red', protect: true },
  ]
  await ok(caller.put('/api/environments/sync', { environments, delete_missing: true }))
  const project = await projectOf(ada, 'notes')
  await ok(
    caller.patch(`/api/projects/${project}`, {
      git_url: 'https://git.example/n',
      description: 'with "quotes"\n',
    }),
  )
  await ok(caller.post(`/api/projects/${project}/keys`, { user_id: userId, wrapped_dek: bytes(80) }))
  for (const seed of [1, 2, 3])
    await ok(pushVersion(ada, `projects/${project}`, sealedBytes(1000 * seed, seed)))
  const value = { value_source: 'inline', encrypted_value: bytes(40), environment_tier: 'dev' }
  await ok(caller.put(`/api/projects/${project}/env/A`, { ...value, visibility: 'shared', required: true }))
  await ok(caller.put(`/api/projects/${project}/env/A`, { ...value, visibility: 'personal' }))
  await ok(
    caller.post(`/api/projects/${project}/env/keys`, {
      ...{ layer_id: `shared:${project}:dev`, wrapped_dek: bytes(80) },
    }),
  )
  await ok(
    caller.post(`/api/machines/${MACHINE}/projects`, { project_id: project, local_path: '/home/ada/n' }),
  )
  const made = async (type: string, fields: object) => {
    const { body } = await caller.post<Record<string, Row>>(`/api/${type}s`, {
      slug: type,
      name: type,
      ...fields,
    })
    return body[type]?.id ?? 0
  }
  const workspace = await made('workspace', {})
  const profile = await made('profile', { is_default: true })
  await made('config', { source_hint: '~/.zshrc' })
  const module = await made('module', { module_type: 'zsh' })
  await ok(pushVersion(ada, `modules/${module}`, sealedBytes(70_000, 9)))
  await ok(caller.post(`/api/profiles/${profile}/workspaces`, { workspace_id: workspace }))
  await pushed(ada, sealedBytes(5000, 4), { metadata: { hint: 'dropped' } })
  await pushed(ada, sealedBytes(300_000, 5), { machine: 'other' })
  await ok(
    w.operator.post(`${USERS}/ada/machines/${MACHINE}/actions`, {
      ...{ action: 'add_module', payload: { name: 'ssh' } },
    }),
  )
  await ok(w.operator.patch(`${USERS}/ada`, { quota_bytes: 50_000_000, max_machines: 7 }))
}

const LISTS = ['projects', 'workspaces', 'configs', 'modules', 'profiles'] as const

/** Everything that clients and admins can read of an account, as it comes. */
async function everything(w: World, { caller }: SyncUser): Promise<Record<string, string>> {
  const seen: Record<string, string> = {}
  const read = async (path: string) => {
    const answer = await caller.open(path)
    const content = Buffer.from(await answer.arrayBuffer()).toString('base64')
    seen[path] = `${answer.status} ${answer.headers.get('content-type')} ${content}`
    return Buffer.from(content, 'base64').toString()
  }
  for (const path of ['auth/verify', 'auth/keypair', 'machines', 'environments', 'usage', 'machines/latest'])
    await read(`/api/${path}`)
  await read(`/api/machines/${MACHINE}/actions`)
  for (const list of ['projects', 'configs', 'modules']) await read(`/api/machines/${MACHINE}/${list}`)
  const history = JSON.parse(await read('/api/machines/history?limit=200')) as { snapshots: Row[] }
  for (const { id } of history.snapshots) await read(`/api/machines/snapshot/${id}`)
  for (const list of LISTS) {
    const rows = (JSON.parse(await read(`/api/${list}`)) as Record<string, Row[]>)[list] ?? []
    for (const { id } of rows) {
      await read(`/api/${list}/${id}`)
      await read(`/api/${list}/${id}/blob`)
      const { versions } = JSON.parse(await read(`/api/${list}/${id}/versions`)) as {
        versions: { version: number }[]
      }
      for (const { version } of versions) await read(`/api/${list}/${id}/versions/${version}`)
      if (list !== 'projects') continue
      await read(`/api/projects/${id}/env`)
      await read(`/api/projects/${id}/env/keys`)
    }
  }
  for (const path of ['', '/machines', '/environments', '/entities', '/snapshots', '/actions', '/keypair'])
    seen[`admin ${path}`] = (await w.operator.get(`${USERS}/ada${path}`)).text
  return seen
}

async function exported(w: World, handle = 'ada'): Promise<string> {
  const answer = await w.operator.open(`${USERS}/${handle}/export`)
  expect(answer.status).toBe(200)
  return await answer.text()
}

const importTo = (w: World, handle: string, body: string | Buffer) =>
  w.operator.fetch<Record<string, unknown>>(`${USERS}/${handle}/import`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body,
  })

const purge = (w: World, handle = 'ada') => w.operator.post(`${USERS}/${handle}/purge`, { confirm: handle })

describe('an account that is exported, purged and imported', () => {
  test('every read of the account is the same, byte for byte', async () => {
    await using w = await world()
    const ada = await syncUser(w, 'ada')
    await fill(w, ada)
    const before = await everything(w, ada)
    const used = await usedBy(w, ada)
    // Reads are noted a little later.
    const notes = async () => {
      const { body } = await w.operator.get<{ entries: { event: string }[] }>(`${USERS}/ada/audit`)
      return body.entries.filter(({ event }) => !event.endsWith('.read'))
    }
    const audit = await notes()
    const file = await exported(w)
    expect((await purge(w)).status).toBe(200)
    expect((await ada.caller.get('/api/auth/verify')).status).toBe(403)
    const imported = await importTo(w, 'ada', file)
    expect([imported.status, imported.body]).toEqual([
      201,
      { ...{ user_id: 1, handle: 'ada', machines: 2, entities: 5, versions: 4, snapshots: 2, variables: 2 } },
    ])
    const after = await everything(w, ada)
    expect(Object.keys(after)).toEqual(Object.keys(before))
    for (const [path, seen] of Object.entries(before))
      expect(`${path} ${after[path]}`).toBe(`${path} ${seen}`)
    expect(Object.keys(before).length).toBeGreaterThan(40)
    expect(await usedBy(w, ada)).toBe(used)
    const verified = await w.operator.get(`/v1/admin/configsync/verify`)
    expect(verified.body).toMatchObject({ checked: 6, missing: [], corrupt: [] })
    const now = await notes()
    expect(now.slice(0, 2).map(({ event }) => event)).toEqual(['admin.import', 'admin.export'])
    expect(now.slice(2)).toEqual(audit)
    // A second export says the same, apart from what was noted meanwhile.
    const rows = (text: string) => text.split('\n').filter((line) => !line.startsWith('{"type":"audit"'))
    expect(rows(await exported(w))).toEqual(rows(file))
  })

  test('ids that are given out afterwards are greater than those that came', async () => {
    await using w = await world()
    const ada = await syncUser(w, 'ada')
    await fill(w, ada)
    // As if it had come from a store that has given out many ids.
    const far = (await exported(w))
      .replaceAll(/"((?:[a-z]+_)*id)":(\d+)(?=[,}])/g, (_, name, id) => {
        return `"${name}":${Number(id) + 5000}`
      })
      .replaceAll(/shared:(\d+):dev/g, (_, id) => `shared:${Number(id) + 5000}:dev`)
    await purge(w)
    expect((await importTo(w, 'ada', far)).status).toBe(201)
    expect(await userIdOf(ada)).toBe(5001)
    expect(await projectOf(ada, 'next')).toBeGreaterThan(5000)
    expect(await pushed(ada, sealedBytes(50))).toBeGreaterThan(5000)
    const ben = await syncUser(w, 'ben')
    expect(await userIdOf(ben)).toBeGreaterThan(5001)
  })

  test('an export goes to another account with another handle', async () => {
    await using w = await world()
    const ada = await syncUser(w, 'ada')
    await fill(w, ada)
    const file = await exported(w)
    await purge(w)
    await w.agent('eve')
    expect((await importTo(w, 'eve', file)).body).toMatchObject({ handle: 'eve', snapshots: 2 })
    expect((await ada.caller.get('/api/auth/verify')).status).toBe(403)
  })
})

test('deleted entities are left out of an export, which can be imported without them', async () => {
  await using w = await world()
  const ada = await syncUser(w, 'ada')
  const kept = await projectOf(ada, 'kept')
  await ada.caller.delete(`/api/projects/${await projectOf(ada, 'old')}`)
  const file = await exported(w)
  const used = await usedBy(w, ada)
  await purge(w)
  expect((await importTo(w, 'ada', file)).body).toMatchObject({ entities: 1 })
  expect(await usedBy(w, ada)).toBe(used / 2)
  expect((await ada.caller.get(`/api/projects/${kept}`)).status).toBe(200)
})

describe('an import that is refused', () => {
  async function scene() {
    const w = await world()
    const ada = await syncUser(w, 'ada')
    await fill(w, ada)
    const file = await exported(w)
    return { w, ada, file, [Symbol.asyncDispose]: () => w[Symbol.asyncDispose]() }
  }

  const users = async (w: World) => (await w.operator.get<unknown[]>(USERS)).body.length

  test('names the ids that are in use, and leaves nothing', async () => {
    await using here = await scene()
    const { w, file } = here
    await w.agent('eve')
    const blobs = storedBlobs(w.home)
    const { status, text } = await importTo(w, 'eve', file)
    expect([status, JSON.parse(text)]).toEqual([
      409,
      expect.objectContaining({
        code: 'ids_taken',
        detail: expect.stringMatching(/: user 1, machine 1, machine 2, entity 1, .*variable 2$/),
      }),
    ])
    expect(await users(w)).toBe(1)
    expect(storedBlobs(w.home)).toEqual(blobs)
  })

  test('an id that is taken only among the rows with bytes is found in the transaction', async () => {
    await using here = await scene()
    const { w, file } = here
    await purge(w)
    const ben = await syncUser(w, 'ben')
    const taken = await pushed(ben, sealedBytes(60))
    const last = file.split('\n').find((line) => line.startsWith('{"type":"snapshot"')) ?? ''
    const changed = last.replace(/"id":\d+/, `"id":${taken}`)
    const blobs = storedBlobs(w.home)
    const { status, body } = await importTo(w, 'ada', file.replace(last, changed))
    expect([status, body]).toEqual([
      409,
      expect.objectContaining({ detail: expect.stringContaining(`snapshot ${taken}`) }),
    ])
    expect(await users(w)).toBe(1)
    expect(storedBlobs(w.home)).toEqual(blobs)
  })

  test('an account that has data already keeps it', async () => {
    await using here = await scene()
    const { w, ada, file } = here
    const before = await everything(w, ada)
    expect(await importTo(w, 'ada', file)).toMatchObject({
      status: 409,
      body: { code: 'configsync_user_exists' },
    })
    expect(await everything(w, ada)).toEqual(before)
    expect((await importTo(w, 'nobody', file)).status).toBe(404)
  })

  test('a file that is cut off or changed anywhere is refused, and nothing of it is stored', async () => {
    await using here = await scene()
    const { w, file } = here
    const blobs = storedBlobs(w.home)
    await purge(w)
    const lines = file.split('\n')
    const line = (start: string) => lines.findIndex((each) => each.startsWith(start))
    const without = (start: string) => lines.toSpliced(line(start), 1).join('\n')
    const twice = (start: string) => lines.toSpliced(line(start), 0, lines[line(start)] ?? '').join('\n')
    const cases: [string, string | Buffer, string][] = [
      ['an empty file', '', 'cut off'],
      ['no JSON', 'hello', 'line 1'],
      ['no UTF-8', Buffer.from(file, 'latin1'), `line ${line('{"type":"machine"') + 1} cannot be read`],
      ['a line of 9 MiB', 'x'.repeat(9 * 1024 * 1024), 'line 1 cannot be read'],
      ['another format', file.replace('"format":1', '"format":2'), 'the format 1'],
      ['no first line', without('{"type":"synapse'), 'line 1'],
      ['no user', without('{"type":"user"'), 'begin with the user'],
      ['no end', without('{"type":"end"'), 'cut off'],
      ['two exports', `${file}${file}`, 'follows its end'],
      ['a half', file.slice(0, file.length / 2), 'line'],
      ['two machines alike', twice('{"type":"machine"'), 'machine 1 is there twice'],
      ['two projects alike', twice('{"type":"entity"'), 'entity 1 is there twice'],
      ['a missing project', without('{"type":"entity"'), 'entity 1 before'],
      ['a missing version', without('{"type":"version"'), 'bytes that belong to no row'],
      ['missing bytes', without('{"type":"bytes"'), 'another number of bytes'],
      ['other bytes', file.replace(/"data":"..../, '"data":"AAAA'), 'not those of their row'],
      ['an unknown type', file.replace('"type":"machine"', '"type":"robot"'), 'type'],
      ['a negative id', file.replace('"row":{"id":1,', '"row":{"id":-1,'), 'id'],
      ['an instant', file.replace(/"created_at":"[^"]+"/, '"created_at":"soon"'), 'line 2'],
      ['a foreign owner', file.replace('"owner_user_id":1', '"owner_user_id":2'), 'another user'],
    ]
    for (const [what, body, problem] of cases) {
      const { status, body: answer } = await importTo(w, 'ada', body)
      expect([what, status, answer]).toEqual([
        what,
        400,
        expect.objectContaining({ code: 'invalid_export', detail: expect.stringContaining(problem) }),
      ])
    }
    expect(await users(w)).toBe(0)
    // The purge may still be removing what was there before.
    expect(storedBlobs(w.home).filter((path) => !blobs.includes(path))).toEqual([])
    expect((await importTo(w, 'ada', file)).status).toBe(201)
  })

  test('an import that took so long that its bytes may be swept is refused', async () => {
    await using here = await scene()
    const { w, file } = here
    await purge(w)
    const parts = [file.slice(0, -10), file.slice(-10)].map((part) => new TextEncoder().encode(part))
    const body = new ReadableStream({
      pull(controller) {
        const part = parts.shift()
        if (!part) return controller.close()
        controller.enqueue(part)
        // The server has begun to read the first part.
        if (parts.length === 0) w.clock.advance(DAY)
      },
    })
    const answer = await w.operator.fetch<{ code: string }>(`${USERS}/ada/import`, { method: 'POST', body })
    expect([answer.status, answer.body.code]).toEqual([409, 'import_too_slow'])
    expect(await users(w)).toBe(0)
  })
})

test('an import that is repeated with its retry key is answered the same, and done once', async () => {
  await using w = await world()
  const ada = await syncUser(w, 'ada')
  await fill(w, ada)
  const file = await exported(w)
  await purge(w)
  const chief = w.bearer((await w.agent('chief', { scopes: ['admin:*'] })).secret)
  const send = (body: string) =>
    chief.fetch<{ code?: string }>(`${USERS}/ada/import`, {
      method: 'POST',
      headers: { 'idempotency-key': 'once' },
      body,
    })
  const first = await send(file)
  expect([first.status, first.text]).toEqual([201, expect.any(String)])
  const blobs = storedBlobs(w.home)
  const again = await send(file)
  expect([again.status, again.text]).toEqual([201, first.text])
  expect(storedBlobs(w.home)).toEqual(blobs)
  await w.operator.put('/v1/config/drain', { value: true })
  expect((await send(file)).text).toBe(first.text)
  // An empty line at the end is no part of the account, but makes it another request.
  expect((await send(`${file}\n`)).body.code).toBe('idempotency_conflict')
})

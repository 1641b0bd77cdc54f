// Projects, workspaces, configs, modules and profiles: their rows, their keys, and what is refused.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type World, world } from '../support/world'
import { type IdentifiedUser, identified } from './identified'
import { syncToken } from './sync-user'

let w: World
let ada: IdentifiedUser
let bob: IdentifiedUser
beforeAll(async () => {
  w = await world()
  ada = await identified(w, 'ada')
  bob = await identified(w, 'bob')
})
afterAll(() => w[Symbol.asyncDispose]())

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/
const KEY = Buffer.alloc(80, 7).toString('base64')

interface Row {
  readonly id: number
  readonly slug: string
  readonly name: string
  readonly is_default?: boolean
}

/** Each type with what its creation takes, and the fields that only its rows have. */
const TYPES = [
  {
    type: 'project',
    given: { description: 'about', git_url: 'git@host:a.git', git_branch: 'main' },
    own: { git_url: 'git@host:a.git', git_branch: 'main', env_storage_mode: 'structured' },
    bare: { git_url: null, git_branch: null, env_storage_mode: 'structured' },
    description: 'about',
  },
  { type: 'workspace', given: { description: 'about' }, own: {}, bare: {}, description: 'about' },
  {
    type: 'config',
    given: { source_hint: '~/.zshrc' },
    own: { source_hint: '~/.zshrc' },
    bare: { source_hint: null },
    description: null,
  },
  {
    type: 'module',
    given: { module_type: 'ssh' },
    own: { module_type: 'ssh' },
    bare: { module_type: 'ssh' },
    needed: { module_type: 'ssh' },
    description: null,
  },
  {
    type: 'profile',
    given: { description: 'about', is_default: true },
    own: { is_default: true },
    bare: { is_default: false },
    description: 'about',
  },
]

async function made(user: IdentifiedUser, type: string, fields: Record<string, unknown>): Promise<Row> {
  const { status, body, text } = await user.caller.post<Record<string, Row>>(`/api/${type}s`, fields)
  const row = body[type]
  if (status !== 201 || !row) throw new Error(text)
  return row
}

describe.each(TYPES)('a $type', ({ type, given, own, bare, needed, description }) => {
  const needs = needed ?? {}

  test('is answered as a whole row when it is created, shown and listed', async () => {
    const id = expect.any(Number)
    const whole = (row: Row, of: { description: string | null; own: object }) => ({
      ...{ id: row.id, user_id: id, slug: row.slug, name: row.name, description: of.description },
      ...{ r2_key_prefix: expect.any(String), current_version: 0, deleted_at: null },
      ...{ created_at: expect.stringMatching(INSTANT), updated_at: expect.stringMatching(INSTANT) },
      ...of.own,
    })
    const full = await made(ada, type, { slug: 'full', name: 'Full', ...given })
    const plain = await made(ada, type, { slug: '.plain', name: 'Plain', ...needs })
    const expected = whole(full, { description, own })
    expect(full as object).toEqual(expected)
    expect(plain as object).toEqual(whole(plain, { description: null, own: bare }))
    for (const mount of ['/api', '/configsync/api']) {
      const listed = await ada.caller.get(`${mount}/${type}s`)
      expect([listed.status, listed.body]).toEqual([200, { [`${type}s`]: [full, plain] }])
      const shown = await ada.caller.get(`${mount}/${type}s/${full.id}`)
      expect([shown.status, shown.body]).toEqual([200, { [type]: full, wrapped_dek: null }])
    }
  })

  test('with a slug that is taken is refused in the words by which clients find the existing one', async () => {
    await made(ada, type, { slug: 'taken', name: 'One', ...needs })
    const again = await ada.caller.post(`/api/${type}s`, { slug: 'taken', name: 'Two', ...needs })
    expect([again.status, again.body]).toEqual([409, { error: `${type} with slug 'taken' already exists` }])
    // Another user may have it.
    await made(bob, type, { slug: 'taken', name: 'Three', ...needs })
  })

  test('that is deleted is gone, and its slug makes another row with another id', async () => {
    const row = await made(ada, type, { slug: 'again', name: 'Again', ...needs })
    const gone = await ada.caller.delete(`/api/${type}s/${row.id}`)
    expect([gone.status, gone.body]).toEqual([200, { ok: true }])
    expect((await ada.caller.get(`/api/${type}s/${row.id}`)).status).toBe(404)
    expect((await ada.caller.delete(`/api/${type}s/${row.id}`)).status).toBe(404)
    expect((await ada.caller.patch(`/api/${type}s/${row.id}`, { name: 'x' })).status).toBe(404)
    const { text } = await ada.caller.get(`/api/${type}s`)
    expect(text).not.toContain('"again"')
    expect((await made(ada, type, { slug: 'again', name: 'Again', ...needs })).id).toBeGreaterThan(row.id)
  })

  test('is changed by what is given alone', async () => {
    const row = await made(ada, type, { slug: 'changing', name: 'Before', ...given })
    const { status, body } = await ada.caller.patch<Record<string, Row>>(`/api/${type}s/${row.id}`, {
      name: 'After',
      slug: 'changed',
    })
    const expected = { ...row, name: 'After', slug: 'changed', updated_at: expect.stringMatching(INSTANT) }
    expect([status, body[type] as object]).toEqual([200, expected])
    const nothing = await ada.caller.patch<Record<string, Row>>(`/api/${type}s/${row.id}`, {})
    expect(nothing.body[type] as object).toEqual(expected)
    await made(ada, type, { slug: 'other', name: 'Other', ...needs })
    const taken = await ada.caller.patch(`/api/${type}s/${row.id}`, { slug: 'other' })
    expect([taken.status, taken.body]).toEqual([409, { error: `${type} with slug 'other' already exists` }])
  })

  test('keeps one key for its user, which is replaced when it is sent again', async () => {
    const row = await made(ada, type, { slug: 'locked', name: 'Locked', ...needs })
    const path = `/api/${type}s/${row.id}`
    for (const byte of [1, 2]) {
      const key = Buffer.alloc(80, byte).toString('base64')
      const stored = await ada.caller.post(`${path}/keys`, { user_id: ada.userId, wrapped_dek: key })
      expect([stored.status, stored.body]).toEqual([200, { ok: true }])
      expect((await ada.caller.get(path)).body.wrapped_dek).toBe(key)
    }
    const foreign = await ada.caller.post(`${path}/keys`, { user_id: bob.userId, wrapped_dek: KEY })
    expect(foreign.status).toBe(403)
    const short = Buffer.alloc(60).toString('base64')
    const small = await ada.caller.post(`${path}/keys`, { user_id: ada.userId, wrapped_dek: short })
    expect([small.status, small.body]).toEqual([422, { error: 'wrapped_dek has 60 bytes instead of 80' }])
    const bad = await ada.caller.post(`${path}/keys`, { user_id: ada.userId, wrapped_dek: `${KEY} ` })
    expect(bad.status).toBe(400)
  })

  test('of somebody else is not there, whatever is asked of it', async () => {
    const { id } = await made(ada, type, { slug: 'private', name: 'Private', ...needs })
    const path = `/api/${type}s/${id}`
    const answers = [
      await bob.caller.get(path),
      await bob.caller.patch(path, { name: 'mine' }),
      await bob.caller.delete(path),
      await bob.caller.post(`${path}/keys`, { user_id: bob.userId, wrapped_dek: KEY }),
    ]
    for (const { status, body } of answers)
      expect([status, body]).toEqual([404, { error: `there is no ${type} with the id ${id}` }])
    expect((await ada.caller.get<Record<string, Row>>(path)).body[type]?.name).toBe('Private')
  })

  test('of another type is not there', async () => {
    const { id } = await made(ada, type, { slug: 'typed', name: 'Typed', ...needs })
    for (const other of TYPES)
      if (other.type !== type) expect((await ada.caller.get(`/api/${other.type}s/${id}`)).status).toBe(404)
  })

  test.each([
    [400, {}],
    [400, { slug: 'x' }],
    [400, { name: 'x' }],
    [400, { slug: 1, name: 'x' }],
    [400, { slug: 'x', name: 'a\0b' }],
    [422, { slug: '', name: 'x' }],
    [422, { slug: 'Upper', name: 'x' }],
    [422, { slug: 'a b', name: 'x' }],
    [422, { slug: 'a/b', name: 'x' }],
    [422, { slug: 'x'.repeat(129), name: 'x' }],
    [422, { slug: 'x', name: '' }],
    [422, { slug: 'x', name: 'x'.repeat(129) }],
  ])('is refused with %d for %j', async (status, fields) => {
    const answer = await ada.caller.post(`/api/${type}s`, { ...needs, ...fields })
    expect([answer.status, answer.body]).toEqual([status, { error: expect.any(String) }])
  })

  test('has a positive whole number as its id', async () => {
    for (const id of ['0', '-1', '1.5', 'x', '01', '9'.repeat(16)])
      expect([id, (await ada.caller.get(`/api/${type}s/${id}`)).status]).toEqual([id, 400])
    expect((await ada.caller.get(`/api/${type}s/${'9'.repeat(15)}`)).status).toBe(404)
  })
})

describe('projects', () => {
  test('are found by exactly their repository', async () => {
    const user = await identified(w, 'repos')
    const url = 'https://host/a.git?x=1&y=2'
    const one = await made(user, 'project', { slug: 'one', name: 'One', git_url: url })
    await made(user, 'project', { slug: 'two', name: 'Two', git_url: `${url}3` })
    const found = await user.caller.get(`/api/projects?git_url=${encodeURIComponent(url)}`)
    expect(found.body).toEqual({ projects: [one] })
    // Everything in place of nothing would be taken for the project.
    expect((await user.caller.get('/api/projects?git_url=')).body).toEqual({ projects: [] })
  })
})

describe('a change', () => {
  test('of a field that the type lacks is refused', async () => {
    const { id } = await made(ada, 'workspace', { slug: 'strict', name: 'Strict' })
    for (const field of [{ git_url: 'x' }, { source_hint: 'x' }, { is_default: true }]) {
      const { status, body } = await ada.caller.patch(`/api/workspaces/${id}`, field)
      expect([status, body]).toEqual([422, { error: `a workspace has no ${Object.keys(field)[0]}` }])
    }
  })

  test('to null removes a text', async () => {
    const fields = {
      slug: 'emptied',
      name: 'Emptied',
      description: 'about',
      git_url: 'x',
      git_branch: 'main',
    }
    const row = await made(ada, 'project', fields)
    const { body } = await ada.caller.patch(`/api/projects/${row.id}`, { description: null, git_url: null })
    expect(body.project).toMatchObject({ description: null, git_url: null, git_branch: 'main' })
  })

  test('with a text that is too long is refused', async () => {
    const { id } = await made(ada, 'project', { slug: 'short', name: 'Short' })
    for (const field of [{ description: 'é'.repeat(1025) }, { git_url: 'x'.repeat(4097) }])
      expect((await ada.caller.patch(`/api/projects/${id}`, field)).status).toBe(422)
    for (const field of [{ description: 'é'.repeat(1024) }, { git_url: 'x'.repeat(4096) }])
      expect((await ada.caller.patch(`/api/projects/${id}`, field)).status).toBe(200)
  })
})

describe('the default profile', () => {
  test('is one of a user: another one takes its place', async () => {
    const user = await identified(w, 'defaults')
    const defaults = async () => {
      const { body } = await user.caller.get<{ profiles: Row[] }>('/api/profiles')
      return body.profiles.filter(({ is_default }) => is_default).map(({ slug }) => slug)
    }
    const first = await made(user, 'profile', { slug: 'first', name: 'First', is_default: true })
    await made(user, 'profile', { slug: 'second', name: 'Second', is_default: true })
    expect(await defaults()).toEqual(['second'])
    await user.caller.patch(`/api/profiles/${first.id}`, { is_default: true })
    expect(await defaults()).toEqual(['first'])
    await user.caller.patch(`/api/profiles/${first.id}`, { is_default: false })
    expect(await defaults()).toEqual([])
  })
})

describe('the workspaces of a profile', () => {
  test('are added and taken as often as a client asks', async () => {
    const profile = await made(ada, 'profile', { slug: 'work', name: 'Work' })
    const workspace = await made(ada, 'workspace', { slug: 'acme', name: 'Acme' })
    const path = `/api/profiles/${profile.id}/workspaces`
    for (let i = 0; i < 2; i++) {
      const added = await ada.caller.post(path, { workspace_id: workspace.id })
      expect([added.status, added.body]).toEqual([200, { ok: true }])
    }
    expect(await w.sql('SELECT workspace_id FROM cs_profile_workspaces')).toHaveLength(1)
    for (let i = 0; i < 2; i++) {
      const taken = await ada.caller.delete(`${path}/${workspace.id}`)
      expect([taken.status, taken.body]).toEqual([200, { ok: true }])
    }
    expect(await w.sql('SELECT workspace_id FROM cs_profile_workspaces')).toHaveLength(0)
  })

  test('are the same user’s, and workspaces', async () => {
    const profile = await made(ada, 'profile', { slug: 'mixed', name: 'Mixed' })
    const foreign = await made(bob, 'workspace', { slug: 'bobs', name: 'Bob’s' })
    const project = await made(ada, 'project', { slug: 'no-workspace', name: 'None' })
    for (const id of [foreign.id, project.id, 999_999_999])
      expect(
        (await ada.caller.post(`/api/profiles/${profile.id}/workspaces`, { workspace_id: id })).status,
      ).toBe(404)
    const other = await bob.caller.post(`/api/profiles/${profile.id}/workspaces`, {
      workspace_id: foreign.id,
    })
    expect(other.status).toBe(404)
  })
})

describe('the limit of entities', () => {
  test('is 500 of each type, and names itself', async () => {
    const user = await identified(w, 'many')
    const at = w.words.instant(w.clock.now())
    const slugs = Array.from({ length: 500 }, (_, i) => `c${i}`)
    await w.sql(
      `INSERT INTO cs_entities (user_id, type, slug, name, extra, created_at, updated_at)
       VALUES ${slugs.map(() => `(?, 'config', ?, 'x', '{}', ${at}, ${at})`).join(', ')}`,
      ...slugs.flatMap((slug) => [user.userId, slug]),
    )
    const { status, body } = await user.caller.post('/api/configs', { slug: 'more', name: 'More' })
    expect([status, body]).toEqual([
      422,
      { error: 'you have 500 configs, which is the limit; delete one first' },
    ])
    await made(user, 'workspace', { slug: 'more', name: 'More' })
  })
})

describe('a token for reading', () => {
  test('shows entities and changes none', async () => {
    const { id } = await made(ada, 'project', { slug: 'seen', name: 'Seen' })
    const reader = await syncToken(w, 'ada', { read_only: true })
    expect((await reader.caller.get(`/api/projects/${id}`)).status).toBe(200)
    for (const answer of [
      await reader.caller.post('/api/projects', { slug: 'unseen', name: 'Unseen' }),
      await reader.caller.patch(`/api/projects/${id}`, { name: 'x' }),
      await reader.caller.delete(`/api/projects/${id}`),
    ])
      expect(answer.status).toBe(403)
  })
})

describe('a retry key', () => {
  test('makes an entity once', async () => {
    const fields = { slug: 'retried', name: 'Retried' }
    const key = { 'idempotency-key': 'retry-of-a-project' }
    const first = await ada.caller.post('/api/projects', fields, key)
    const again = await ada.caller.post('/api/projects', fields, key)
    expect([first.status, again.status]).toEqual([201, 201])
    expect(again.text).toBe(first.text)
  })
})

describe('setting a key', () => {
  test('is audited without the key', async () => {
    const user = await identified(w, 'audited')
    const { id } = await made(user, 'config', { slug: 'rc', name: 'rc' })
    await user.caller.post(`/api/configs/${id}/keys`, { user_id: user.userId, wrapped_dek: KEY })
    const rows = await w.sql(
      'SELECT event, ref FROM cs_audit WHERE user_id = ? AND event = ?',
      user.userId,
      'key.set',
    )
    expect(rows).toEqual([{ event: 'key.set', ref: `config:${id}` }])
  })
})

import { expect, test } from 'bun:test'
import { world } from '../support/world'
import { projectOf, pushed, pushVersion, sealedBytes, storedBlobs, until } from './blob-scene'
import { syncUser } from './sync-user'

/** The tables that the users of this test fill. */
const TABLES = [
  'configsync_users',
  'cs_machines',
  'cs_snapshots',
  'cs_entities',
  'cs_versions',
  'cs_env_vars',
  'cs_environments',
  'cs_environment_views',
  'cs_audit',
]

test('an erased account leaves nothing in the encrypted snapshot store, and what others keep there stays', async () => {
  await using w = await world()
  const count = async () => {
    const columns = TABLES.map((table) => `(SELECT count(*) FROM ${table}) AS ${table}`)
    const [row = {}] = await w.sql<Record<string, number>>(`SELECT ${columns.join(', ')}`)
    return Object.fromEntries(TABLES.map((table) => [table, Number(row[table])]))
  }
  const fill = async (handle: string) => {
    const user = await syncUser(w, handle)
    await pushed(user, sealedBytes(5000))
    const id = await projectOf(user, 'notes')
    expect((await pushVersion(user, `projects/${id}`, sealedBytes(6000, 2))).status).toBe(201)
    return { user, id }
  }
  const kept = await fill('kept')
  const before = await count()
  const blobs = storedBlobs(w.home)
  const gone = await fill('gone')
  const grown = await count()
  for (const table of ['configsync_users', 'cs_snapshots', 'cs_entities', 'cs_versions'] as const)
    expect({ table, more: (grown[table] ?? 0) > (before[table] ?? 0) }).toEqual({ table, more: true })

  const { body: accounts } = await w.operator.get<{ id: string; handle: string }[]>('/v1/admin/accounts')
  const account = accounts.find(({ handle }) => handle === 'gone')
  const request = { confirm: 'gone', mode: 'anonymize' }
  const erased = await w.operator.post(`/v1/admin/accounts/${account?.id}/erase`, request)
  expect(erased.body).toMatchObject({ done: true })
  expect(await count()).toEqual(before)
  await until(() => storedBlobs(w.home).length === blobs.length)
  expect(storedBlobs(w.home)).toEqual(blobs)
  expect((await gone.user.caller.get('/api/auth/verify')).status).toBe(401)
  expect((await kept.user.caller.get(`/api/projects/${kept.id}/versions`)).status).toBe(200)
})

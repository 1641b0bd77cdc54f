// The search for users.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { World } from '../support/world'
import { homeserver, type MatrixClient, refused, signIn, V3 } from './homeserver'

interface Found {
  readonly results: readonly {
    readonly user_id: string
    readonly display_name?: string
    readonly avatar_url?: string
  }[]
  readonly limited: boolean
}

let w: World
let ada: MatrixClient

beforeAll(async () => {
  w = await homeserver()
  await w.channel('family')
  await w.channel('other', { kind: 'private' })
  await w.channel('town', { kind: 'public' })
  ada = await signIn(w, await w.human('ada', { displayName: 'Ada', channels: { family: 'admin' } }))
  await w.human('zoe', { displayName: 'Zoë Ångström', channels: { family: 'member' } })
  await w.human('zoran', { displayName: 'Anna Zoellner', channels: { family: 'member' } })
  await w.human('amazoe', { displayName: 'Nobody', channels: { family: 'member' } })
  await w.human('hidden', { displayName: 'Zoe Hidden', channels: { other: 'member' } })
  await w.human('mayor', { displayName: 'Zoe Mayor', channels: { town: 'member' } })
  const gone = await w.human('gone', { displayName: 'Zoe Gone', channels: { family: 'member' } })
  await w.archives(gone)
})
afterAll(() => w[Symbol.asyncDispose]())

const search = async (search_term: string, limit?: number) => {
  // The rooms of public channels have their states by now.
  await ada.get(`${V3}/joined_rooms`)
  const { status, body, text } = await ada.post<Found>(`${V3}/user_directory/search`, { search_term, limit })
  expect(status, text).toBe(200)
  return body
}
const names = ({ results }: Found) => results.map(({ user_id }) => user_id.slice(1).split(':')[0])

test('those who share a room or are in a public one are found, whole names before parts', async () => {
  const found = await search('zoe')
  expect(names(found)).toEqual(['zoe', 'mayor', 'zoran', 'amazoe'])
  expect(found.limited).toBe(false)
  expect(found.results[0]).toEqual({ user_id: '@zoe:example.org', display_name: 'Zoë Ångström' })
})

test('case and accents do not count, and every word of the term begins a word of the name', async () => {
  for (const term of ['ZOË ANGSTROM', 'angstrom zoë', '@zoe:example.org', '@ZOE:exam'])
    expect(names(await search(term))).toEqual(['zoe'])
  for (const term of ['zoe:other.example', 'zoe nobody', '%', '_'])
    expect(names(await search(term))).toEqual([])
})

test('an answer has as many users as were asked for, and says that there are more', async () => {
  expect(await search('zoe', 2)).toMatchObject({ limited: true, results: { length: 2 } })
  expect(names(await search('', 2))).toHaveLength(2)
})

test('the avatar of a user is shown', async () => {
  const zoe = await signIn(w, { handle: 'zoe' })
  const avatar_url = 'mxc://example.org/abc'
  await zoe.put(`${V3}/profile/${encodeURIComponent(zoe.userId)}/avatar_url`, { avatar_url })
  expect((await search('angstrom')).results).toEqual([
    { user_id: zoe.userId, display_name: 'Zoë Ångström', avatar_url },
  ])
})

test('all users are found while matrix.directory_all is on', async () => {
  await w.operator.put('/v1/config/matrix.directory_all', { value: true })
  expect(names(await search('zoe'))).toEqual(['zoe', 'hidden', 'mayor', 'zoran', 'amazoe'])
  await w.operator.delete('/v1/config/matrix.directory_all')
})

test('those in a room whose history everybody may read are found', async () => {
  const hidden = await signIn(w, { handle: 'hidden' })
  const { body } = await hidden.post<{ room_id: string }>(`${V3}/createRoom`, {})
  const state = `${V3}/rooms/${encodeURIComponent(body.room_id)}/state/m.room.history_visibility/`
  expect(names(await search('zoe'))).not.toContain('hidden')
  expect((await hidden.put(state, { history_visibility: 'world_readable' })).status).toBe(200)
  expect(names(await search('zoe'))).toContain('hidden')
})

test('a search without a term or with a limit that is none is refused', async () => {
  for (const [body, errcode] of [
    [{}, 'M_MISSING_PARAM'],
    [{ search_term: 1 }, 'M_BAD_JSON'],
    [{ search_term: 'x'.repeat(257) }, 'M_BAD_JSON'],
    [{ search_term: 'x', limit: 'many' }, 'M_BAD_JSON'],
    [{ search_term: 'x', limit: 0 }, 'M_BAD_JSON'],
  ] as const)
    expect(refused(await ada.post(`${V3}/user_directory/search`, body))).toEqual([400, errcode])
})

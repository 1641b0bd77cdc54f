// Searching over Matrix: what is found, in which order and pages, and what nobody may find.
import { describe, expect, test } from 'bun:test'
import { untilJobsHave } from '../support/impatiently'
import { SECOND, type World } from '../support/world'
import { type Acting, acting, id, roomPath } from './acting'
import { homeserver, type MatrixClient, refused, signIn, V3 } from './homeserver'

interface Result {
  readonly rank: number
  readonly result: {
    readonly event_id: string
    readonly room_id: string
    readonly sender: string
    readonly content: { readonly body?: string; readonly name?: string; readonly topic?: string }
  }
  readonly context?: Readonly<Record<string, unknown>> & {
    readonly events_before: readonly Result['result'][]
    readonly events_after: readonly Result['result'][]
  }
}

interface Found {
  readonly count: number
  readonly highlights: readonly string[]
  readonly results: readonly Result[]
  readonly next_batch?: string
  readonly state?: Readonly<Record<string, readonly { readonly type: string }[]>>
  readonly groups?: Readonly<
    Record<string, Record<string, { results: string[]; order: number; next_batch?: string }>>
  >
}

const post = (by: MatrixClient, criteria: object, next?: string) =>
  by.post<{ search_categories: { room_events: Found } }>(
    `${V3}/search${next === undefined ? '' : `?next_batch=${next}`}`,
    { search_categories: { room_events: criteria } },
  )

async function search(by: MatrixClient, criteria: object, next?: string): Promise<Found> {
  const { status, body, text } = await post(by, criteria, next)
  if (status !== 200) throw new Error(text)
  return body.search_categories.room_events
}

const bodies = ({ results }: Found) => results.map(({ result: { content } }) => content.body ?? content.name)

/** Waits until the index has this many messages with a word. */
const indexed = (w: World, by: MatrixClient, term: string, count: number) =>
  untilJobsHave(w, `${count} messages with ${term}`, async () => {
    const found = await search(by, { search_term: term, keys: ['content.body'] })
    return found.count >= count
  })

const says = (s: Acting, by: MatrixClient, room: string, body: string) =>
  s.send(by, room, { msgtype: 'm.text', body })

async function people(w: World): Promise<{ ada: MatrixClient; ben: MatrixClient; s: Acting }> {
  const [ada, ben] = [await signIn(w, await w.human('ada')), await signIn(w, await w.human('ben'))]
  return { ada, ben, s: acting(w) }
}

test('finds messages, names and topics in the rooms of the reader', async () => {
  await using w = await homeserver()
  const { ada, ben, s } = await people(w)
  const room = await s.newRoom(ada, { name: 'Tomatoes', topic: 'All about tomatoes and beans' })
  const other = await s.newRoom(ben, {})
  const first = await says(s, ada, room, 'Do TOMATOES like rain?')
  await says(s, ada, room, 'beans do')
  await says(s, ben, other, 'tomatoes, not for ada')
  await indexed(w, ada, 'tomatoes', 1)
  const found = await search(ada, { search_term: 'tomatoes' })
  expect(
    found.results.map(({ result }) => result.content.body ?? result.content.name ?? 'topic').sort(),
  ).toEqual([...['Do TOMATOES like rain?', 'Tomatoes', 'topic']])
  expect([found.count, found.next_batch]).toEqual([3, undefined])
  expect(found.highlights).toEqual(['tomatoes'])
  const only = await search(ada, { search_term: 'tomatoes rain', keys: ['content.body'] })
  expect(only.results.map(({ result }) => result)).toEqual([
    expect.objectContaining({ event_id: first, room_id: room, sender: ada.userId, type: 'm.room.message' }),
  ])
  expect(only.highlights).toEqual(['tomatoes', 'rain'])
  expect(only.results[0]?.rank).toBeGreaterThan(0)
  expect((await search(ada, { search_term: 'tomatoes', keys: ['content.name'] })).results).toHaveLength(1)
  expect((await search(ada, { search_term: '?!' })).count).toBe(0)
  const { body } = await ada.post(`${V3}/search`, { search_categories: {} })
  expect(body).toEqual({ search_categories: {} })
})

test('leaves out what the filter does', async () => {
  await using w = await homeserver()
  const { ada, ben, s } = await people(w)
  const [one, two] = [await s.newRoom(ada, { preset: 'public_chat' }), await s.newRoom(ada, {})]
  await ben.post(`${roomPath(one)}/join`, {})
  await says(s, ada, one, 'word by ada')
  await says(s, ben, one, 'word by ben')
  await s.send(ada, two, { msgtype: 'm.file', body: 'word in a file', url: 'mxc://example.org/none' })
  await indexed(w, ada, 'word', 3)
  const found = async (filter: object) =>
    bodies(await search(ada, { search_term: 'word', filter, order_by: 'recent' }))
  expect(await found({})).toEqual(['word in a file', 'word by ben', 'word by ada'])
  expect(await found({ rooms: [one] })).toEqual(['word by ben', 'word by ada'])
  expect(await found({ not_rooms: [one] })).toEqual(['word in a file'])
  expect(await found({ senders: [ben.userId] })).toEqual(['word by ben'])
  expect(await found({ not_senders: [ben.userId], rooms: [one] })).toEqual(['word by ada'])
  expect(await found({ contains_url: true })).toEqual(['word in a file'])
  expect(await found({ types: ['m.room.name'] })).toEqual([])
  expect(await found({ limit: 1 })).toEqual(['word in a file'])
})

test('pages through all results in both orders, and through those of a group', async () => {
  await using w = await homeserver()
  const { ada, s } = await people(w)
  const [one, two] = [await s.newRoom(ada, {}), await s.newRoom(ada, {})]
  for (const [n, room] of [one, two, one, two, one].entries())
    await says(s, ada, room, `${'pea '.repeat(n + 1)}in ${n}`)
  await indexed(w, ada, 'pea', 5)
  const all = async (criteria: object, first?: string) => {
    const seen: unknown[] = []
    let next = first
    for (;;) {
      const found = await search(ada, { search_term: 'pea', filter: { limit: 2 }, ...criteria }, next)
      seen.push(...bodies(found).map((text = '') => text.slice(-1)))
      expect(found.count).toBe(5)
      if (found.next_batch === undefined) return seen
      next = found.next_batch
    }
  }
  expect(await all({ order_by: 'recent' })).toEqual(['4', '3', '2', '1', '0'])
  expect(await all({})).toEqual(['4', '3', '2', '1', '0'])
  const groupings = { group_by: [{ key: 'room_id' }, { key: 'sender' }] }
  for (const order_by of ['rank', 'recent']) {
    const { groups, results } = await search(ada, {
      search_term: 'pea',
      order_by,
      filter: { limit: 3 },
      groupings,
    })
    const ids = results.map(({ result }) => result.event_id)
    expect(groups?.['room_id']?.[one]).toMatchObject({ order: 0, results: [ids[0], ids[2]] })
    expect(groups?.['room_id']?.[two]).toMatchObject({ order: 1, results: [ids[1]] })
    expect(groups?.['sender']?.[ada.userId]?.results).toEqual(ids)
    expect(await all({ order_by }, groups?.['room_id']?.[one]?.next_batch)).toEqual(['0'])
    expect(await all({ order_by }, groups?.['sender']?.[ada.userId]?.next_batch)).toEqual(['1', '0'])
  }
  const { next_batch: next } = await search(ada, { search_term: 'pea', filter: { limit: 2 } })
  expect(refused(await post(ada, { search_term: 'pea', order_by: 'recent' }, next))).toEqual([
    400,
    'M_INVALID_PARAM',
  ])
  expect(refused(await post(ada, { search_term: 'pea' }, 'x'))).toEqual([400, 'M_INVALID_PARAM'])
})

test('shows results in their context, with profiles and the state of their rooms', async () => {
  await using w = await homeserver()
  const { ada, s } = await people(w)
  const room = await s.newRoom(ada, { name: 'Garden' })
  for (const body of ['1', '2', '3', 'needle', '5', '6', '7']) await says(s, ada, room, body)
  await indexed(w, ada, 'needle', 1)
  const found = await search(ada, {
    ...{ search_term: 'needle', include_state: true },
    event_context: { before_limit: 2, after_limit: 1, include_profile: true },
  })
  const context = found.results[0]?.context
  const texts = (events: readonly Result['result'][] = []) => events.map(({ content }) => content.body)
  expect([texts(context?.events_before), texts(context?.events_after)]).toEqual([['3', '2'], ['5']])
  expect(context?.['profile_info']).toEqual({ [ada.userId]: { displayname: 'ada' } })
  const earlier = `${roomPath(room)}/messages?dir=b&limit=1&from=${context?.['start']}`
  expect(texts((await ada.get<{ chunk: Result['result'][] }>(earlier)).body.chunk)).toEqual(['1'])
  const later = `${roomPath(room)}/messages?dir=f&limit=1&from=${context?.['end']}`
  expect(texts((await ada.get<{ chunk: Result['result'][] }>(later)).body.chunk)).toEqual(['6'])
  expect(found.state?.[room]?.map(({ type }) => type)).toContain('m.room.name')
  const plain = await search(ada, { search_term: 'needle', event_context: {} })
  expect(texts(plain.results[0]?.context?.events_before)).toHaveLength(5)
  expect((await search(ada, { search_term: 'needle' })).results[0]?.context).toBeUndefined()
})

test('finds an edited message by its new words, and none that is redacted', async () => {
  await using w = await homeserver()
  const { ada, ben, s } = await people(w)
  const room = await s.newRoom(ada, { preset: 'public_chat' })
  await ben.post(`${roomPath(room)}/join`, {})
  const [kept, gone] = [await says(s, ada, room, 'old words'), await says(s, ada, room, 'words that go')]
  await indexed(w, ada, 'words', 2)
  await ben.post(`${roomPath(room)}/leave`, {})
  await s.send(ada, room, {
    ...{ msgtype: 'm.text', body: '* new text' },
    'm.new_content': { msgtype: 'm.text', body: 'new text' },
    'm.relates_to': { rel_type: 'm.replace', event_id: kept },
  })
  await s.redact(ada, room, gone)
  await indexed(w, ada, 'text', 1)
  const found = (by: MatrixClient, term: string) =>
    search(by, { search_term: term }).then(({ results }) => results.map(({ result }) => result.event_id))
  expect(await found(ada, 'text')).toEqual([kept])
  expect(await found(ada, 'words')).toEqual([])
  // Who left does not learn of later edits.
  expect(await found(ben, 'text')).toEqual([])
})

test('finds what was posted on v1, and nothing by ignored users', async () => {
  await using w = await homeserver()
  const { ada } = await people(w)
  await w.channel('family')
  const eve = await w.human('eve', { channels: { family: 'member' } })
  await ada.post(`${V3}/join/${encodeURIComponent('#family:example.org')}`, {})
  await eve.post('/v1/messages', { channel: 'family', body: 'a spade from v1' })
  await indexed(w, ada, 'spade', 1)
  expect(bodies(await search(ada, { search_term: 'spade' }))).toEqual(['a spade from v1'])
  const list = `${V3}/user/${encodeURIComponent(ada.userId)}/account_data/m.ignored_user_list`
  await ada.put(list, { ignored_users: { [id('eve')]: {} } })
  expect((await search(ada, { search_term: 'spade' })).count).toBe(0)
  await ada.put(list, { ignored_users: {} })
  expect((await search(ada, { search_term: 'spade' })).count).toBe(1)
})

test('reaches as far as the token of an agent', async () => {
  await using w = await homeserver()
  for (const slug of ['open', 'closed']) await w.channel(slug)
  const member = { open: 'member', closed: 'member' } as const
  const ada = await signIn(w, await w.human('ada', { channels: member }))
  const bert = await w.agent('bert', { scopes: ['channel:open:read'], channels: member })
  const s = acting(w)
  await ada.get(`${V3}/sync`)
  const rooms = await w.sql<{ room_id: string; slug: string }>(
    'SELECT r.room_id, c.slug FROM matrix_rooms r JOIN channels c ON c.id = r.channel_id',
  )
  for (const { room_id, slug } of rooms) await says(s, ada, room_id, `a key to ${slug}`)
  await indexed(w, ada, 'key', 2)
  const found = await search(w.bearer(bert.secret) as MatrixClient, { search_term: 'key' })
  expect(bodies(found)).toEqual(['a key to open'])
})

describe('what a reader was not there for is not found', () => {
  const SEEN: Readonly<Record<string, readonly string[]>> = {
    world_readable: ['before', 'invited', 'joined', 'left'],
    shared: ['before', 'invited', 'joined'],
    invited: ['invited', 'joined'],
    joined: ['joined'],
  }

  test.each(Object.keys(SEEN))('with history %p', async (history_visibility) => {
    await using w = await homeserver()
    const { ada, ben, s } = await people(w)
    const room = await s.newRoom(ada, {
      preset: 'private_chat',
      initial_state: [{ type: 'm.room.history_visibility', content: { history_visibility } }],
    })
    const at = async (time: string, act?: Promise<unknown>) => {
      await act
      w.clock.advance(SECOND)
      await says(s, ada, room, `hidden ${time}`)
    }
    await at('before')
    await at('invited', ada.post(`${roomPath(room)}/invite`, { user_id: ben.userId }))
    await indexed(w, ada, 'hidden', 2)
    // Who is invited has not read anything yet.
    expect((await search(ben, { search_term: 'hidden' })).count).toBe(0)
    await at('joined', ben.post(`${roomPath(room)}/join`, {}))
    await at('left', ben.post(`${roomPath(room)}/leave`, {}))
    await indexed(w, ada, 'hidden', 4)
    const found = await search(ben, { search_term: 'hidden', order_by: 'recent', include_state: true })
    expect(
      bodies(found)
        .map((body = '') => body.slice('hidden '.length))
        .reverse(),
    ).toEqual([...(SEEN[history_visibility] ?? [])])
    const context = await search(ben, {
      search_term: 'joined',
      event_context: { before_limit: 9, after_limit: 9 },
    })
    const shown = JSON.stringify(context)
    for (const time of ['before', 'invited', 'left'])
      expect([time, shown.includes(`hidden ${time}`)]).toEqual([
        time,
        SEEN[history_visibility]?.includes(time) ?? false,
      ])
    await ben.post(`${roomPath(room)}/forget`, {})
    expect((await search(ben, { search_term: 'hidden' })).count).toBe(0)
  })
})

test('refuses what it cannot read', async () => {
  await using w = await homeserver()
  const { ada } = await people(w)
  const refusal = async (criteria: object) => refused(await post(ada, criteria))
  expect(refused(await ada.post(`${V3}/search`, {}))).toEqual([400, 'M_MISSING_PARAM'])
  expect(await refusal({})).toEqual([400, 'M_MISSING_PARAM'])
  expect(await refusal({ search_term: 1 })).toEqual([400, 'M_BAD_JSON'])
  expect(await refusal({ search_term: 'x', keys: ['content.secret'] })).toEqual([400, 'M_BAD_JSON'])
  expect(await refusal({ search_term: 'x', order_by: 'best' })).toEqual([400, 'M_BAD_JSON'])
  expect(await refusal({ search_term: 'x', filter: { rooms: 'all' } })).toEqual([400, 'M_BAD_JSON'])
  expect(await refusal({ search_term: 'x', event_context: { before_limit: -1 } })).toEqual([
    400,
    'M_BAD_JSON',
  ])
  expect(await refusal({ search_term: 'x '.repeat(200) })).toEqual([400, 'M_INVALID_PARAM'])
})

// Texts with NUL, which Postgres does not store, and numbers that no database takes: each request has an answer.
import { expect, test } from 'bun:test'
import { acting, nextTransaction, roomPath } from './acting'
import { homeserver, signIn, V3 } from './homeserver'

const V1 = '/_matrix/client/v1'
const NUL_USER = '@a\0:example.org'
const NUL_ROOM = '!a\0:example.org'

test('a text with NUL is kept where only people read it, and refused where it names something', async () => {
  await using w = await homeserver()
  const [ada, ben] = [await signIn(w, await w.human('ada')), await signIn(w, await w.human('ben'))]
  const s = acting(w)
  const room = await s.newRoom(ada, { preset: 'public_chat' })
  const event = await s.send(ada, room, { msgtype: 'm.text', body: 'hello' })
  const status = async (answer: Promise<{ readonly status: number }>) => (await answer).status

  const creates = (body: object) => status(ada.post(`${V3}/createRoom`, body))
  expect(await creates({ initial_state: [{ type: 'a\0b', content: {} }] })).toBe(400)
  expect(await creates({ initial_state: [{ type: 'a', state_key: '\0', content: {} }] })).toBe(400)
  expect(await creates({ invite: [NUL_USER] })).toBe(400)
  expect(await creates({ power_level_content_override: { users: { [NUL_USER]: 3 } } })).toBe(400)
  expect(await creates({ power_level_content_override: { events: { 'a\0': 3 } } })).toBe(200)

  const sends = (content: object, type = 'm.room.message') =>
    status(ada.put(`${roomPath(room)}/send/${type}/${nextTransaction()}`, content))
  const text = { msgtype: 'm.text', body: 'a\0b' }
  for (const related of [
    { rel_type: 'a\0', event_id: event },
    { rel_type: 'm.annotation', event_id: event, key: '\0' },
    { rel_type: 'm.thread', event_id: '$\0' },
    { 'm.in_reply_to': { event_id: '$\0' } },
  ]) {
    expect(await sends({ ...text, 'm.relates_to': related })).toBe(200)
    expect(await sends({ 'm.relates_to': related }, 'm.reaction')).toBe(200)
  }
  expect(await sends({ ...text, 'm.mentions': { user_ids: [NUL_USER, '\0'] } })).toBe(200)
  expect(await sends({ msgtype: 'm.file', body: '\0', url: 'mxc://example.org/\0' })).toBe(200)
  expect(await sends({ redacts: '$\0' }, 'm.room.redaction')).toBe(404)

  const sets = (type: string, content: object) => status(ada.put(`${roomPath(room)}/state/${type}`, content))
  for (const alias of ['#a\0:example.org', '#a\0'])
    expect(await sets('m.room.canonical_alias', { alias })).toBe(400)
  expect(await sets('m.room.name', { name: 'a\0b' })).toBe(200)
  expect(await sets('m.room.topic', { topic: 'a\0b' })).toBe(200)
  const allow = [{ type: 'm.room_membership', room_id: NUL_ROOM }]
  expect(await sets('m.room.join_rules', { join_rule: 'restricted', allow })).toBe(200)
  expect(await status(ben.post(`${roomPath(room)}/join`, {}))).toBe(403)
  expect(await status(ben.get(`${V1}/room_summary/${encodeURIComponent(room)}`))).toBe(404)
  expect(await status(ada.get(`${V1}/room_summary/${encodeURIComponent(room)}`))).toBe(200)

  const me = `${V3}/user/${encodeURIComponent(ada.userId)}`
  const thread = { rel_type: 'm.thread', event_id: event }
  expect(await sends({ ...text, 'm.relates_to': thread })).toBe(200)
  const ignored_users = { [NUL_USER]: {}, '\0': {}, ...Object.fromEntries(many().map((user) => [user, {}])) }
  expect(await status(ada.put(`${me}/account_data/m.ignored_user_list`, { ignored_users }))).toBe(200)
  for (const path of [
    ...[`${V1}/rooms/${encodeURIComponent(room)}/threads`, `${roomPath(room)}/messages?dir=b`],
    ...[`${V3}/sync`, `${V3}/initialSync`],
  ])
    expect([path, await status(ada.get(path))]).toEqual([path, 200])
  const upgrade = { new_version: '12', additional_creators: [NUL_USER] }
  expect(await status(ada.post(`${roomPath(room)}/upgrade`, upgrade))).toBe(400)
  expect(await status(ada.put(`${me}/account_data/m.direct`, { [NUL_USER]: [room, NUL_ROOM] }))).toBe(200)
  expect(await status(ada.post(`${roomPath(room)}/upgrade`, { new_version: '12' }))).toBe(200)
})

/** More users than a statement has parameters. */
const many = () => Array.from({ length: 40_000 }, (_, n) => `@u${n}:example.org`)

test('a token with a number that no position has is refused', async () => {
  await using w = await homeserver()
  const ada = await signIn(w, await w.human('ada'))
  const token = (key: object) =>
    new TextEncoder().encode(JSON.stringify(key)).toBase64({ alphabet: 'base64url' })
  const place = { order: 'recent', pos: 1, score: 1, upTo: 1, count: 1 }
  const search = { search_categories: { room_events: { order_by: 'recent', search_term: 'x' } } }
  const answers = async (bad: unknown) => {
    const from = `user_id=${encodeURIComponent('@ben:example.org')}&from=${token({ room: bad })}`
    const asked = [ada.get(`${V1}/mutual_rooms?${from}`)]
    for (const name of ['pos', 'upTo', 'count'])
      asked.push(ada.post(`${V3}/search?next_batch=${token({ ...place, [name]: bad })}`, search))
    for (const name of ['joined', 'room'])
      asked.push(ada.get(`${V3}/publicRooms?since=${token({ joined: 1, room: 1, [name]: bad })}`))
    return (await Promise.all(asked)).map(({ status }) => status)
  }
  for (const bad of [1.5, 1e300, -1e300, '1', null])
    expect(await answers(bad)).toEqual([400, 400, 400, 400, 400, 400])
  expect(await answers(-1)).toEqual([200, 200, 200, 200, 200, 200])
})

// What /v1 limits holds for what is done over Matrix, and the other way round.
import { expect, test } from 'bun:test'
import { acting, id, roomPath } from './acting'
import { refused, SERVER_NAME, signIn, V3 } from './homeserver'
import { eventsOf, homeserverWorld, settled } from './projected'

async function scene() {
  const w = await homeserverWorld()
  const town = await w.channel('town', { kind: 'public' })
  const ann = await w.human('ann', { channels: { town: 'admin' } })
  await w.human('ben', { channels: { town: 'member' } })
  await settled(w)
  return {
    ...{ w, town, ann, client: await signIn(w, ann) },
    room: `!${town.id.replaceAll('-', '')}:${SERVER_NAME}`,
    set: async (key: string, value: unknown) => {
      const answer = await w.operator.put(`/v1/config/${key}`, { value })
      expect(answer.status, answer.text).toBeLessThan(300)
    },
    [Symbol.asyncDispose]: () => w[Symbol.asyncDispose](),
  }
}

test('files that are sent over Matrix count towards the quota of attachments', async () => {
  await using here = await scene()
  const { client, room, set } = here
  const uploaded = await client.fetch<{ content_uri: string }>('/_matrix/media/v3/upload', {
    method: 'POST',
    body: 'x'.repeat(600),
    headers: { 'content-type': 'text/plain' },
  })
  const file = { msgtype: 'm.file', body: 'notes.txt', url: uploaded.body.content_uri }
  await set('attachments.quota', 1000)
  const send = (n: number) => client.put(`${roomPath(room)}/send/m.room.message/file-${n}`, file)
  expect((await send(1)).status).toBe(200)
  expect(refused(await send(2))).toEqual([403, 'M_RESOURCE_LIMIT_EXCEEDED'])
  await set('attachments.quota', 1200)
  expect((await send(3)).status).toBe(200)
})

test('an own edit can be taken back when the time for edits is over', async () => {
  await using here = await scene()
  const { w, client, room, set, town } = here
  const { send, redact } = acting(w)
  const message = await send(client, room, { msgtype: 'm.text', body: 'first' })
  const edit = await send(client, room, {
    ...{ msgtype: 'm.text', body: '* second', 'm.new_content': { msgtype: 'm.text', body: 'second' } },
    'm.relates_to': { rel_type: 'm.replace', event_id: message },
  })
  await set('messages.edit_window_s', 60)
  w.clock.advance(120_000)
  const bodyOf = async () => (await w.sql<{ body: string }>('SELECT body FROM messages'))[0]?.body
  expect(await bodyOf()).toBe('second')
  const answer = await redact(client, room, edit)
  expect(answer.status, answer.text).toBe(200)
  expect(await bodyOf()).toBe('first')
  expect((await eventsOf(w, town)).find((event) => event.id === edit)?.redactedBy).not.toBeNull()
})

test('a member whose role alone forbids it to write keeps the role when power levels change', async () => {
  await using here = await scene()
  const { w, client, room, ann } = here
  const levels = async () =>
    (await client.get<Record<string, unknown>>(`${roomPath(room)}/state/m.room.power_levels`)).body
  const put = async (content: object) => {
    const answer = await client.put(`${roomPath(room)}/state/m.room.power_levels`, content)
    expect(answer.status, answer.text).toBe(200)
  }
  const role = async () => {
    const rows = await w.sql<{ role: string }>(
      `SELECT m.role FROM memberships m JOIN accounts a ON a.id = m.account_id WHERE a.handle = 'ben'`,
    )
    return rows[0]?.role
  }
  // So many are listed that no reader is added.
  const former = await levels()
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [id(`user${i}`), 1]))
  await put({ ...former, users: { ...(former['users'] as object), ...many } })
  const change = await ann.patch('/v1/channels/town/members/ben', { role: 'read_only' })
  expect(change.status, change.text).toBeLessThan(300)
  const now = await levels()
  expect(Object.keys(now['users'] as object)).not.toContain(id('ben'))
  await put({ ...now, notifications: { room: 50 } })
  expect(await role()).toBe('read_only')
  // A level that says so makes it a member again.
  await put({ ...(await levels()), events_default: 1 })
  await put({ ...(await levels()), events_default: 0 })
  expect(await role()).toBe('member')
})

test('nobody can be kicked or unbanned who does not exist', async () => {
  await using here = await scene()
  const { client, room } = here
  for (const act of ['kick', 'unban'])
    expect(refused(await client.post(`${roomPath(room)}/${act}`, { user_id: id('nobody') }))).toEqual([
      403,
      'M_FORBIDDEN',
    ])
  const path = `${V3}/rooms/${encodeURIComponent(room)}/kick`
  expect(refused(await client.post(path, { user_id: 'nobody' }))).toEqual([400, 'M_INVALID_PARAM'])
})

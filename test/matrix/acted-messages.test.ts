// Messages over Matrix: their files, what moderators redact, and what the sending device is shown of them.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Caller, World } from '../support/world'
import { type Acting, acting, id, roomPath } from './acting'
import { homeserver, type MatrixClient, refused, SERVER_NAME, signIn, V3 } from './homeserver'

/** A picture of one pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
)

let w: World
let ada: MatrixClient
let ben: MatrixClient
/** Ada in a browser. */
let browser: Caller
let here: Acting
beforeAll(async () => {
  w = await homeserver()
  await w.human('ada')
  await w.human('ben')
  ada = await signIn(w, { handle: 'ada' })
  ben = await signIn(w, { handle: 'ben' })
  browser = w.caller({ cookie: `synapse_session=${await w.session('ada')}` })
  here = acting(w)
})
afterAll(() => w[Symbol.asyncDispose]())

interface Shown {
  readonly body: string
  readonly reactions: readonly object[]
  readonly attachments: readonly { readonly id: string; readonly filename: string }[]
}

async function messagesIn(slug: string): Promise<Shown[]> {
  const { status, body, text } = await browser.get<{ messages: Shown[] }>(`/v1/messages?channel=${slug}`)
  expect(status, text).toBe(200)
  return body.messages
}

async function uploaded(by: MatrixClient, body: string | Uint8Array, type: string): Promise<string> {
  const answer = await by.fetch<{ content_uri: string }>('/_matrix/media/v3/upload', {
    ...{ method: 'POST', body, headers: { 'content-type': type } },
  })
  expect(answer.status, answer.text).toBe(200)
  return answer.body.content_uri
}

/** A room of ada in which ben is, too. */
async function shared(alias: string, body: object = {}): Promise<string> {
  const room = await here.newRoom(ada, { preset: 'public_chat', room_alias_name: alias, ...body })
  expect((await ben.post(`${roomPath(room)}/join`, {})).status).toBe(200)
  return room
}

describe('a file sent over Matrix', () => {
  test('is an attachment of its message, with its caption as the body', async () => {
    const room = await shared('pictures')
    const url = await uploaded(ada, PNG, 'image/png')
    await here.send(ada, room, { msgtype: 'm.image', body: 'look', filename: 'dot.png', url })
    await here.send(ada, room, { msgtype: 'm.file', body: 'dot.png', url })
    const messages = await messagesIn('pictures')
    const file = {
      filename: 'dot.png',
      mime: 'image/png',
      size: PNG.length,
      width: 1,
      height: 1,
      kind: 'image',
    }
    expect(messages).toMatchObject([
      { body: 'look', attachments: [file] },
      { body: 'dot.png', attachments: [file] },
    ])
    const [first] = messages[0]?.attachments ?? []
    const bytes = await browser.open(`/v1/attachments/${first?.id}`)
    expect(Buffer.from(await bytes.arrayBuffer())).toEqual(PNG)
  })

  test('keeps its bytes for other messages after one of them is redacted', async () => {
    const room = await shared('kept-files')
    const url = await uploaded(ada, 'the bytes', 'text/plain')
    const event = await here.send(ada, room, { msgtype: 'm.file', body: 'a.txt', url })
    expect((await here.redact(ada, room, event)).status).toBe(200)
    expect(await messagesIn('kept-files')).toEqual([])
    const path = url.slice('mxc://'.length)
    expect((await ben.get(`/_matrix/client/v1/media/download/${path}`)).text).toBe('the bytes')
  })

  test('that is not on this server, or not uploaded, is a message alone', async () => {
    const room = await shared('absent-files')
    for (const url of [
      'mxc://elsewhere.example/abc',
      `mxc://${SERVER_NAME}/nothing`,
      'mxc://',
      'mxc://a/b/c',
    ])
      await here.send(ada, room, { msgtype: 'm.file', body: 'a.txt', url })
    expect((await messagesIn('absent-files')).map(({ attachments }) => attachments)).toEqual([[], [], [], []])
  })
})

describe('a redaction', () => {
  test('by a moderator deletes the message of another, its edits, and takes reactions of others back', async () => {
    const room = await shared('moderated', {
      power_level_content_override: { users: { [id('ada')]: 100, [id('ben')]: 50 } },
    })
    const said = await here.send(ada, room, { msgtype: 'm.text', body: 'rude' })
    const other = await here.send(ada, room, { msgtype: 'm.text', body: 'first' })
    const edit = await here.send(ada, room, {
      msgtype: 'm.text',
      body: '* second',
      'm.new_content': { msgtype: 'm.text', body: 'second' },
      'm.relates_to': { rel_type: 'm.replace', event_id: other },
    })
    const annotation = { 'm.relates_to': { rel_type: 'm.annotation', event_id: other, key: 'x' } }
    const reaction = await here.send(ada, room, annotation, 'm.reaction')
    expect(await messagesIn('moderated')).toMatchObject([
      { body: 'rude' },
      { body: 'second', reactions: [{ emoji: 'x', count: 1 }] },
    ])
    for (const event of [said, edit, reaction]) expect((await here.redact(ben, room, event)).status).toBe(200)
    expect(await messagesIn('moderated')).toMatchObject([{ body: 'first', reactions: [] }])
    const redacted = (await here.eventsIn(room)).filter(({ isRedacted }) => isRedacted)
    expect(redacted.map((event) => event.id)).toEqual([said, edit, reaction])
    // Whoever has no such power redacts own events alone.
    const cleo = await signIn(w, await w.human('cleo'))
    expect((await cleo.post(`${roomPath(room)}/join`, {})).status).toBe(200)
    const own = await here.send(ben, room, { msgtype: 'm.text', body: 'mine' })
    expect(refused(await here.redact(cleo, room, own))).toEqual([403, 'M_FORBIDDEN'])
  })

  test('of one event of a message with several redacts all of them', async () => {
    const files: string[] = []
    for (const name of ['one.txt', 'two.txt']) {
      const { body } = await browser.fetch<{ id: string }>('/v1/attachments', {
        ...{ method: 'POST', body: name, headers: { 'content-type': 'text/plain' } },
      })
      files.push(body.id)
    }
    const room = await shared('several')
    const posted = await browser.post('/v1/messages', { channel: 'several', body: 'two', attachments: files })
    expect(posted.status, posted.text).toBe(201)
    const sync = await ben.get(`${V3}/sync`)
    expect(sync.status).toBe(200)
    const messages = () =>
      here.eventsIn(room).then((events) => events.filter(({ type }) => type === 'm.room.message'))
    const [text, ...others] = await messages()
    expect(others).toHaveLength(2)
    expect((await here.redact(ada, room, others[0]?.id ?? '')).status).toBe(200)
    expect((await messages()).map(({ isRedacted }) => isRedacted)).toEqual([true, true, true])
    expect(text?.content).toMatchObject({ body: 'two' })
    expect(await messagesIn('several')).toEqual([])
  })
})

describe('a transaction id', () => {
  test('is shown to the device that sent with it, and to no other', async () => {
    const room = await shared('echoes')
    const other = await signIn(w, { handle: 'ada' })
    const event = `${roomPath(room)}/send/m.room.message/my%20own`
    expect((await ada.put(event, { msgtype: 'm.text', body: 'hi' })).status).toBe(200)
    const shown = async (by: MatrixClient) => {
      const { body } = await by.get<{
        rooms: { join: Record<string, { timeline: { events: { unsigned: Record<string, unknown> }[] } }> }
      }>(`${V3}/sync`)
      return body.rooms.join[room]?.timeline.events.at(-1)?.unsigned['transaction_id']
    }
    expect(await shown(ada)).toBe('my own')
    expect(await shown(other)).toBeUndefined()
    expect(await shown(ben)).toBeUndefined()
  })
})

describe('a channel of v1', () => {
  test('that is archived takes nothing over Matrix', async () => {
    const room = await shared('closed')
    const slug = 'closed'
    expect((await browser.patch(`/v1/channels/${slug}`, { archived: true })).status).toBe(200)
    const refusals = [
      await ada.put(`${roomPath(room)}/send/m.room.message/1`, { msgtype: 'm.text', body: 'hi' }),
      await ada.put(`${roomPath(room)}/state/m.room.name`, { name: 'x' }),
      await ben.post(`${roomPath(room)}/leave`, {}),
      await ada.post(`${roomPath(room)}/invite`, { user_id: id('ben') }),
    ]
    for (const answer of refusals) expect(refused(answer)).toEqual([403, 'M_FORBIDDEN'])
    // Members still read it.
    expect((await ben.get(`${roomPath(room)}/state/m.room.create`)).status).toBe(200)
  })

  test('keeps an admin while it has other members', async () => {
    await w.channel('governed')
    await w.joins('ada', 'governed', 'admin')
    await w.joins('ben', 'governed')
    const alias = encodeURIComponent(`#governed:${SERVER_NAME}`)
    const { body } = await ada.get<{ room_id: string }>(`${V3}/directory/room/${alias}`)
    const path = `${roomPath(body.room_id)}/state/m.room.power_levels`
    const { body: levels } = await ada.get<{ users: Record<string, number> }>(path)
    const { [id('ada')]: _, ...users } = levels.users
    expect(refused(await ada.put(path, { ...levels, users }))).toEqual([403, 'M_FORBIDDEN'])
    expect(refused(await ada.post(`${roomPath(body.room_id)}/leave`, {}))).toEqual([403, 'M_FORBIDDEN'])
    expect((await ada.put(path, { ...levels, users: { ...levels.users, [id('ben')]: 100 } })).status).toBe(
      200,
    )
    expect(await here.rolesIn(body.room_id)).toEqual({ ada: 'admin', ben: 'admin' })
    expect((await ada.put(path, { ...levels, users: { ...users, [id('ben')]: 100 } })).status).toBe(200)
    expect(await here.rolesIn(body.room_id)).toEqual({ ada: 'member', ben: 'admin' })
    // Who gives the power away in the same act leaves an admin.
    const handed = { ...levels, users: { ...users, [id('ada')]: 100 } }
    expect((await ben.put(path, handed)).status).toBe(200)
    expect(await here.rolesIn(body.room_id)).toEqual({ ada: 'admin', ben: 'member' })
  })

  test('between two has its members for ever', async () => {
    expect((await browser.post('/v1/dms', { handle: 'ben' })).status).toBe(201)
    expect((await ada.get(`${V3}/sync`)).status).toBe(200)
    const rows = await w.sql<{ room_id: string }>(
      `SELECT r.room_id FROM matrix_rooms r JOIN channels c ON c.id = r.channel_id WHERE c.kind = 'dm'`,
    )
    const room = rows[0]?.room_id ?? ''
    expect(refused(await ada.post(`${roomPath(room)}/invite`, { user_id: id('cleo') }))).toEqual([
      403,
      'M_FORBIDDEN',
    ])
    expect(refused(await ada.post(`${roomPath(room)}/leave`, {}))).toEqual([403, 'M_FORBIDDEN'])
    expect(refused(await ada.post(`${roomPath(room)}/kick`, { user_id: id('ben') }))).toEqual([
      403,
      'M_FORBIDDEN',
    ])
    await here.send(ben, room, { msgtype: 'm.text', body: 'just us' })
  })
})

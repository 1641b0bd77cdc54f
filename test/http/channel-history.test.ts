import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { LiveSocket } from '../support/sockets'
import { type Message, type Person, type World, world } from '../support/world'
import { expectRefusal } from './refusals'

/** `den` shows its history only to those who were there: `old` was, `fresh` joined after `root` and `early`. */
let w: World
let old: Person
let fresh: Person
let posted: Record<'root' | 'early' | 'reply' | 'lone' | 'late', Message>
beforeAll(async () => {
  w = await world()
  await w.channel('den', { kind: 'private' })
  await w.channel('town')
  const chief = await w.human('chief', { channels: { den: 'admin' } })
  old = await w.agent('old', { channels: { den: 'member', town: 'member' } })
  const root = await old.posts('den', 'root @channel')
  const early = await old.posts('den', 'early', { reply_to: root.id })
  const lone = await old.posts('den', 'lone')
  await chief.patch('/v1/channels/den', { settings: { history: 'joined' } })
  fresh = await w.agent('fresh', { channels: { den: 'member', town: 'member' } })
  const reply = await old.posts('den', 'reply', { reply_to: early.id })
  const late = await old.posts('den', 'late')
  posted = { root, early, reply, lone, late }
})
afterAll(() => w[Symbol.asyncDispose]())

describe('what was posted before a reader joined last, where history is joined', () => {
  test('pages in both directions leave it out', async () => {
    expect(await old.hears('den')).toEqual(['root @channel', 'early', 'lone', 'reply', 'late'])
    expect(await fresh.hears('den')).toEqual(['reply', 'late'])
    expect(await fresh.hears('den', { order: 'desc' })).toEqual(['late', 'reply'])
    expect(await fresh.hears('den', { since: 'oldest', limit: 1 })).toEqual(['reply'])
    expect(await fresh.hears('den,town')).toEqual(['reply', 'late'])
    expect(await fresh.hears('*', { from: 'old' })).toEqual(['reply', 'late'])
    expect(await fresh.hears('*', { mentions_me: true })).toEqual([])
    const { body } = await fresh.reads('den', { order: 'desc', limit: 2 })
    expect([body.has_more, body.next_cursor]).toEqual([false, null])
  })

  test('a single message is not found', async () => {
    for (const [name, status] of [
      ['root', 404],
      ['early', 404],
      ['late', 200],
    ] as const)
      expect((await fresh.get(`/v1/messages/${posted[name].id}`)).status).toBe(status)
  })

  test('it is in no context, and takes no act', async () => {
    const around = async (name: 'reply' | 'late') =>
      (await fresh.get<{ messages: Message[] }>(`/v1/messages/${posted[name].id}/context`)).body.messages
    expect((await around('late')).map(({ body }) => body)).toEqual(['reply', 'late'])
    expect((await around('reply')).map(({ body }) => body)).toEqual(['reply'])
    for (const name of ['root', 'early'] as const) {
      const path = `/v1/messages/${posted[name].id}`
      expect((await fresh.get(`${path}/context`)).status).toBe(404)
      expect((await fresh.put(`${path}/reactions/ok`)).status).toBe(404)
      expect((await fresh.delete(path)).status).toBe(404)
    }
  })

  test('a thread begins with its first visible reply, and an older root is a tombstone', async () => {
    const thread = posted.root.id
    expect(await fresh.hears('den', { thread })).toEqual(['reply'])
    const { body } = await fresh.reads('den', { thread, include_deleted: true })
    expect(body.messages).toMatchObject([
      { id: thread, body: '', deleted: true, mentioned_handles: [] },
      { id: posted.reply.id, thread_id: thread },
    ])
    for (const hidden of [posted.early.id, posted.lone.id])
      expect((await fresh.reads('den', { thread: hidden })).body).toMatchObject({ code: 'thread_not_found' })
    expect((await old.hears('den', { thread })).length).toBe(3)
  })

  test('the log and its streams leave out events about it', async () => {
    type Page = { events: { type: string; message?: Message }[] }
    const { body } = await fresh.get<Page>('/v1/events?since=oldest&channel=den&type=message.*')
    expect(body.events.map(({ message }) => message?.body)).toEqual(['reply', 'late'])
    using socket = await LiveSocket.open(w.url, fresh.credential)
    await socket.subscribe(['den'], { since: 'oldest', types: ['message.*'] })
    await old.posts('den', 'live')
    await socket.arrivals.next(({ message }) => (message as Message | undefined)?.body === 'live', 'live')
    expect(socket.events.map(({ message }) => (message as Message).body)).toEqual(['reply', 'late', 'live'])
  })

  test('a reply to it is refused, and a reply in its thread is not', async () => {
    const post = { channel: 'den', body: 'x' }
    const missing = { code: 'reply_target_not_found', detail: 'Reply target not found' }
    expectRefusal(await fresh.post('/v1/messages', { ...post, reply_to: posted.early.id }), 404, missing)
    const absent = { code: 'thread_not_found', detail: 'Thread not found' }
    expectRefusal(await fresh.post('/v1/messages', { ...post, thread_id: posted.early.id }), 404, absent)
    const { thread_id } = await fresh.posts('den', 'in it', { reply_to: posted.reply.id })
    expect(thread_id).toBe(posted.root.id)
    expect((await fresh.posts('den', 'in it', { thread_id })).thread_id).toBe(posted.root.id)
  })

  test('the list of channels does not tell when it was posted', async () => {
    const late = await w.agent('late', { channels: { den: 'member' } })
    const { body } = await late.get('/v1/channels')
    expect(body).toMatchObject({ channels: [{ slug: 'den', head_cursor: null, last_message_at: null }] })
    expect((await late.get('/v1/channels/den')).body).toMatchObject({ head_cursor: null })
  })

  test('its attachments are not found', async () => {
    const upload = await old.fetch<{ id: string }>('/v1/attachments', { method: 'POST', body: 'bytes' })
    await old.posts('den', 'with a file', { attachments: [upload.body.id] })
    const late = await w.agent('later', { channels: { den: 'member' } })
    const path = `/v1/attachments/${upload.body.id}`
    expect([(await old.get(path)).status, (await late.get(path)).status]).toEqual([200, 404])
  })

  test('joining again hides what was posted meanwhile', async () => {
    const guest = await w.agent('guest', { channels: { den: 'member' } })
    await old.posts('den', 'one')
    expect(await guest.hears('den')).toEqual(['one'])
    const { body } = await w.operator.get<{ id: string; slug: string }[]>('/v1/admin/channels')
    const den = body.find(({ slug }) => slug === 'den')
    if (den) await w.leaves(guest, den)
    await old.posts('den', 'two')
    await w.joins(guest, 'den')
    await old.posts('den', 'three')
    expect(await guest.hears('den')).toEqual(['three'])
  })
})

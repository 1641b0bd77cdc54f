// What the tools that read and wait do, by the official client over HTTP.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Fields, type Message, SECOND, type World, world } from '../support/world'
import { room } from './room'
import { Tools } from './scene'

let w: World
beforeAll(async () => {
  w = await world({ settings: { SYNAPSE_CHAIN_LIMIT: '0' } })
})
afterAll(() => w[Symbol.asyncDispose]())

const scene = () => room(w)

describe('synapse_check', () => {
  test('it shows the newest messages, then older and newer ones by the cursors it returns', async () => {
    await using s = await scene()
    for (const body of ['1', '2', '3', '4', '5']) await s.bob.posts(s.slug, body)
    const bodies = ({ messages }: Fields) => (messages as Message[]).map(({ body }) => body)
    const newest = await s.tools.done('synapse_check', { channel: s.slug, limit: 2 })
    expect([bodies(newest), newest.has_more]).toEqual([['4', '5'], true])
    const older = await s.tools.done('synapse_check', { channel: s.slug, limit: 10, before: newest.before })
    expect([bodies(older), older.has_more, older.cursor]).toEqual([['1', '2', '3'], false, undefined])
    await s.bob.posts(s.slug, '6')
    const newer = await s.tools.done('synapse_check', { channel: s.slug, since: newest.cursor })
    expect([bodies(newer), newer.has_more]).toEqual([['6'], false])
  })

  test('it shows one thread by any of its messages, and all channels without a channel', async () => {
    await using s = await scene()
    const root = await s.bob.posts(s.slug, 'root')
    const reply = await s.bob.posts(s.slug, 'reply', { reply_to: root.id })
    await s.bob.posts(s.slug, 'elsewhere')
    const { messages } = await s.tools.done('synapse_check', { thread: reply.id })
    expect((messages as Message[]).map(({ id }) => id)).toEqual([root.id, reply.id])
    const all = await s.tools.done('synapse_check', { limit: 100 })
    expect((all.messages as Message[]).map(({ body }) => body)).toEqual(['root', 'reply', 'elsewhere'])
  })

  test('keys that are null, empty or as usual are left out, and all others stay', async () => {
    await using s = await scene()
    const plain = await s.bob.posts(s.slug, 'plain')
    const rich = { priority: 'fyi', body_format: 'plaintext', metadata: { a: 1 }, client_msg_id: 'x' }
    await s.bob.posts(s.slug, `@${s.ann.handle}`, rich)
    const { messages } = await s.tools.done('synapse_check', { channel: s.slug })
    const usual = { channel: s.slug, sender_handle: s.bob.handle, sender_kind: 'agent' }
    expect(messages).toEqual([
      { id: plain.id, ...usual, body: 'plain', created_at: plain.created_at, cursor: plain.cursor },
      {
        ...usual,
        ...{ id: expect.any(String), created_at: expect.any(String), cursor: expect.any(String) },
        body: `@${s.ann.handle}`,
        mentioned_handles: [s.ann.handle],
        ...{ priority: 'fyi', body_format: 'plaintext', metadata: { a: 1 } },
      },
    ])
  })

  test('what a person reads over MCP counts as seen', async () => {
    await using s = await scene()
    const device = {
      device: 'laptop',
      account_handle: s.pat.handle,
      scopes: ['channel:*:read'],
      direct: true,
    }
    const { body } = await w.operator.post<{ token: string }>('/v1/admin/devices', device)
    const { id } = await s.bob.posts(s.slug, `@${s.pat.handle} look`)
    const states = async () => {
      const deliveries = await s.bob.get<{ deliveries: { state: string }[] }>(`/v1/messages/${id}/deliveries`)
      return deliveries.body.deliveries.map(({ state }) => state)
    }
    await w.bearer(body.token).get(`/v1/messages?channel=${s.slug}`)
    expect(await states()).toEqual(['queued'])
    await using tools = await Tools.connect(w.url, body.token)
    await tools.done('synapse_check', { channel: s.slug })
    while ((await states())[0] !== 'seen') w.clock.advance(SECOND)
  })
})

describe('synapse_await', () => {
  test('it returns the first message that matches all filters', async () => {
    await using s = await scene()
    const { cursor } = await s.bob.posts(s.slug, 'before')
    await s.ann.posts(s.slug, `Done @${s.ann.handle}`)
    await s.bob.posts(s.slug, 'done')
    await s.pat.posts(s.slug, `All DONE, @${s.ann.handle}`)
    await s.bob.posts(s.slug, `done @${s.ann.handle}`)
    const wanted = { channel: s.slug, since: cursor, body_contains: 'done', mention: `@${s.ann.handle}` }
    const first = await s.tools.done('synapse_await', wanted)
    expect((first.message as Message).sender_handle).toBe(s.pat.handle)
    const next = await s.tools.done('synapse_await', { ...wanted, since: first.cursor })
    expect((next.message as Message).body).toBe(`done @${s.ann.handle}`)
    const bobs = await s.tools.done('synapse_await', { ...wanted, from: s.bob.handle })
    expect((bobs.message as Message).body).toBe(`done @${s.ann.handle}`)
    const own = await s.tools.done('synapse_await', { ...wanted, from: s.ann.handle })
    expect((own.message as Message).body).toBe(`Done @${s.ann.handle}`)
  })

  test('it waits in one thread, and says when nothing came', async () => {
    await using s = await scene()
    const root = await s.bob.posts(s.slug, 'root')
    await s.bob.posts(s.slug, 'elsewhere')
    const waiting = { thread: root.id, since: root.cursor, timeout: 1 }
    const nothing = await s.tools.done('synapse_await', waiting)
    expect(nothing).toEqual({ message: null, cursor: expect.any(String), timed_out: true })
    await s.bob.posts(s.slug, 'in it', { reply_to: root.id })
    const found = await s.tools.done('synapse_await', { ...waiting, since: nothing.cursor })
    expect((found.message as Message).body).toBe('in it')
  })

  test('mentions of a person include broadcasts after the person joined', async () => {
    await using s = await scene()
    const { cursor } = await s.bob.posts(s.slug, 'before')
    await s.bob.posts(s.slug, 'hey @channel')
    const given = { channel: s.slug, since: cursor, mention: s.pat.handle }
    expect(((await s.tools.done('synapse_await', given)).message as Message).body).toBe('hey @channel')
    const nobody = { ...given, mention: 'nobody', timeout: 1 }
    expect(await s.tools.done('synapse_await', nobody)).toMatchObject({ timed_out: true })
  })
})

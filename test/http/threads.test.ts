import { describe, expect, test } from 'bun:test'
import { type Fields, type Message, type World, world } from '../support/world'
import { expectRefusal, leavesNoTrace } from './refusals'

/** Two channels with ann and bob, and a thread of three messages in the first. */
async function scene() {
  const w: World = await world()
  const general = await w.channel('general')
  const lunch = await w.channel('lunch')
  const channels = { general: 'member', lunch: 'member' } as const
  const ann = await w.agent('ann', { channels })
  const bob = await w.agent('bob', { channels })
  const root = await ann.posts(general, 'root')
  const one = await bob.posts(general, 'one', { reply_to: root.id })
  const two = await ann.posts(general, 'two', { reply_to: one.id })
  return {
    w,
    general,
    lunch,
    ann,
    bob,
    root,
    one,
    two,
    [Symbol.asyncDispose]: () => w[Symbol.asyncDispose](),
  }
}

type Scene = Awaited<ReturnType<typeof scene>>

test('a reply joins the thread of its target, and all replies share one root', async () => {
  await using s = await scene()
  expect(s.root).toMatchObject({ thread_id: null, reply_to: null })
  expect(s.one).toMatchObject({ thread_id: s.root.id, reply_to: s.root.id })
  expect(s.two).toMatchObject({ thread_id: s.root.id, reply_to: s.one.id })
})

describe('the thread of a post', () => {
  const rows: [string, (s: Scene) => Fields, (s: Scene) => Fields][] = [
    ['the root', (s) => ({ thread_id: s.root.id }), (s) => ({ thread_id: s.root.id, reply_to: null })],
    [
      'any message of the thread',
      (s) => ({ thread_id: s.two.id }),
      (s) => ({ thread_id: s.root.id, reply_to: null }),
    ],
    [
      'its reply target',
      (s) => ({ reply_to: s.two.id }),
      (s) => ({ thread_id: s.root.id, reply_to: s.two.id }),
    ],
    [
      'both in agreement',
      (s) => ({ thread_id: s.one.id, reply_to: s.two.id }),
      (s) => ({ thread_id: s.root.id, reply_to: s.two.id }),
    ],
    [
      'the root as reply target',
      (s) => ({ thread_id: s.root.id, reply_to: s.root.id }),
      (s) => ({ thread_id: s.root.id, reply_to: s.root.id }),
    ],
    [
      'an id in another spelling',
      (s) => ({ reply_to: s.one.id.toUpperCase().replaceAll('-', '') }),
      (s) => ({ thread_id: s.root.id, reply_to: s.one.id }),
    ],
  ]
  test.each(rows)('a post joins a thread by naming %s', async (_, more, expected) => {
    await using s = await scene()
    expect<object>(await s.bob.posts(s.general, 'three', more(s))).toMatchObject(expected(s))
  })
})

describe('inconsistent threads', () => {
  const elsewhere = async (s: Scene) => (await s.ann.posts(s.lunch, 'elsewhere')).id
  const other = async (s: Scene) => (await s.ann.posts(s.general, 'another root')).id
  const rows: [string, (s: Scene) => Promise<Fields>, number, string, string][] = [
    [
      'names a thread of another channel',
      async (s) => ({ thread_id: await elsewhere(s) }),
      404,
      'thread_not_found',
      'Thread not found',
    ],
    [
      'replies to a message of another channel',
      async (s) => ({ reply_to: await elsewhere(s) }),
      404,
      'reply_target_not_found',
      'Reply target not found',
    ],
    [
      'names one thread and replies to a message of another',
      async (s) => ({ thread_id: await other(s), reply_to: s.one.id }),
      400,
      'thread_mismatch',
      'thread_id and reply_to disagree',
    ],
    [
      'names one thread and replies to the root of another',
      async (s) => ({ thread_id: s.one.id, reply_to: await other(s) }),
      400,
      'thread_mismatch',
      'thread_id and reply_to disagree',
    ],
    [
      'replies to a deleted message',
      async (s) => {
        await s.w.sql('UPDATE messages SET deleted_at = at WHERE seq = ?', s.two.seq)
        return { reply_to: s.two.id }
      },
      404,
      'reply_target_not_found',
      'Reply target not found',
    ],
  ]
  test.each(rows)('a post is refused when it %s', async (_, more, status, code, detail) => {
    await using s = await scene()
    const fields = await more(s)
    await leavesNoTrace(s.w, async () => {
      const answer = await s.bob.post('/v1/messages', { channel: 'general', body: 'no', ...fields })
      expectRefusal(answer, status, { code, detail })
    })
  })
})

test('a root shows the number of replies and the time of the last one', async () => {
  await using s = await scene()
  const { body } = await s.bob.get<Message>(`/v1/messages/${s.root.id}`)
  expect(body).toMatchObject({ reply_count: 2, last_reply_at: s.two.created_at })
  expect((await s.bob.get<Message>(`/v1/messages/${s.one.id}`)).body).toMatchObject({
    reply_count: 0,
    last_reply_at: null,
  })
  const three = await s.bob.posts(s.general, 'three', { thread_id: s.two.id })
  expect((await s.bob.reads(s.general)).body.messages[0]).toMatchObject({
    reply_count: 3,
    last_reply_at: three.created_at,
  })
})

test('a thread is read with its root, in both orders and page by page', async () => {
  await using s = await scene()
  await s.bob.posts(s.general, 'outside')
  await s.ann.posts(s.general, 'another', { thread_id: s.root.id })
  expect(await s.bob.hears(s.general, { thread: s.root.id })).toEqual(['root', 'one', 'two', 'another'])
  expect(await s.bob.hears(s.general, { thread: s.two.id })).toEqual(['root', 'one', 'two', 'another'])
  expect(await s.bob.hears(s.general, { thread: s.root.id, order: 'desc', limit: 2 })).toEqual([
    'another',
    'two',
  ])
  expect(await s.bob.hears('*', { thread: s.root.id, since: s.one.cursor })).toEqual(['two', 'another'])
  const { body } = await s.bob.reads(s.lunch, { thread: s.root.id })
  expect(body).toMatchObject({ code: 'thread_not_found' })
})

test('simultaneous replies all join the thread and are all counted', async () => {
  await using s = await scene()
  const replies = await Promise.all(
    Array.from({ length: 10 }, (_, i) => s.bob.posts(s.general, `${i}`, { reply_to: s.two.id })),
  )
  for (const reply of replies) expect(reply.thread_id).toBe(s.root.id)
  expect((await s.bob.get<Message>(`/v1/messages/${s.root.id}`)).body.reply_count).toBe(12)
})

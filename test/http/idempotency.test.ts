import { describe, expect, test } from 'bun:test'
import { DAY, type Fields, type Message, MINUTE, type Person, type World, world } from '../support/world'
import { expectRefusal, issuesOf, leavesNoTrace } from './refusals'

async function scene() {
  const w: World = await world()
  const general = await w.channel('general')
  const ann = await w.agent('ann', { channels: { general: 'member' } })
  const bob = await w.agent('bob', { channels: { general: 'member' } })
  return { w, general, ann, bob, [Symbol.asyncDispose]: () => w[Symbol.asyncDispose]() }
}

const post = (person: Person, body: string, key: string | null, more: Fields = {}) =>
  person.post<Message>(
    '/v1/messages',
    { channel: 'general', body, ...more },
    key === null ? {} : { 'idempotency-key': key },
  )
const conflict = {
  code: 'idempotency_conflict',
  detail: 'This idempotency key was already used for a different request',
}

describe('a repeated request', () => {
  const ways: [string, (person: Person, body: string) => ReturnType<typeof post>][] = [
    ['with the header', (person, body) => post(person, body, 'k-1')],
    ['with client_msg_id', (person, body) => post(person, body, null, { client_msg_id: 'k-1' })],
  ]
  test.each(ways)('a repeated post %s is answered with the first message', async (_, send) => {
    await using s = await scene()
    const first = await send(s.ann, 'once')
    expect(first.status).toBe(201)
    expect(first.headers.get('idempotent-replayed')).toBeNull()
    await leavesNoTrace(s.w, async () => {
      const again = await send(s.ann, 'once')
      expect(again.status).toBe(201)
      expect(again.headers.get('idempotent-replayed')).toBe('true')
      expect(again.body).toEqual(first.body)
    })
    expect(await s.bob.hears(s.general)).toEqual(['once'])
  })

  test('twenty simultaneous posts with one key make one message', async () => {
    await using s = await scene()
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(s.ann, 'once', 'k')))
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(201))
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
    expect(answers.filter(({ headers }) => headers.has('idempotent-replayed'))).toHaveLength(19)
    expect(await s.bob.hears(s.general)).toEqual(['once'])
  })

  test('a repeated post is answered with the current state of the message', async () => {
    await using s = await scene()
    const first = await post(s.ann, 'once', 'k')
    await s.bob.posts(s.general, 'reply', { reply_to: first.body.id })
    expect((await post(s.ann, 'once', 'k')).body).toMatchObject({ id: first.body.id, reply_count: 1 })
  })

  test('a repeated post may have its JSON written differently', async () => {
    await using s = await scene()
    const first = await post(s.ann, 'once', 'k', { metadata: { a: 1, b: [2] } })
    const text = ' { "metadata" : {"b":[2.0],"a":1e0}, "body":"on\\u0063e","channel":"general" } '
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'k' }
    const again = await s.ann.fetch<Message>('/v1/messages', { method: 'POST', body: text, headers })
    expect(again.body.id).toBe(first.body.id)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
  })

  test('the same key with any other content is a conflict', async () => {
    await using s = await scene()
    await s.w.channel('lunch')
    await s.w.joins(s.ann, 'lunch')
    await post(s.ann, 'once', 'k')
    await leavesNoTrace(s.w, async () => {
      for (const [body, more] of [
        ['twice', {}],
        ['once ', {}],
        ['once', { channel: 'lunch' }],
        ['once', { priority: 'fyi' }],
        ['once', { metadata: { a: 1 } }],
        ['once', { body_format: 'plaintext' }],
        ['once', { client_msg_id: 'c' }],
      ] as const)
        expectRefusal(await post(s.ann, body, 'k', more), 409, conflict)
    })
  })

  test('a repeated post is refused when its sender has lost the right to post', async () => {
    await using s = await scene()
    await post(s.ann, 'once', 'k')
    await s.w.leaves(s.ann, s.general)
    expect((await post(s.ann, 'once', 'k')).body).toMatchObject({ code: 'not_a_member' })
  })
})

describe('retry keys of posts', () => {
  test('the key of the header wins over the key of the body', async () => {
    await using s = await scene()
    const first = await post(s.ann, 'once', 'h', { client_msg_id: 'c' })
    // The key of the body is still unused.
    expect((await post(s.ann, 'other', null, { client_msg_id: 'c' })).status).toBe(201)
    expect((await post(s.ann, 'once', 'h', { client_msg_id: 'c' })).body.id).toBe(first.body.id)
    expectRefusal(await post(s.ann, 'other', 'h'), 409, conflict)
    expectRefusal(await post(s.ann, 'once', null, { client_msg_id: 'h' }), 409, conflict)
  })

  test('a retry key belongs to its account, across channels and tokens', async () => {
    await using s = await scene()
    const ids = [await post(s.ann, 'once', 'k'), await post(s.bob, 'once', 'k')].map(({ body }) => body.id)
    expect(new Set(ids).size).toBe(2)
    const { body } = await s.w.operator.post<{ token: string }>('/v1/admin/tokens', {
      account_handle: 'ann',
      scopes: ['channel:*:*'],
    })
    const again = await s.w
      .bearer(body.token)
      .post('/v1/messages', { channel: 'general', body: 'once' }, { 'idempotency-key': 'k' })
    expect(again.body).toMatchObject({ id: ids[0] ?? '' })
  })

  test('the retry key of a refused post can be used again', async () => {
    await using s = await scene()
    expect((await post(s.ann, 'once', 'k', { reply_to: s.ann.id })).status).toBe(404)
    expect((await post(s.ann, 'once', 'k')).status).toBe(201)
  })

  test('a retry key has 1 to 128 characters', async () => {
    await using s = await scene()
    expect((await post(s.ann, 'long', 'k'.repeat(128))).status).toBe(201)
    await leavesNoTrace(s.w, async () => {
      for (const key of ['k'.repeat(129), ''])
        expect(issuesOf(await post(s.ann, 'x', key))).toEqual(['value_error header.idempotency-key'])
    })
  })

  test('a retry key is remembered for a day, also over a restart', async () => {
    await using s = await scene()
    const first = await post(s.ann, 'once', 'k')
    s.w.clock.advance(DAY - MINUTE)
    expect((await post(s.ann, 'once', 'k')).body.id).toBe(first.body.id)
    await s.w.restart()
    expect((await post(s.ann, 'once', 'k')).body.id).toBe(first.body.id)
  })
})

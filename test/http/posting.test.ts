import { describe, expect, test } from 'bun:test'
import { type Message, SECOND, type World, world } from '../support/world'
import { codeOf, expectRefusal, issuesOf, leavesNoTrace } from './refusals'

/** A channel with an agent and a human in it. */
async function scene() {
  const w: World = await world()
  const general = await w.channel('general')
  const ann = await w.agent('ann', { channels: { general: 'member' }, displayName: 'Ann' })
  const bob = await w.human('bob', { channels: { general: 'member' } })
  return { w, general, ann, bob, [Symbol.asyncDispose]: () => w[Symbol.asyncDispose]() }
}

describe('a message', () => {
  test('a message has default values for absent fields and looks the same in every answer', async () => {
    await using s = await scene()
    const posted = await s.ann.posts(s.general, 'hi')
    expect(Object.keys(posted).slice(0, 11)).toEqual([
      ...['id', 'channel', 'thread_id', 'reply_to', 'sender_handle', 'sender_kind', 'body', 'body_format'],
      ...['created_at', 'edited_at', 'mentioned_handles'],
    ])
    const { unresolved_mentions, unreachable, ...message } = posted
    expect([unresolved_mentions, unreachable]).toEqual([[], []])
    expect<object>(message).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      channel: 'general',
      thread_id: null,
      reply_to: null,
      sender_handle: 'ann',
      sender_kind: 'agent',
      body: 'hi',
      body_format: 'markdown',
      created_at: expect.stringMatching(/^2026-05-07T12:00:00\.\d{6}Z$/),
      edited_at: null,
      mentioned_handles: [],
      seq: expect.any(Number),
      cursor: expect.any(String),
      kind: 'message',
      priority: 'normal',
      sender_id: s.ann.id,
      sender_display_name: 'Ann',
      via: 'token',
      broadcast: false,
      reply_count: 0,
      last_reply_at: null,
      reactions: [],
      attachments: [],
      metadata: {},
      deleted: false,
    })
    for (const reader of [s.ann, s.bob]) {
      expect((await reader.get<Message>(`/v1/messages/${posted.id}`)).body).toEqual(message)
      expect((await reader.reads(s.general)).body.messages).toEqual([message])
    }
  })

  test('a message of a human on a session shows that a session sent it', async () => {
    await using s = await scene()
    expect(await s.bob.posts(s.general, 'hi')).toMatchObject({
      sender_handle: 'bob',
      sender_kind: 'human',
      via: 'session',
    })
  })

  test('the body of a message is stored unchanged', async () => {
    await using s = await scene()
    const bodies = [
      '  hi \n',
      '\n',
      ' ',
      '<b>&amp;</b>',
      '"\\ \u0001 \u007f \u2028',
      'e\u0301 é 😀 👩‍👩‍👧',
      '\ufeff',
    ]
    for (const body of bodies) expect((await s.ann.posts(s.general, body)).body).toBe(body)
    expect(await s.bob.hears(s.general)).toEqual(bodies)
  })

  test('a message can set its format and priority', async () => {
    await using s = await scene()
    const more = { body_format: 'plaintext', priority: 'urgent' }
    expect(await s.ann.posts(s.general, 'hi', more)).toMatchObject(more)
    for (const priority of ['fyi', 'normal'])
      expect(await s.ann.posts(s.general, 'hi', { priority })).toMatchObject({ priority })
  })

  test('a message is found by its id in every spelling of the UUID', async () => {
    await using s = await scene()
    const { id } = await s.ann.posts(s.general, 'hi')
    for (const spelling of [id, id.toUpperCase(), id.replaceAll('-', '')])
      expect((await s.bob.get(`/v1/messages/${spelling}`)).body).toMatchObject({ id })
    expectRefusal(await s.bob.get(`/v1/messages/${s.ann.id}`), 404, {
      code: 'message_not_found',
      detail: 'Message not found',
    })
    for (const garbage of ['x', `${id}0`, id.slice(1)])
      expectRefusal(await s.bob.get(`/v1/messages/${garbage}`), 400, {
        code: 'invalid_id',
        detail: 'Invalid message id',
      })
  })

  test('a message is later than the one before, even within one microsecond of the clock', async () => {
    await using s = await scene()
    const posted: Message[] = []
    for (let i = 0; i < 5; i++) posted.push(await s.ann.posts(s.general, `${i}`))
    s.w.clock.advance(SECOND)
    posted.push(await s.ann.posts(s.general, 'later'))
    const times = posted.map(({ created_at }) => created_at)
    expect(times.toSorted()).toEqual(times)
    expect(new Set(times).size).toBe(times.length)
    expect(times.at(-1)).toBe('2026-05-07T12:00:01.000000Z')
    expect(posted.map(({ seq }) => seq - (posted[0]?.seq ?? 0))).toEqual([0, 1, 2, 3, 4, 5])
  })

  test('the slug of a channel is accepted in any case', async () => {
    await using s = await scene()
    for (const slug of ['GENERAL', ' general ', 'General'])
      expect(await s.ann.posts(slug, 'hi')).toMatchObject({ channel: 'general' })
  })

  test('sixty simultaneous posts of one token are all stored', async () => {
    await using s = await scene()
    const bodies = Array.from({ length: 60 }, (_, i) => `${i}`)
    const posted = await Promise.all(bodies.map((body) => s.ann.posts(s.general, body)))
    expect(new Set(posted.map(({ seq }) => seq)).size).toBe(60)
    expect((await s.bob.hears(s.general, { limit: 200 })).toSorted()).toEqual(bodies.toSorted())
  })
})

describe('invalid formats', () => {
  test.each(['html', '', 'Markdown', ' markdown'])('the format %p is refused', async (format) => {
    await using s = await scene()
    await leavesNoTrace(s.w, async () => {
      const answer = await s.ann.post('/v1/messages', { channel: 'general', body: 'hi', body_format: format })
      expectRefusal(answer, 400, {
        code: 'invalid_body_format',
        detail: "body_format must be 'markdown' or 'plaintext'",
      })
    })
  })
})

describe('metadata', () => {
  test('metadata is stored unchanged, including the order of its keys', async () => {
    await using s = await scene()
    const metadata = { z: 1, a: [null, true, 1.5, { deep: '😀' }], empty: {}, '': '' }
    const { id } = await s.ann.posts(s.general, 'hi', { metadata })
    const { body } = await s.bob.get<Message>(`/v1/messages/${id}`)
    expect(body.metadata).toEqual(metadata)
    expect(Object.keys(body.metadata)).toEqual(['z', 'a', 'empty', ''])
  })

  test('metadata has at most 8 KiB of compact JSON', async () => {
    await using s = await scene()
    // {"a":"…"} takes eight bytes besides the text; an emoji takes four.
    const fits = { a: '😀'.repeat((8192 - 8) / 4) }
    expect((await s.ann.posts(s.general, 'hi', { metadata: fits })).metadata).toEqual(fits)
    await leavesNoTrace(s.w, async () => {
      const metadata = { a: `${fits.a}x` }
      const answer = await s.ann.post('/v1/messages', { channel: 'general', body: 'hi', metadata })
      expect(issuesOf(answer)).toEqual(['value_error body.metadata'])
      expect(answer.text.length).toBeLessThan(500)
    })
  })
})

describe('client_msg_id', () => {
  test('client_msg_id is shown to the author only, in every answer', async () => {
    await using s = await scene()
    const posted = await s.ann.posts(s.general, 'hi', { client_msg_id: 'mine-1' })
    expect(posted.client_msg_id).toBe('mine-1')
    const path = `/v1/messages/${posted.id}`
    expect((await s.ann.get<Message>(path)).body.client_msg_id).toBe('mine-1')
    expect((await s.ann.reads(s.general)).body.messages[0]?.client_msg_id).toBe('mine-1')
    for (const answer of [
      await s.bob.get(path),
      await s.bob.reads(s.general),
      await s.bob.get('/v1/events?since=oldest'),
    ]) {
      expect(answer.text).toContain('hi')
      expect(answer.text).not.toContain('mine-1')
    }
  })

  test('client_msg_id is in no event, not even for the author', async () => {
    await using s = await scene()
    await s.ann.posts(s.general, 'hi', { client_msg_id: 'mine-1' })
    expect((await s.ann.get('/v1/events?since=oldest')).text).not.toContain('mine-1')
  })
})

describe('a correction', () => {
  test('a correction is a message of its own kind', async () => {
    await using s = await scene()
    const { id } = await s.bob.posts(s.general, 'twelve')
    const fields = { kind: 'correction', reply_to: id }
    const longest = `Correction: ${'😀'.repeat(488)}`
    for (const body of ['Correction: ten', longest])
      expect<object>(await s.bob.posts(s.general, body, fields)).toMatchObject({ kind: 'correction', body })
    expect(await s.ann.hears(s.general, { kind: 'correction' })).toEqual(['Correction: ten', longest])
  })

  test('a correction is a reply of at most 500 code points that begins with "Correction:"', async () => {
    await using s = await scene()
    const { id } = await s.bob.posts(s.general, 'twelve')
    const wrong = [
      { body: 'Correction: ten' },
      { body: 'correction: ten', reply_to: id },
      { body: `Correction: ${'x'.repeat(489)}`, reply_to: id },
    ]
    await leavesNoTrace(s.w, async () => {
      for (const fields of wrong) {
        const post = { channel: 'general', kind: 'correction', ...fields }
        expect(codeOf(await s.bob.post('/v1/messages', post))).toBe('400 invalid_correction')
      }
      const approval = { channel: 'general', body: 'x', kind: 'approval' }
      expect(codeOf(await s.bob.post('/v1/messages', approval))).toBe('422 validation_error')
    })
  })
})

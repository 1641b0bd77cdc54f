import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { EventPage } from '../support/sockets'
import {
  type Fields,
  type Message,
  type Person,
  type Room,
  SECOND,
  type World,
  world,
} from '../support/world'
import { codeOf, leavesNoTrace } from './refusals'

let w: World
let general: Room
let ann: Person
let bob: Person
let cat: Person

beforeAll(async () => {
  w = await world({
    settings: { SYNAPSE_NAMED_ALIASES: '{"general":{"pair":["ann","bob"],"cats":["cat"]}}' },
  })
  general = await w.channel('general')
  const channels = { general: 'member' } as const
  ann = await w.agent('ann', { channels })
  bob = await w.agent('bob', { channels })
  cat = await w.agent('cat', { channels })
})
afterAll(() => w[Symbol.asyncDispose]())

type Edited = Message & { readonly edited_at: string | null; readonly unresolved_mentions: string[] }

const edits = (who: Person, { id }: { id: string }, change: Fields) =>
  who.patch<Edited>(`/v1/messages/${id}`, change)

async function edited(who: Person, message: Message, change: Fields): Promise<Edited> {
  const { status, body, text } = await edits(who, message, change)
  if (status !== 200) throw new Error(text)
  return body
}

const eventsAfter = async (message: Message) =>
  (await bob.get<EventPage>(`/v1/events?since=${message.cursor}&channel=general`)).body
    .events as unknown as Fields[]

describe('an edit', () => {
  test('an edit replaces body, format and metadata, and leaves what it does not name', async () => {
    const posted = await ann.posts(general, 'one', { metadata: { a: 1 }, client_msg_id: 'mine' })
    w.clock.advance(SECOND)
    const first = await edited(ann, posted, { body: 'two' })
    const { unreachable, ...before } = posted
    expect(unreachable).toEqual([])
    expect(first).toMatchObject({ ...before, body: 'two', edited_at: expect.any(String) })
    expect(first).toMatchObject({ client_msg_id: 'mine', metadata: { a: 1 }, unresolved_mentions: [] })
    const second = await edited(ann, posted, { body: null, body_format: 'plaintext', metadata: { b: 2 } })
    expect(second).toMatchObject({ body: 'two', body_format: 'plaintext', metadata: { b: 2 } })
    const read = await bob.get<Edited>(`/v1/messages/${posted.id}`)
    expect(read.body).toMatchObject({ body: 'two', edited_at: second.edited_at, metadata: { b: 2 } })
    expect((await bob.reads(general, { limit: 1, order: 'desc' })).body.messages).toEqual([read.body])
  })

  test('an edit is an event that shows the message and the handles that it began and ceased to mention', async () => {
    const posted = await ann.posts(general, '@bob look')
    const { body: seen } = await bob.get<EventPage>(`/v1/events?since=${posted.cursor}&channel=general`)
    expect(seen.events).toEqual([])
    await edited(ann, posted, { body: '@cat look' })
    const [event] = await eventsAfter(posted)
    expect(event).toMatchObject({
      type: 'message.edited',
      channel: 'general',
      message: { id: posted.id, body: '@cat look', mentioned_handles: ['cat'] },
      mentions_added: ['cat'],
      mentions_removed: ['bob'],
      actor: { handle: 'ann', kind: 'agent' },
    })
    expect(event?.message).not.toHaveProperty('unresolved_mentions')
    // The log holds ids, because the handle of an erased account ends.
    const [row] = await w.sql<{ data: unknown }>('SELECT data FROM events WHERE seq = ?', Number(event?.seq))
    expect(JSON.stringify(row?.data)).not.toContain('cat')
  })

  test('the event of the posting shows the message as it is after the edit', async () => {
    const posted = await ann.posts(general, 'draft')
    const replay = async () => {
      const { body } = await bob.get<EventPage>(`/v1/events?since=oldest&type=message.created&limit=500`)
      return (body.events as unknown as { message: Message }[]).at(-1)?.message.body
    }
    expect(await replay()).toBe('draft')
    await edited(ann, posted, { body: 'final' })
    expect(await replay()).toBe('final')
  })

  test('an edit that changes nothing answers 200 and writes no event', async () => {
    const posted = await ann.posts(general, 'the same', { metadata: { a: 1, b: 2 } })
    const change = { body: 'the same', body_format: 'markdown', metadata: { b: 2, a: 1 } }
    for (const same of [{}, change])
      await leavesNoTrace(w, async () => {
        expect(await edited(ann, posted, same)).toMatchObject({ body: 'the same', edited_at: null })
      })
  })
})

describe('the mentions of an edit', () => {
  const rows: [string, string, string, string[], string[], boolean][] = [
    ['names', '@bob', '@cat @bob @nobody', ['cat', 'bob'], ['nobody'], false],
    ['no names', '@bob', 'never mind', [], [], false],
    ['an alias', 'hello', '@cats', ['cat'], [], false],
    [
      'a broadcast that the posting did not have',
      'hello',
      '@channel @everyone',
      [],
      ['channel', 'everyone'],
      false,
    ],
    ['@here that the posting did not have', 'hello', '@here', [], ['here'], false],
    ['the broadcast of the posting', '@channel hi', '@everyone hey', ['bob', 'cat'], [], true],
    ['no broadcast any more', '@channel hi', 'hey', [], [], true],
  ]
  test.each(rows)(
    'an edit to %s resolves them anew',
    async (_, before, after, handles, unresolved, broadcast) => {
      const posted = await ann.posts(general, before)
      const now = await edited(ann, posted, { body: after })
      expect(now).toMatchObject({ mentioned_handles: handles, unresolved_mentions: unresolved, broadcast })
      expect((await bob.get<Message>(`/v1/messages/${posted.id}`)).body.mentioned_handles).toEqual(handles)
    },
  )

  test('an edit that keeps @here keeps those whom it reached, without those named otherwise', async () => {
    const posted = await ann.posts(general, '@here @bob')
    await w.sql(
      'UPDATE messages SET extra = ? WHERE seq = ?',
      JSON.stringify({ m: await idsOf('cat', 'bob') }),
      posted.seq,
    )
    expect((await edited(ann, posted, { body: 'again @here' })).mentioned_handles).toEqual(['cat'])
  })

  test('a broadcast that an edit keeps lists nobody who joined after the posting', async () => {
    const posted = await ann.posts(general, '@channel hi')
    const dan = await w.agent('dan', { channels: { general: 'member' } })
    expect((await edited(ann, posted, { body: '@channel hey' })).mentioned_handles).toEqual(['bob', 'cat'])
    const { body } = await dan.reads(general, { mentions_me: true })
    expect(body.messages.map(({ id }) => id)).not.toContain(posted.id)
    await w.leaves(dan, general)
  })

  test('mentions_me follows an edit', async () => {
    const posted = await ann.posts(general, '@bob hi')
    const isNamed = async (who: Person) =>
      (await who.reads(general, { mentions_me: true, order: 'desc' })).body.messages[0]?.id === posted.id
    expect([await isNamed(bob), await isNamed(cat)]).toEqual([true, false])
    await edited(ann, posted, { body: '@cat hi' })
    expect([await isNamed(bob), await isNamed(cat)]).toEqual([false, true])
  })
})

async function idsOf(...handles: string[]): Promise<number[]> {
  const rows = await Promise.all(
    handles.map((handle) => w.sql<{ id: number }>('SELECT id FROM accounts WHERE handle = ?', handle)),
  )
  return rows.map(([row]) => Number(row?.id))
}

describe('an edit is refused', () => {
  test('by anyone but the author, by readers, and where the message cannot be read', async () => {
    const secret = await w.channel('secret', { kind: 'private' })
    await w.joins(ann, secret)
    const posted = await ann.posts(general, 'mine')
    const hidden = await ann.posts(secret, 'hidden')
    const change = { body: 'changed' }
    await leavesNoTrace(w, async () => {
      expect(codeOf(await edits(bob, posted, change))).toBe('403 not_author')
      expect(codeOf(await edits(bob, hidden, change))).toBe('404 message_not_found')
      expect(codeOf(await edits(ann, { id: 'x' }, change))).toBe('400 invalid_id')
      expect(codeOf(await edits(ann, { id: crypto.randomUUID() }, change))).toBe('404 message_not_found')
      expect(codeOf(await edits(ann, posted, { body: '' }))).toBe('422 validation_error')
      expect(codeOf(await edits(ann, posted, { body_format: 'html' }))).toBe('400 invalid_body_format')
      const large = { metadata: { x: 'x'.repeat(8192) } }
      expect(codeOf(await edits(ann, posted, large))).toBe('422 validation_error')
    })
    await w.archives(secret)
    expect(codeOf(await edits(ann, hidden, change))).toBe('404 message_not_found')
  })

  test('for its author too, once it may only read', async () => {
    const board = await w.channel('board')
    const eve = await w.agent('eve', { channels: { board: 'member' } })
    const posted = await eve.posts(board, 'mine')
    const [account, channel] = [eve.id, board.id]
    const role = { role: 'read_only' }
    expect((await w.operator.patch(`/v1/admin/memberships/${account}/${channel}`, role)).status).toBe(200)
    expect(codeOf(await edits(eve, posted, { body: 'changed' }))).toBe('403 read_only_role')
    await w.leaves(eve, board)
    expect(codeOf(await edits(eve, posted, { body: 'changed' }))).toBe('404 message_not_found')
  })

  test('of a message that is deleted, or not of the kind message', async () => {
    const posted = await ann.posts(general, 'mine')
    expect((await ann.delete(`/v1/messages/${posted.id}`)).status).toBe(204)
    expect(codeOf(await edits(ann, posted, { body: 'changed' }))).toBe('409 immutable_message')
    const notice = await ann.posts(general, 'a notice')
    await w.sql('UPDATE messages SET flags = 6 WHERE seq = ?', notice.seq)
    expect(codeOf(await edits(ann, notice, { body: 'changed' }))).toBe('409 immutable_message')
  })

  test('after the edit window of the server', async () => {
    const posted = await ann.posts(general, 'mine')
    const window = await w.operator.put('/v1/config/messages.edit_window_s', { value: 60 })
    expect(window.status).toBe(200)
    w.clock.advance(59 * SECOND)
    expect((await edits(ann, posted, { body: 'in time' })).status).toBe(200)
    w.clock.advance(2 * SECOND)
    expect(codeOf(await edits(ann, posted, { body: 'too late' }))).toBe('403 edit_window_closed')
    await w.operator.delete('/v1/config/messages.edit_window_s')
    expect((await edits(ann, posted, { body: 'whenever' })).status).toBe(200)
  })
})

test('who acts as the author may edit', async () => {
  const posted = await ann.posts(general, 'mine')
  const answer = await w.operator.patch(
    `/v1/messages/${posted.id}`,
    { body: 'for ann' },
    { 'x-synapse-actor': 'ann' },
  )
  expect(answer).toMatchObject({ status: 200, body: { body: 'for ann', sender_handle: 'ann' } })
})

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { EventPage } from '../support/sockets'
import { type Fields, type Message, type Person, type Room, type World, world } from '../support/world'
import { codeOf, leavesNoTrace } from './refusals'

interface Reaction {
  readonly emoji: string
  readonly count: number
  readonly handles: readonly string[]
}

let w: World
let general: Room
let people: Person[]
let ann: Person
let bob: Person

beforeAll(async () => {
  w = await world()
  general = await w.channel('general')
  people = []
  for (let i = 0; i < 23; i++) people.push(await w.agent(`p${i}`, { channels: { general: 'member' } }))
  ;[ann, bob] = people as [Person, Person]
})
afterAll(() => w[Symbol.asyncDispose]())

const pathOf = ({ id }: { id: string }, emoji = '') =>
  `/v1/messages/${id}/reactions${emoji === '' ? '' : `/${encodeURIComponent(emoji)}`}`
const reacts = (who: Person, message: { id: string }, emoji: string) =>
  who.put<{ reactions: Reaction[] }>(pathOf(message, emoji))
const shown = async (message: Message, who = bob) =>
  (await who.get<{ reactions: Reaction[] }>(`/v1/messages/${message.id}`)).body.reactions

describe('reactions', () => {
  test('reactions are shown in order of first use, with the accounts in order of use', async () => {
    const message = await ann.posts(general, 'hello')
    expect<unknown>(message).toMatchObject({ reactions: [] })
    await reacts(bob, message, '👍')
    await reacts(ann, message, 'in_progress')
    const { body } = await reacts(ann, message, '👍')
    const expected = [
      { emoji: '👍', count: 2, handles: ['p1', 'p0'] },
      { emoji: 'in_progress', count: 1, handles: ['p0'] },
    ]
    expect(body.reactions).toEqual(expected)
    expect(await shown(message)).toEqual(expected)
    const page = await bob.reads(general, { order: 'desc', limit: 1 })
    expect<unknown>(page.body.messages[0]).toMatchObject({ reactions: expected })
    // The event of the posting shows the message without them.
    const events = await bob.get<EventPage>(`/v1/events?since=oldest&type=message.created&limit=500`)
    expect<unknown>(events.body.events.at(-1)).toMatchObject({ message: { id: message.id, reactions: [] } })
    const again = await bob.reads(general, { order: 'desc', limit: 1 })
    expect<unknown>(again.body.messages[0]).toMatchObject({ reactions: expected })
  })

  test('twenty accounts are listed and all are counted, and the next one moves up when one leaves', async () => {
    const message = await ann.posts(general, 'popular')
    for (const person of people) await reacts(person, message, '🎉')
    const handles = people.map(({ handle }) => handle)
    expect(await shown(message)).toEqual([{ emoji: '🎉', count: 23, handles: handles.slice(0, 20) }])
    expect((await bob.delete(pathOf(message, '🎉'))).status).toBe(204)
    const left = handles.filter((handle) => handle !== bob.handle)
    expect(await shown(message)).toEqual([{ emoji: '🎉', count: 22, handles: left.slice(0, 20) }])
    expect((await people.at(-1)?.delete(pathOf(message, '🎉')))?.status).toBe(204)
    expect(await shown(message)).toEqual([{ emoji: '🎉', count: 21, handles: left.slice(0, 20) }])
  })

  test('an emoji that its last account takes back is gone, and comes last when it is used again', async () => {
    const message = await ann.posts(general, 'fickle')
    for (const emoji of ['a', 'b']) await reacts(ann, message, emoji)
    await ann.delete(pathOf(message, 'a'))
    expect((await shown(message)).map(({ emoji }) => emoji)).toEqual(['b'])
    await reacts(bob, message, 'a')
    expect((await shown(message)).map(({ emoji }) => emoji)).toEqual(['b', 'a'])
  })

  test('POST answers 201 for a new reaction and 200 for one that is there; PUT and DELETE can be repeated', async () => {
    const message = await ann.posts(general, 'again')
    const post = () => bob.post(pathOf(message), { emoji: '👀' })
    expect((await post()).status).toBe(201)
    await leavesNoTrace(w, async () => {
      expect((await post()).status).toBe(200)
      expect((await reacts(bob, message, '👀')).status).toBe(200)
      expect((await ann.delete(pathOf(message, '👀'))).status).toBe(204)
    })
    expect((await bob.delete(pathOf(message, '👀'))).status).toBe(204)
    await leavesNoTrace(w, async () => {
      expect((await bob.delete(pathOf(message, '👀'))).status).toBe(204)
    })
  })

  test('a reaction is an event for the readers of the channel', async () => {
    const root = await ann.posts(general, 'root')
    const reply = await ann.posts(general, 'reply', { reply_to: root.id })
    await reacts(bob, reply, '👍')
    await bob.delete(pathOf(reply, '👍'))
    const { body } = await ann.get<EventPage>(`/v1/events?since=${reply.cursor}&thread=${root.id}`)
    const event = {
      channel: 'general',
      message_id: reply.id,
      emoji: '👍',
      account: { id: bob.id, handle: 'p1', kind: 'agent', display_name: 'p1' },
      seq: expect.any(Number),
      cursor: expect.any(String),
      at: expect.any(String),
      actor: { handle: 'p1', kind: 'agent' },
    }
    expect<unknown>(body.events).toEqual([
      { type: 'reaction.added', ...event },
      { type: 'reaction.removed', ...event },
    ])
  })

  test('an edit keeps the reactions of a message', async () => {
    const message = await ann.posts(general, 'one')
    await reacts(bob, message, '👍')
    await ann.patch(`/v1/messages/${message.id}`, { body: 'two' })
    expect(await shown(message)).toEqual([{ emoji: '👍', count: 1, handles: ['p1'] }])
  })
})

describe('an emoji', () => {
  test('composed and decomposed characters are the same emoji', async () => {
    const message = await ann.posts(general, 'accents')
    await reacts(ann, message, 'ok\u00e9')
    await reacts(bob, message, 'oke\u0301')
    expect(await shown(message)).toEqual([{ emoji: 'ok\u00e9', count: 2, handles: ['p0', 'p1'] }])
  })

  test.each([
    '👩‍👩‍👧',
    '❤️',
    '🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}',
    'x'.repeat(64),
    '👍'.repeat(64),
    '100%',
    'a/b',
  ])('%j is accepted', async (emoji) => {
    const message = await ann.posts(general, 'any')
    expect((await ann.post(pathOf(message), { emoji })).status).toBe(201)
    expect((await shown(message))[0]?.emoji).toBe(emoji)
    expect((await ann.delete(pathOf(message, emoji))).status).toBe(204)
    expect(await shown(message)).toEqual([])
  })

  test.each([
    '',
    ' ',
    'two words',
    'tab\t',
    'line\n',
    '\u00a0',
    '\u200d',
    '\u202e',
    '\u0007',
    'x'.repeat(65),
  ])('%j is refused with 400 invalid_emoji', async (emoji) => {
    const message = await ann.posts(general, 'any')
    expect(codeOf(await ann.post(pathOf(message), { emoji }))).toBe('400 invalid_emoji')
    if (emoji.trim() !== '')
      for (const method of ['PUT', 'DELETE'])
        expect(codeOf(await ann.request(method, pathOf(message, emoji)))).toBe('400 invalid_emoji')
  })
})

describe('the limits of reactions', () => {
  test('an account reacts to a message with at most 20 emoji', async () => {
    const message = await ann.posts(general, 'a lot')
    for (let i = 0; i < 20; i++) expect((await reacts(ann, message, `e${i}`)).status).toBe(200)
    await leavesNoTrace(w, async () => {
      const refused = await reacts(ann, message, 'e20')
      expect(codeOf(refused)).toBe('403 quota_exceeded')
      expect<unknown>(refused.body).toMatchObject({ quota: 'reactions_per_account', limit: 20 })
      expect((await reacts(ann, message, 'e19')).status).toBe(200)
    })
    expect((await reacts(bob, message, 'e20')).status).toBe(200)
  })

  test('a message has at most 50 different emoji, and each can be used further', async () => {
    const message = await ann.posts(general, 'a lot')
    for (const [n, person] of people.slice(0, 3).entries())
      for (let i = 0; i < 20 && n * 20 + i < 50; i++) await reacts(person, message, `e${n * 20 + i}`)
    expect(await shown(message)).toHaveLength(50)
    const other = people[5] as Person
    const refused = await other.post(pathOf(message), { emoji: 'e50' })
    expect(codeOf(refused)).toBe('403 quota_exceeded')
    expect<Fields>(refused.body).toMatchObject({ quota: 'emoji_per_message', limit: 50 })
    expect((await reacts(other, message, 'e49')).status).toBe(200)
  })
})

describe('who may react', () => {
  test('posters of the channel may, others may not', async () => {
    const secret = await w.channel('secret', { kind: 'private' })
    await w.joins(ann, secret)
    const message = await ann.posts(general, 'hello')
    const hidden = await ann.posts(secret, 'hidden')
    const silent = await w.agent('silent', { channels: { general: 'read_only' } })
    const reader = await w.agent('reader', { scopes: ['channel:*:read'], channels: { general: 'member' } })
    await leavesNoTrace(w, async () => {
      for (const method of ['PUT', 'DELETE']) {
        const by = (who: Person, on: Message) => who.request(method, pathOf(on, 'ok'))
        expect(codeOf(await by(silent, message))).toBe('403 read_only_role')
        expect(codeOf(await by(reader, message))).toBe('403 missing_scope')
        expect(codeOf(await by(bob, hidden))).toBe('404 message_not_found')
      }
    })
  })
})

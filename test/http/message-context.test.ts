import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Message, MINUTE, type Person, type Room, SECOND, type World, world } from '../support/world'
import { codeOf } from './refusals'

let w: World
let room: Room
let ann: Person
let bob: Person

beforeAll(async () => {
  w = await world()
  ann = await w.agent('ann')
  bob = await w.human('bob')
})
afterAll(() => w[Symbol.asyncDispose]())

let rooms = 0
async function newRoom(): Promise<void> {
  room = await w.channel(`room-${++rooms}`)
  for (const who of [ann, bob]) await w.joins(who, room)
}

async function says(who: Person, body: string, more = {}, pause = 10 * MINUTE): Promise<Message> {
  w.clock.advance(pause)
  return who.posts(room, body, more)
}

async function around(message: Message, query = ''): Promise<string> {
  const { status, body, text } = await ann.get<{ messages: Message[] }>(
    `/v1/messages/${message.id}/context?${query}`,
  )
  if (status !== 200) throw new Error(text)
  return body.messages.map((one) => one.body).join(' ')
}

describe('the context of a message', () => {
  test('the context has the five messages before it, itself, and on request those after it', async () => {
    await newRoom()
    const messages: Message[] = []
    for (const body of 'abcdefghij') messages.push(await says(ann, body))
    const [first, , , , , , g] = messages as [Message, ...Message[]] & Message[]
    const at = g as Message
    expect(await around(at)).toBe('b c d e f g')
    expect(await around(at, 'before=2&after=2')).toBe('e f g h i')
    expect(await around(at, 'before=0')).toBe('g')
    expect(await around(at, 'before=50&after=50')).toBe('a b c d e f g h i j')
    expect(await around(first)).toBe('a')
    await ann.delete(`/v1/messages/${messages[5]?.id}`)
    expect(await around(at, 'before=2')).toBe('d e g')
  })

  test('the neighbours of a reply are those of its thread with the root, and others are those of the channel', async () => {
    await newRoom()
    const root = await says(ann, 'root')
    await says(ann, 'aside')
    await says(bob, 'one', { reply_to: root.id })
    const beside = await says(ann, 'beside')
    const two = await says(bob, 'two', { reply_to: root.id })
    await says(ann, 'last')
    expect(await around(two, 'before=5&after=5')).toBe('root one two')
    expect(await around(two, 'before=1')).toBe('one two')
    expect(await around(beside, 'before=5&after=5')).toBe('root aside one beside two last')
    expect(await around(beside, 'before=5&after=5&top_level=true')).toBe('root aside beside last')
    expect(await around(two, 'top_level=true')).toBe('root two')
    const page = await ann.hears(room, { top_level: true })
    expect(page).toEqual(['root', 'aside', 'beside', 'last'])
  })

  test('a message that cannot be read has no context, and a deleted one neither', async () => {
    await newRoom()
    const message = await says(ann, 'mine')
    const eve = await w.agent('eve')
    const path = `/v1/messages/${message.id}/context`
    expect(codeOf(await eve.get(path))).toBe('404 message_not_found')
    expect(codeOf(await ann.get('/v1/messages/x/context'))).toBe('400 invalid_id')
    expect(codeOf(await ann.get(`${path}?before=51`))).toBe('422 validation_error')
    await ann.delete(`/v1/messages/${message.id}`)
    expect(codeOf(await ann.get(path))).toBe('404 message_not_found')
  })
})

describe('the context by the rule for agents', () => {
  test('it goes back to the last message of a person', async () => {
    await newRoom()
    await says(ann, 'before')
    await says(bob, 'question')
    await says(ann, 'thought')
    expect(await around(await says(ann, 'answer'), 'rule=protocol')).toBe('question thought answer')
  })

  test('without a person it has five messages, and ten in a rapid exchange', async () => {
    await newRoom()
    for (const body of 'abcdefghij') await says(ann, body)
    expect(await around(await says(ann, 'slow'), 'rule=protocol')).toBe('f g h i j slow')
    for (const body of 'klm') await says(ann, body, {}, 30 * SECOND)
    const rapid = await says(ann, 'rapid', {}, 30 * SECOND)
    expect(await around(rapid, 'rule=protocol')).toBe('e f g h i j slow k l m rapid')
  })
})

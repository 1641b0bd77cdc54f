// The filters of pages that look into the messages: mention and contains.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type Person, type World, world } from '../support/world'

let w: World
let ann: Person
beforeAll(async () => {
  w = await world()
  ann = await w.agent('ann')
})
afterAll(() => w[Symbol.asyncDispose]())

async function room(slug: string) {
  const made = await w.channel(slug)
  await w.joins(ann, made)
  return made
}

test('mention finds messages that mention an account, by name or by a broadcast after it joined', async () => {
  const general = await room('general')
  await ann.posts(general, '@channel before bob')
  await w.agent('bob', { channels: { general: 'member' } })
  for (const body of ['@bob', '@channel', 'bob', '@ann']) await ann.posts(general, body)
  for (const mention of ['bob', '@BOB'])
    expect(await ann.hears(general, { mention })).toEqual(['@bob', '@channel'])
  expect(await ann.hears(general, { mention: 'nobody' })).toEqual([])
  // Both filters apply: a broadcast does not mention its sender.
  expect(await ann.hears(general, { mention: 'bob', mentions_me: true })).toEqual([])
  expect(await ann.hears(general, { mention: 'ann' })).toEqual(['@ann'])
})

test('contains finds a text in the body, in upper or lower case, whatever characters it has', async () => {
  const lunch = await room('lunch')
  for (const body of ['50 % done', 'DONE_x', 'done', 'Größe']) await ann.posts(lunch, body)
  expect(await ann.hears(lunch, { contains: 'Done' })).toEqual(['50 % done', 'DONE_x', 'done'])
  expect(await ann.hears(lunch, { contains: '%' })).toEqual(['50 % done'])
  expect(await ann.hears(lunch, { contains: 'E_' })).toEqual(['DONE_x'])
  expect(await ann.hears(lunch, { contains: 'GRÖẞE' })).toEqual(['Größe'])
  expect(await ann.hears(lunch, { contains: 'done', limit: 1, order: 'desc' })).toEqual(['done'])
})

test('a long poll with these filters goes on past messages that do not match', async () => {
  const tea = await room('tea')
  const bob = await w.agent('bert', { channels: { tea: 'member' } })
  const wait = ann.reads(tea, { since: 'now', wait: 60, mention: 'ann', contains: 'green' })
  let isOver = false
  void wait.then(() => (isOver = true)).catch(() => {})
  while (!isOver) for (const body of ['@ann black', 'green', '@ann Green']) await bob.posts(tea, body)
  expect((await wait).body.messages[0]?.body).toBe('@ann Green')
})

// The setting `matrix` of a channel.
import { expect, test } from 'bun:test'
import { eventsOf, homeserverWorld, settled } from './projected'

const bodies = (events: Awaited<ReturnType<typeof eventsOf>>) =>
  events.filter(({ type }) => type === 'm.room.message').map(({ content }) => content['body'])

test('a channel that is kept out of Matrix shows nothing there, and gets all of its events when it comes back', async () => {
  await using w = await homeserverWorld()
  const family = await w.channel('family')
  const set = async (matrix: boolean | null) => {
    const answer = await w.operator.patch(`/v1/admin/channels/${family.id}`, { settings: { matrix } })
    expect(answer.status).toBe(200)
  }
  await set(false)
  const alice = await w.agent('alice', { channels: { family: 'member' } })
  for (let i = 0; i < 300; i++) await alice.posts(family, `message ${i}`)
  expect(bodies(await eventsOf(w, family))).toEqual([])
  await set(null)
  const events = await eventsOf(w, family)
  expect(bodies(events)).toEqual(Array.from({ length: 300 }, (_, i) => `message ${i}`))
  expect(events[0]?.type).toBe('m.room.create')
})

test('a room that is left out for a while goes on where it ended', async () => {
  await using w = await homeserverWorld()
  const family = await w.channel('family')
  const town = await w.channel('town')
  const alice = await w.agent('alice', { channels: { family: 'member', town: 'member' } })
  await alice.posts(family, 'before')
  const begun = await eventsOf(w, family)
  await w.operator.patch(`/v1/admin/channels/${family.id}`, { settings: { matrix: false } })
  await alice.posts(family, 'meanwhile')
  await alice.posts(town, 'elsewhere')
  await settled(w)
  expect(await eventsOf(w, family)).toEqual(begun)
  await w.operator.patch(`/v1/admin/channels/${family.id}`, { settings: { matrix: true } })
  await alice.posts(family, 'after')
  const events = await eventsOf(w, family)
  expect(events.slice(0, begun.length)).toEqual(begun)
  expect(bodies(events)).toEqual(['before', 'meanwhile', 'after'])
  for (const [i, event] of events.entries())
    expect(event.prev).toEqual(i === 0 ? [] : [events[i - 1]?.id ?? ''])
  expect(bodies(await eventsOf(w, town))).toEqual(['elsewhere'])
})

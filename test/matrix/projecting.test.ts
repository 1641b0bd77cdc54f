// What happens on /v1, as the events of rooms (each row of the table of translation, outward).
import { expect, test } from 'bun:test'
import { eventsOf, homeserverWorld, inShort, SERVER, user } from './projected'

test('the room of a channel begins with its state in order, and then its members join', async () => {
  await using w = await homeserverWorld()
  const family = await w.channel('family', { kind: 'public', name: 'Family' })
  await w.agent('alice', { channels: { family: 'admin' } })
  await w.agent('bob', { channels: { family: 'member' } })
  const events = await eventsOf(w, family)
  expect(events.map(inShort)).toEqual([
    'm.room.create by system',
    'm.room.member system join by system',
    'm.room.power_levels by system',
    'm.room.join_rules by system',
    'm.room.history_visibility by system',
    'm.room.guest_access by system',
    'm.room.name by system',
    'm.room.canonical_alias by system',
    'io.element.functional_members by system',
    'm.room.member alice invite by system',
    'm.room.member alice join by alice',
    'm.room.power_levels by system',
    'm.room.member bob invite by system',
    'm.room.member bob join by bob',
  ])
  for (const [i, event] of events.entries())
    expect(event.prev).toEqual(i === 0 ? [] : [events[i - 1]?.id ?? ''])
  expect(events[11]?.content['users']).toEqual({ [user('system')]: 101, [user('alice')]: 100 })
  expect(events[7]?.content).toEqual({ alias: `#family:${SERVER}` })
})

test('a message is an event with its words, and a thread relates to its root', async () => {
  await using w = await homeserverWorld()
  const family = await w.channel('family')
  const alice = await w.agent('alice', { channels: { family: 'member' } })
  await w.agent('bob', { channels: { family: 'member' } })
  const first = await alice.posts(family, 'hello **you** @bob')
  await alice.posts(family, 'a reply', { reply_to: first.id })
  await alice.posts(family, 'another', { thread_id: first.id })
  const [root, reply, another] = (await eventsOf(w, family)).filter(({ type }) => type === 'm.room.message')
  expect(root?.content).toEqual({
    msgtype: 'm.text',
    body: 'hello **you** @bob',
    format: 'org.matrix.custom.html',
    formatted_body: `hello <strong>you</strong> <a href="https://matrix.to/#/${user('bob')}">@bob</a>`,
    'm.mentions': { user_ids: [user('bob')] },
    'dev.synapse.v1': { id: first.id },
  })
  expect(reply?.content['m.relates_to']).toEqual({
    rel_type: 'm.thread',
    event_id: root?.id,
    'm.in_reply_to': { event_id: root?.id },
    is_falling_back: false,
  })
  expect(another?.content['m.relates_to']).toEqual({
    rel_type: 'm.thread',
    event_id: root?.id,
    'm.in_reply_to': { event_id: reply?.id },
    is_falling_back: true,
  })
})

// Two people with matrix-js-sdk find rooms: the directory, summaries, a space, search, and a room that is replaced.
// Prints the rooms.
import assert from 'node:assert/strict'
import { input, signedIn, until } from './support.js'

const [ada, ben] = input.people
const a = await signedIn(ada)
const b = await signedIn(ben)

const { room_id: room } = await a.createRoom({
  preset: 'public_chat',
  name: 'Garden',
  room_alias_name: 'garden',
})
const { room_id: space } = await a.createRoom({
  preset: 'public_chat',
  name: 'House',
  creation_content: { type: 'm.space' },
})
await a.sendStateEvent(space, 'm.space.child', { via: ['example.org'], suggested: true }, room)

// The directory.
assert.deepEqual((await b.publicRooms({})).chunk, [])
await a.setRoomDirectoryVisibility(room, 'public')
assert.deepEqual(await a.getRoomDirectoryVisibility(room), { visibility: 'public' })
const { chunk } = await b.publicRooms({ filter: { generic_search_term: 'gard' } })
assert.deepEqual(
  chunk.map(({ room_id, name }) => [room_id, name]),
  [[room, 'Garden']],
)

// A summary, and the tree of a space.
const summary = await b.getRoomSummary('#garden:example.org')
assert.equal(summary.name, 'Garden')
assert.equal(summary.membership, 'leave')
const { rooms } = await b.getRoomHierarchy(space, 50)
assert.deepEqual(
  rooms.map(({ room_id }) => room_id),
  [space, room],
)

// Search.
await b.joinRoom(room)
const { event_id: event } = await a.sendTextMessage(room, 'the tomatoes are ripe')
const found = await until('the message in the search', async () => {
  const results = await b.searchRoomEvents({ term: 'tomatoes' })
  return results.results.length > 0 && results
})
assert.equal(found.results[0].context.getEvent().getId(), event)
assert.deepEqual(found.highlights, ['tomatoes'])

// Reports.
await b.reportEvent(room, event, -100, 'too ripe')
await b.reportRoom(room, 'too green')

// An upgrade.
const { replacement_room: replacement } = await a.upgradeRoom(room, '12')
await until('the tombstone', () => b.getRoom(room)?.currentState.getStateEvents('m.room.tombstone', ''))
await b.joinRoom(replacement)
await until('the new room', () => b.getRoom(replacement)?.getMyMembership() === 'join')
assert.equal(b.getRoom(replacement).findPredecessor().roomId, room)
assert.equal((await b.getRoomIdForAlias('#garden:example.org')).room_id, replacement)

a.stopClient()
b.stopClient()
console.log(JSON.stringify({ room, replacement }))
process.exit(0)

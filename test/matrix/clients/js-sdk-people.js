// Two people with matrix-js-sdk, without encryption: rooms, messages, edits, reactions, threads, redactions, receipts,
// files, gaps and lost connections. Prints the room, and what each of them has seen at the end.
import assert from 'node:assert/strict'
import { Direction, EventTimeline, EventType, MsgType, RelationType } from 'matrix-js-sdk'
import { input, Line, signedIn, until } from './support.js'

const [ada, ben] = input.people
const bensLine = new Line()
const a = await signedIn(ada)
const b = await signedIn(ben, bensLine)

// A room: made by one, joined by the other.
const { room_id: room } = await a.createRoom({
  preset: 'private_chat',
  name: 'Garden',
  topic: 'What grows',
  invite: [b.getUserId()],
})
await until('the invite', () => b.getRoom(room)?.getMyMembership() === 'invite')
assert.equal(b.getRoom(room).name, 'Garden')
await b.joinRoom(room)
await until('the join', () => b.getRoom(room)?.getMyMembership() === 'join')
await until('the other in the room', () => a.getRoom(room)?.getMember(b.getUserId())?.membership === 'join')
await until('the topic', () => stateOf(b, 'm.room.topic')?.getContent().topic === 'What grows')

// A message, its edit, a reaction and its removal.
const { event_id: first } = await a.sendTextMessage(room, 'tomatos')
await until('the message', () => find(b, first))
await a.sendMessage(room, {
  msgtype: MsgType.Text,
  body: '* tomatoes',
  'm.new_content': { msgtype: MsgType.Text, body: 'tomatoes' },
  'm.relates_to': { rel_type: RelationType.Replace, event_id: first },
})
await until('the edit', () => find(b, first).getContent().body === 'tomatoes')
const { event_id: reaction } = await b.sendEvent(room, EventType.Reaction, {
  'm.relates_to': { rel_type: RelationType.Annotation, event_id: first, key: '🍅' },
})
await until('the reaction', () => reactionsTo(a, first).includes('🍅'))
await b.redactEvent(room, reaction)
await until('the end of the reaction', () => !reactionsTo(a, first).includes('🍅'))

// A thread, with a reply in it.
const { event_id: root } = await a.sendTextMessage(room, 'and beans?')
await until('the root', () => find(b, root))
const { event_id: inThread } = await b.sendMessage(room, root, { msgtype: MsgType.Text, body: 'in May' })
await until('the thread', () => a.getRoom(room).getThread(root)?.length === 1)
await until('the reply in the thread', () => a.getRoom(room).getThread(root).findEventById(inThread))
const { chunk: threads } = await a.createThreadListMessagesRequest(room, null, 10)
assert.deepEqual(
  threads.map(({ event_id }) => event_id),
  [root],
)
const related = await a.relations(room, root, RelationType.Thread, null)
assert.deepEqual(
  related.events.map((event) => event.getId()),
  [inThread],
)

// A redaction.
const { event_id: wrong } = await a.sendTextMessage(room, 'a secret')
await until('the wrong message', () => find(b, wrong))
await a.redactEvent(room, wrong, undefined, { reason: 'a mistake' })
await until('the redaction', () => find(b, wrong).isRedacted())
assert.deepEqual(find(b, wrong).getContent(), {})

// A receipt.
const { event_id: read } = await a.sendTextMessage(room, 'read this')
await b.sendReadReceipt(await until('what is read', () => find(b, read)))
await until('the receipt', () => a.getRoom(room).hasUserReadEvent(b.getUserId(), read))

// A file.
const bytes = new TextEncoder().encode('a plan of the garden')
const { content_uri: uri } = await a.uploadContent(new Blob([bytes], { type: 'text/plain' }), {
  name: 'plan.txt',
  type: 'text/plain',
})
const { event_id: file } = await a.sendMessage(room, {
  msgtype: MsgType.File,
  body: 'plan.txt',
  filename: 'plan.txt',
  url: uri,
  info: { mimetype: 'text/plain', size: bytes.length },
})
const sent = await until('the file', () => find(b, file))
const address = b.mxcUrlToHttp(sent.getContent().url, undefined, undefined, undefined, true, true, true)
const download = await fetch(address, { headers: { authorization: `Bearer ${b.getAccessToken()}` } })
assert.equal(await download.text(), 'a plan of the garden')

// A gap: more messages than one sync brings, while the connection is cut.
bensLine.cut()
const missed = []
for (let n = 1; n <= 30; n++) missed.push((await a.sendTextMessage(room, `missed ${n}`)).event_id)
bensLine.mend()
b.retryImmediately()
await until('the newest missed message', () => find(b, missed.at(-1)))
const timeline = b.getRoom(room).getLiveTimeline()
while (!find(b, missed[0])) assert.ok(await b.paginateEventTimeline(timeline, { backwards: true, limit: 10 }))
const seen = timeline.getEvents().map((event) => event.getId())
assert.deepEqual(
  seen.filter((id) => missed.includes(id)),
  missed,
)

// The state that the client has put together is that of the server.
await b.getRoom(room).loadMembersIfNeeded()
for (const client of [a, b]) {
  const known = [...client.getRoom(room).getLiveTimeline().getState(EventTimeline.FORWARDS).events.values()]
    .flatMap((byKey) => [...byKey.values()])
    .map((event) => event.getId())
  const served = (await client.roomState(room)).map(({ event_id }) => event_id)
  assert.deepEqual(known.sort(), served.sort())
}
const { event } = await b
  .getEventTimeline(b.getRoom(room).getUnfilteredTimelineSet(), missed[10])
  .then((found) => ({
    event: found?.getEvents().find((one) => one.getId() === missed[10]),
  }))
assert.equal(event?.getContent().body, 'missed 11')
const page = await b.createMessagesRequest(room, null, 5, Direction.Backward)
assert.equal(page.chunk[0].event_id, missed.at(-1))

// Leaving.
await b.leave(room)
await until('the leave', () => a.getRoom(room).getMember(b.getUserId())?.membership === 'leave')

a.stopClient()
b.stopClient()
console.log(JSON.stringify({ room, first, missed }))
process.exit(0)

function find(client, id) {
  const found = client.getRoom(room)
  return found?.findEventById(id) ?? undefined
}

function stateOf(client, type) {
  return client.getRoom(room)?.currentState.getStateEvents(type, '')
}

function reactionsTo(client, id) {
  const relations = client
    .getRoom(room)
    .relations.getChildEventsForEvent(id, RelationType.Annotation, EventType.Reaction)
  return (relations?.getRelations() ?? [])
    .filter((event) => !event.isRedacted())
    .map((event) => event.getRelation().key)
}

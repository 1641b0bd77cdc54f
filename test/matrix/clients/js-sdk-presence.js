// Two people with matrix-js-sdk: who types, who is there, profiles, the search for users, and the small form of a picture.
// Prints the user that was found.
import assert from 'node:assert/strict'
import { input, signedIn, until } from './support.js'

const [ada, ben] = input.people
const a = await signedIn(ada)
const b = await signedIn(ben)
const userId = a.getUserId()

const { room_id: room } = await a.createRoom({ preset: 'private_chat', invite: [b.getUserId()] })
await until('the invite', () => b.getRoom(room)?.getMyMembership() === 'invite')
await b.joinRoom(room)
await until('the member', () => b.getRoom(room)?.getMember(userId)?.membership === 'join')

// Typing, which ends by itself with a message.
await a.sendTyping(room, true, 30_000)
await until('the typing', () => b.getRoom(room).getMember(userId).typing)
await a.sendTextMessage(room, 'done')
await until('the end of the typing', () => !b.getRoom(room).getMember(userId).typing)
await a.sendTyping(room, true, 30_000)
await until('the typing again', () => b.getRoom(room).getMember(userId).typing)
await a.sendTyping(room, false, 0)
await until('the end of it', () => !b.getRoom(room).getMember(userId).typing)

// Presence: who syncs is online, and may say more of itself.
await until('the other online', () => b.getUser(userId)?.presence === 'online')
await a.setSyncPresence('unavailable')
await a.setPresence({ presence: 'unavailable', status_msg: 'at lunch' })
await until('the presence', () => b.getUser(userId).presenceStatusMsg === 'at lunch')
assert.equal(b.getUser(userId).presence, 'unavailable')
assert.equal((await b.getPresence(userId)).status_msg, 'at lunch')

// A profile, and how its user is found.
await a.setDisplayName('Ada Lovelace')
await until('the name in the room', () => b.getRoom(room).getMember(userId).name === 'Ada Lovelace')
const { results, limited } = await b.searchUserDirectory({ term: 'LOVELACE' })
assert.equal(limited, false)
assert.deepEqual(results, [{ user_id: userId, display_name: 'Ada Lovelace' }])

// A picture and its small form.
const bytes = Buffer.from(input.png, 'base64')
const { content_uri: picture } = await a.uploadContent(new Blob([bytes]), { type: 'image/png' })
const small = b.mxcUrlToHttp(picture, 64, 64, 'crop', false, true, true)
const answer = await fetch(small, { headers: { authorization: `Bearer ${b.getAccessToken()}` } })
assert.equal(answer.status, 200)
assert.match(answer.headers.get('content-type'), /^image\/(?:png|jpeg)$/)
assert.ok((await answer.arrayBuffer()).byteLength > 0)

a.stopClient()
b.stopClient()
console.log(JSON.stringify({ found: results[0].user_id }))
process.exit(0)

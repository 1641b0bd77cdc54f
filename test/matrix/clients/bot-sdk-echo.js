// A bot with matrix-bot-sdk: joins where it is invited, answers `!echo`, and reacts. Prints a line of JSON for what it sees,
// until it is killed. With a password it signs in; with a token it is that account.
import {
  AutojoinRoomsMixin,
  LogLevel,
  LogService,
  MatrixAuth,
  MatrixClient,
  MemoryStorageProvider,
} from 'matrix-bot-sdk'

LogService.setLevel(LogLevel.ERROR)
const { baseUrl, user, password, token } = JSON.parse(process.argv[2])
const accessToken = token ?? (await new MatrixAuth(baseUrl).passwordLogin(user, password)).accessToken
const client = new MatrixClient(baseUrl, accessToken, new MemoryStorageProvider())
AutojoinRoomsMixin.setupOnClient(client)

const say = (line) => console.log(JSON.stringify(line))
const me = await client.getUserId()

client.on('room.join', (room) => say({ joined: room }))
client.on('room.message', async (room, event) => {
  if (event.sender === me || typeof event.content?.body !== 'string') return
  say({ message: event.content.body, sender: event.sender })
  if (!event.content.body.startsWith('!echo ')) return
  try {
    await client.replyText(room, event, event.content.body.slice('!echo '.length))
    await client.unstableApis.addReactionToEvent(room, event.event_id, '✅')
    say({ answered: event.event_id })
  } catch (error) {
    say({ refused: error.body ?? String(error) })
  }
})
await client.start()
say({ ready: me })

// An agent with matrix-bot-sdk that replies to itself in a thread until the server refuses. Prints how often it was heard.
import { LogLevel, LogService, MatrixClient } from 'matrix-bot-sdk'

LogService.setLevel(LogLevel.ERROR)
LogService.muteModule('MatrixHttpClient')
const { baseUrl, token, alias, most } = JSON.parse(process.argv[2])
const client = new MatrixClient(baseUrl, token)
const room = await client.resolveRoom(alias)
const root = await client.sendText(room, 'a thought')
let sent = 0
let refusal
while (refusal === undefined && sent < most)
  try {
    await client.sendMessage(room, {
      msgtype: 'm.text',
      body: `thought ${sent + 1}`,
      'm.relates_to': { rel_type: 'm.thread', event_id: root },
    })
    sent++
  } catch (error) {
    refusal = { status: error.statusCode, ...error.body }
  }
console.log(JSON.stringify({ sent, refusal }))
process.exit(0)

// An agent with matrix-bot-sdk that talks to itself until the server refuses. Prints how often it was heard.
import { LogLevel, LogService, MatrixClient } from 'matrix-bot-sdk'

LogService.setLevel(LogLevel.ERROR)
LogService.muteModule('MatrixHttpClient')
const { baseUrl, token, alias, most } = JSON.parse(process.argv[2])
const client = new MatrixClient(baseUrl, token)
const room = await client.resolveRoom(alias)
let sent = 0
let refusal
while (refusal === undefined && sent < most)
  try {
    await client.sendText(room, `thought ${sent + 1}`)
    sent++
  } catch (error) {
    refusal = { status: error.statusCode, ...error.body }
  }
console.log(JSON.stringify({ sent, refusal }))
process.exit(0)

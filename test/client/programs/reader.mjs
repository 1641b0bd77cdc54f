// Reads a stream until the message `end`. Prints `ready` when the stream has begun, `heard` for the first event of each
// connection, and at the end the seqs of the messages before `end`, in the order of their arrival.
import { connect } from '@synapse/client'

const { env } = globalThis.process ?? { env: globalThis.Deno.env.toObject() }
const seqs = []
let isFresh = true
const stream = connect({ url: env.SYNAPSE_URL, token: env.TOKEN }).stream({
  types: ['message.created'],
  onStatus: (status) => {
    if (status === 'open') isFresh = true
  },
})
await stream.ready()
console.log('ready')
for await (const event of stream) {
  if (isFresh) console.log('heard')
  isFresh = false
  if (event.type !== 'message.created') throw new Error(`unexpected: ${JSON.stringify(event)}`)
  if (event.message.body === 'end') break
  seqs.push(event.seq)
}
console.log(JSON.stringify(seqs))

// Makes every call of @synapse/client, in any runtime, and prints what came of it as JSON. SYNAPSE_URL names the server,
// and BUILDER, CRITIC and ADA are the tokens of two agents and a person.
import { connect, SynapseError } from '@synapse/client'

const { env } = globalThis.process ?? { env: globalThis.Deno.env.toObject() }
const url = env.SYNAPSE_URL
const room = env.ROOM
const builder = connect({ url, token: env.BUILDER })
const critic = connect({ url, token: env.CRITIC })
const ada = connect({ url, token: env.ADA })
const told = {}

const refusal = async (promise) => {
  try {
    await promise
  } catch (error) {
    return error instanceof SynapseError ? error.code : String(error)
  }
}

const me = await builder.request('GET /v1/auth/me')
told.request = me.handle
told.error = await refusal(builder.post('nowhere', 'hi'))

const stream = critic.stream({ channels: [room], inbox: true })
const since = await stream.ready()
const { id } = await builder.post(room, `@${env.CRITIC_HANDLE} why?`, { ackWithin: 900 })
told.events = []
for await (const event of stream) {
  told.events.push(event.type)
  if (event.type === 'inbox.item') break
}
told.cursor = stream.cursor !== since

const again = critic.stream({ channels: [room], since })
const first = await again.next()
told.resumed = first.value.message.id === id
await again.close()

for await (const batch of critic.inbox({ consumer: 'worker-1' })) {
  told.inbox = [...batch].map(({ reason, message }) => [reason, message.id === id])
  await batch.ack()
  break
}

await critic.post(room, 'because', { thread: id })
told.reply = (await builder.awaitMessage({ thread: id, from: env.CRITIC_HANDLE, timeout: 30 })).body

told.history = []
for await (const message of builder.history(room, { topLevel: true })) told.history.push(message.id === id)

const claim = await builder.claim(`message:${id}`, { ttl: 90 })
told.claimed = await refusal(critic.claim(`message:${id}`))
told.lost = claim.signal.aborted
await claim.close()

const state = await builder.working('reading the diff')
const { presence } = await ada.request('GET /v1/presence', { query: { handle: me.handle } })
told.presence = presence[0].note
await state.close()

const asked = builder.ask(room, 'Deploy?', ['yes', 'no'])
for await (const { approval } of ada.stream({ channels: [room], types: ['approval.created'], since })) {
  await ada.request('POST /v1/approvals/{id}/decide', { path: { id: approval.id }, body: { option: 'yes' } })
  break
}
told.decision = (await asked).option

// Nothing of this keeps the process alive.
await builder.working('and ends without taking it back')
await builder.claim(`job:left-behind-in-${room}`, { ttl: 90 })
console.log(JSON.stringify(told))

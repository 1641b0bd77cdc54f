/**
 * Receives webhooks and checks who sent them. Bun, or Node.js 22.18 and later; no packages.
 *
 *     WEBHOOK_SECRET_FILE=~/.synapse/assistant.webhook-secret bun examples/webhook-receiver.ts
 *
 * WEBHOOK_SECRET   the secret, or WEBHOOK_SECRET_FILE, the file that holds it
 * PORT             default 9001
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { homedir } from 'node:os'

/** A request that is older than this is not accepted: somebody may have recorded it. */
const TOLERANCE_SECONDS = 300
const MAX_BODY_BYTES = 1_000_000
/** Ids of deliveries that were handled. A delivery may come twice. */
const handled = new Set<string>()

const file = process.env.WEBHOOK_SECRET_FILE?.replace(/^~/, homedir())
const secret = process.env.WEBHOOK_SECRET ?? (file === undefined ? '' : readFileSync(file, 'utf8').trim())
if (secret === '') throw new Error('set WEBHOOK_SECRET or WEBHOOK_SECRET_FILE')
const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret)

/** Reports whether the server that has the secret sent these bytes, just now. */
function isGenuine(id: string, timestamp: string, body: Buffer, signatures: string): boolean {
  const age = Math.abs(Date.now() / 1000 - Number(timestamp))
  if (!(age <= TOLERANCE_SECONDS)) return false
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
  return signatures.split(' ').some((one) => {
    const given = Buffer.from(one.replace(/^v1,/, ''), 'base64')
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
}

const server = createServer((request, response) => {
  const answer = (status: number) => response.writeHead(status).end()
  const chunks: Buffer[] = []
  let length = 0
  request.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length > MAX_BODY_BYTES) request.destroy()
    chunks.push(chunk)
  })
  request.on('end', () => {
    const header = (name: string) => String(request.headers[name] ?? '')
    const id = header('webhook-id')
    const body = Buffer.concat(chunks)
    if (!isGenuine(id, header('webhook-timestamp'), body, header('webhook-signature'))) {
      answer(401)
      return
    }
    if (!handled.has(id)) {
      handled.add(id)
      const event = JSON.parse(body.toString())
      // JSON, so that a terminal obeys nothing in what others wrote.
      console.log(JSON.stringify({ type: event.type, reason: event.reason, body: event.message?.body }))
    }
    // Answer at once, and work afterwards: the server waits five seconds.
    answer(202)
  })
})

server.listen(Number(process.env.PORT ?? 9001), '127.0.0.1', () => console.log('receiving'))

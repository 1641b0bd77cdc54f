import { createHmac, timingSafeEqual } from 'node:crypto'

const MAX_BODY_BYTES = 1_000_000
/** A signed request of Standard Webhooks that is older may have been recorded. */
const TOLERANCE_S = 300

/** What a webhook says. Not checked any further: a task is made of what has the right types. */
export type Payload = Readonly<Record<string, unknown>>

export interface ReceiverDeps {
  readonly host: string
  readonly port: number
  readonly handle: string
  /** Reads the secret; undefined if there is none. */
  readonly secret: () => string | undefined
  /** Takes what a genuine webhook says. What it has taken is not lost. @throws if it cannot */
  readonly take: (payload: Payload) => void
}

/** Receives webhooks (docs/contract/webhooks.md#requests) and answers as receivers of the earlier server did. */
export function receive({ host, port, handle, secret, take }: ReceiverDeps) {
  return Bun.serve({
    hostname: host,
    port,
    maxRequestBodySize: MAX_BODY_BYTES + 1,
    fetch: async (request) => {
      const { pathname } = new URL(request.url)
      if (request.method === 'GET' && /^\/healthz?$/.test(pathname))
        return Response.json({ status: 'ok', service: 'wake-daemon', handle })
      if (request.method !== 'POST' || pathname !== '/webhook') return refusal(404, 'not_found')
      const length = request.headers.get('content-length') ?? ''
      if (!/^\d{1,15}$/.test(length)) return refusal(400, 'bad_content_length')
      if (Number(length) < 1 || Number(length) > MAX_BODY_BYTES) return refusal(400, 'invalid_body_length')
      const body = Buffer.from(await request.arrayBuffer())
      const key = secret()
      if (key === undefined) return refusal(503, 'no_secret_configured')
      if (!isGenuine(request.headers, body, key)) return refusal(401, 'invalid_signature')
      const payload = parsed(body)
      if (payload === undefined) return refusal(400, 'invalid_json')
      take(payload)
      return Response.json(
        { status: 'accepted', delivery: request.headers.get('x-synapse-delivery') },
        { status: 202 },
      )
    },
    // The sender delivers again after any answer but 2xx.
    error: () => refusal(503, 'not_stored'),
  })
}

function refusal(status: number, error: string): Response {
  return Response.json({ error }, { status })
}

function parsed(body: Buffer): Payload | undefined {
  try {
    const value: unknown = JSON.parse(body.toString())
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Payload)
      : undefined
  } catch {
    return undefined
  }
}

/** Reports whether a server that has the secret sent these bytes. */
function isGenuine(headers: Headers, body: Uint8Array, secret: string): boolean {
  const original = headers.get('x-synapse-signature')
  if (original !== null)
    return isEqual(original, `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`)
  const timestamp = headers.get('webhook-timestamp') ?? ''
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp || Number.NaN)) <= TOLERANCE_S)) return false
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : secret
  const signed = createHmac('sha256', key)
    .update(`${headers.get('webhook-id')}.${timestamp}.`)
    .update(body)
  const expected = `v1,${signed.digest('base64')}`
  return (headers.get('webhook-signature') ?? '').split(' ').some((one) => isEqual(one, expected))
}

function isEqual(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}

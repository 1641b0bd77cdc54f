import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Core } from '../../core'
import type { EchoKeys, Host } from '../../core/kernel'
import { clientAddress, isSecure, peerOf } from '../client'
import { type Answer, type Endpoint, endpoint } from '../endpoint'
import { HttpError } from '../errors'
import { Type } from '../schema'
import type { SocketHandle, SocketSession } from '../socket'
import { targetOf } from '../target'

const PREFIX = '/v1/echo/'
const LIFETIME_MS = 60_000
/** When a stream sends its second and last word. A client that gets both at once is behind a buffering proxy. */
const SECOND_MS = 500
const LAST_MS = 4000
/** How long `wait` waits: longer than a client of Matrix does, whose wait is mostly 30 s. */
const WAIT_MS = 35_000

const nullableText = Type.Union([Type.String(), Type.Null()])
export const seenSchema = Type.Object({
  method: Type.String(),
  authority: nullableText,
  client: nullableText,
  peer: nullableText,
  secure: Type.Boolean(),
  forwarded_for: nullableText,
  path: Type.String(),
  query: Type.String(),
})

/** Issues and checks the signed words in echo paths. `key`: derived for this purpose; `now`: in milliseconds. */
export function echoKeys(key: Uint8Array, now: () => number): EchoKeys {
  const sign = (text: string) => createHmac('sha256', key).update(text).digest('base64url')
  return {
    issue: () => {
      const claim = `${now() + LIFETIME_MS}.${randomBytes(9).toString('base64url')}`
      return `${claim}.${sign(claim)}`
    },
    check: (token) => {
      const [until = '', nonce = '', signature = ''] = token.split('.')
      const expected = Buffer.from(sign(`${until}.${nonce}`))
      const given = Buffer.from(signature)
      if (expected.length !== given.length || !timingSafeEqual(expected, given)) return false
      // A key with too long a life was issued while a clock was ahead. The clocks of two servers may differ a little.
      const left = Number(until) - now()
      return left > 0 && left <= 2 * LIFETIME_MS
    },
  }
}

/**
 * Shows a request as it arrives here, for `synapse doctor`, which sends one through this server's proxy. Answers only
 * to paths with a key that the server issued recently.
 */
export function echoEndpoints(core: Core, host: Host): Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/v1/admin/echo',
      who: 'admin',
      duringDrain: true,
      documentation: 'none',
      tag: 'Administration',
      summary: 'Create a path that echoes requests for a minute',
      answers: { 201: { description: 'The path', schema: Type.Object({ path: Type.String() }) } },
      handle: ({ once }) =>
        once(
          () => host.echoKeys.issue(),
          (token) => ({ status: 201, json: { path: `${PREFIX}${token}` } }),
        ),
    }),
    endpoint({
      method: 'GET',
      path: `${PREFIX}*`,
      who: 'anyone',
      documentation: 'none',
      tag: 'Administration',
      summary: 'Show the request as it arrived',
      answers: { 200: { description: 'The request as received', schema: seenSchema } },
      refusals: ['not_found', 'upgrade_required', 'bad_handshake'],
      handle: ({ request }) => {
        const [pathname = '', query] = targetOf(request.url).split('?', 2)
        const search = query === undefined ? '' : `?${query}`
        const [token = '', ...rest] = pathname.slice(PREFIX.length).split('/')
        if (!host.echoKeys.check(token)) throw new HttpError(404, 'not_found', 'Not Found')
        switch (rest.join('/')) {
          case 'stream':
            return stream(request)
          case 'wait':
            return waited(request)
          case 'socket':
            return socket(request)
          default:
            return { status: 200, json: { ...seen(core, request), path: pathname, query: search } }
        }
      },
    }),
  ]
}

function seen(core: Core, request: Request) {
  const proxies = core.settings.get('trusted_proxies')
  return {
    method: request.method,
    authority: request.headers.get('host'),
    client: clientAddress(request, proxies),
    peer: peerOf(request).address,
    secure: isSecure(request, proxies),
    forwarded_for: request.headers.get('x-forwarded-for'),
  }
}

function stream(request: Request): Answer {
  peerOf(request).hold?.()
  const timers: Timer[] = []
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      const say = (text: string) => controller.enqueue(new TextEncoder().encode(`data: ${text}\n\n`))
      say('first')
      const end = () => {
        say('last')
        controller.close()
      }
      timers.push(setTimeout(say, SECOND_MS, 'second'), setTimeout(end, LAST_MS))
    },
    cancel: () => timers.forEach(clearTimeout),
  })
  const headers = { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' }
  return { response: new Response(body, { headers }) }
}

/** Answers late, as requests do that wait for news. */
async function waited(request: Request): Promise<Answer> {
  peerOf(request).hold?.()
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, WAIT_MS)
  request.signal.addEventListener('abort', () => resolve())
  await promise
  clearTimeout(timer)
  return { status: 200, json: { waited_ms: WAIT_MS } }
}

function socket(request: Request): Answer {
  const peer = peerOf(request)
  if (request.headers.get('upgrade')?.toLowerCase() !== 'websocket')
    throw new HttpError(426, 'upgrade_required', 'Connect with a WebSocket', {}, { upgrade: 'websocket' })
  if (peer.upgrade?.(new EchoSocket(), {})) return 'upgraded'
  throw new HttpError(400, 'bad_handshake', 'This is not a valid WebSocket handshake')
}

/** Sends one word and closes. */
class EchoSocket implements SocketSession {
  open(handle: SocketHandle): void {
    handle.send('here')
    handle.close(1000, '')
  }
  message(): void {}
  drain(): void {}
  heard(): void {}
  close(): void {}
}

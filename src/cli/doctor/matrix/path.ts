import { request as overHttp } from 'node:http'
import { request as overHttps } from 'node:https'
import { type Finding, fail, pass, skip } from '../check'
import { relayOf, remedy } from '../remedies'
import { echoPath } from '../round-trip'
import { unreachable } from './addresses'
import { codeOf, heard, type MatrixCheck, NO_ADDRESS, NO_SERVER } from './subject'

const BODY_WITHIN_MS = 20_000
const CHUNK = new Uint8Array(64 * 1024)
/** How long the echo waits (src/http/public/echo.ts), and how much longer it may take. */
const WAIT_MS = 35_000
const WAIT_WITHIN_MS = 45_000

/** Checks that encoded paths, large bodies and long waits pass the proxy. */
export const path: MatrixCheck = {
  name: 'path',
  async look({ base, diagnosis, serverName }) {
    const { state, settings } = diagnosis
    if (base === undefined) return [skip(NO_ADDRESS)]
    if (state.kind !== 'running') return [skip(NO_SERVER)]
    if (state.run.urls.includes(base)) return [skip('the public address is that of the server itself')]
    const largest = Number(settings.get('matrix.media.max_bytes'))
    const problems = [...(await encoded(base, serverName)), ...(await body(base, largest))]
    if (problems.length > 0) return problems
    const echo = await echoPath(diagnosis)
    const cut = echo === undefined ? [] : await wait(base, echo)
    return cut.length > 0
      ? cut
      : [pass(`encoded paths, bodies of ${largest} bytes and waits of ${WAIT_MS / 1000} s pass ${base}`)]
  },
}

/** An alias with each character that a proxy may decode. It exists nowhere. */
async function encoded(base: string, serverName: string): Promise<Finding[]> {
  const alias = encodeURIComponent(`#doctor/$1:${serverName}`)
  const found = await heard(`${base}/_matrix/client/v3/directory/room/${alias}`)
  if ('noAnswer' in found) return [await unreachable(base, found.noAnswer)]
  if (found.status === 404 && found.json?.['errcode'] === 'M_NOT_FOUND') return []
  return [
    fail(
      `%2F, %23 or %24 in a path does not arrive as it was sent (status ${found.status})`,
      remedy('path', relayOf(found.headers)),
    ),
  ]
}

/** Sends a body as large as an upload may be, without a token: this server refuses it with 401, a proxy with 413. */
async function body(base: string, bytes: number): Promise<Finding[]> {
  const status = await statusOfUpload(`${base}/_matrix/media/v3/upload`, bytes)
  if (status !== 413) return []
  return [
    fail(
      `a body of ${bytes} bytes (matrix.media.max_bytes) is refused on the way with status 413`,
      'nginx: client_max_body_size; Caddy: request_body max_size; or synapse config set matrix.media.max_bytes',
    ),
  ]
}

/** The status of the answer; undefined if there is none in time, or the connection breaks, which says nothing of the size. */
function statusOfUpload(url: string, bytes: number): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>()
  const send = url.startsWith('https:') ? overHttps : overHttp
  const sending = send(url, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream', 'content-length': bytes },
  })
  let left = bytes
  const more = () => {
    while (left > 0) {
      const size = Math.min(left, CHUNK.length)
      left -= size
      if (!sending.write(CHUNK.subarray(0, size))) return
    }
    sending.end()
  }
  const timer = setTimeout(() => resolve(undefined), BODY_WITHIN_MS)
  sending.on('response', (answer) => resolve(answer.statusCode))
  sending.on('error', () => resolve(undefined))
  sending.on('drain', more)
  more()
  return promise.finally(() => {
    clearTimeout(timer)
    sending.destroy()
  })
}

/** Waits as /sync does. */
async function wait(base: string, echo: string): Promise<Finding[]> {
  const began = performance.now()
  const cut = (why: string) => {
    const seconds = ((performance.now() - began) / 1000).toFixed(0)
    return [
      fail(
        `a request that waits for ${WAIT_MS / 1000} s is cut after ${seconds} s (${why}), as those of /sync are`,
        'nginx: proxy_read_timeout 3600s; HAProxy: timeout server and client 1h; Cloudflare: at most 100 s',
      ),
    ]
  }
  try {
    const response = await fetch(`${base}${echo}/wait`, { signal: AbortSignal.timeout(WAIT_WITHIN_MS) })
    await response.text()
    // A proxy that routes /_matrix alone does not know the path, and answers at once.
    return response.status === 200 || response.status === 404 ? [] : cut(`status ${response.status}`)
  } catch (error) {
    return cut(codeOf(error))
  }
}

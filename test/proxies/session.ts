/** An HTTP/2 connection controlled by a test: it repeats nothing and is shared with no other client. */
import { once } from 'node:events'
import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from 'node:http2'
import type { Front } from './front'

export async function dial({ origin, ca }: Front): Promise<ClientHttp2Session> {
  const session = connect(origin, { ca })
  // Its errors show at its requests.
  session.on('error', () => {})
  await once(session, 'remoteSettings')
  if (session.alpnProtocol !== 'h2') throw new Error(`${origin} speaks ${session.alpnProtocol}`)
  return session
}

/** The status of a complete answer; undefined when the stream or the connection breaks before its end. */
export function ask(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body = '',
): Promise<number | undefined> {
  return new Promise((resolve) => {
    const stream = session.request(headers, { endStream: body === '' })
    let status: number | undefined
    stream.on('response', (answer) => (status = Number(answer[':status'])))
    stream.on('end', () => resolve(status))
    // A stream that is reset emits this, and then closes.
    stream.on('error', () => {})
    stream.on('close', () => resolve(undefined))
    stream.resume()
    if (body !== '') stream.end(body)
  })
}

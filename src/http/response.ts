/** Turns the answer of an endpoint into a response. */
import type { Logger } from '../platform/logger'
import type { Answer } from './endpoint'
import { failureOf } from './errors'
import type { RequestContext } from './request-context'

/** Responses whose bodies come in pieces, at any time and of any length. */
const streamed = new WeakSet<Response>()

/** HEAD is GET without the body but with its length. A stream has no length and is not read: it may never end. */
export async function withoutBody(response: Response): Promise<Response> {
  if (streamed.has(response)) await response.body?.cancel()
  else response.headers.set('content-length', String((await response.arrayBuffer()).byteLength))
  return new Response(null, response)
}

/** Undefined for a connection that has become a WebSocket. */
export function toResponse(answer: Answer, context: RequestContext, logger: Logger): Response | undefined {
  if (answer === 'upgraded') return undefined
  if ('response' in answer) {
    const { headers } = answer.response
    for (const [name, value] of Object.entries(context.of.surface.answerHeaders(context)))
      if (name === 'cache-control' ? !headers.has(name) : name !== 'content-type') headers.set(name, value)
    if (answer.response.body !== null) streamed.add(answer.response)
    return answer.response
  }
  const headers = context.of.surface.answerHeaders(context)
  if (answer.status === 204) delete headers['content-type']
  if ('headers' in answer) Object.assign(headers, answer.headers)
  if ('bytes' in answer) {
    // Its body is not looked at here: the runtime then sends a file by itself.
    const response = new Response(answer.bytes, { status: answer.status, headers })
    streamed.add(response)
    return response
  }
  if ('pieces' in answer) {
    const type = { 'content-type': 'application/octet-stream' }
    const body = bodyOf(answer.pieces, (fault) => {
      if (failureOf(fault).isFault)
        logger.error('an answer broke off', { request_id: context.requestId, fault })
    })
    const response = new Response(body, {
      status: answer.status,
      headers: { ...headers, ...type, ...answer.headers },
    })
    streamed.add(response)
    return response
  }
  if ('text' in answer) return new Response(answer.text, { status: answer.status, headers })
  if ('json' in answer) {
    const response = new Response(JSON.stringify(answer.json), { status: answer.status, headers })
    for (const cookie of answer.cookies ?? []) response.headers.append('set-cookie', cookie)
    return response
  }
  return new Response(null, { status: answer.status, headers })
}

/** Streams pieces. The first one is asked for when it can be sent, and none after the client has gone. */
function bodyOf(
  pieces: AsyncIterable<Uint8Array>,
  report: (fault: unknown) => void,
): ReadableStream<Uint8Array> {
  let iterator: AsyncIterator<Uint8Array> | undefined
  return new ReadableStream(
    {
      pull: async (controller) => {
        iterator ??= pieces[Symbol.asyncIterator]()
        try {
          const { done, value } = await iterator.next()
          if (done === true) controller.close()
          else controller.enqueue(value)
        } catch (fault) {
          report(fault)
          // Closes the connection, so that the client knows that there was more. Bun prints an error given here.
          controller.error()
        }
      },
      cancel: async () => {
        await iterator?.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}

/** The headers that every answer of v1 has. */
export function commonHeaders(context: RequestContext): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    'x-request-id': context.requestId,
  }
  context.addTo(headers)
  return headers
}

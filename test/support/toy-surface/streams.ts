import { type Endpoint, endpoint } from '../../../src/http/endpoint'
import { streamed } from '../../../src/http/schema'

const documentation = 'none'
const tag = 'Toy'

/** The maximum number of echoed bytes, far above what the toy reads as JSON. */
export const ECHO_BYTES = 100_000

export function streamEndpoints(): Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/toy/measure',
      who: 'account',
      tag,
      documentation,
      summary: 'How long a body is, and what it holds',
      body: streamed({ contentType: 'application/octet-stream', maxBytes: () => ECHO_BYTES }),
      answers: { 200: { description: 'Bytes and digest' } },
      handle: async ({ body }) => {
        const hash = new Bun.CryptoHasher('sha256')
        let bytes = 0
        for await (const chunk of body) {
          bytes += chunk.length
          hash.update(chunk)
        }
        return { status: 200, json: { bytes, sha256: hash.digest('hex') } }
      },
    }),
    endpoint({
      method: 'POST',
      path: '/toy/echo',
      who: 'account',
      tag,
      documentation,
      summary: 'Says every piece of the body back as soon as it comes',
      body: streamed({ contentType: 'application/octet-stream', maxBytes: () => ECHO_BYTES }),
      answers: { 200: { description: 'The same bytes' } },
      handle: ({ body }) => ({
        response: new Response(readable(body), {
          headers: { 'content-type': 'application/octet-stream' },
        }),
      }),
    }),
  ]
}

/** A body in pieces, as a stream that is read no faster than it is sent. */
export function readable(pieces: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = pieces[Symbol.asyncIterator]()
  return new ReadableStream({
    pull: async (controller) => {
      const { done, value } = await iterator.next()
      if (done === true) controller.close()
      else controller.enqueue(value)
    },
    cancel: async () => {
      await iterator.return?.()
    },
  })
}

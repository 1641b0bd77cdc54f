import { type Endpoint, endpoint } from '../../../src/http/endpoint'
import { streamed, Type } from '../../../src/http/schema'

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
      handle: ({ body }) => ({ status: 200, pieces: body }),
    }),
    endpoint({
      method: 'GET',
      path: '/toy/ticks',
      who: 'account',
      tag,
      documentation,
      summary: 'A stream without an end, which fails when it is told to',
      query: Type.Object({ key: Type.String(), fail: Type.Optional(Type.Literal('yes')) }),
      answers: { 200: { description: 'Ticks' } },
      handle: ({ query }) => ({ status: 200, pieces: ticks(query.fail === 'yes') }),
    }),
  ]
}

async function* ticks(fails: boolean): AsyncGenerator<Uint8Array, void> {
  for (;;) {
    yield new TextEncoder().encode('tick')
    if (fails) throw new Error('the toy is broken')
    await Bun.sleep(1)
  }
}

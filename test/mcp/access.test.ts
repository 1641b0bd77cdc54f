// The access matrix of test/security for the tools: each caller gets from a tool what it gets from the request that the
// tool stands for.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { Cast } from '../security/cast'
import { names } from '../security/scene'
import type { Answer, Fields } from '../support/world'
import { type Called, toolCall } from './scene'

setDefaultTimeout(120_000)

let cast: Cast
beforeAll(async () => {
  cast = await Cast.open()
})
afterAll(() => cast[Symbol.asyncDispose]())

type Place = ReturnType<Cast['placesOf']>[number]

/** A call of a tool and the request that it stands for. Both leave everything as it was, or are refused. */
const pairs: readonly (readonly [
  tool: string,
  given: (place: Place) => Fields,
  method: string,
  path: (place: Place) => string,
  body?: (place: Place) => Fields,
])[] = [
  [
    'synapse_check',
    ({ slug }) => ({ channel: slug }),
    'GET',
    ({ slug }) => `/v1/messages?channel=${slug}&limit=20`,
  ],
  [
    'synapse_check',
    ({ message }) => ({ thread: message }),
    'GET',
    ({ message }) => `/v1/messages?channel=*&thread=${message}`,
  ],
  [
    'synapse_post',
    ({ slug }) => ({ channel: slug, body: 'x', reply_to: 'nothing' }),
    'POST',
    () => '/v1/messages',
    ({ slug }) => ({ channel: slug, body: 'x', reply_to: 'nothing' }),
  ],
  [
    'synapse_post',
    ({ slug }) => ({ channel: slug, body: 'x', options: ['one', 'one'] }),
    'POST',
    () => '/v1/approvals',
    ({ slug }) => ({ channel: slug, question: 'x', options: ['one', 'one'] }),
  ],
  [
    'synapse_await',
    ({ approval }) => ({ approval_id: approval, timeout: 1 }),
    'GET',
    ({ approval }) => `/v1/approvals/${approval}`,
  ],
  [
    'synapse_ack',
    ({ message }) => ({ message_ids: [message], emoji: ' ' }),
    'PUT',
    ({ message }) => `/v1/messages/${message}/reactions/%20`,
  ],
  [
    'synapse_search',
    ({ slug }) => ({ q: 'x', channel: slug }),
    'GET',
    ({ slug }) => `/v1/search?q=x&channel=${slug}`,
  ],
  [
    'synapse_claim',
    ({ message }) => ({ action: 'acquire', resource: `message:${message}`, ttl_s: 1 }),
    'POST',
    () => '/v1/claims',
    ({ message }) => ({ resource: `message:${message}`, ttl_s: 1 }),
  ],
  ['synapse_status', ({ slug }) => ({ channel: slug }), 'GET', ({ slug }) => `/v1/channels/${slug}`],
]

/** The error of a call: its code, and the check that failed. Null if there is none. */
function errorOf({ body }: Answer<Partial<Called> & { readonly error?: { readonly data: Fields } }>) {
  const { result, error } = body
  return verdict(error?.data ?? (result?.isError ? result.structuredContent : undefined))
}

const verdict = (body: Fields | undefined) => body && [body.code, body.gate, body.required_scope]

test.each(names)('%s gets from each tool what the API would answer', async (name) => {
  const who = cast.who(name)
  // Neither the Unix socket nor a cookie is a credential of MCP.
  const isLetIn = who.via === 'token' && who.dead === undefined
  let refused = 0
  for (const place of cast.placesOf(who))
    for (const [tool, given, method, path, body] of pairs) {
      const direct = await who.caller.request<Fields>(method, path(place), body?.(place))
      const expected = direct.status < 300 ? undefined : verdict(direct.body)
      const called = await who.caller.post<Partial<Called>>('/mcp', toolCall(tool, given(place)))
      const found = errorOf(called)
      if (isLetIn) expect([tool, place.slug, found]).toEqual([tool, place.slug, expected])
      else expect([tool, called.status]).toEqual([tool, 401])
      if (expected) refused++
      expect(cast.canaries.leaked(called.text, who)).toEqual([])
    }
  expect(refused).toBeGreaterThan(0)
})

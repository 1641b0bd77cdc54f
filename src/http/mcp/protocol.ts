import type { Server } from '@modelcontextprotocol/server'
import { CONTRACT_VERSION } from '../contract'
import { isObject } from '../schema'
import { checkedAnswer } from './answers'
import type { ToolCalls } from './calls'
import { definitions, INSTRUCTIONS, toolNames } from './tools'

/** The headers that the protocol defines. */
const HEADERS = ['mcp-protocol-version', 'mcp-method', 'mcp-name']
const METHOD_NOT_FOUND = -32601
/** As proxies log it; nobody reads this answer. */
const CLIENT_GONE = 499

/** Loaded by the first request: most servers and commands never need it. */
const loadSdk = () => import('@modelcontextprotocol/server')

/**
 * Answers the messages of one request. Each request has a server of the SDK for itself, so there is no state between
 * requests. Revisions up to 2025-11-25 are answered in JSON; for later ones the SDK decides.
 */
export async function exchange(request: Request, sent: unknown, calls: ToolCalls): Promise<Response> {
  const refused = refusedStream(sent)
  if (refused) return refused
  const body = Array.isArray(sent) ? withoutCancellations(sent) : sent
  const sdk = await loadSdk()
  const faults: Error[] = []
  const onerror = (fault: Error) => faults.push(fault)
  const given = { parsedBody: body }
  const plain = plainRequest(request)
  const create = () => createServer(sdk, calls)
  if (await sdk.isLegacyRequest(plain, body)) {
    const server = create()
    const transport = new sdk.WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true })
    await server.connect(transport)
    try {
      const answer = transport.handleRequest(plain, given)
      // Nothing waits for the answer to a client that has gone.
      return await checkedAnswer(await Promise.race([answer, gone(request.signal)]), faults)
    } finally {
      await server.close()
    }
  }
  const handler = sdk.createMcpHandler(create, { legacy: 'reject', onerror })
  return checkedAnswer(await handler.fetch(plain, given), faults)
}

function createServer(sdk: Awaited<ReturnType<typeof loadSdk>>, calls: ToolCalls): Server {
  const server = new sdk.Server(
    { name: 'synapse', title: 'Synapse', version: CONTRACT_VERSION },
    { capabilities: { tools: {} }, instructions: INSTRUCTIONS },
  )
  server.setRequestHandler('tools/list', () => ({ tools: [...definitions] }))
  server.setRequestHandler('tools/call', ({ params }) => {
    const { name, arguments: given } = params
    if (!toolNames.has(name))
      throw new sdk.ProtocolError(
        sdk.ProtocolErrorCode.InvalidParams,
        `There is no tool ${name.slice(0, 64)}`,
      )
    return calls.run(name, given ?? {})
  })
  return server
}

/** The SDK gets no credential, and a body that is already read. */
function plainRequest({ headers, signal }: Request): Request {
  const kept = new Headers({
    'content-type': 'application/json',
    // Both are named by every conforming client. Others get JSON, too.
    accept: 'application/json, text/event-stream',
  })
  for (const name of HEADERS) {
    const value = headers.get(name)
    if (value !== null) kept.set(name, value)
  }
  return new Request('http://mcp/mcp', { method: 'POST', headers: kept, signal })
}

/**
 * Leaves out what cancels another message of the same list: the SDK would not answer that one, and the list would have
 * no end. If nothing else is in the list, it stays, because an empty list is an error.
 */
function withoutCancellations(messages: readonly unknown[]): readonly unknown[] {
  const kept = messages.filter(
    (message) => !isObject(message) || (message as { method?: unknown }).method !== 'notifications/cancelled',
  )
  return kept.length === 0 ? messages : kept
}

/** Resolves when the client has gone. */
function gone(signal: AbortSignal): Promise<Response> {
  return new Promise((resolve) => {
    const end = () => resolve(new Response(null, { status: CLIENT_GONE }))
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}

/** The server sends no notifications, so it opens no stream for them. */
function refusedStream(body: unknown): Response | undefined {
  if (!isObject(body)) return undefined
  const { method, id } = body as { readonly method?: unknown; readonly id?: unknown }
  if (method !== 'subscriptions/listen') return undefined
  const error = { code: METHOD_NOT_FOUND, message: 'Method not found' }
  return Response.json({
    jsonrpc: '2.0',
    id: typeof id === 'string' || typeof id === 'number' ? id : null,
    error,
  })
}

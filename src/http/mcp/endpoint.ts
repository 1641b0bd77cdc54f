import { type Endpoint, endpoint } from '../endpoint'
import { anything, isObject } from '../schema'
import type { App } from '../surface'
import { ToolCalls } from './calls'
import { exchange } from './protocol'
import { toolNames } from './tools'

/** The only path of the surface. */
export function mcpEndpoint({ rates, report }: App): Endpoint {
  return endpoint({
    method: 'POST',
    path: '/mcp',
    who: 'account',
    // Each tool counts as the requests that it makes, everything else as a read.
    rate: 'unlimited',
    writesNothing: true,
    tag: 'MCP',
    summary: 'Send messages of the Model Context Protocol',
    description:
      'Streamable HTTP without sessions. An `Idempotency-Key` applies to what the called tool does. See the page about MCP.',
    body: anything('A message of JSON-RPC 2.0, or a list of messages'),
    // Its errors are not those of the page: docs/contract/mcp.md describes it.
    documentation: 'none',
    answers: {
      200: { description: 'The answer, or the answers, of JSON-RPC 2.0' },
      202: { description: 'Accepted notifications, which have no answer' },
    },
    refusals: ['origin_not_allowed', 'idempotency_conflict'],
    handle: async ({ context, actor, body, retryKey }) => {
      const countRead = () => rates.take(actor, 'read', context)
      for (const message of Array.isArray(body) && body.length > 0 ? body : [body])
        if (!isToolCall(message)) countRead()
      const calls = new ToolCalls({ context, actor, retryKey, countRead, report })
      const response = await exchange(context.request, body, calls)
      for (const [name, value] of calls.headers) response.headers.set(name, value)
      return { response }
    },
  })
}

function isToolCall(message: unknown): boolean {
  if (!isObject(message)) return false
  const { method, params } = message as { readonly method?: unknown; readonly params?: unknown }
  if (method !== 'tools/call' || !isObject(params)) return false
  return toolNames.has(String((params as { readonly name?: unknown }).name))
}

// The official client of the protocol, connected to a server by HTTP.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import type { Fields } from '../support/world'

/** How a client agrees on a revision of the protocol: as before 2026, or by the newest revision. */
export const REVISIONS = ['2025-11-25', '2026-07-28'] as const
type Revision = (typeof REVISIONS)[number]

/** What a tool answers. */
export interface Result {
  readonly isError: boolean
  readonly text: string
  readonly structured: Fields
}

/** A connected client, for one credential. */
export class Tools implements AsyncDisposable {
  constructor(readonly client: Client) {}

  /** Connects. `headers` are sent with every request. */
  static async connect(
    url: string,
    token: string,
    options: { readonly revision?: Revision; readonly headers?: Readonly<Record<string, string>> } = {},
  ): Promise<Tools> {
    const { revision = '2025-11-25', headers = {} } = options
    const client = new Client(
      { name: 'test', version: '1' },
      { versionNegotiation: { mode: revision === '2026-07-28' ? { pin: revision } : 'legacy' } },
    )
    const requestInit = { headers: { authorization: `Bearer ${token}`, ...headers } }
    await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', url), { requestInit }))
    return new Tools(client)
  }

  async call(name: string, given: Fields = {}): Promise<Result> {
    const {
      isError = false,
      content,
      structuredContent,
    } = await this.client.callTool({
      name,
      arguments: { ...given },
    })
    const [first] = content as readonly { readonly type: string; readonly text: string }[]
    return { isError, text: first?.text ?? '', structured: structuredContent as Fields }
  }

  /** Calls a tool that succeeds. */
  async done(name: string, given: Fields = {}): Promise<Fields> {
    const { isError, text, structured } = await this.call(name, given)
    if (isError) throw new Error(text)
    return structured
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close()
  }
}

/** A message of JSON-RPC that calls a tool, for callers without the official client. */
export function toolCall(name: string, given: Fields, id: number | string = 1) {
  return { jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: given } } as const
}

/** The answer to such a message. */
export interface Called {
  readonly result: {
    readonly isError?: boolean
    readonly structuredContent: Fields
    readonly content: readonly { readonly text: string }[]
  }
}

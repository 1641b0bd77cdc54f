import type { McpEndpoint } from './endpoint'

/** A message of JSON-RPC, as far as the bridge reads it. */
export interface Message {
  readonly id?: string | number
  readonly method?: string
  readonly params?: {
    readonly name?: unknown
    readonly requestId?: string | number
    readonly _meta?: Readonly<Record<string, unknown>>
  }
}

const PARSE_ERROR = -32700
const INVALID_REQUEST = -32600

/** Forwards the messages of one MCP client, several at a time, and cancels what the client no longer wants. */
export class Bridge {
  private readonly running = new Map<string | number, AbortController>()
  private readonly answers = new Set<Promise<void>>()

  constructor(
    private readonly endpoint: Pick<McpEndpoint, 'send'>,
    private readonly write: (line: string) => void,
  ) {}

  /** Takes a line of the client. Its answer is written when it comes. */
  take(line: string): void {
    if (line.trim() === '') return
    const message = parsed(line)
    if (message === undefined) {
      this.refuse(PARSE_ERROR, 'The line is not JSON')
      return
    }
    const answer = this.answer(message, line).finally(() => this.answers.delete(answer))
    this.answers.add(answer)
  }

  /** Waits for all answers that are due. */
  async rest(): Promise<void> {
    await Promise.allSettled(this.answers)
  }

  private async answer(message: unknown, line: string): Promise<void> {
    if (typeof message !== 'object' || message === null || Array.isArray(message)) {
      this.refuse(INVALID_REQUEST, 'A message is an object')
      return
    }
    const { id, method, params } = message as Message
    if (method === 'notifications/cancelled' && params?.requestId !== undefined)
      this.running.get(params.requestId)?.abort()
    // The server has no sessions, so it has no use for notifications, and it asks nothing.
    if (method === undefined || id === undefined) return
    const ending = new AbortController()
    this.running.set(id, ending)
    try {
      const answer = await this.endpoint.send({ id, method, ...(params && { params }) }, line, ending.signal)
      if (!ending.signal.aborted) this.write(answer)
    } finally {
      if (this.running.get(id) === ending) this.running.delete(id)
    }
  }

  private refuse(code: number, message: string): void {
    this.write(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code, message } }))
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

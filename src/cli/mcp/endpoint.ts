import { VERSION } from '../lib/version'
import type { Message } from './bridge'

/** How long a request is repeated while the server does not answer, and the pauses between. */
const PATIENCE_MS = 30_000
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 5000
/** Answers of a proxy, or of a server that starts or stops. */
const PASSING = new Set([502, 503, 504])
/** JSON-RPC leaves this code to servers. */
const REFUSED = -32000
const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion'
/** What a header can hold. */
const PLAIN = /^[\x21-\x7e]{1,200}$/

export interface Credential {
  readonly token: string
  /** Where the token is from. */
  readonly from: string
}

interface Options {
  /** The address of /mcp. */
  readonly url: string
  readonly first: Credential
  /** Reads the credential anew. @throws CliError if there is none any more */
  readonly credential: () => Credential
  /** Tells the person who looks at the log of the client. */
  readonly note: (text: string) => void
}

/** /mcp of a server. */
export class McpEndpoint {
  private credential: Credential
  /** The revision of the protocol that the client and the server agreed on. */
  private revision: string | undefined
  private isReachable = true

  constructor(private readonly options: Options) {
    this.credential = options.first
  }

  /**
   * Sends a message and returns the answer in one line: that of the server, or an error that says why there is none.
   * While the server is not reachable, the message is sent again with the same retry key, so that it happens once.
   */
  async send(
    message: Message & { readonly id: string | number },
    text: string,
    signal: AbortSignal,
  ): Promise<string> {
    const key = crypto.randomUUID()
    const end = performance.now() + PATIENCE_MS
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      const found = await this.attempt(message, text, key, signal)
      const isOver = signal.aborted || performance.now() + pause > end
      if (!('problem' in found) || isOver) return this.lineOf(message, found)
      this.tell(found.problem)
      await Bun.sleep(pause)
    }
  }

  private async attempt(message: Message, text: string, key: string, signal: AbortSignal): Promise<Found> {
    const asked = this.credential
    let answer: Response
    let body: string
    try {
      answer = await this.post(message, text, key, signal)
      body = await answer.text()
    } catch (error) {
      return { problem: reasonOf(error) }
    }
    if (PASSING.has(answer.status)) return { problem: `it answers ${answer.status}` }
    this.tell(undefined)
    if (answer.status === 401 && this.hasNewToken(asked)) return this.attempt(message, text, key, signal)
    return { status: answer.status, body }
  }

  private post(message: Message, text: string, key: string, signal: AbortSignal): Promise<Response> {
    const { method = '', params } = message
    const inMeta = params?._meta?.[VERSION_KEY]
    const revision = typeof inMeta === 'string' ? inMeta : this.revision
    const headers = new Headers({
      authorization: `Bearer ${this.credential.token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'user-agent': `synapse-mcp/${VERSION}`,
      'idempotency-key': key,
    })
    const facts = { 'mcp-protocol-version': revision, 'mcp-method': method, 'mcp-name': params?.name }
    for (const [name, value] of Object.entries(facts))
      if (typeof value === 'string' && PLAIN.test(value)) headers.set(name, value)
    return fetch(this.options.url, { method: 'POST', headers, body: text, signal, redirect: 'manual' })
  }

  /** The answer in one line. What has no id, because the server refused the whole request, gets that of the message. */
  private lineOf({ id, method }: Message & { readonly id: string | number }, found: Found): string {
    const { url } = this.options
    if ('problem' in found)
      return errorLine(
        id,
        `cannot reach ${url}: ${found.problem}. Is the server running, and the address right?`,
      )
    const answer = parsed(found.body)
    if (answer === undefined)
      return errorLine(id, `${url} answered ${found.status}, and not as an MCP server`)
    if (answer.error === undefined || answer.id !== null) {
      const { result } = answer
      if (method === 'initialize' && result?.protocolVersion !== undefined)
        this.revision = result.protocolVersion
      return JSON.stringify(answer)
    }
    return JSON.stringify({
      ...answer,
      id,
      error: { ...answer.error, message: this.explained(found.status, answer.error.message) },
    })
  }

  private explained(status: number, message: string): string {
    if (status === 401) return `${message}: the token is from ${this.credential.from}`
    if (status === 404)
      return `there is no MCP at ${this.options.url}: the setting mcp.enabled is off, or the server is too old`
    return message
  }

  /** Reports whether the token was replaced since it was refused. */
  private hasNewToken(refused: Credential): boolean {
    try {
      this.credential = this.options.credential()
    } catch {
      // The refusal says what is wrong.
    }
    return this.credential.token !== refused.token
  }

  /** Notes when the server stops being reachable, and when it is again. */
  private tell(problem: string | undefined): void {
    const isReachable = problem === undefined
    if (isReachable === this.isReachable) return
    this.isReachable = isReachable
    const { url, note } = this.options
    note(isReachable ? `${url} answers again` : `cannot reach ${url}: ${problem}; trying again`)
  }
}

type Found = { readonly status: number; readonly body: string } | { readonly problem: string }

interface Answer {
  readonly id?: string | number | null
  readonly result?: { readonly protocolVersion?: string }
  readonly error?: { readonly message: string }
}

function parsed(text: string): Answer | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const isAnswer = typeof value === 'object' && value !== null && 'jsonrpc' in value
    // An answer of the server: what it holds besides is passed on as it is.
    return isAnswer ? (value as Answer) : undefined
  } catch {
    return undefined
  }
}

function errorLine(id: string | number, message: string): string {
  return JSON.stringify({ jsonrpc: '2.0', id, error: { code: REFUSED, message } })
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ConnectionRefused' || code === 'ECONNREFUSED') return 'nothing listens there'
  return error instanceof Error ? error.message : String(error)
}

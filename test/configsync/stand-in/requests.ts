import { appendFileSync } from 'node:fs'

/** Ends the command. Exit codes: 1 error, 2 conflict or refusal, 3 bad token or wrong password. */
export class Failed extends Error {
  constructor(
    message: string,
    readonly code: 1 | 2 | 3 = 1,
  ) {
    super(message)
  }
}

/** Fields of a JSON answer, not checked. */
export type Fields = Record<string, unknown>

export interface Row extends Fields {
  readonly id: number
  readonly slug: string
  readonly current_version: number
}

/** Sends requests as the released clients do: without a time limit, another try, or a look at `retry-after`. */
export class Requests {
  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  /** As the second generation: the error of the server is shown. */
  async json(method: string, path: string, body?: unknown): Promise<Fields> {
    const headers: Record<string, string> = body === undefined ? {} : { 'Content-Type': 'application/json' }
    const response = await this.send(method, path, headers, body)
    const text = await response.text()
    if (!response.ok) throw new Failed(`${method} ${path} failed: ${errorIn(text) ?? phraseOf(response)}`)
    return text === '' ? {} : (JSON.parse(text) as Fields)
  }

  /** As the first generation: a content type without a body, and only the status line is shown. */
  async first(method: string, path: string, body?: unknown): Promise<Response> {
    return this.send(method, path, { 'Content-Type': 'application/json' }, body)
  }

  async firstJson(what: string, method: string, path: string, body?: unknown): Promise<Fields> {
    const response = await this.first(method, path, body)
    if (!response.ok) throw new Failed(`Failed to ${what}: ${phraseOf(response)}`)
    return (await response.json()) as Fields
  }

  /** Null: 404. */
  async find(method: string, path: string): Promise<Fields | null> {
    const response = await this.send(method, path, {})
    if (response.status === 404) return null
    if (!response.ok) throw new Failed(`${method} ${path} failed: ${phraseOf(response)}`)
    return (await response.json()) as Fields
  }

  async isOk(path: string): Promise<boolean> {
    return (await this.send('GET', path, {})).ok
  }

  async bytes(path: string): Promise<Buffer> {
    const response = await this.send('GET', path, {})
    if (!response.ok) throw new Failed(`GET ${path} failed: ${phraseOf(response)}`)
    return Buffer.from(await response.arrayBuffer())
  }

  async rows(plural: string, query = ''): Promise<Row[]> {
    return (await this.json('GET', `/api/${plural}${query}`))[plural] as Row[]
  }

  private async send(
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: unknown,
  ): Promise<Response> {
    const response = await fetch(`${this.url.replace(/\/+$/, '')}${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.token}`, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const trace = process.env.CONFIGSYNC_TRACE
    if (trace !== undefined) appendFileSync(trace, `${method} ${path} ${response.status}\n`)
    return response
  }
}

function errorIn(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { error?: string }).error
  } catch {
    return undefined
  }
}

function phraseOf({ status, statusText }: Response): string {
  return `${status} ${statusText}`
}

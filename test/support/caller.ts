/** An answer. `body` is its JSON, or undefined if it has none. */
export interface Answer<Body = Fields> {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: Body
}

export type Fields = Readonly<Record<string, unknown>>
type HeaderFields = Readonly<Record<string, string>>

/** A client, with or without a credential, over TCP or over the operator's socket. */
export class Caller {
  constructor(
    private readonly send: (path: string, init: RequestInit) => Promise<Response>,
    /** The headers of every request of this caller. */
    readonly credential: HeaderFields = {},
  ) {}

  get<Body = Fields>(path: string, headers?: HeaderFields): Promise<Answer<Body>> {
    return this.request('GET', path, undefined, headers)
  }

  post<Body = Fields>(path: string, body?: unknown, headers?: HeaderFields): Promise<Answer<Body>> {
    return this.request('POST', path, body, headers)
  }

  patch<Body = Fields>(path: string, body?: unknown, headers?: HeaderFields): Promise<Answer<Body>> {
    return this.request('PATCH', path, body, headers)
  }

  put<Body = Fields>(path: string, body?: unknown, headers?: HeaderFields): Promise<Answer<Body>> {
    return this.request('PUT', path, body, headers)
  }

  delete<Body = Fields>(path: string, headers?: HeaderFields): Promise<Answer<Body>> {
    return this.request('DELETE', path, undefined, headers)
  }

  /** One request of any method. `body` is sent as JSON; bytes are sent as they are. */
  request<Body = Fields>(
    method: string,
    path: string,
    body?: unknown,
    headers: HeaderFields = {},
  ): Promise<Answer<Body>> {
    if (body === undefined) return this.fetch(path, { method, headers })
    const isBytes = body instanceof Uint8Array
    return this.fetch(path, {
      method,
      headers: { 'content-type': isBytes ? 'application/octet-stream' : 'application/json', ...headers },
      body: isBytes ? new Blob([body]) : JSON.stringify(body),
    })
  }

  /** A request of this caller that the test composes: other bodies, streams, a signal. */
  async fetch<Body = Fields>(path: string, init: RequestInit = {}): Promise<Answer<Body>> {
    const response = await this.open(path, init)
    const text = await response.text()
    // A file to be kept is not an answer, also where it says that it is JSON.
    const isFile = response.headers.has('content-disposition')
    const isJson = /application\/(?:[\w.-]+\+)?json/.test(response.headers.get('content-type') ?? '')
    // The test states the type that it expects and checks what it gets.
    const body = (isJson && !isFile && text !== '' ? JSON.parse(text) : undefined) as Body
    return { status: response.status, headers: response.headers, text, body }
  }

  /** The same, for an answer that the test reads itself, such as a stream. */
  open(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { ...this.credential, ...(init.headers as HeaderFields | undefined) }
    return this.send(path, { redirect: 'manual', ...init, headers })
  }
}

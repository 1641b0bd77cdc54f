// A server without a network, for the models of timelines and outbox: requests wait until the test lets the server handle
// them, and their answers until it lets them arrive. So everything can overtake everything.
import { connect, type Message, type Synapse } from '@synapse/client'

type Fate = 'answered' | 'lost'

interface Request {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly body: Record<string, unknown>
  readonly key: string | null
  settle(response: Response | Error): void
}

export const ME = { id: 'account-ada', handle: 'ada' }

/** The messages of one channel, and the requests about them. */
export class FakeServer {
  /** In the order of the log. */
  readonly messages: Message[] = []
  /** What was committed and is not delivered yet, the oldest first. */
  readonly events: Message[] = []
  readonly synapse: Synapse
  /** Posts with this text are refused. */
  refused = new Set<string>()
  private readonly unhandled: Request[] = []
  private readonly answers: (() => void)[] = []
  private readonly byKey = new Map<string, Message>()

  constructor() {
    this.synapse = connect({ url: 'http://fake', patience: 0, fetch: (url, init) => this.fetch(url, init) })
  }

  get open(): number {
    return this.unhandled.length + this.answers.length
  }

  /** Posts as somebody else. */
  post(body: string): void {
    this.commit('bob', body, null)
  }

  /** Handles one of the waiting requests. If it is `lost`, the server has done it and the answer does not come. */
  handle(index: number, fate: Fate): void {
    const [request] = this.unhandled.splice(index % Math.max(this.unhandled.length, 1), 1)
    if (!request) return
    const response = this.answer(request)
    this.answers.push(() => request.settle(fate === 'lost' ? new TypeError('cut') : response))
  }

  /** Cuts one of the waiting requests before it reaches the server. */
  cut(index: number): void {
    const [request] = this.unhandled.splice(index % Math.max(this.unhandled.length, 1), 1)
    request?.settle(new TypeError('cut'))
  }

  /** Lets one of the answers arrive. */
  arrive(index: number): void {
    const [answer] = this.answers.splice(index % Math.max(this.answers.length, 1), 1)
    answer?.()
  }

  private fetch(url: string, init: RequestInit): Promise<Response> {
    const { pathname, searchParams } = new URL(url)
    const { promise, resolve, reject } = Promise.withResolvers<Response>()
    this.unhandled.push({
      method: init.method ?? 'GET',
      path: pathname,
      query: searchParams,
      body: typeof init.body === 'string' ? JSON.parse(init.body) : {},
      key: new Headers(init.headers).get('idempotency-key'),
      settle: (response) => (response instanceof Error ? reject(response) : resolve(response)),
    })
    return promise
  }

  private answer({ method, path, query, body, key }: Request): Response {
    if (method === 'POST') return this.posted(String(body.body), key ?? '', body.client_msg_id)
    const around = /^\/v1\/messages\/(.+)\/context$/.exec(path)?.[1]
    if (around !== undefined) return this.context(around)
    const limit = Number(query.get('limit'))
    const since = query.get('since')
    const before = query.get('before')
    const matching = this.messages.filter(
      ({ seq }) => (since === null || seq > Number(since)) && (before === null || seq < Number(before)),
    )
    const isAscending = query.get('order') === 'asc'
    const page = isAscending ? matching.slice(0, limit) : matching.toReversed().slice(0, limit)
    const next = matching.length > limit ? (page.at(-1)?.cursor ?? null) : null
    return Response.json({ messages: page.map((message) => this.ownView(message)), next_cursor: next })
  }

  private posted(text: string, key: string, shownKey: unknown): Response {
    const known = this.byKey.get(key)
    if (known) return Response.json({ ...this.ownView(known), unresolved_mentions: [] }, { status: 201 })
    if (this.refused.has(text))
      return Response.json({ code: 'read_only_role', detail: 'No', request_id: 'r' }, { status: 403 })
    if (shownKey !== key) throw new Error('the key is not shown with the message')
    const message = this.commit(ME.handle, text, key)
    return Response.json({ ...this.ownView(message), unresolved_mentions: [] }, { status: 201 })
  }

  private context(id: string): Response {
    const at = this.messages.findIndex((message) => message.id === id)
    if (at < 0)
      return Response.json({ code: 'message_not_found', detail: 'No', request_id: 'r' }, { status: 404 })
    const messages = this.messages.slice(Math.max(at - 50, 0), at + 51)
    return Response.json({ messages: messages.map((message) => this.ownView(message)) })
  }

  /** REST answers show the author the key of a post; events do not. */
  private ownView(message: Message): Message {
    const key = [...this.byKey].find(([, { id }]) => id === message.id)?.[0]
    return key === undefined ? message : { ...message, client_msg_id: key }
  }

  private commit(handle: string, body: string, key: string | null): Message {
    const seq = (this.messages.at(-1)?.seq ?? 0) + 1
    const message = messageOf(seq, handle, body)
    this.messages.push(message)
    this.events.push(message)
    if (key !== null) this.byKey.set(key, message)
    return message
  }
}

export function messageOf(seq: number, handle: string, body: string, more: Partial<Message> = {}): Message {
  return {
    ...{ id: `m${seq}`, channel: 'general', thread_id: null, reply_to: null },
    ...{ sender_handle: handle, sender_kind: 'human', sender_id: `account-${handle}` },
    ...{ sender_display_name: handle, body, body_format: 'markdown', edited_at: null },
    created_at: new Date(1_700_000_000_000 + seq * 1000).toISOString(),
    ...{ mentioned_handles: [], seq, cursor: String(seq), kind: 'message', priority: 'normal' },
    ...{ via: 'session', broadcast: false, reply_count: 0, last_reply_at: null, reactions: [] },
    ...{ attachments: [], metadata: {}, deleted: false },
    ...more,
  }
}

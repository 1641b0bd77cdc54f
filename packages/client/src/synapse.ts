import { type ClaimOptions, HeldClaim } from './claim'
import type { TransportName } from './connection'
import { SynapseError } from './errors'
import { FOREVER, Http, newKey, type Query, type Target } from './http'
import { Inbox, type InboxOptions } from './inbox'
import { Stream, type StreamOptions } from './stream'
import { anyOf, later, WAIT_SECONDS } from './time'
import type { AnswerTo, Approval, Decision, Message, PostedMessage, Rest, Route } from './types'
import { Working, type WorkingOptions } from './working'

export interface ConnectOptions extends Target {
  /** Names this program among those of the account: claims and presence are the instance's. Default: a new name. */
  readonly instance?: string
}

export interface PostOptions {
  /** Any message of the thread to answer in. */
  readonly thread?: string | undefined
  /** The message that this one answers. */
  readonly replyTo?: string | undefined
  /** Seconds, 10 to 604,800: who does not answer in time causes an item `overdue` in the sender's inbox. */
  readonly ackWithin?: number | undefined
  /** `urgent` is delivered at once, `fyi` wakes no program. */
  readonly priority?: 'urgent' | 'normal' | 'fyi' | undefined
  readonly kind?: 'message' | 'correction' | undefined
  readonly format?: 'markdown' | 'plaintext' | undefined
  /** Ids of uploads (`POST /v1/attachments`). */
  readonly attachments?: readonly string[] | undefined
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
  /** Makes the post happen once, also over a restart of the program. Default: a new one. */
  readonly key?: string | undefined
  readonly signal?: AbortSignal | undefined
}

export interface HistoryOptions {
  /** Leave out replies. */
  readonly topLevel?: boolean
  /** Only this thread: the id of its root. */
  readonly thread?: string
  readonly from?: string
  readonly kind?: string
  /** A cursor: only what is older. */
  readonly before?: string
  readonly signal?: AbortSignal
}

export interface AskOptions {
  /** Handles of those who may decide; by default every person who may post in the channel. */
  readonly approvers?: readonly string[]
  /** Seconds until the question expires, 60 to 2,592,000; a day by default. */
  readonly ttl?: number
  readonly replyTo?: string
  readonly metadata?: Readonly<Record<string, unknown>>
  readonly key?: string
  /** Stops the waiting. The question stays open. */
  readonly signal?: AbortSignal
}

export interface AwaitOptions {
  /** Only this thread: the id of its root. */
  readonly thread?: string
  readonly channel?: string
  /** Handle of the sender; by default anybody but the account itself. */
  readonly from?: string
  /** Only messages that mention the account. */
  readonly mentionsMe?: boolean
  /**
   * A cursor: only later messages. Default: after this client's last post in that thread or channel, and after what the same
   * call found before; else from now on.
   */
  readonly since?: string
  /** Seconds; 180 by default. */
  readonly timeout?: number
  readonly signal?: AbortSignal
}

interface Position {
  readonly seq: number
  readonly cursor: string
}

/** Positions that are remembered. */
const MOST_PLACES = 1000

/** Connects to a server. Nothing is sent yet. In a page, without arguments: the page's server, with its cookie. */
export function connect(options: ConnectOptions = {}): Synapse {
  return new Synapse(options)
}

/** What a program does on a server, with one credential. Every call @throws SynapseError, or the reason of its signal. */
export class Synapse {
  readonly url: string
  readonly instance: string
  private readonly http: Http
  private readonly states: Working[] = []
  private readonly transports: readonly TransportName[]
  /** This client's last posts, by thread and by channel, and the last message that `awaitMessage` found, by its filter. */
  private readonly last = new Map<string, Position>()

  constructor({ instance, ...target }: ConnectOptions) {
    this.http = new Http(target)
    this.url = this.http.base
    this.instance = instance ?? newKey().slice(0, 12)
    // A page has six connections to a server over HTTP/1.1, and a stream over a request would take one.
    const isPage = 'document' in globalThis && 'WebSocket' in globalThis && target.fetch === undefined
    this.transports = isPage ? ['websocket', 'sse', 'poll'] : ['sse', 'poll']
  }

  /**
   * Sends any request that the server describes: `request('GET /v1/messages/{id}', { path: { id } })`. It is repeated like a
   * post, a PATCH only if the server has done nothing.
   */
  async request<Name extends Route>(
    route: Name,
    ...[options = {} as never]: Rest<Name>
  ): Promise<AnswerTo<Name>> {
    const {
      path = {},
      query,
      body,
      signal,
      key,
      headers,
    } = options as {
      path?: Record<string, string>
      query?: Query
      body?: unknown
      signal?: AbortSignal
      key?: string
      headers?: Record<string, string>
    }
    const [method = '', pattern = ''] = route.split(' ')
    const filled = pattern.replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = path[name] ?? ''
      // These would name another path.
      if (/^\.{0,2}$/.test(value)) throw new TypeError(`request: ${route} needs path.${name}`)
      return encodeURIComponent(value)
    })
    const isFile = route === 'GET /v1/attachments/{id}'
    return (await this.http.call(method, filled, {
      query,
      body,
      signal,
      key,
      headers,
      isFile,
    })) as AnswerTo<Name>
  }

  /** Posts a message, once, also if the answer is lost and the post is repeated. */
  async post(channel: string, body: string, options: PostOptions = {}): Promise<PostedMessage> {
    const { thread, replyTo, ackWithin, priority, kind, format, attachments, metadata, key, signal } = options
    const posted = (await this.http.call('POST', '/v1/messages', {
      body: {
        channel,
        body,
        thread_id: thread,
        reply_to: replyTo,
        ack_within_s: ackWithin,
        priority,
        kind,
        body_format: format,
        attachments,
        metadata,
      },
      key,
      signal,
    })) as PostedMessage
    this.remember(posted.thread_id ?? posted.id, posted)
    this.remember(posted.channel, posted)
    return posted
  }

  /** The messages of a channel, the newest first. */
  async *history(channel: string, options: HistoryOptions = {}): AsyncGenerator<Message, void> {
    const { topLevel, thread, from, kind, before: start, signal } = options
    let before = start
    do {
      const query = { channel, order: 'desc', limit: 100, before, top_level: topLevel, thread, from, kind }
      const page = (await this.http.call('GET', '/v1/messages', { query, signal })) as {
        messages: Message[]
        next_cursor: string | null
      }
      yield* page.messages
      before = page.next_cursor ?? undefined
    } while (before !== undefined)
  }

  /** The events after `since`, for as long as they are read. */
  stream(options: StreamOptions = {}): Stream {
    return new Stream(this.http, options.transport ? [options.transport] : this.transports, options)
  }

  /** What notifies the account, in batches to handle and acknowledge. */
  inbox(options: InboxOptions = {}): Inbox {
    return new Inbox(this.http, options)
  }

  /**
   * Claims a resource, such as `message:<id>` or `file:src/app.ts`, and renews the claim.
   * @throws SynapseError `claim_held` if another has it; `body.claim` says who
   */
  async claim(resource: string, options: ClaimOptions = {}): Promise<HeldClaim> {
    return await HeldClaim.acquire(this.http, resource, this.instance, options)
  }

  /** Says what this program does, until it is closed. */
  async working(note?: string, options: WorkingOptions = {}): Promise<Working> {
    return await Working.begin(this.states, this.http, this.instance, note, options)
  }

  /**
   * Asks people for a decision, and waits for it.
   * @throws SynapseError `approval_expired`, `approval_cancelled`, with `body.approval`
   */
  async ask(
    channel: string,
    question: string,
    choices: readonly (string | { id: string; label: string })[],
    { approvers, ttl, replyTo, metadata, key, signal }: AskOptions = {},
  ): Promise<Decision> {
    const body = { channel, question, options: choices, approvers, ttl_s: ttl, reply_to: replyTo, metadata }
    let { approval } = (await this.http.call('POST', '/v1/approvals', { body, key, signal })) as {
      approval: Approval
    }
    while (approval.state === 'pending') {
      const query = { wait: WAIT_SECONDS }
      const calling = { query, signal, patience: FOREVER }
      approval = (await this.http.call('GET', `/v1/approvals/${approval.id}`, calling)) as Approval
    }
    if (approval.decision) return approval.decision
    const code = `approval_${approval.state}`
    const detail = `The question was not decided: it was ${approval.state}`
    throw new SynapseError({ status: 409, code, detail, body: { approval } })
  }

  /** Waits for the first message that matches. @throws SynapseError `timeout` if none came in time */
  async awaitMessage(options: AwaitOptions): Promise<Message> {
    const { thread, channel, from, mentionsMe, timeout = 180, signal } = options
    const link = anyOf(signal)
    const late = { status: 0, code: 'timeout', detail: `No such message in ${timeout} s` }
    const cancel = later(timeout * 1000, () => link.controller.abort(new SynapseError(late)))
    const end = Date.now() + timeout * 1000
    const filter = JSON.stringify([channel, thread, from, mentionsMe])
    let since = options.since ?? this.later(thread ?? channel ?? '', filter) ?? 'now'
    // From now on: the first answer says where that is.
    let wait = since === 'now' ? 0 : undefined
    try {
      for (;;) {
        const left = Math.ceil((end - Date.now()) / 1000)
        const query = {
          ...{ channel: channel ?? '*', thread, from, mentions_me: mentionsMe, since },
          ...{ exclude_self: from === undefined, order: 'asc', limit: 1 },
          wait: wait ?? Math.min(WAIT_SECONDS, Math.max(left, 0)),
        }
        const calling = { query, signal: link.controller.signal, patience: FOREVER }
        const page = (await this.http.call('GET', '/v1/messages', calling)) as {
          messages: Message[]
          position: string
        }
        const [message] = page.messages
        if (message) {
          this.remember(filter, message)
          return message
        }
        since = page.position
        wait = undefined
      }
    } finally {
      cancel()
      link.release()
    }
  }

  private remember(place: string, { seq, cursor }: Position): void {
    this.last.delete(place)
    this.last.set(place, { seq, cursor })
    if (this.last.size <= MOST_PLACES) return
    for (const oldest of this.last.keys()) {
      this.last.delete(oldest)
      return
    }
  }

  /** The later one of two positions that are remembered. */
  private later(one: string, other: string): string | undefined {
    const [first, second] = [this.last.get(one), this.last.get(other)]
    return first && second ? (first.seq > second.seq ? first : second).cursor : (first ?? second)?.cursor
  }
}

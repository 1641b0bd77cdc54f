import { type Answer, Caller, type Fields } from './caller'

/** A message as the v1 surface shows it. */
export interface Message {
  readonly id: string
  readonly channel: string
  readonly thread_id: string | null
  readonly reply_to: string | null
  readonly kind: string
  readonly sender_handle: string
  readonly body: string
  readonly body_format: string
  readonly created_at: string
  readonly mentioned_handles: readonly string[]
  readonly seq: number
  readonly cursor: string
  readonly broadcast: boolean
  readonly reply_count: number
  readonly last_reply_at: string | null
  readonly metadata: Fields
  readonly mentions_truncated?: true
  readonly client_msg_id?: string
  readonly unresolved_mentions?: readonly string[]
  readonly unreachable?: readonly string[]
  readonly deliveries?: Fields
}

/** A page of messages. */
export interface Page {
  readonly messages: readonly Message[]
  readonly next_cursor: string | null
  readonly head_cursor: string | null
  readonly position: string
  readonly has_more: boolean
  readonly timed_out: boolean
}

/** An account or a channel, as the admin endpoints return it. */
export interface Identified {
  readonly id: string
}

export interface Room extends Identified {
  readonly slug: string
}

/** A client with an account and a credential. */
export class Person extends Caller {
  constructor(
    send: ConstructorParameters<typeof Caller>[0],
    credential: Record<string, string>,
    readonly id: string,
    readonly handle: string,
    /** The token of an agent, or the cookie value of a human. */
    readonly secret: string,
    /** The id of the token; empty for a human, who has a session. */
    readonly tokenId: string,
  ) {
    super(send, credential)
  }

  /** Posts and returns the message. Fails if the post is refused. */
  async posts(room: Room | string, body: string, more: Fields = {}): Promise<Message> {
    const answer = await this.post<Message>('/v1/messages', { channel: slugOf(room), body, ...more })
    if (answer.status !== 201) throw new Error(`${this.handle} could not post: ${answer.text}`)
    return answer.body
  }

  /** Requests a page of messages, refused or not. */
  reads(room: Room | string, query: Record<string, string | number | boolean> = {}): Promise<Answer<Page>> {
    const words = new URLSearchParams({ channel: slugOf(room) })
    for (const [name, value] of Object.entries(query)) words.set(name, String(value))
    return this.get<Page>(`/v1/messages?${words}`)
  }

  /** The bodies of a page, in its order. Fails if the page is refused. */
  async hears(room: Room | string, query: Record<string, string | number | boolean> = {}): Promise<string[]> {
    const { status, text, body } = await this.reads(room, query)
    if (status !== 200) throw new Error(`${this.handle} could not read: ${text}`)
    return body.messages.map((message) => message.body)
  }
}

function slugOf(room: Room | string): string {
  return typeof room === 'string' ? room : room.slug
}

import type { Message, Synapse } from '@synapse/client'
import type { Store } from './store'
import { dateCursor } from './timeline-pages'
import { lastReplyOf } from './types'

/** Requests at a time. */
const AT_ONCE = 4

/**
 * What stands under the roots of threads: who takes part, and the last reply. Reading a thread itself would mark it as seen,
 * so this reads the list of threads, and the message at the time of the last reply.
 */
export class Threads {
  private readonly queue = new Map<string, Message>()
  private readonly listed = new Set<string>()
  private running = 0

  constructor(
    private readonly deps: {
      readonly store: Store
      readonly synapse: Synapse
      /** Threads of channels are listed once; a failure is tried again when a root is shown again. */
      quietly(work: Promise<void>): void
    },
  ) {}

  /** The root of a thread is shown: reads its summary into `store.summaries`, if it is not there. */
  want(root: Message): void {
    if (root.reply_count === 0 || this.queue.has(root.id)) return
    const known = this.deps.store.summaries.peek(root.id)
    if (known?.participants && known.lastReply && known.lastReply.at >= (root.last_reply_at ?? '')) return
    this.queue.set(root.id, root)
    this.next()
  }

  /** Forgets what was read: events were missed. */
  clear(): void {
    this.listed.clear()
    this.deps.store.summaries.clear()
  }

  private next(): void {
    for (const [id, root] of this.queue) {
      if (this.running >= AT_ONCE) return
      this.queue.delete(id)
      this.running++
      this.deps.quietly(
        this.read(root).finally(() => {
          this.running--
          this.next()
        }),
      )
    }
  }

  private async read(root: Message): Promise<void> {
    const { store } = this.deps
    if (!this.listed.has(root.channel)) await this.list(root.channel)
    const participants = store.summaries.peek(root.id)?.participants ?? (await this.participants(root.id))
    const put = store.summaries.expect()
    const found = await this.lastReply(root)
    put([[root.id, { participants, lastReply: found ? lastReplyOf(found) : null }]])
  }

  /** The participants of the threads with the latest replies, in one request. */
  private async list(slug: string): Promise<void> {
    const { store, synapse } = this.deps
    this.listed.add(slug)
    const put = store.summaries.expect()
    const { threads } = await synapse
      .request('GET /v1/channels/{slug}/threads', { path: { slug }, query: { limit: 100 } })
      .catch((error) => {
        this.listed.delete(slug)
        throw error
      })
    put(
      threads.map(({ id, participants }) => {
        const lastReply = store.summaries.peek(id)?.lastReply ?? null
        return [id, { participants, lastReply }]
      }),
    )
  }

  private async participants(id: string): Promise<readonly string[]> {
    const thread = await this.deps.synapse.request('GET /v1/threads/{id}', { path: { id } })
    return thread.participants
  }

  private async lastReply({ id, channel, last_reply_at: at }: Message): Promise<Message | undefined> {
    if (at === null) return
    const { messages } = await this.deps.synapse.request('GET /v1/messages', {
      query: { channel, since: dateCursor(at), order: 'asc', limit: 1 },
    })
    return messages.find(({ thread_id }) => thread_id === id)
  }
}

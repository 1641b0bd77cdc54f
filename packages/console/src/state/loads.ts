import type { InboxItem, Message, Synapse } from '@synapse/client'
import type { Reread } from './reduce'
import type { Store } from './store'
import { isOpen, type ThreadDetails } from './types'

/** How many entries one page of a list brings. */
const LIST = 200
const ACCOUNTS = 50
const ITEMS = 100
/** So many own messages are looked at again. */
const DELIVERIES = 10

/** Reads what the store has of the server. Every function @throws SynapseError */
export class Loads {
  constructor(
    private readonly synapse: Synapse,
    private readonly store: Store,
  ) {}

  /** My channels, and those that I may join. */
  async channels(): Promise<void> {
    const put = this.store.channels.expect()
    const { channels } = await this.synapse.request('GET /v1/channels', {
      query: { include: ['discoverable'] },
    })
    const slugs = new Set(channels.map(({ slug }) => slug))
    put(channels.map((channel) => [channel.slug, channel]))
    for (const { slug } of this.store.channels.values())
      if (!slugs.has(slug)) this.store.channels.delete(slug)
    for (const { peer } of channels) if (peer) this.store.putAccount(peer)
  }

  async me(): Promise<void> {
    this.store.me.value = await this.synapse.request('GET /v1/auth/me')
  }

  /** What waits in the inbox, the newest first. That does not count as seen. */
  async inbox(): Promise<void> {
    const { items } = this.store
    const put = items.expect()
    const before = items.values()
    const page = await this.synapse.request('GET /v1/inbox', {
      query: { order: 'desc', limit: ITEMS, unacked: true, peek: true },
    })
    const open = new Set(page.items.map(({ seq }) => seq))
    const from = page.has_more ? (page.items.at(-1)?.seq ?? 0) : 0
    // What was open before and is not any more was acknowledged elsewhere.
    const done = before
      .filter((item) => item.seq >= from && isOpen(item) && !open.has(item.seq))
      .map((item): InboxItem => ({ ...item, delivery: { ...item.delivery, state: 'acked' } }))
    put([...page.items, ...done].map((item) => [String(item.seq), item]))
    this.store.pending.value = page.pending
  }

  /** Approvals that wait for a decision. */
  async approvals(): Promise<void> {
    const put = this.store.approvals.expect()
    const { approvals } = await this.synapse.request('GET /v1/approvals', {
      query: { state: 'pending', limit: 100 },
    })
    put(approvals.map((approval) => [approval.id, approval]))
  }

  async claims(): Promise<void> {
    const put = this.store.claims.expect()
    const { claims } = await this.synapse.request('GET /v1/claims', { query: { limit: LIST } })
    put(
      claims.map((claim) => [claim.id, claim]),
      true,
    )
  }

  /** The states of accounts that share a channel with me, as many as the directory shows at once. */
  async presence(): Promise<void> {
    const put = this.store.presence.expect()
    const { accounts } = await this.synapse.request('GET /v1/accounts', { query: { limit: ACCOUNTS } })
    for (const { id, handle, kind, display_name } of accounts)
      this.store.putAccount({ id, handle, kind, display_name })
    put(
      accounts.map(({ handle, presence }) => [handle, presence]),
      // There may be more.
      accounts.length < ACCOUNTS,
    )
  }

  async pauses(): Promise<void> {
    const put = this.store.pauses.expect()
    const { pauses } = await this.synapse.request('GET /v1/pauses')
    put(
      pauses.map((pause) => [pause.id, pause]),
      true,
    )
  }

  /** What is told by frames that are not in the log, and so was missed while there was no stream. */
  async unlogged(): Promise<void> {
    await Promise.all([this.channels(), this.inbox(), this.claims(), this.presence()])
    const me = this.store.me.peek()?.account_id
    const unfinished = this.store.messages
      .values()
      .filter(({ sender_id, deliveries = {} }) => sender_id === me && isUnfinished(deliveries))
    const newest = unfinished.sort((one, other) => other.seq - one.seq).slice(0, DELIVERIES)
    for (const { id } of newest) await this.message(id)
  }

  /** A channel's details, and who is stopped there. */
  async channel(slug: string) {
    const put = this.store.blocked.expect()
    const details = await this.synapse.request('GET /v1/channels/{slug}', { path: { slug } })
    put([[slug, details.chain.blocked]])
    return details
  }

  /** How many messages are new in a channel: all of them, to 10,000. */
  async unreadTotal(slug: string): Promise<number | undefined> {
    const { unread_total } = await this.synapse.request('GET /v1/channels/{slug}', {
      path: { slug },
      query: { include: ['unread'] },
    })
    return unread_total
  }

  /** The named groups of a channel: handles by alias. */
  async aliases(slug: string): Promise<Readonly<Record<string, string[]>>> {
    const { aliases } = await this.synapse.request('GET /v1/channels/{slug}/aliases', { path: { slug } })
    return aliases
  }

  async members(slug: string): Promise<void> {
    const put = this.store.members.expect()
    const seen = this.store.presence.expect()
    const { members } = await this.synapse.request('GET /v1/channels/{slug}/members', { path: { slug } })
    put([[slug, members]])
    seen(members.map(({ handle, presence }) => [handle, presence]))
    for (const { id, handle, kind, display_name } of members)
      this.store.putAccount({ id, handle, kind, display_name })
  }

  /** A thread by any of its messages. Returns it: its root has the id by which it is kept. */
  async thread(id: string): Promise<ThreadDetails> {
    const put = this.store.threads.expect()
    const { thread, messages } = await this.store.latest(async () => {
      const found = await this.synapse.request('GET /v1/threads/{id}', { path: { id } })
      return { thread: found, messages: [found.root] }
    })
    put([[thread.id, thread]])
    for (const root of messages) this.store.putMessage(root)
    return thread
  }

  /** A message, also a deleted one, for example that of a link. */
  async message(id: string): Promise<Message> {
    const query = { include_deleted: true }
    const { found, messages } = await this.store.latest(async () => {
      const message = await this.synapse.request('GET /v1/messages/{id}', { path: { id }, query })
      return { found: message, messages: [message] }
    })
    for (const message of messages) this.store.putMessage(message)
    return messages[0] ?? found
  }

  async account(handle: string): Promise<void> {
    const { id, kind, display_name, presence } = await this.synapse.request('GET /v1/accounts/{handle}', {
      path: { handle },
    })
    this.store.putAccount({ id, handle, kind, display_name })
    this.store.presence.set(handle, presence)
  }

  /** Reads one thing again. What is gone meanwhile is no fault. */
  async again(reread: Reread): Promise<void> {
    switch (reread.of) {
      case 'channels':
        return this.channels()
      case 'inbox':
        return this.inbox()
      case 'me':
        return this.me()
      case 'message':
        await this.message(reread.key)
        return
      case 'members':
        return this.members(reread.key)
      case 'account':
        return this.account(reread.key)
      case 'everything':
      case 'timelines':
        return
    }
  }
}

/** Whether somebody has still to see or acknowledge a message. */
function isUnfinished(deliveries: Readonly<Record<string, number>>): boolean {
  return Object.entries(deliveries).some(
    ([state, count]) => count > 0 && state !== 'acked' && state !== 'failed',
  )
}

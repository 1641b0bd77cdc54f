import type { Synapse } from '@synapse/client'
import type { Reread } from './reduce'
import type { Store } from './store'

/** How many entries one page of a list brings. */
const LIST = 200

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

  /** How many items wait. Reading the inbox itself would mark them as seen. */
  async pending(): Promise<void> {
    const { cursors } = await this.synapse.request('GET /v1/me/cursors')
    this.store.pending.value = cursors.find(({ consumer }) => consumer === 'default')?.pending ?? 0
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

  async presence(): Promise<void> {
    const put = this.store.presence.expect()
    const { presence } = await this.synapse.request('GET /v1/presence')
    put(
      presence.map((one) => [one.handle, one]),
      true,
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

  /** A channel's details, and who is stopped there. */
  async channel(slug: string) {
    const put = this.store.blocked.expect()
    const details = await this.synapse.request('GET /v1/channels/{slug}', { path: { slug } })
    put([[slug, details.chain.blocked]])
    return details
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

  async thread(id: string): Promise<void> {
    const put = this.store.threads.expect()
    const thread = await this.synapse.request('GET /v1/threads/{id}', { path: { id } })
    put([[thread.id, thread]])
    this.store.putMessage(thread.root)
  }

  async message(id: string): Promise<void> {
    const message = await this.synapse.request('GET /v1/messages/{id}', {
      path: { id },
      query: { include_deleted: true },
    })
    this.store.putMessage(message)
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
        return this.pending()
      case 'me':
        return this.me()
      case 'message':
        return this.message(reread.key)
      case 'thread':
        return this.thread(reread.key)
      case 'members':
        return this.members(reread.key)
      case 'account':
        return this.account(reread.key)
      case 'everything':
        return
    }
  }
}

import { batch } from '@preact/signals'
import type { Approval, Claim, Message, Pause, Synapse } from '@synapse/client'
import { type Clock, SECOND } from './clock'
import type { Loads } from './loads'
import { continued } from './reduce-chain'
import { added, removed, withoutBody } from './reduce-message'
import type { Retries } from './retry'
import type { Store } from './store'
import type { Activity, Channel, Delivery, InboxPage, Notify, Place, SearchPage } from './types'

/** A deletion can be taken back for so long. */
const UNDO = 5 * SECOND

interface Deps {
  readonly store: Store
  readonly synapse: Synapse
  readonly clock: Clock
  readonly loads: Loads
  readonly retries: Retries
  /** Rows of this message are drawn again. */
  touch(message: Message): void
}

/** A deletion that is not sent yet. */
export interface Undo {
  /** Takes it back. Reports whether it was in time. */
  undo(): boolean
  /** When it is sent, and then whether that went well. @throws SynapseError */
  readonly done: Promise<void>
}

/**
 * What a person does, beside writing. Edits, reactions, deletions and what one is done with show at once, are repeated while
 * there is no connection, and are taken back if the server refuses them. Every function @throws SynapseError with the reason
 * for people in `detail`.
 */
export class Acts {
  private readonly removing = new Map<string, () => void>()

  constructor(private readonly deps: Deps) {}

  /** Changes the text of an own message. */
  async edit(id: string, body: string): Promise<void> {
    const { store, synapse, retries } = this.deps
    const before = store.messages.peek(id)
    const edited_at = new Date(this.deps.clock.now()).toISOString()
    store.messages.update(id, (message) => ({ ...message, body, edited_at }))
    try {
      const change = { path: { id }, body: { body } }
      const answer = await retries.run(() => synapse.request('PATCH /v1/messages/{id}', change))
      store.putMessage(answer)
    } catch (error) {
      if (before)
        store.messages.update(id, (message) =>
          message.body === body ? { ...message, body: before.body, edited_at: before.edited_at } : message,
        )
      throw error
    }
  }

  /** Deletes a message after 5 s, in which that can be taken back. Its row goes at once. */
  remove(id: string): Undo {
    const { store, synapse, clock, retries } = this.deps
    this.hide(id, true)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    promise.catch(() => undefined)
    const send = () => {
      cancel()
      if (!this.removing.delete(id)) return
      const request = () => synapse.request('DELETE /v1/messages/{id}', { path: { id } })
      retries.run(request).then(
        () => {
          store.messages.update(id, withoutBody)
          this.hide(id, false)
          resolve()
        },
        (error) => {
          this.hide(id, false)
          reject(error)
        },
      )
    }
    const cancel = clock.after(UNDO, send)
    this.removing.set(id, send)
    return {
      undo: () => {
        if (!this.removing.delete(id)) return false
        cancel()
        this.hide(id, false)
        resolve()
        return true
      },
      done: promise,
    }
  }

  /** Sends deletions that wait: the page goes. */
  flush(): void {
    for (const send of [...this.removing.values()]) send()
  }

  /** Sets or takes back a reaction of mine. */
  async react(id: string, emoji: string, isOn: boolean): Promise<void> {
    const { store, synapse, retries } = this.deps
    const handle = store.me.peek()?.handle ?? ''
    const change = (forth: boolean) =>
      store.messages.update(id, (message) => {
        const reactions = (forth ? added : removed)(message.reactions, emoji, handle)
        return reactions === undefined ? message : { ...message, reactions }
      })
    change(isOn)
    try {
      const path = { id, emoji }
      const route = '/v1/messages/{id}/reactions/{emoji}'
      if (!isOn) return await retries.run(() => synapse.request(`DELETE ${route}`, { path }))
      const { reactions } = await retries.run(() => synapse.request(`PUT ${route}`, { path }))
      store.messages.update(id, (message) => ({ ...message, reactions }))
    } catch (error) {
      change(!isOn)
      throw error
    }
  }

  /**
   * Decides a question. Returns the approval; if another was first, with what was decided.
   */
  async decide(id: string, option: string, note: string | null = null): Promise<Approval> {
    const { synapse } = this.deps
    try {
      const approval = await synapse.request('POST /v1/approvals/{id}/decide', {
        path: { id },
        body: { option, note },
      })
      this.putApproval(approval)
      return approval
    } catch (error) {
      const found = await synapse.request('GET /v1/approvals/{id}', { path: { id } }).catch(() => undefined)
      if (found) this.putApproval(found)
      if (found && found.state !== 'pending') return found
      throw error
    }
  }

  /** Takes back a question that I asked. */
  async cancelQuestion(id: string): Promise<void> {
    this.putApproval(await this.deps.synapse.request('POST /v1/approvals/{id}/cancel', { path: { id } }))
  }

  /** Asks people for a decision in a channel. `ttl`: seconds, 60 to 2,592,000. */
  async ask(
    channel: string,
    question: string,
    options: readonly string[],
    more: { readonly approvers?: readonly string[]; readonly ttl?: number; readonly replyTo?: string } = {},
  ): Promise<Approval> {
    const { approvers, ttl, replyTo } = more
    const { approval } = await this.deps.synapse.request('POST /v1/approvals', {
      body: {
        ...{ channel, question, options: [...options] },
        ...(approvers ? { approvers: [...approvers] } : {}),
        ...(ttl === undefined ? {} : { ttl_s: ttl }),
        ...(replyTo === undefined ? {} : { reply_to: replyTo }),
      },
    })
    this.putApproval(approval)
    return approval
  }

  /** Is done with items of the inbox, by their messages. */
  async acknowledge(messageIds: readonly string[]): Promise<void> {
    const { store, synapse, retries } = this.deps
    const ids = new Set(messageIds)
    const before = store.items.values().filter(({ message }) => ids.has(message.id))
    batch(() => {
      for (const item of before)
        store.items.set(String(item.seq), { ...item, delivery: { ...item.delivery, state: 'acked' } })
    })
    try {
      const body = { message_ids: [...ids] }
      const { pending } = await retries.run(() => synapse.request('POST /v1/inbox/ack', { body }))
      store.pending.value = pending
    } catch (error) {
      batch(() => {
        for (const item of before) store.items.set(String(item.seq), item)
      })
      throw error
    }
  }

  /** Is done with everything up to an item. Returns how many were open. */
  async acknowledgeUpTo(cursor: string): Promise<number> {
    const { store, synapse } = this.deps
    const { acked, pending } = await synapse.request('POST /v1/inbox/ack', { body: { cursor } })
    const last = store.items.values().find((item) => item.cursor === cursor)?.seq ?? 0
    batch(() => {
      for (const item of store.items.values())
        if (item.seq <= last && item.delivery.state !== 'failed')
          store.items.set(String(item.seq), { ...item, delivery: { ...item.delivery, state: 'acked' } })
      store.pending.value = pending
    })
    return acked
  }

  /** Reads a page of the inbox, the newest first, which marks it as seen. `before`: cursor of the oldest item shown. */
  async inbox(query: { before?: string; reason?: string; unacked?: boolean } = {}): Promise<InboxPage> {
    const { store, synapse } = this.deps
    const put = store.items.expect()
    const page = await synapse.request('GET /v1/inbox', { query: { ...query, order: 'desc', limit: 50 } })
    put(page.items.map((item) => [String(item.seq), item]))
    store.pending.value = page.pending
    return page
  }

  /** Stops agents: in a channel or everywhere, one or all. `minutes` null: until somebody resumes. */
  async pause(scope: {
    readonly channel?: string
    readonly account?: string
    readonly minutes?: number | null
    readonly note?: string
  }): Promise<Pause> {
    const pause = await this.deps.synapse.request('POST /v1/pauses', { body: { ...scope } })
    this.deps.store.pauses.set(pause.id, pause)
    return pause
  }

  /** Ends a pause. */
  async resume(id: string): Promise<void> {
    await this.deps.synapse.request('DELETE /v1/pauses/{id}', { path: { id } })
    this.deps.store.pauses.delete(id)
  }

  /** Lets stopped agents go on, in a thread or in the whole channel. `extra`: 1 to 100 times their limit. */
  async letContinue({ channel, thread }: Place, extra = 1): Promise<void> {
    const { store, synapse } = this.deps
    if (thread !== null)
      await synapse.request('POST /v1/threads/{id}/continue', { path: { id: thread }, body: { extra } })
    else
      await synapse.request('POST /v1/channels/{slug}/continue', { path: { slug: channel }, body: { extra } })
    continued(store, channel, thread)
  }

  /** Ends a claim, also one of another where I administer. */
  async releaseClaim({ id, epoch }: Claim): Promise<void> {
    const { store, synapse } = this.deps
    const released = await synapse.request('POST /v1/claims/{id}/release', { path: { id }, body: { epoch } })
    store.claims.set(id, released)
  }

  /** Follows a thread, or does not until I reply in it. */
  async follow(id: string, isOn: boolean): Promise<void> {
    const { store, synapse } = this.deps
    store.threads.update(id, (thread) => ({ ...thread, followed: isOn }))
    try {
      if (isOn) await synapse.request('PUT /v1/threads/{id}/follow', { path: { id } })
      else await synapse.request('DELETE /v1/threads/{id}/follow', { path: { id } })
    } catch (error) {
      store.threads.update(id, (thread) => ({ ...thread, followed: !isOn }))
      throw error
    }
  }

  /** What notifies me of a channel. */
  async setNotify(slug: string, notify: Notify): Promise<void> {
    const { store, synapse } = this.deps
    const answer = await synapse.request('PATCH /v1/channels/{slug}/me', { path: { slug }, body: { notify } })
    store.channels.update(slug, (channel) => ({ ...channel, notify: answer.notify }))
    await this.deps.loads.channels()
  }

  async join(slug: string): Promise<void> {
    await this.deps.synapse.request('POST /v1/channels/{slug}/join', { path: { slug } })
    await this.deps.loads.channels()
  }

  async leave(slug: string): Promise<void> {
    await this.deps.synapse.request('POST /v1/channels/{slug}/leave', { path: { slug } })
    await this.deps.loads.channels()
  }

  /** Opens the direct conversation with an account. Returns its slug. */
  async openDirect(handle: string): Promise<string> {
    const { slug } = await this.deps.synapse.request('POST /v1/dms', { body: { handle } })
    if (!this.deps.store.channels.peek(slug)) await this.deps.loads.channels()
    return slug
  }

  /** Makes a channel. Returns its slug. */
  async createChannel(channel: {
    readonly slug: string
    readonly name: string
    readonly kind?: Exclude<Channel['kind'], 'dm'>
    readonly topic?: string
  }): Promise<string> {
    const { slug } = await this.deps.synapse.request('POST /v1/channels', { body: channel })
    await this.deps.loads.channels()
    return slug
  }

  /** What became of an own message, by account. */
  async deliveries(id: string): Promise<readonly Delivery[]> {
    const { deliveries } = await this.deps.synapse.request('GET /v1/messages/{id}/deliveries', {
      path: { id },
      query: { limit: 200 },
    })
    return deliveries
  }

  /** Searches. `highlights` count code points of the snippet. */
  search(query: {
    readonly q: string
    readonly channel?: string
    readonly from?: string
    readonly kind?: Message['kind']
    readonly before?: string
    readonly after?: string
    readonly sort?: 'best' | 'new'
    readonly cursor?: string
  }): Promise<SearchPage> {
    return this.deps.synapse.request('GET /v1/search', { query: { ...query, limit: 20 } })
  }

  /** What the agents do, and what they need. */
  async activity(window: Activity['window'], channel?: string): Promise<Activity> {
    const query = { window, ...(channel === undefined ? {} : { channel }) }
    const seen = this.deps.store.presence.expect()
    const report = await this.deps.synapse.request('GET /v1/activity', { query })
    seen(report.agents.map(({ account, presence }) => [account.handle, presence]))
    return report
  }

  /** Accounts whose handle, or a word of whose name, begins so; all who share a channel with me for an empty text. */
  async directory(q: string, kind?: 'human' | 'agent') {
    const { accounts } = await this.deps.synapse.request('GET /v1/accounts', {
      query: { ...(q === '' ? {} : { q }), ...(kind ? { kind } : {}), limit: 50 },
    })
    for (const { id, handle, kind, display_name, presence } of accounts) {
      this.deps.store.putAccount({ id, handle, kind, display_name })
      this.deps.store.presence.set(handle, presence)
    }
    return accounts
  }

  private hide(id: string, isHidden: boolean): void {
    const { store, touch } = this.deps
    if (isHidden) store.removing.set(id, true)
    else store.removing.delete(id)
    const message = store.messages.peek(id)
    if (message) touch(message)
  }

  private putApproval(approval: Approval): void {
    const { store } = this.deps
    store.approvals.set(approval.id, approval)
    store.messages.update(approval.message_id, (message) => ({ ...message, approval }))
  }
}

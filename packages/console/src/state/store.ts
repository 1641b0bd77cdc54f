import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import type { AccountRef, Approval, Claim, InboxItem, Message, Pause, Presence } from '@synapse/client'
import { Table } from './table'
import type { ThreadDetails, ThreadSummary } from './types'
import { type Blocked, type Channel, isOpen, isUnseen, type Me, type Member } from './types'

/** Everything that is known of the server, normalised: each thing once, by its key. */
export class Store {
  readonly me: Signal<Me | undefined> = signal(undefined)
  /** By slug. Channels without a role of mine are those that I may join. */
  readonly channels = new Table<Channel>()
  /** By id: what timelines, threads and the inbox show. */
  readonly messages = new Table<Message>()
  /** By handle. */
  readonly accounts = new Table<AccountRef>()
  /** By handle. */
  readonly presence = new Table<Presence>()
  /** By id; those that have ended stay for 10 s. */
  readonly claims = new Table<Claim>()
  /** By id. */
  readonly approvals = new Table<Approval>()
  /** By seq: what notified me, as far as it was read or came since. */
  readonly items = new Table<InboxItem>()
  /** By id. */
  readonly pauses = new Table<Pause>()
  /** Agents that a limit has stopped, by slug. */
  readonly blocked = new Table<readonly Blocked[]>()
  /** By slug. */
  readonly members = new Table<readonly Member[]>()
  /** By the id of the root. */
  readonly threads = new Table<ThreadDetails>()
  /** Messages that I have deleted, while that can be taken back. */
  readonly removing = new Table<true>()
  /** By the id of the root: what stands under it in its channel. */
  readonly summaries = new Table<ThreadSummary>()
  /** How many items wait in the inbox, counted to 1,000. */
  readonly pending = signal(0)

  /** My channels by slug, direct ones last. */
  readonly mine: ReadonlySignal<readonly Channel[]> = computed(() =>
    this.channels.all.value
      .filter(({ role }) => role !== null)
      .sort((one, other) => order(one) - order(other) || one.slug.localeCompare(other.slug)),
  )

  /** The sum of what notified me and I have not seen. */
  readonly mentions: ReadonlySignal<number> = computed(() =>
    this.mine.value.reduce((sum, { mentions = 0 }) => sum + mentions, 0),
  )

  /** What notified me, the newest first. */
  readonly inbox: ReadonlySignal<readonly InboxItem[]> = computed(() =>
    this.items.all.value.toSorted((one, other) => other.seq - one.seq),
  )

  /** The roots of threads in which something that notified me was not seen. */
  readonly unseenThreads: ReadonlySignal<ReadonlySet<string>> = computed(
    () => new Set(this.items.all.value.filter(isUnseen).flatMap(({ message }) => message.thread_id ?? [])),
  )

  /** Questions that wait for my decision, the newest first. */
  readonly decidable: ReadonlySignal<readonly Approval[]> = computed(() =>
    this.approvals.all.value
      .filter((approval) => this.mayDecide(approval))
      .sort((one, other) => other.created_at.localeCompare(one.created_at)),
  )

  /** Whether I may decide a question now, as far as is known here. The server judges. Subscribes to what it depends on. */
  mayDecide({ state, approvers, requested_by, channel }: Approval): boolean {
    const me = this.me.value
    if (state !== 'pending' || me?.kind !== 'human' || requested_by === me.handle) return false
    if (approvers !== null) return approvers.includes(me.handle)
    return this.channels.get(channel)?.access.post ?? false
  }

  /** Changes the items of a message; without a result they go. */
  changeItems(messageId: string, change: (item: InboxItem) => InboxItem | undefined): void {
    for (const item of this.items.values()) {
      if (item.message.id !== messageId) continue
      const changed = change(item)
      if (isOpen(item) && !(changed && isOpen(changed)))
        this.pending.value = Math.max(this.pending.peek() - 1, 0)
      if (changed === undefined) this.items.delete(String(item.seq))
      else if (changed !== item) this.items.set(String(item.seq), changed)
    }
  }

  /** Puts in a message as the server shows it now, and keeps what only earlier answers had. */
  putMessage(message: Message): void {
    const known = this.messages.peek(message.id)
    this.putAccount({
      id: message.sender_id,
      handle: message.sender_handle,
      kind: message.sender_kind,
      display_name: message.sender_display_name,
    })
    if (message.approval) this.approvals.set(message.approval.id, message.approval)
    if (known?.deleted && !message.deleted) return
    const { client_msg_id, deliveries } = { ...known, ...message }
    this.messages.set(message.id, {
      ...message,
      ...(client_msg_id === undefined ? {} : { client_msg_id }),
      ...(deliveries === undefined ? {} : { deliveries }),
    })
  }

  /** Reads messages. Those that events change meanwhile are taken from here, because the answer may be older. */
  async latest<Answer extends { readonly messages: readonly Message[] }>(
    read: () => Promise<Answer>,
  ): Promise<Answer & { readonly messages: Message[] }> {
    const { changed, stop } = this.messages.watch()
    try {
      const answer = await read()
      const messages = answer.messages.map((message) =>
        changed.has(message.id) ? (this.messages.peek(message.id) ?? message) : message,
      )
      return { ...answer, messages }
    } finally {
      stop()
    }
  }

  putAccount(account: AccountRef): void {
    const known = this.accounts.peek(account.handle)
    if (known?.display_name !== account.display_name || known.id !== account.id)
      this.accounts.set(account.handle, account)
  }

  /** Forgets everything but who is signed in: the server has another history. */
  clear(): void {
    batch(() => {
      const { channels, messages, accounts, presence, claims, approvals, items, pauses } = this
      for (const table of [channels, messages, accounts, presence, claims, approvals, items, pauses])
        table.clear()
      for (const table of [this.blocked, this.members, this.threads, this.summaries]) table.clear()
      this.pending.value = 0
    })
  }
}

function order({ kind }: Channel): number {
  return kind === 'dm' ? 1 : 0
}

import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import type { AccountRef, Approval, Claim, InboxItem, Message, Pause, Presence } from '@synapse/client'
import { Table } from './table'
import type { Blocked, Channel, Me, Member, ThreadDetails } from './types'

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
      for (const table of [this.blocked, this.members, this.threads]) table.clear()
      this.pending.value = 0
    })
  }
}

function order({ kind }: Channel): number {
  return kind === 'dm' ? 1 : 0
}

import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import type { Person } from '../identity/actor'
import type { Account, Message, WakeReason } from '../kernel/entities'
import { refusal } from '../kernel/errors'
import type { Seq } from '../kernel/ids'
import type { InboxMark, InboxReads } from '../kernel/inbox-ports'
import type { Store } from '../kernel/ports'
import type { Micros } from '../kernel/time'
import { messageId } from '../messages/message-acts'
import { DELIVERY_STATES, type DeliveryState, impliedItemOf, stateNumber } from './items'
import { reasonsByMembership } from './notified'
import { DIRECT_REASONS, type Reasons, reasonsIn } from './reasons'

/** What became of a message for one account that it notified. */
export interface Delivery {
  readonly account: Account
  readonly reason: WakeReason
  readonly state: DeliveryState
  readonly stateAt: Micros
  readonly note: string | null
}

export interface DeliveryPage {
  readonly deliveries: readonly Delivery[]
  /** Handle after which the next page begins; null at the end. */
  readonly next: string | null
  /** How many deliveries are in each state, over all pages and states. */
  readonly summary: Readonly<Partial<Record<DeliveryState, number>>>
}

export interface DeliveryRequest {
  readonly state: DeliveryState | null
  /** Handle of the last delivery of the page before; null = the first page. */
  readonly after: string | null
  readonly limit: number
}

/** One account's delivery by inner ids. */
export interface Found {
  readonly accountId: number
  readonly reasons: Reasons
  readonly state: number
  readonly stateAt: Micros
  readonly note: string | null
}

/** Shows the author of a message which accounts it reached (docs/contract/inbox.md#deliveries). */
export class Deliveries {
  constructor(
    private readonly deps: { readonly store: Store; readonly directory: Directory; readonly policy: Policy },
  ) {}

  /**
   * Returns a page of deliveries, by handle. For the author and the admins of the channel.
   * @throws invalid_id; message_not_found, also if the actor may not read it; not_author
   */
  async list(actor: Person, id: string, request: DeliveryRequest): Promise<DeliveryPage> {
    const { store, directory, policy } = this.deps
    const message = await store.reads.message({ uuid: messageId(id) })
    if (!message || message.deletedAt !== null) throw refusal('message_not_found')
    await store.waitFor(message.seq)
    await directory.retryUntilLoaded(() => {
      const now = policy.current(actor)
      const channel = directory.channel(message.channelId)
      const isReadable = policy.mayRead(now, channel) && message.seq > policy.hiddenUpTo(now, channel)
      if (!isReadable) throw refusal('message_not_found')
      if (message.senderId !== now.account.id && !policy.isChannelAdmin(now, channel))
        throw refusal('not_author')
    })
    const found = await this.find(message)
    const accounts = await directory.retryUntilLoaded(() => {
      directory.requireAccounts(found.map(({ accountId }) => accountId))
      return new Map(found.map(({ accountId }) => [accountId, directory.account(accountId)]))
    })
    const all = found.flatMap(({ accountId, reasons, state, stateAt, note }): Delivery[] => {
      const account = accounts.get(accountId)
      const [reason] = reasonsIn(reasons)
      const name = DELIVERY_STATES[state]
      if (!account || !reason || !name) return []
      return [{ account, reason, state: name, stateAt, note }]
    })
    const byState = Map.groupBy(all, (one) => one.state)
    const summary = Object.fromEntries(
      DELIVERY_STATES.flatMap((name) => {
        const there = byState.get(name)
        return there ? [[name, there.length] as const] : []
      }),
    )
    const { state, after, limit } = request
    const wanted = all
      .filter(
        (one) => (state === null || one.state === state) && (after === null || one.account.handle > after),
      )
      .sort((one, other) => (one.account.handle < other.account.handle ? -1 : 1))
    const deliveries = wanted.slice(0, limit)
    const last = deliveries.at(-1)
    return { deliveries, next: wanted.length > limit && last ? last.account.handle : null, summary }
  }

  /** Returns the states of the accounts that a message notified directly, by number. */
  async directStates(message: Message): Promise<number[]> {
    const found = await this.find(message)
    return found.filter(({ reasons }) => (reasons & DIRECT_REASONS) !== 0).map(({ state }) => state)
  }

  /** Returns the stored deliveries of each of these messages, by seq. None follows from a membership alone. */
  async stored(messages: readonly OfMessage[]): Promise<ReadonlyMap<Seq, readonly Found[]>> {
    const { reads } = this.deps.store
    const items = Map.groupBy(
      await reads.itemsAbout(messages.map(({ seq }) => seq)),
      ({ messageSeq }) => messageSeq,
    )
    const owners = new Set([...items.values()].flatMap((some) => some.map(({ accountId }) => accountId)))
    const marks = await reads.inboxMarks([...owners])
    const ofOne = (message: OfMessage) =>
      [...merged(message, items.get(message.seq) ?? []).values()].map((one) =>
        withMark(one, message.seq, marks.get(one.accountId)),
      )
    return new Map(messages.map((message) => [message.seq, ofOne(message)]))
  }

  /** Returns the deliveries of a message: those stored, and those that follow from memberships. */
  private async find(message: Message): Promise<Found[]> {
    const { store, directory } = this.deps
    const { seq, senderId, channelId, createdAt } = message
    const found = merged(message, await store.reads.itemsAbout([seq]))
    const implied = impliedItemOf(message)
    if (implied) {
      const { state, stateAt } = implied
      const members = await directory.retryUntilLoaded(() => {
        const members = directory.membersOf(channelId)
        directory.requireAccounts(members.keys())
        return members.keys().map((id) => ({ account: directory.account(id), member: members.get(id) }))
      })
      for (const { account, member } of members) {
        const { id: accountId } = account
        const reasons = accountId === senderId ? 0 : reasonsByMembership(implied, seq, account, member)
        if (reasons !== 0 && !found.has(accountId))
          found.set(accountId, { accountId, reasons, state, stateAt: stateAt ?? createdAt, note: null })
      }
    }
    const marks = await store.reads.inboxMarks([...found.keys()])
    return [...found.values()].map((one) => withMark(one, seq, marks.get(one.accountId)))
  }
}

type OfMessage = Pick<Message, 'seq' | 'senderId' | 'createdAt'>

/** Returns the deliveries in the items of a message, by account. Of several items of one account, that which got furthest counts. */
function merged(
  { senderId, createdAt }: OfMessage,
  items: Awaited<ReturnType<InboxReads['itemsAbout']>>,
): Map<number, Found> {
  const found = new Map<number, Found>()
  for (const { accountId, reasons, state, stateAt, note } of items) {
    // What tells the author of its own message is no delivery.
    if (accountId === senderId) continue
    const known = found.get(accountId)
    if (!known || known.state < state)
      found.set(accountId, { accountId, reasons, state, stateAt: stateAt ?? createdAt, note })
  }
  return found
}

function withMark(one: Found, seq: number, mark: InboxMark | undefined): Found {
  if (!mark || seq > mark.ackedSeq || one.state >= stateNumber('acked')) return one
  return { ...one, state: stateNumber('acked'), stateAt: mark.ackedAt }
}

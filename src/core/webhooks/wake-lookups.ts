import type { Directory } from '../access/directory'
import { reasonsFor } from '../inbox/notified'
import type { MemberPreferences, WakeReason } from '../kernel/entities'
import type { Seq } from '../kernel/ids'
import type { Reads } from '../kernel/ports'
import type { Webhook } from '../kernel/webhook-ports'
import { type MessageEvent, notifiedIn } from '../log/events'
import { DEFAULT_WAKE_ON, dependsOnFollow, wakes } from './wakes'

/** A message event, or what is known of one. */
export type WakingEvent = Pick<MessageEvent, 'message' | 'facts' | 'channel' | 'actor'> & {
  readonly seq: Seq
}

/** Judges which webhooks events wake, and reads what that depends on once. Use it for one transaction or one page. */
export class WakeLookups {
  private readonly preferences = new Map<string, Promise<MemberPreferences | undefined>>()
  private readonly wakeOn = new Map<number, Promise<readonly WakeReason[]>>()
  private readonly follows = new Map<string, Promise<boolean | null | undefined>>()

  constructor(
    private readonly reads: Reads,
    private readonly directory: Directory,
  ) {}

  /** Reports whether an event wakes the account of a webhook by it. Throws what `Directory.retryUntilLoaded` handles. */
  async wakes(webhook: Webhook, event: WakingEvent): Promise<boolean> {
    const { accountId } = webhook
    const { channel, message: view, seq, actor } = event
    const account = this.directory.account(accountId)
    const member = this.directory.member(accountId, channel.id)
    const cause = { seq, actorId: actor?.id ?? null }
    const of = {
      reasons: reasonsFor(account, notifiedIn(event.facts), cause, member),
      priority: view.message.priority,
      channelId: channel.id,
      authorKind: view.sender.kind,
    }
    if (of.reasons === 0) return false
    const preferences = await this.preferencesOf(accountId, channel.id)
    const root = (view.message.thread ?? view.message).seq
    const follow = dependsOnFollow(of) ? await this.followOf(accountId, root) : undefined
    return wakes(webhook, await this.wakeOnOf(accountId), { ...of, preferences, follow })
  }

  /** Reads at once what the webhooks of these accounts depend on in a channel. `webhooks`: all of these accounts. */
  async prepare(
    channelId: number,
    accountIds: readonly number[],
    webhooks: readonly Webhook[],
  ): Promise<void> {
    const preferences = await this.reads.preferencesIn(channelId, accountIds)
    for (const id of accountIds) {
      this.preferences.set(`${id} ${channelId}`, Promise.resolve(preferences.get(id)))
      const push = webhooks.find(({ accountId, uuid }) => accountId === id && uuid === null)
      this.wakeOn.set(id, Promise.resolve(push?.reasons ?? DEFAULT_WAKE_ON))
    }
  }

  private preferencesOf(accountId: number, channelId: number) {
    return once(this.preferences, `${accountId} ${channelId}`, async () =>
      (await this.reads.preferencesIn(channelId, [accountId])).get(accountId),
    )
  }

  private wakeOnOf(accountId: number) {
    return once(
      this.wakeOn,
      accountId,
      async () => (await this.reads.webhook({ pushOf: accountId }))?.reasons ?? DEFAULT_WAKE_ON,
    )
  }

  private followOf(accountId: number, root: Seq) {
    return once(
      this.follows,
      `${accountId} ${root}`,
      async () => (await this.reads.threadMember(accountId, [root])).get(root)?.follow,
    )
  }
}

function once<Key, Value>(
  known: Map<Key, Promise<Value>>,
  key: Key,
  read: () => Promise<Value>,
): Promise<Value> {
  const found = known.get(key) ?? read()
  known.set(key, found)
  return found
}

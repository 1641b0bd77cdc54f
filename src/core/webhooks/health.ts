import type { WebhookHealth } from '../coordination/presence-view'
import type { Notice } from '../inbox/inbox'
import type { Reads } from '../kernel/ports'
import type { Clock } from '../kernel/time'
import type { Webhook, WebhookState } from '../kernel/webhook-ports'
import type { LogEvent } from '../log/events'

/** For how long an answer about all accounts is kept: other processes may have changed something. */
const KEPT_MILLISECONDS = 10_000
const CHANGES = new Set(['account.push_changed', 'account.webhook_changed', 'account.webhook_disabled'])

/** Tells how the webhooks of accounts fare: to those who look at their presence, and to themselves. */
export class WebhookReport implements WebhookHealth {
  private kept: { readonly states: ReadonlyMap<number, WebhookState>; readonly at: number } | undefined

  constructor(
    private readonly deps: {
      readonly reads: Pick<Reads, 'webhooksOf' | 'wakeableAccounts'>
      readonly clock: Pick<Clock, 'steady'>
    },
  ) {}

  /** Applies committed events. */
  applyAll(events: readonly LogEvent[]): void {
    for (const { type } of events) if (CHANGES.has(type)) this.kept = undefined
  }

  /** Says that a webhook began to fail, or works again. */
  changed(): void {
    this.kept = undefined
  }

  /**
   * Returns how the webhooks for their inboxes fare, by account; one that works is enough. Answers from memory, because posts
   * ask; the store is read at most once in ten seconds, and after a change.
   */
  async of(accountIds: readonly number[]): Promise<ReadonlyMap<number, WebhookState>> {
    const at = this.deps.clock.steady()
    if (!this.kept || at - this.kept.at >= KEPT_MILLISECONDS)
      this.kept = { states: await this.deps.reads.wakeableAccounts(), at }
    const { states } = this.kept
    return new Map(
      accountIds.flatMap((id) => {
        const state = states.get(id)
        return state === undefined ? [] : [[id, state] as const]
      }),
    )
  }

  /** What the owner of an inbox is told: which of its webhooks the server has disabled. */
  async noticesFor(accountId: number): Promise<Notice[]> {
    const webhooks = await this.deps.reads.webhooksOf([accountId])
    return webhooks.flatMap((webhook) => noticeOf(webhook) ?? [])
  }
}

function noticeOf({ uuid, name, enabled, disabledReason, disabledAt }: Webhook): Notice | undefined {
  if (enabled || disabledReason === null || disabledAt === null) return undefined
  const why = disabledReason === 'gone' ? 'its receiver answered 410' : 'its deliveries kept failing'
  const how = uuid === null ? 'PUT /v1/me/push' : `PATCH /v1/me/webhooks/${uuid} {"enabled":true}`
  const detail = `The webhook ${name} was disabled, because ${why}; enable it again: ${how}`
  return { code: 'webhook_disabled', detail, at: disabledAt }
}

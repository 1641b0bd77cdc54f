import type { Directory } from '../access/directory'
import { entryBy } from '../governance/audit'
import type { Settings } from '../governance/settings'
import { background } from '../kernel/background'
import type { Seq } from '../kernel/ids'
import type { LeaseClock } from '../kernel/lease-clock'
import type { Store, Writes } from '../kernel/ports'
import { later, MICROS_PER_SECOND, type Micros } from '../kernel/time'
import type {
  DeliveryWithWebhook,
  DisabledReason,
  Webhook,
  WebhookChange,
  WebhookDelivery,
} from '../kernel/webhook-ports'
import { accountEvent } from '../log/events'
import type { AttemptResult } from './attempt'
import { delayAfter, FAILING_MICROS, PAUSED_MICROS } from './retry-plan'

export interface ResultsDeps {
  readonly store: Pick<Store, 'transact'>
  readonly directory: Directory
  readonly settings: Settings
  readonly leaseClock: LeaseClock
  readonly report: (fault: unknown) => void
  /** Between 0 and 1. */
  readonly chance: () => number
  /** Called when messages were brought to an account. */
  readonly notified: (accountId: number, messages: readonly Seq[]) => void
  /** Called when messages could not be brought to an account, and no further attempt follows. */
  readonly undelivered: (accountId: number, messages: readonly Seq[]) => void
  /** Called when a webhook of an account began to fail, works again, or was disabled. */
  readonly healthChanged: (accountId: number) => void
}

interface Written {
  readonly of: DeliveryWithWebhook
  readonly result: AttemptResult
  readonly done: PromiseWithResolvers<void>
}

/** What came of the attempts of one transaction, to be told after its commit. */
interface Outcome {
  readonly healthOf: Set<number>
  readonly dead: Set<WebhookDelivery>
}

/** Writes the results of attempts. Those that come while others are written share the next transaction. */
export class Results {
  private waiting: Written[] = []
  private isWriting = false

  constructor(private readonly deps: ResultsDeps) {}

  /** Resolves when the result is durable. */
  write(of: DeliveryWithWebhook, result: AttemptResult): Promise<void> {
    const done = Promise.withResolvers<void>()
    this.waiting.push({ of, result, done })
    if (!this.isWriting) background(this.run(), this.deps.report)
    return done.promise
  }

  /** Never throws: each result's own promise does. */
  private async run(): Promise<void> {
    this.isWriting = true
    while (this.waiting.length > 0) {
      const all = this.waiting
      this.waiting = []
      try {
        this.tell(all, await this.writeAll(all))
        for (const { done } of all) done.resolve()
      } catch (fault) {
        for (const { done } of all) done.reject(fault)
      }
    }
    this.isWriting = false
  }

  private writeAll(all: readonly Written[]): Promise<Outcome> {
    const { store, directory } = this.deps
    return directory.retryUntilLoaded(() => {
      // Before the first write, so that nothing has to be taken back.
      for (const { of } of all) directory.account(of.webhook.accountId)
      return store.transact(async (tx) => {
        const outcome: Outcome = { healthOf: new Set(), dead: new Set() }
        for (const [id, results] of Map.groupBy(all, ({ of }) => of.webhook.id))
          await this.writeOf(tx, id, results, outcome)
        return outcome
      })
    })
  }

  private async writeOf(tx: Writes, id: number, all: readonly Written[], outcome: Outcome): Promise<void> {
    const webhook = await tx.webhook({ id })
    // Its deliveries went with it.
    if (!webhook) return
    const at = this.deps.leaseClock.now()
    let now: Webhook = webhook
    let why: DisabledReason | undefined
    for (const { of, result } of all) {
      const { delivery } = of
      switch (result.outcome) {
        case 'dropped':
          await tx.deleteDelivery(delivery.id)
          break
        case 'aborted':
          await tx.updateDelivery(delivery.id, { isTaken: false, nextAt: at })
          break
        case 'paused':
          await tx.updateDelivery(delivery.id, { isTaken: false, nextAt: later(at, PAUSED_MICROS) })
          break
        case 'delivered': {
          const ended = { state: 'delivered', endedAt: tx.now() } as const
          await tx.updateDelivery(delivery.id, { ...attempted(delivery, result), ...ended })
          now = { ...now, lastSuccessAt: result.attempt.at, failingSince: null, deadInARow: 0 }
          break
        }
        case 'failed': {
          const tries = delivery.tries + 1
          const failure = { status: result.attempt.status, retryAfter: result.retryAfter }
          const delay = webhook.enabled ? delayAfter(failure, tries, this.deps.chance()) : null
          const next =
            delay === null ? ({ state: 'dead', endedAt: tx.now() } as const) : { nextAt: later(at, delay) }
          await tx.updateDelivery(delivery.id, { ...attempted(delivery, result), ...next })
          if (delay === null) outcome.dead.add(delivery)
          const deadInARow = now.deadInARow + (delay === null ? 1 : 0)
          now = { ...now, failingSince: now.failingSince ?? at, deadInARow }
          if (failure.status === 410) why = 'gone'
          else if (this.isHopeless(now, at)) why ??= 'failing'
          break
        }
      }
    }
    if ((now.failingSince === null) !== (webhook.failingSince === null)) outcome.healthOf.add(now.accountId)
    const { lastSuccessAt, failingSince, deadInARow } = now
    const change = { lastSuccessAt, failingSince, deadInARow }
    if (webhook.enabled && why) {
      outcome.healthOf.add(now.accountId)
      await this.disable(tx, webhook, change, why)
    } else if (isNews(webhook, now)) await tx.updateWebhook(id, change)
  }

  private isHopeless({ deadInARow, failingSince }: Webhook, at: Micros): boolean {
    if (deadInARow >= this.deps.settings.get('webhooks.disable_after')) return true
    return failingSince !== null && failingSince + FAILING_MICROS <= at
  }

  private async disable(
    tx: Writes,
    webhook: Webhook,
    change: WebhookChange,
    reason: DisabledReason,
  ): Promise<void> {
    const at = tx.now()
    const account = this.deps.directory.account(webhook.accountId)
    const id = webhook.uuid ?? 'push'
    await tx.updateWebhook(webhook.id, { ...change, enabled: false, disabledReason: reason, disabledAt: at })
    await tx.endDeliveries(webhook.id, at)
    await tx.append(accountEvent('account.webhook_disabled', account, { webhook_id: id, reason }), null)
    const facts = { account: account.uuid, reason }
    await tx.audit(entryBy(null, 'webhook.disable', { type: 'webhook', id }, facts))
  }

  private tell(all: readonly Written[], { healthOf, dead }: Outcome): void {
    const { notified, undelivered, healthChanged } = this.deps
    for (const { of, result } of all) {
      if (!('messages' in result) || result.messages.length === 0) continue
      if (result.outcome === 'delivered') notified(of.webhook.accountId, result.messages)
      else if (dead.has(of.delivery)) undelivered(of.webhook.accountId, result.messages)
    }
    for (const id of healthOf) healthChanged(id)
  }
}

/** Reports whether a webhook has changed by more than the moment of its last success. */
function isNews(before: Webhook, now: Webhook): boolean {
  if (before.failingSince !== now.failingSince || before.deadInARow !== now.deadInARow) return true
  return Math.abs((now.lastSuccessAt ?? 0) - (before.lastSuccessAt ?? 0)) >= MICROS_PER_SECOND
}

function attempted(delivery: WebhookDelivery, { attempt }: Extract<AttemptResult, { attempt: unknown }>) {
  return { attempts: [...delivery.attempts, attempt], tries: delivery.tries + 1, isTaken: false }
}

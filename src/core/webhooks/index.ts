/**
 * Webhooks: the server calls addresses of accounts (docs/contract/webhooks.md).
 * Imports only the core. Start reading at webhooks.ts.
 */
import type { Expiries } from '../coordination/expiring'
import type { PresenceFrames } from '../coordination/presence-frames'
import type { Receipts } from '../inbox/receipts'
import type { Unreachable } from '../inbox/unreachable'
import { background } from '../kernel/background'
import type { Uuid } from '../kernel/ids'
import type { Store } from '../kernel/ports'
import { DeliveryLog, type DeliveryLogDeps } from './delivery-log'
import { Dispatcher, type DispatcherDeps } from './dispatcher'
import { EventFeed, type EventFeedDeps } from './event-feed'
import type { WebhookReport } from './health'
import type { WebhookPorts } from './ports'
import { PushEndpoints } from './push'
import { Queueing } from './queueing'
import { Rendering, type RenderingDeps } from './rendering'
import { Results, type ResultsDeps } from './results'
import { Webhooks } from './webhooks'

type Parts = Pick<DeliveryLogDeps, 'administration' | 'selfService'> &
  Omit<EventFeedDeps, 'secrets'> &
  Omit<RenderingDeps, 'reads' | 'wire'> &
  Pick<DispatcherDeps, 'settings' | 'clock' | 'leaseClock'> &
  Pick<ResultsDeps, 'report'> & {
    readonly store: Store
    readonly receipts: Pick<Receipts, 'messages'>
    readonly unreachable: Pick<Unreachable, 'undelivered'>
    readonly expiries: Pick<Expiries, 'addShiftable'>
    readonly webhookReport: WebhookReport
    readonly presenceFrames: Pick<PresenceFrames, 'changed'>
    readonly uuid: () => Uuid
    readonly ports: WebhookPorts
  }

/** Creates the parts of the core that concern webhooks. */
export function createWebhooks({
  ports,
  receipts,
  unreachable,
  expiries,
  presenceFrames,
  webhookReport,
  uuid,
  ...parts
}: Parts) {
  const { store } = parts
  const { outbound, wire, chance } = ports
  const secrets = { ...ports.secrets, uuid }
  const all = { ...parts, reads: store.reads, outbound, wire, chance, secrets }
  const rendering = new Rendering(all)
  const results = new Results({
    ...all,
    notified: (accountId, messages) => receipts.messages(accountId, messages, 'notified'),
    undelivered: (accountId, messages) =>
      background(unreachable.undelivered(accountId, messages), parts.report),
    healthChanged: (accountId) => {
      webhookReport.changed()
      presenceFrames.changed(accountId)
    },
  })
  const dispatcher = new Dispatcher({ ...all, rendering, results })
  expiries.addShiftable({ shift: (tx, micros) => tx.shiftDeliveries(micros) })
  const queued = () => dispatcher.lookAgain()
  const webhookFeed = new EventFeed(all)
  store.onCommit((events) => {
    webhookFeed.applyAll(events)
    webhookReport.applyAll(events)
  })
  store.shared?.onAdvance(() => webhookFeed.forget())
  return {
    webhooks: new Webhooks(all),
    push: new PushEndpoints(all),
    webhookDeliveries: new DeliveryLog({ ...all, queued }),
    webhookQueueing: new Queueing({ ...all, queued }),
    webhookFeed,
    dispatcher,
  }
}

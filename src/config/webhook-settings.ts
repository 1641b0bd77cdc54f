import { runtime } from './declare'
import { whole } from './shapes'

/** The settings of webhooks, besides the targets that may be called. */
export const webhookSettings = {
  'webhooks.timeout_ms': runtime(whole(100, 30_000, 5000), {
    group: 'Limits',
    description: 'How long the receiver of a webhook may take to answer, in milliseconds.',
  }),
  'webhooks.per_minute': runtime(whole(0, 100_000, 60), {
    group: 'Limits',
    description:
      'Wakes by webhooks for one account in a minute; more of them wait. 0 = without a limit. Webhooks for events are not counted.',
  }),
  'webhooks.disable_after': runtime(whole(1, 10_000, 50), {
    group: 'Limits',
    description: 'Deliveries in a row that could not be made, after which the server disables a webhook.',
  }),
}

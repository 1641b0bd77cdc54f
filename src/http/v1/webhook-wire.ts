import { reasonsIn } from '../../core/inbox/reasons'
import { formatInstant } from '../../core/kernel/time'
import type { WebhookWire } from '../../core/webhooks/ports'
import type { Wire } from './wire'

/** Renders what webhooks are sent (docs/contract/webhooks.md#requests). */
export function webhookWire(wire: () => Wire): WebhookWire {
  return {
    event: (event, recipient, reasons) => wire().forWebhook(event, recipient, reasons),
    pending: ({ recipient, count, cursor, items }) =>
      JSON.stringify({
        type: 'inbox.pending',
        recipient,
        count,
        cursor,
        items: items.map(({ id, reasons, channel, senderHandle, senderKind }) => ({
          id,
          reason: reasonsIn(reasons)[0],
          channel,
          sender_handle: senderHandle,
          sender_kind: senderKind,
        })),
      }),
    test: (recipient, at) =>
      JSON.stringify({ type: 'webhook.test', channel: null, at: formatInstant(at), recipient, reason: null }),
  }
}

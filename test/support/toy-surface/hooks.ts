import { accountEvent } from '../../../src/core/log/events'
import { endpoint } from '../../../src/http/endpoint'
import type { Surface } from '../../../src/http/surface'

const ENDPOINT = 'toy-hook'

/**
 * A surface that delivers events to a receiver: of its own command, which adds a row to the outbox in its transaction,
 * and of messages, which a projection adds.
 */
export function toyHooks(receiver: string): Surface {
  return {
    name: 'toy hooks',
    prefixes: ['/hooks'],
    endpoints: ({ core }) => [
      endpoint({
        method: 'POST',
        path: '/hooks/ring',
        who: 'account',
        tag: 'Toy',
        documentation: 'none',
        summary: 'Tell the receiver of this account',
        answers: { 201: { description: 'It will be told' } },
        handle: async ({ actor }) => {
          const { account } = actor
          const seq = await core.transactions.run(actor, async (tx) => {
            const event = await tx.append(accountEvent('account.updated', account), account)
            await tx.enqueue(ENDPOINT, event.seq)
            return event.seq
          })
          return { status: 201, json: { seq } }
        },
      }),
    ],
    followLog: ({ followers, outbound }) => {
      followers.project({
        name: 'toy-messages',
        apply: async (tx, events) => {
          for (const { type, seq } of events) if (type === 'message.created') await tx.enqueue(ENDPOINT, seq)
        },
      })
      followers.deliverTo({
        name: ENDPOINT,
        deliver: async (event, signal) => {
          const { seq, type, actor } = event
          const body = event.about === 'message' ? event.message.message.body : undefined
          const told = { seq, type, by: actor?.handle, body }
          const { status } = await outbound.call({
            ...{ method: 'POST', url: receiver, body: JSON.stringify(told) },
            ...{ timeoutMs: 30_000, maxBytes: 0, signal },
          })
          if (status >= 300) throw new Error(`the receiver answers ${status}`)
        },
      })
    },
  }
}

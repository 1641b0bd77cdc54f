import type { DeliveryLogPage, DeliveryLogRequest } from '../core/webhooks/delivery-log'
import type { Answer } from './endpoint'
import { rowBefore } from './row-cursor'
import { type Static, Type, text } from './schema'
import { deliveryJson, deliveryState } from './webhook-json'

/** The parameters and the answer of lists of webhook deliveries: an account's own, and those of all accounts. */

export const pageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'Default 50' })),
  cursor: Type.Optional(text({ description: 'next_cursor of the previous page' })),
}
export const DEFAULT_PAGE = 50

export const deliveriesQuery = Type.Object({ state: Type.Optional(deliveryState), ...pageQuery })

/** @throws invalid_cursor */
export function deliveriesRequest(query: Static<typeof deliveriesQuery>): DeliveryLogRequest {
  const { state = null, cursor, limit = DEFAULT_PAGE } = query
  return { state, before: rowBefore(cursor), limit }
}

export function deliveriesAnswer({ deliveries, next }: DeliveryLogPage): Answer {
  const cursor = next === null ? null : String(next)
  return { status: 200, json: { deliveries: deliveries.map(deliveryJson), next_cursor: cursor } }
}

/** Searching in the rooms of the caller. */
import { type Matrix, parseRoomEventFilter } from '../../core/matrix'
import type { SearchCriteria } from '../../core/matrix/reading/search-terms'
import type { Endpoint } from '../endpoint'
import { freeObject, maybe, oneOf, type Static, Type, text } from '../schema'
import { matrixEndpoint } from './endpoint'

const KEYS = ['content.body', 'content.name', 'content.topic'] as const
const CONTEXT = 5

const whole = () => maybe(Type.Integer({ minimum: 0 }))

const roomEvents = Type.Object({
  search_term: text(),
  keys: maybe(Type.Array(oneOf(KEYS))),
  filter: maybe(freeObject('A filter of events')),
  order_by: maybe(oneOf(['rank', 'recent'])),
  event_context: maybe(
    Type.Object({
      before_limit: whole(),
      after_limit: whole(),
      include_profile: maybe(Type.Boolean()),
    }),
  ),
  include_state: maybe(Type.Boolean()),
  groupings: maybe(
    Type.Object({ group_by: maybe(Type.Array(Type.Object({ key: oneOf(['room_id', 'sender']) }))) }),
  ),
})

const searchBody = Type.Object({
  search_categories: Type.Object({ room_events: maybe(roomEvents) }),
})

export function searchEndpoints(matrix: Matrix): Endpoint[] {
  return matrixEndpoint(matrix, {
    method: 'POST',
    path: '/_matrix/client/v3/search',
    who: 'account',
    summary: 'Search in the rooms of the caller',
    rate: 'read',
    body: searchBody,
    handle: async ({ actor, body, query }) => {
      const { room_events: asked } = body.search_categories
      if (!asked) return { status: 200, json: { search_categories: {} } }
      const found = await matrix.eventSearch.find(actor, criteriaOf(asked), query.text('next_batch'))
      return { status: 200, json: { search_categories: { room_events: found } } }
    },
  })
}

/** @throws M_BAD_JSON for a filter that is none */
function criteriaOf(asked: Static<typeof roomEvents>): SearchCriteria {
  const { event_context: context, groupings } = asked
  return {
    term: asked.search_term,
    keys: new Set(asked.keys ?? KEYS),
    filter: parseRoomEventFilter(asked.filter ?? {}),
    order: asked.order_by ?? 'rank',
    context: context
      ? {
          before: context.before_limit ?? CONTEXT,
          after: context.after_limit ?? CONTEXT,
          withProfiles: context.include_profile ?? false,
        }
      : undefined,
    withState: asked.include_state ?? false,
    groupBy: [...new Set((groupings?.group_by ?? []).map(({ key }) => key))],
  }
}

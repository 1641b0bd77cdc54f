import type { Core } from '../../core'
import { normalName } from '../../core/identity/accounts'
import { MAX_QUERY } from '../../core/kernel/limits'
import type { Micros } from '../../core/kernel/time'
import type { Result } from '../../core/search/search'
import { type Endpoint, endpoint } from '../endpoint'
import { parsedInstant } from '../instants'
import { oneOf, Type, text } from '../schema'
import { type MessageText, messageTexts } from './message-texts'
import { readErrors, searchSchema } from './schemas'
import type { Wire } from './wire'

const searchQuery = Type.Object({
  q: text({
    minLength: 1,
    maxLength: MAX_QUERY,
    description: 'Words that must all occur, "a phrase", -word for one that must not, word* for a beginning',
  }),
  channel: Type.Optional(
    text({ description: 'A slug, up to 50 separated by commas, or * (default) for all you can read' }),
  ),
  from: Type.Optional(text({ description: 'Handle of the sender' })),
  kind: Type.Optional(oneOf(['message', 'correction', 'approval', 'system'])),
  thread: Type.Optional(text({ description: 'Any message of a thread' })),
  before: Type.Optional(text({ description: 'Only messages posted before this time' })),
  after: Type.Optional(text({ description: 'Only messages posted at this time or later' })),
  sort: Type.Optional(oneOf(['best', 'new'], 'best (default) or new')),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: 'Default 20' })),
  cursor: Type.Optional(text({ description: 'next_cursor of the previous page' })),
})

export function searchEndpoint(core: Core, wire: Wire): Endpoint {
  const rendered = ({ view, score, snippet }: Result, text: MessageText) => {
    const rest = JSON.stringify({ score, snippet: snippet.text, highlights: snippet.highlights })
    return `{"message":${text(view)},${rest.slice(1)}`
  }
  return endpoint({
    method: 'GET',
    path: '/v1/search',
    who: 'account',
    rate: 'search',
    tag: 'Messages',
    summary: 'Search messages',
    query: searchQuery,
    answers: { 200: { description: 'A page of results', schema: searchSchema } },
    refusals: ['too_many_channels', ...readErrors, 'invalid_cursor', 'cursor_expired', 'cursor_epoch'],
    handle: async ({ actor, query }) => {
      const channels = (query.channel ?? '')
        .split(',')
        .map(normalName)
        .filter((slug) => slug !== '')
      const { results, next } = await core.search.find(actor, {
        text: query.q,
        channels: channels.length === 0 ? ['*'] : channels,
        from: query.from ? normalName(query.from.replace(/^@/, '')) : null,
        kind: query.kind ?? null,
        thread: query.thread || null,
        before: instantOf('before', query.before),
        after: instantOf('after', query.after),
        sort: query.sort ?? 'best',
        limit: query.limit ?? 20,
        cursor: query.cursor || null,
      })
      const views = results.map(({ view }) => view)
      const text = await messageTexts(core, wire, actor.account.id, views)
      const texts = await core.pace.each(results, (result) => rendered(result, text))
      return { status: 200, text: `{"results":[${texts.join()}],"next_cursor":${JSON.stringify(next)}}` }
    },
  })
}

/** @throws ValidationError */
function instantOf(name: string, given: string | undefined): Micros | null {
  return given ? parsedInstant(given, ['query', name]) : null
}

import { normalName } from '../../core/identity/accounts'
import type { Person } from '../../core/identity/actor'
import type { Seq } from '../../core/kernel/ids'
import type { FeedFilter } from '../../core/log/feed'
import { type Endpoint, endpoint } from '../endpoint'
import { holdRequest } from '../held-request'
import { type Static, Type, text } from '../schema'
import type { App } from '../surface'
import { openEventStream } from './event-stream'
import { eventsSchema, flag, readerRefusals, waitSeconds, words } from './schemas'
import type { Wire } from './wire'

const eventsQuery = Type.Object({
  since: Type.Optional(text({ description: 'Cursor; default now' })),
  channel: words('Slugs; default: all you can read'),
  type: words('Event types, prefixes such as message.*, or * for everything'),
  thread: Type.Optional(text({ description: 'Root of a thread' })),
  exclude_self: flag('Exclude your own events'),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: 'Default 100' })),
  wait: waitSeconds(60),
})

/** What streams, sockets and long-polls need, including the rendering of events. */
export interface LiveDeps extends App {
  readonly wire: Wire
}

export function eventEndpoints(deps: LiveDeps): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/v1/events',
      who: 'account',
      tag: 'Events',
      summary: 'Read the events you may see: a page, or a stream with Accept: text/event-stream',
      description:
        'A stream begins at `Last-Event-ID`, else at `since`. Its first event is `hello`. Every 15 s an id without an event moves your position past events that were filtered out.',
      query: eventsQuery,
      answers: { 200: { description: 'A page', schema: eventsSchema } },
      refusals: readerRefusals,
      handle: async ({ actor, query, request }) => {
        const isStream = /\btext\/event-stream\b/i.test(request.headers.get('accept') ?? '')
        const last = isStream ? request.headers.get('last-event-id') : null
        const { filter, after } = await deps.core.feed.resolve(actor, {
          channels: query.channel?.map(normalName) ?? ['*'],
          types: query.type ?? null,
          thread: query.thread ?? null,
          excludeSelf: query.exclude_self ?? false,
          inbox: false,
          since: last || query.since || null,
        })
        if (isStream) return { response: openEventStream(deps, actor, request, filter, after) }
        return {
          status: 200,
          text: await page(deps, actor, query, request, filter, after ?? deps.core.log.head),
        }
      },
    }),
  ]
}

async function page(
  { core, wire, longPolls, limits }: LiveDeps,
  actor: Person,
  query: Static<typeof eventsQuery>,
  request: Request,
  filter: FeedFilter,
  after: Seq,
): Promise<string> {
  const seconds = Math.min(query.wait ?? 0, core.settings.get('wait.max_s'))
  using _held = holdRequest(limits, actor, request, seconds)
  const deadline = core.clock.steady() + seconds * 1000
  let position = after
  for (;;) {
    const head = core.log.head
    const found = await core.feed.page(actor, [filter], position, query.limit ?? 100, head)
    position = found.position
    const answer = async (timedOut: boolean) => {
      const rendered = await core.pace.each(found.events, ({ event, isShown, reasons }) => [
        ...(isShown ? [wire.envelope(event)] : []),
        ...(reasons === 0 ? [] : [wire.item(event, reasons, actor.account.handle, false)]),
      ])
      const events = rendered.flat().join(',')
      return `{"events":[${events}],"cursor":"${core.log.cursor(position)}","head_cursor":"${core.log.headCursor}","has_more":${found.hasMore},"timed_out":${timedOut}}`
    }
    if (found.events.length > 0 || found.hasMore || seconds === 0) return answer(false)
    const left = deadline - core.clock.steady()
    const channelIds = filter.channelIds === '*' ? '*' : [...filter.channelIds]
    const wait = {
      accountId: actor.account.id,
      channelIds,
      after: head,
      milliseconds: left,
      signal: request.signal,
    } as const
    if (left <= 0 || !(await longPolls.next(wait))) return answer(true)
  }
}

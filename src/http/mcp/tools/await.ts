import { Type } from '../../schema'
import { compact, inWords, type Message } from './messages'
import { badArgument, handleIn, slugIn, type ToolResult, type ToolVisit, tool, waitOf } from './tool'

const DEFAULT_SECONDS = 25

const given = {
  channel: Type.Optional(Type.String({ description: 'Default all' })),
  mention: Type.Optional(Type.String({ description: 'Handle' })),
  from: Type.Optional(Type.String({ description: 'Handle' })),
  body_contains: Type.Optional(Type.String()),
  thread: Type.Optional(Type.String()),
  approval_id: Type.Optional(Type.String({ description: 'Wait for its decision instead' })),
  since: Type.Optional(Type.String({ description: 'Cursor; default now' })),
  timeout: Type.Optional(Type.Integer({ minimum: 1, maximum: 600, description: 'Seconds' })),
}

interface Page {
  readonly messages: readonly Message[]
  readonly position: string
  readonly has_more: boolean
}

interface Approval {
  readonly state: string
  readonly decision: { readonly option: string; readonly by: string } | null
}

export const awaiting = tool({
  name: 'synapse_await',
  description:
    'Wait at most 25 s for the first message that matches all filters; on timed_out call again with since=cursor. Idle clients are not woken over MCP: use `synapse watch` or a webhook.',
  given,
  readOnly: true,
  run: async (visit, { approval_id: approval, timeout = DEFAULT_SECONDS, ...filter }) => {
    const seconds = waitOf(timeout)
    if (approval === undefined) return firstMatch(visit, filter, seconds)
    if (Object.values(filter).some((value) => value !== undefined))
      throw badArgument('approval_id', 'approval_id goes with timeout alone')
    return decision(visit, approval, seconds)
  },
})

interface Filter {
  readonly channel?: string
  readonly mention?: string
  readonly from?: string
  readonly body_contains?: string
  readonly thread?: string
  readonly since?: string
}

async function firstMatch(
  visit: ToolVisit,
  { channel, mention, from, body_contains: contains, thread, since = 'now' }: Filter,
  seconds: number,
): Promise<ToolResult> {
  const query = {
    channel: channel === undefined ? '*' : slugIn(channel),
    mention: mention === undefined ? undefined : handleIn(mention),
    from: from === undefined ? undefined : handleIn(from),
    ...{ contains, thread, limit: 1, order: 'asc' },
    exclude_self: from === undefined,
  }
  const end = visit.clock.steady() + seconds * 1000
  for (let position = since; ; ) {
    const left = Math.max(0, Math.ceil((end - visit.clock.steady()) / 1000))
    const page = await visit.ask<Page>('GET', '/v1/messages', {
      query: { ...query, since: position, wait: left },
    })
    const [message] = page.messages
    position = page.position
    if (message)
      return {
        structured: { message: compact(message), cursor: position, timed_out: false },
        text: `${inWords([message])}\ncursor ${position}`,
      }
    // A scan of many messages that do not match ends before the newest one.
    if (!page.has_more || left === 0)
      return {
        structured: { message: null, cursor: position, timed_out: true },
        text: `Nothing yet. Call again with since=${position}`,
      }
  }
}

async function decision(visit: ToolVisit, id: string, seconds: number): Promise<ToolResult> {
  const approval = await visit.ask<Approval>('GET', '/v1/approvals/:id', {
    params: { id },
    query: { wait: seconds },
  })
  const { state, decision } = approval
  const isPending = state === 'pending'
  const text = decision === null ? `The approval is ${state}.` : `${decision.by} decided: ${decision.option}`
  return { structured: { approval, timed_out: isPending }, text: isPending ? 'Not decided yet.' : text }
}

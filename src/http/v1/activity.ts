import type { Core } from '../../core'
import {
  type ActivityReport,
  type AgentActivity,
  type ChannelActivity,
  NEEDS,
} from '../../core/activity/activity'
import type { ReportedUsage, WindowName } from '../../core/activity/packed'
import { lineOf } from '../../core/kernel/text'
import { formatInstant } from '../../core/kernel/time'
import { type Endpoint, endpoint } from '../endpoint'
import { presenceJson, presenceSchema } from '../presence-wire'
import { nullable, oneOf, Type, text } from '../schema'
import { accountRefSchema, instant } from './common-schemas'
import { pauseSchema } from './limit-schemas'
import { claimSchema, readErrors } from './schemas'
import { accountRef, claimJson, instantOrNull, pauseJson } from './wire'

const WINDOW_NAMES = ['1h', '24h', '7d'] as const satisfies readonly WindowName[]
const SNIPPET_CODE_POINTS = 140
const MICROS_PER_DOLLAR = 1_000_000

const counts = Type.Array(Type.Integer(), { description: 'Messages by stretch of time, the oldest first' })

const agentSchema = Type.Object({
  account: accountRefSchema,
  presence: presenceSchema,
  needs: Type.Array(oneOf(NEEDS), { description: 'Why it needs a person' }),
  claims: Type.Array(claimSchema),
  last_message: nullable(
    Type.Object({
      id: Type.String({ format: 'uuid' }),
      channel: Type.String(),
      thread_id: nullable(Type.String({ format: 'uuid' })),
      at: instant,
      snippet: Type.String({ description: 'The beginning of the body, on one line' }),
    }),
  ),
  inbox: Type.Object({
    pending: Type.Integer({ description: 'Open items, counted to 1,000' }),
    oldest_at: nullable(instant),
  }),
  blocked: Type.Array(
    Type.Object({
      channel: Type.String(),
      thread_id: nullable(Type.String({ format: 'uuid' })),
      code: oneOf(['chain_limit', 'loop_guard']),
      limit: Type.Integer(),
      used: Type.Integer(),
      at: instant,
    }),
    { description: 'Where limits have stopped it' },
  ),
  posts: counts,
  usage: nullable(
    Type.Object(
      {
        turns: Type.Integer(),
        input_tokens: Type.Integer(),
        output_tokens: Type.Integer(),
        cost_usd: Type.Number(),
      },
      { description: 'What its messages report together; null if they report nothing' },
    ),
  ),
  pause: nullable(pauseSchema),
})

const activitySchema = Type.Object({
  at: instant,
  window: oneOf(WINDOW_NAMES),
  bucket_s: Type.Integer({ description: 'Length of a stretch of time, in seconds' }),
  agents: Type.Array(agentSchema, { description: 'At most 200; those that need a person come first' }),
  channels: Type.Array(
    Type.Object({
      slug: Type.String(),
      human_posts: counts,
      agent_posts: counts,
      guard: Type.Object(
        { used: Type.Integer(), limit: Type.Integer({ description: '0 = without a limit' }) },
        { description: 'How far agents have got by the run guard' },
      ),
    }),
  ),
  truncated: Type.Boolean({ description: 'Whether there are more agents' }),
})

/** What agents do, and which of them need a person (docs/contract/activity.md). */
export function activityEndpoint(core: Core): Endpoint {
  return endpoint({
    method: 'GET',
    path: '/v1/activity',
    who: 'account',
    tag: 'Presence',
    summary: 'Show what the agents that you work with do, and which of them need a person',
    query: Type.Object({
      window: Type.Optional(oneOf(WINDOW_NAMES, 'Default 24h')),
      channel: Type.Optional(
        text({ minLength: 1, maxLength: 64, description: 'Slug; default: every channel' }),
      ),
    }),
    answers: { 200: { description: 'The report', schema: activitySchema } },
    refusals: readErrors,
    handle: async ({ actor, query }) => {
      const window = query.window ?? '24h'
      const report = await core.activity.report(actor, query.channel ?? null, window)
      return { status: 200, json: { ...reportJson(report), window } }
    },
  })
}

function reportJson({ at, span, agents, channels, isTruncated }: ActivityReport) {
  return {
    at: formatInstant(at),
    bucket_s: span,
    agents: agents.map(agentJson),
    channels: channels.map(channelJson),
    truncated: isTruncated,
  }
}

function agentJson({
  account,
  presence,
  needs,
  claims,
  last,
  inbox,
  blocked,
  posts,
  usage,
  pause,
}: AgentActivity) {
  return {
    account: accountRef(account),
    presence: presenceJson(presence),
    needs,
    claims: claims.map(claimJson),
    last_message: last && {
      id: last.message.uuid,
      channel: last.channel.slug,
      thread_id: last.message.thread?.uuid ?? null,
      at: formatInstant(last.message.createdAt),
      snippet: lineOf(last.message.body, SNIPPET_CODE_POINTS),
    },
    inbox: { pending: inbox.pending, oldest_at: instantOrNull(inbox.oldestAt) },
    blocked: blocked.map(({ channel, thread, code, limit, used, at }) => ({
      ...{ channel: channel.slug, thread_id: thread, code, limit, used, at: formatInstant(at) },
    })),
    posts,
    usage: usage && usageJson(usage),
    pause: pause && pauseJson(pause),
  }
}

function usageJson({ turns, inputTokens, outputTokens, costMicros }: ReportedUsage) {
  return {
    turns,
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    cost_usd: costMicros / MICROS_PER_DOLLAR,
  }
}

function channelJson({ channel, humanPosts, agentPosts, guard }: ChannelActivity) {
  return { slug: channel.slug, human_posts: humanPosts, agent_posts: agentPosts, guard }
}

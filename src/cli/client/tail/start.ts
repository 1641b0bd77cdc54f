import { UsageError } from '../../lib/cli-error'
import { parseDuration } from '../../lib/duration'
import { channelsOf } from '../check'
import type { Client } from '../index'
import type { TailFlags } from './index'

const DURATION = /^(?:\d+[smhdw])+$/i
/** The most messages of one page. */
const PAGE = 200
/** The most pages that are looked through for a time. */
const MOST_PAGES = 100

/** Returns the cursor after which the command begins. @throws SynapseError, UsageError */
export async function startOf(client: Client, flags: TailFlags, signal: AbortSignal): Promise<string> {
  const { since } = flags
  const count = /^\d{1,3}$/.test(flags.lines) ? Number(flags.lines) : PAGE
  if (count >= PAGE) throw new UsageError(`-n must be a number from 0 to ${PAGE - 1}`)
  if (since === undefined) return count === 0 ? 'now' : await beforeLast(client, flags, count, signal)
  if (DURATION.test(since))
    return await beforeTime(client, flags, Date.now() - parseDuration(since, '--since'), signal)
  return since
}

/** The position before the last messages, or items of the inbox. */
async function beforeLast(
  client: Client,
  flags: TailFlags,
  count: number,
  signal: AbortSignal,
): Promise<string> {
  const limit = count + 1
  const { synapse } = client
  if (flags.mine === true) {
    const { items } = await synapse.request('GET /v1/inbox', { query: { order: 'desc', limit }, signal })
    return items[count]?.cursor ?? 'oldest'
  }
  const { messages } = await synapse.request('GET /v1/messages', {
    query: { channel: channelOf(client, flags), order: 'desc', limit, ...fromOf(flags) },
    signal,
  })
  return messages[count]?.cursor ?? 'oldest'
}

/** The position of the last message before a time. */
async function beforeTime(
  client: Client,
  flags: TailFlags,
  time: number,
  signal: AbortSignal,
): Promise<string> {
  let before: string | undefined
  for (let count = 0; count < MOST_PAGES; count++) {
    const { messages, next_cursor: next } = await client.synapse.request('GET /v1/messages', {
      query: {
        channel: channelOf(client, flags),
        order: 'desc',
        limit: PAGE,
        ...(before === undefined ? {} : { before }),
      },
      signal,
    })
    const earlier = messages.find(({ created_at }) => Date.parse(created_at) < time)
    if (earlier !== undefined) return earlier.cursor
    if (next === null) return 'oldest'
    before = next
  }
  throw new UsageError('--since reaches too far back', [`begin later, or read the past with synapse fetch`])
}

function channelOf({ config }: Client, { channel }: TailFlags): string {
  return channelsOf(channel.length === 0 ? undefined : channel.join(','), config.channels)
}

function fromOf({ from }: TailFlags): { from?: string } {
  return from === undefined ? {} : { from: from.replace(/^@/, '').toLowerCase() }
}

import { type Message, SynapseError } from '@synapse/client'
import { wholeNumber } from './check'
import { lockPositions, ownSession, Positions } from './files'
import { type Client, clientCommand, printWire } from './index'

export const fetchNew = clientCommand({
  args: {
    channel: {
      type: 'string',
      valueHint: 'slug',
      description: 'Channel; default: those of synapse.toml, else all',
    },
    'mentions-only': { type: 'boolean', description: 'Only messages that mention the account' },
    'advance-cursor': { type: 'boolean', description: 'Do not print these messages again' },
    limit: {
      type: 'string',
      valueHint: 'n',
      description: 'Messages of a channel, 1 to 200; default: limit_per_channel of the file',
    },
    verbose: { type: 'boolean', description: 'Say so if there is nothing new' },
  },
  notes: [
    'Prints a line of JSON for each message: channel, sender_handle, sender_kind, created_at, body, mentioned_handles. With',
    '--json, the whole message. A channel that cannot be read is a line with error and channel. Positions are in',
    '~/.synapse/<handle>.cursor.json; with CLAUDE_CODE_SESSION_ID, each session has its own. Without a position, the newest',
    'messages are printed.',
  ],
  examples: [
    'synapse fetch --mentions-only --advance-cursor',
    'synapse fetch --channel family-ops --verbose',
  ],
  async act(client, args) {
    const limit =
      args.limit === undefined
        ? client.config.tuning.limitPerChannel
        : wholeNumber(args.limit, '--limit', 200)
    const [handle, session] = [await client.handle(), ownSession()]
    const isMoving = args['advance-cursor'] === true
    using _ = isMoving ? await lockPositions(handle) : undefined
    const positions = new Positions(handle, session)
    const read = new Map<string, string>()
    let count = 0
    for (const slug of await slugsOf(client, args.channel)) {
      const asked = { slug, since: positions.get(slug), limit, isMentions: args['mentions-only'] === true }
      try {
        const { messages, position } = await newIn(client, asked)
        for (const message of messages)
          if (!printWire(args.json === true ? message : brief(message))) return undefined
        count += messages.length
        read.set(slug, position)
      } catch (error) {
        if (!(error instanceof SynapseError) || error.status === 0 || error.status === 401) throw error
        printWire({ error: error.detail, channel: slug })
      }
    }
    if (isMoving) positions.save(read)
    if (count === 0 && args.verbose === true) printWire({ info: 'no new messages' })
    return undefined
  },
})

async function slugsOf({ config, synapse }: Client, given: string | undefined): Promise<readonly string[]> {
  if (given !== undefined) return given.split(',').map((slug) => slug.trim().replace(/^#/, '').toLowerCase())
  if (config.channels.length > 0) return config.channels
  return (await synapse.request('GET /v1/channels')).channels.map(({ slug }) => slug)
}

interface Asked {
  readonly slug: string
  readonly since: string | undefined
  readonly limit: number
  readonly isMentions: boolean
  readonly signal?: AbortSignal
}

interface Found {
  readonly messages: readonly Message[]
  /** Everything up to here was printed. */
  readonly position: string
}

/** Reads what is new in a channel. A position that the server has no longer is replaced by the oldest one that it has. */
export async function newIn(
  { synapse }: Client,
  { slug, since, limit, isMentions, signal }: Asked,
): Promise<Found> {
  const page = (query: object) =>
    synapse.request('GET /v1/messages', {
      query: { channel: slug, limit, ...(isMentions ? { mentions_me: true } : {}), ...query },
      ...(signal ? { signal } : {}),
    })
  if (since === undefined) {
    const { messages, position } = await page({ order: 'desc' })
    const newest = messages[0]?.cursor
    return { messages: messages.toReversed(), position: newest ?? position }
  }
  try {
    return await page({ order: 'asc', since })
  } catch (error) {
    const oldest = error instanceof SynapseError ? error.body['oldest_cursor'] : undefined
    if (typeof oldest !== 'string' || oldest === since) throw error
    return await page({ order: 'asc', since: oldest })
  }
}

function brief(message: Message) {
  const { channel, sender_handle, sender_kind, created_at, body, mentioned_handles } = message
  return { channel, sender_handle, sender_kind, created_at, body, mentioned_handles }
}

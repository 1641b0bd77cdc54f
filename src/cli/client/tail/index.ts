// `synapse tail`: what happens in the channels of an account, live, as lines of text or JSON.
// May import: what src/cli/client may.
// start.ts finds where to begin, event-rows.ts says what an event shows, live-screen.ts prints lines above the status line, and
// status-line.ts counts what the status line shows.
// Start reading in this file.
import type { StreamEvent } from '@synapse/client'
import { EXIT, type ExitCode } from '../../lib/exit-codes'
import { type Client, clientCommand, printWire } from '../index'
import type { Viewer } from '../rows'
import { type Screen, Sheet, stdoutScreen } from '../sheet'
import { rowOf, TYPES, type View } from './event-rows'
import { LiveScreen } from './live-screen'
import { startOf } from './start'
import { StatusLine } from './status-line'
import { unreachableOf } from './unreachable'

export const tail = clientCommand({
  args: {
    channel: {
      type: 'positional',
      required: false,
      several: true,
      description: 'Channels; default: those of synapse.toml, else all',
    },
    since: { type: 'string', valueHint: '1h', description: 'Begin so long ago, or after this cursor' },
    mine: { type: 'boolean', description: 'Only what notifies the account, and its own messages' },
    from: { type: 'string', valueHint: 'handle', description: 'Only what this account does' },
    only: {
      type: 'enum',
      options: ['messages', 'claims', 'approvals', 'presence'],
      description: 'Only these',
    },
    lines: {
      type: 'string',
      alias: 'n',
      valueHint: 'n',
      default: '20',
      description: 'Messages to begin with; 0: none',
    },
    status: {
      type: 'boolean',
      description: 'Show the status line on a terminal (the default); --no-status hides it',
    },
  },
  notes: [
    'Shows the last messages and what has happened since, then what happens, and reconnects where it was. Ctrl-C ends it with',
    'exit status 0. Signs: * agent, > reply, + and - something begins and ends, ? a question for people, ! somebody was not',
    'reached, x refused. With --json, events as the API has them.',
  ],
  examples: [
    'synapse tail',
    'synapse tail release-42 --since 1h',
    'synapse tail --mine --no-status',
    'synapse tail --only claims --json',
  ],
  async act(client, args) {
    const ending = new AbortController()
    const end = () => ending.abort()
    process.on('SIGINT', end)
    try {
      return await follow(client, args, ending.signal)
    } catch (error) {
      if (ending.signal.aborted) return EXIT.ok
      throw error
    } finally {
      process.off('SIGINT', end)
    }
  },
})

/** The flags of the command. */
export interface TailFlags {
  readonly channel: readonly string[]
  readonly since: string | undefined
  readonly mine: boolean | undefined
  readonly from: string | undefined
  readonly only: 'messages' | 'claims' | 'approvals' | 'presence' | undefined
  readonly lines: string
  readonly status: boolean | undefined
  readonly json: boolean | undefined
}

async function follow(client: Client, flags: TailFlags, signal: AbortSignal): Promise<ExitCode> {
  const { synapse } = client
  const [me, since] = await Promise.all([client.me(), startOf(client, flags, signal)])
  const screen = stdoutScreen()
  const live = new LiveScreen(screen.isRich && flags.status !== false && flags.json !== true)
  const channels = slugsOf(client, flags)
  const counted = new StatusLine(client, channels, live)
  await using stream = synapse.stream({
    channels,
    types: TYPES,
    inbox: true,
    since,
    signal,
    onStatus: (status, pause) => counted.connection(status, pause),
  })
  using _drawn = counted
  const show = flags.json === true ? printWire : await printer(client, screen, live, flags, me)
  const began = Date.now()
  for await (const event of stream) {
    counted.take(event)
    if (!isWanted(event, flags, me.handle)) continue
    if (!show(event)) break
    const isNow = flags.json !== true && 'at' in event && Date.parse(event.at) >= began
    if (isNow && event.type === 'message.created')
      for (const line of await unreachableOf(client, event.message)) if (!show(line)) break
  }
  return EXIT.ok
}

function slugsOf({ config }: Client, { channel }: TailFlags): readonly string[] {
  const slugs =
    channel.length > 0 ? channel.map((slug) => slug.replace(/^#/, '').toLowerCase()) : config.channels
  return slugs.length === 0 ? ['*'] : slugs
}

/** Returns what prints an event. It returns false when the reader of stdout has gone. */
async function printer(client: Client, screen: Screen, live: LiveScreen, flags: TailFlags, viewer: Viewer) {
  const { synapse } = client
  const [{ channels }, { accounts }] = await Promise.all([
    synapse.request('GET /v1/channels'),
    synapse.request('GET /v1/accounts', { query: { limit: 50 } }),
  ])
  const shown = slugsOf(client, flags)
  const slugs = channels.map(({ slug }) => slug).filter((slug) => shown[0] === '*' || shown.includes(slug))
  const view: View = {
    viewer,
    names: new Map(accounts.map((account) => [account.handle, account.display_name])),
    only: flags.only,
    isMine: flags.mine === true,
    style: screen.style,
  }
  const sheet = new Sheet(screen, slugs)
  return (event: StreamEvent | string): boolean => {
    if (typeof event === 'string') return live.show(sheet.follow(event, screen.style.yellow))
    const row = rowOf(event, view)
    return row === undefined || live.show(sheet.render(row))
  }
}

/** Applies --from, --mine and --only. A gap is always told. */
function isWanted(event: StreamEvent, { from, mine, only }: TailFlags, handle: string): boolean {
  if (event.type === 'gap') return true
  const actor = event.actor?.handle
  if (from !== undefined && actor !== from.replace(/^@/, '').toLowerCase()) return false
  if (only !== undefined && !isOf(only, event)) return false
  const { type } = event
  if (mine !== true) return type !== 'inbox.item'
  return type === 'inbox.item' || actor === handle || type.startsWith('ack.')
}

const GROUPS = {
  messages: /^(?:message|reaction)\.|^inbox\.item$/,
  claims: /^claim\./,
  approvals: /^approval\./,
  presence: /^presence\./,
} as const

function isOf(only: keyof typeof GROUPS, event: StreamEvent): boolean {
  if (GROUPS[only].test(event.type)) return true
  return only === 'approvals' && event.type === 'message.created' && event.message.kind === 'approval'
}

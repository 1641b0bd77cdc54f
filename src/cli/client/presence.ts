import type { Presence } from '@synapse/client'
import { UsageError } from '../lib/cli-error'
import { parseDuration } from '../lib/duration'
import { isShown, localMinute, printTable, tableOf } from '../lib/table'
import { print } from '../lib/terminal'
import { visible } from '../lib/visible'
import { type Client, clientCommand, printWire } from './index'
import { momentOf } from './sheet'

export const presence = clientCommand({
  args: {
    state: {
      type: 'positional',
      required: false,
      description: 'working, waiting, blocked, idle or offline; without it: show what the account does',
    },
    note: { type: 'string', valueHint: 'text', description: 'More about it' },
    ttl: { type: 'string', valueHint: '5m', description: 'How long it holds, 15s to 1h; default: 2m' },
    instance: {
      type: 'string',
      valueHint: 'name',
      description: 'Which program of the account; default: its token',
    },
    channel: {
      type: 'string',
      valueHint: 'slug',
      description: 'Without a state: show the members of this channel',
    },
  },
  notes: [
    'The state holds for --ttl, so a program that goes on working says it again. Without a state, the command shows what the',
    'account, or the members of --channel, do.',
  ],
  examples: [
    'synapse presence working --note "reading the diff" --ttl 10m',
    'synapse presence offline',
    'synapse presence --channel family-ops',
  ],
  async act(client, args) {
    const state = stateOf(args.state)
    if (state === undefined) {
      await show(client, args.channel, args.json === true)
      return undefined
    }
    if (args.channel !== undefined)
      throw new UsageError('--channel goes without a state: a state is the same in every channel')
    const now = await client.synapse.request('PUT /v1/presence', {
      body: {
        state,
        ...(args.note === undefined ? {} : { note: args.note }),
        ...(args.ttl === undefined ? {} : { ttl_s: parseDuration(args.ttl, '--ttl') / 1000 }),
        ...(args.instance === undefined ? {} : { instance: args.instance }),
      },
    })
    if (args.json === true) printWire(now)
    else print(lineOf(now))
    return undefined
  },
})

const STATES = ['working', 'waiting', 'blocked', 'idle', 'offline'] as const

/** @throws UsageError */
function stateOf(word: string | undefined): (typeof STATES)[number] | undefined {
  const state = STATES.find((one) => one === word)
  if (word === undefined || state !== undefined) return state
  throw new UsageError(`STATE must be one of ${STATES.join(', ')}`)
}

async function show(client: Client, channel: string | undefined, isJson: boolean): Promise<void> {
  const query = channel === undefined ? { handle: (await client.me()).handle } : { channel }
  const { presence: all } = await client.synapse.request('GET /v1/presence', { query })
  if (isJson) for (const one of all) printWire(one)
  else if (channel === undefined) for (const one of all) print(lineOf(one))
  else
    printTable(
      tableOf(all, {
        WHO: ({ handle, kind }) => (isShown() && kind === 'agent' ? `${handle}*` : handle),
        STATE: ({ state }) => state,
        SEEN: ({ last_seen_at }) => localMinute(last_seen_at),
        NOTE: ({ note }) => note,
      }),
    )
}

function lineOf({ handle, state, note, expires_at: ends }: Presence): string {
  const until = ends === null ? '' : `, until ${momentOf(ends)}`
  return `${handle} is ${state}${note === null ? '' : `: ${visible(note)}`}${until}`
}

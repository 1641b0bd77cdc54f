import { CliError } from '../lib/cli-error'
import { EXIT } from '../lib/exit-codes'
import { normalName, type Pause, type Pauses } from '../lib/wire'
import { adminCommand } from './index'

const handle = {
  type: 'positional',
  required: false,
  description: 'The handle of an agent; without it every agent',
} as const
const channel = {
  type: 'string',
  valueHint: 'slug',
  description: 'Only in this channel; without it everywhere',
} as const

export const pause = adminCommand({
  args: {
    handle,
    channel,
    minutes: {
      type: 'string',
      valueHint: 'n',
      description: 'Ends by itself after so many minutes, 1 to 10080; without it when you resume',
    },
    note: { type: 'string', valueHint: 'text', description: 'Why; everybody who may see the pause reads it' },
  },
  notes: [
    'Posts and edits of a paused agent are refused, and what would wake it waits. Its process goes on, and so do its',
    'claims. People are never paused. A pause of the same agent and channel is replaced.',
  ],
  examples: [
    'synapse pause',
    'synapse pause cairn --channel family-ops --minutes 15 --note "Too many replies"',
  ],
  act: (client, args) =>
    client.post<Pause>('/v1/pauses', {
      ...(args.handle === undefined ? {} : { account: args.handle }),
      ...(args.channel === undefined ? {} : { channel: args.channel }),
      ...(args.minutes === undefined ? {} : { minutes: wholeNumber(args.minutes) }),
      ...(args.note === undefined ? {} : { note: args.note }),
    }),
})

export const resume = adminCommand({
  args: { handle, channel },
  notes: ['Ends the pause of exactly this agent and channel, and prints it.'],
  examples: ['synapse resume', 'synapse resume cairn --channel family-ops'],
  async act(client, args) {
    const slug = args.channel === undefined ? null : normalName(args.channel)
    const agent = args.handle === undefined ? null : normalName(args.handle)
    const { pauses } = await client.get<Pauses>('/v1/pauses')
    const found = pauses.find((one) => one.channel === slug && (one.account?.handle ?? null) === agent)
    if (!found)
      throw new CliError(EXIT.notFound, 'Pause not found', [
        pauses.length === 0 ? 'nothing is paused' : `paused are: ${pauses.map(scopeOf).join(', ')}`,
      ])
    await client.delete(`/v1/pauses/${found.id}`)
    return found
  },
})

function scopeOf({ account, channel }: Pause): string {
  return `${account === null ? 'every agent' : `@${account.handle}`} ${channel === null ? 'everywhere' : `in #${channel}`}`
}

/** Returns the number, or the text for the server to refuse. */
function wholeNumber(text: string): number | string {
  return /^\d{1,9}$/.test(text) ? Number(text) : text
}

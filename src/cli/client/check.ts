import { UsageError } from '../lib/cli-error'
import { note, print } from '../lib/terminal'
import { clientCommand, printWire } from './index'
import { messageRow, senderOf } from './rows'
import { Sheet, stdoutScreen } from './sheet'

export const check = clientCommand({
  args: {
    channel: {
      type: 'string',
      valueHint: 'slug',
      description: 'Channel, or several with commas; default: those of synapse.toml, else all',
    },
    limit: { type: 'string', alias: 'n', valueHint: 'n', default: '20', description: 'Messages, 1 to 200' },
    mentions: { type: 'boolean', description: 'Only messages that mention the account' },
  },
  notes: ['Moves no position: to read each message once, see fetch and inbox.'],
  examples: [
    'synapse check',
    'synapse check --channel family-ops --limit 50',
    'synapse check --mentions --json',
  ],
  async act({ config, synapse, me }, args) {
    const limit = wholeNumber(args.limit, '--limit', 200)
    const { messages } = await synapse.request('GET /v1/messages', {
      query: {
        channel: channelsOf(args.channel, config.channels),
        order: 'desc',
        limit,
        ...(args.mentions === true ? { mentions_me: true } : {}),
      },
    })
    const shown = messages.toReversed()
    if (args.json === true) {
      for (const message of shown) printWire(message)
      return undefined
    }
    const screen = stdoutScreen()
    const viewer = await me()
    const sheet = new Sheet(screen, [...new Set(shown.map(({ channel }) => channel))])
    sheet.expect(shown.map((message) => senderOf(message, viewer).text))
    for (const message of shown)
      print(sheet.render(messageRow(message, viewer, screen.style.yellow)).join('\n'))
    if (shown.length === 0) note('no messages')
    return undefined
  },
})

/** Returns the slugs to read, as the API takes them: those that were given, else those of the file, else all. */
export function channelsOf(given: string | undefined, configured: readonly string[]): string {
  const slugs =
    given === undefined ? configured : given.split(',').map((slug) => slug.trim().replace(/^#/, ''))
  return slugs.length === 0 ? '*' : slugs.join(',')
}

/** @throws UsageError */
export function wholeNumber(text: string, flag: string, most: number): number {
  const value = /^\d{1,9}$/.test(text.trim()) ? Number(text) : 0
  if (value >= 1 && value <= most) return value
  throw new UsageError(`${flag} must be a number from 1 to ${most}`)
}

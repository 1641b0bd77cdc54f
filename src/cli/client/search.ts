import { isShown, localMinute, printTable, tableOf } from '../lib/table'
import { note } from '../lib/terminal'
import { counted } from '../lib/text'
import { wholeNumber } from './check'
import { clientCommand, printWire } from './index'
import { senderOf } from './rows'
import { shownName } from './sheet'

export const search = clientCommand({
  args: {
    words: {
      type: 'positional',
      several: true,
      required: true,
      valueHint: 'QUERY…',
      description: 'Words, "a phrase", -without, begin*',
    },
    channel: {
      type: 'string',
      valueHint: 'slug',
      description: 'Channel, or several with commas; default: all',
    },
    from: { type: 'string', valueHint: 'handle', description: 'Only messages of this account' },
    new: { type: 'boolean', description: 'The newest first; default: the best first' },
    limit: { type: 'string', alias: 'n', valueHint: 'n', default: '20', description: 'Messages, 1 to 100' },
    cursor: { type: 'string', valueHint: 'c', description: 'Continue after a page' },
  },
  notes: ['Finds messages that have all of the words. Write a query with a minus at its beginning after --.'],
  examples: [
    'synapse search deploy failed',
    'synapse search "release notes" --channel family-ops --from ada -n 5',
    'synapse search --json --new -- nginx -staging',
  ],
  async act({ synapse, me }, args) {
    const { results, next_cursor: more } = await synapse.request('GET /v1/search', {
      query: {
        q: args.words.join(' '),
        limit: wholeNumber(args.limit, '--limit', 100),
        ...(args.channel === undefined ? {} : { channel: args.channel }),
        ...(args.from === undefined ? {} : { from: args.from.replace(/^@/, '') }),
        ...(args.new === true ? { sort: 'new' as const } : {}),
        ...(args.cursor === undefined ? {} : { cursor: args.cursor }),
      },
    })
    if (args.json === true) for (const result of results) printWire(result)
    else if (results.length > 0) {
      const viewer = await me()
      printTable(
        tableOf(results, {
          WHEN: ({ message }) => (isShown() ? localMinute(message.created_at) : message.created_at),
          WHERE: ({ message }) => `#${message.channel}`,
          FROM: ({ message }) => (isShown() ? shownName(senderOf(message, viewer)) : message.sender_handle),
          TEXT: ({ message, snippet }) => (isShown() ? snippet : message.body),
        }),
      )
    }
    if (args.json !== true && isShown())
      note(results.length === 0 ? 'nothing was found' : counted(results.length, 'message'))
    if (more !== null) note(`more: --cursor ${more}`)
    return undefined
  },
})

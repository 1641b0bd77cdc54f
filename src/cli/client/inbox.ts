import type { InboxItem } from '@synapse/client'
import { lineOf } from '../../core/kernel/text'
import { CliError } from '../lib/cli-error'
import { isShown, printTable, tableOf } from '../lib/table'
import { note } from '../lib/terminal'
import { counted } from '../lib/text'
import { wholeNumber } from './check'
import { savePrinted } from './files'
import { type Client, clientCommand, printWire } from './index'
import { untilAnswered } from './patience'
import { senderOf, type Viewer } from './rows'
import { shownName, spanOf } from './sheet'

/** The position of `ack` and `inbox` without --consumer. */
export const DEFAULT_CONSUMER = 'default'

export const consumerArg = {
  type: 'string',
  valueHint: 'name',
  default: DEFAULT_CONSUMER,
  description: 'Name of the position, one for each program that reads',
} as const

/** The longest that one request is held, in seconds. */
const HOLD_S = 25
const MOST_WAIT_S = 86_400

export const inbox = clientCommand({
  args: {
    wait: {
      type: 'string',
      valueHint: 's',
      description: 'Wait up to so many seconds while nothing is there',
    },
    consumer: consumerArg,
    unacked: { type: 'boolean', description: 'Only items that are neither acknowledged nor failed' },
    reason: {
      type: 'string',
      valueHint: 'a,b',
      description: 'Only these: dm, mention, reply, approval, overdue, thread, group, broadcast',
    },
    limit: { type: 'string', alias: 'n', valueHint: 'n', default: '50', description: 'Items, 1 to 200' },
  },
  notes: [
    'Shows what notified the account after the position of the consumer, oldest first, and moves nothing. synapse ack',
    'acknowledges what was shown last.',
  ],
  examples: [
    'synapse inbox',
    'synapse inbox --wait 60 --consumer worker-1 --json',
    'synapse inbox --reason mention,dm',
  ],
  async act(client, args) {
    const { consumer } = args
    const wait =
      args.wait === undefined || args.wait === '0' ? 0 : wholeNumber(args.wait, '--wait', MOST_WAIT_S)
    const query = {
      consumer,
      limit: wholeNumber(args.limit, '--limit', 200),
      ...(args.unacked === true ? { unacked: true } : {}),
      ...(args.reason === undefined ? {} : { reason: args.reason }),
    }
    const page = await firstPage(client, query, wait)
    const { items, cursor, pending, notices } = page
    if (items.length > 0) remember(await client.handle(), consumer, cursor, items)
    if (args.json === true) for (const item of items) printWire(item)
    else await show(client, items)
    for (const { detail } of notices) note(`! ${detail}`)
    if (args.json !== true && isShown()) note(footer(items.length, pending, consumer))
    return undefined
  },
})

/** Keeps what is shown, for `ack`. Where that is not possible, `ack` needs the position. */
function remember(handle: string, consumer: string, cursor: string, items: readonly InboxItem[]): void {
  const messageIds = [...new Set(items.map(({ message }) => message.id))]
  try {
    savePrinted(handle, consumer, { cursor, messageIds })
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    note(`! ${error.message}: acknowledge with synapse ack ${cursor}`)
  }
}

/** Reads a page, and waits for the first item if there is none. */
async function firstPage({ synapse }: Client, query: { consumer: string; limit: number }, waitS: number) {
  const end = Date.now() + waitS * 1000
  for (;;) {
    const left = Math.ceil((end - Date.now()) / 1000)
    const hold = Math.max(0, Math.min(left, HOLD_S))
    const read = () => synapse.request('GET /v1/inbox', { query: { ...query, wait: hold } })
    const page = await untilAnswered(read, end)
    if (page.items.length > 0 || Date.now() >= end) return page
  }
}

async function show({ me }: Client, items: readonly InboxItem[]): Promise<void> {
  if (items.length === 0) return
  const viewer = await me()
  const now = Date.now()
  printTable(
    tableOf(items, {
      WHEN: ({ message }) => (isShown() ? spanOf(now - Date.parse(message.created_at)) : message.created_at),
      WHY: ({ reason }) => reason,
      FROM: ({ message }) => fromOf(message, viewer),
      WHERE: ({ message }) => `#${message.channel}`,
      TEXT: ({ message }) => (isShown() ? lineOf(message.body, 200) : message.body),
    }),
  )
}

function fromOf(message: InboxItem['message'], viewer: Viewer): string {
  return isShown() ? shownName(senderOf(message, viewer)) : message.sender_handle
}

function footer(count: number, pending: number, consumer: string): string {
  if (count === 0) return 'nothing waits'
  const ofAll = pending > count ? ` of ${pending === 1000 ? '1000 or more' : pending}` : ''
  const flag = consumer === DEFAULT_CONSUMER ? '' : ` --consumer ${consumer}`
  return `${counted(count, 'item')}${ofAll} ${count === 1 && ofAll === '' ? 'waits' : 'wait'}. Done with ${count === 1 ? 'it' : 'them'}: synapse ack${flag}`
}

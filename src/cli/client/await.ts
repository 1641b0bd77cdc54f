import type { Message } from '@synapse/client'
import { CliError, UsageError } from '../lib/cli-error'
import { EXIT } from '../lib/exit-codes'
import { isShown } from '../lib/table'
import { note, print } from '../lib/terminal'
import { channelsOf } from './check'
import { type Client, clientCommand, printWire } from './index'
import { untilAnswered } from './patience'
import { messageRow } from './rows'
import { Sheet, stdoutScreen } from './sheet'

/** The longest that one request is held, in seconds. */
const HOLD_S = 25
const MOST_SHOWN = 200

export const awaitMessage = clientCommand({
  args: {
    channel: {
      type: 'string',
      valueHint: 'slug',
      description: 'Channel, or several with commas; default: those of synapse.toml, else all',
    },
    mention: {
      type: 'string',
      valueHint: 'handle',
      description: 'Only a message that mentions this account',
    },
    from: { type: 'string', valueHint: 'handle', description: 'Only a message of this account' },
    'body-contains': {
      type: 'string',
      valueHint: 'text',
      description: 'Only a message with this text in it',
    },
    thread: { type: 'string', valueHint: 'id', description: 'Only in the thread of this message' },
    since: { type: 'string', valueHint: 'cursor', description: 'Only later messages; default: from now on' },
    post: { type: 'string', valueHint: 'text', description: 'First post this in --channel, then wait' },
    timeout: { type: 'string', valueHint: 's', default: '180', description: 'Seconds to wait; 0: look once' },
    'poll-interval': {
      type: 'string',
      valueHint: 's',
      default: '1.5',
      description: 'First pause between requests, at a server that cannot wait',
    },
    'max-poll-interval': {
      type: 'string',
      valueHint: 's',
      default: '5',
      description: 'The longest pause there',
    },
    full: { type: 'boolean', description: 'Print the whole text on a terminal, too' },
  },
  notes: [
    'Prints the first message that matches all of the filters. Own messages count only with --from. Exit status 6 when none',
    'came in time. With --post, answers that come before the post is answered count, too.',
  ],
  examples: [
    'synapse await --channel family-ops --from ada',
    'synapse await --channel ops --post "@builder why?" --from builder --timeout 600 --full',
    'synapse await --mention assistant --body-contains deploy --json',
  ],
  async act(client, args) {
    const wanted: Wanted = {
      channel: channelsOf(args.channel, client.config.channels),
      mention: handleIn(args.mention),
      from: handleIn(args.from),
      contains: args['body-contains'],
      thread: args.thread,
    }
    const pace: Pace = {
      end: Date.now() + seconds(args.timeout, '--timeout') * 1000,
      first: seconds(args['poll-interval'], '--poll-interval'),
      most: seconds(args['max-poll-interval'], '--max-poll-interval'),
    }
    const to = args.post === undefined ? undefined : oneChannel(wanted.channel)
    // Where waiting begins is known before the post, so that no answer is missed.
    const since = args.since ?? (await positionNow(client, wanted.channel))
    if (args.post !== undefined && to !== undefined) await client.synapse.post(to, args.post)
    const message = await firstMatch(client, wanted, since, pace)
    if (message === undefined)
      throw new CliError(EXIT.timedOut, `no such message came in ${args.timeout} s`, [
        `go on where this one ended: --since ${pace.reached ?? since}`,
      ])
    if (args.json === true) printWire(message)
    else await show(client, message, args.full === true)
    return undefined
  },
})

/** What the message must be. */
interface Wanted {
  readonly channel: string
  readonly mention: string | undefined
  readonly from: string | undefined
  readonly contains: string | undefined
  readonly thread: string | undefined
}

interface Pace {
  /** Milliseconds since 1970. */
  readonly end: number
  /** Seconds between two requests at a server that cannot wait. */
  readonly first: number
  readonly most: number
  /** Up to where was looked. */
  reached?: string
}

function handleIn(text: string | undefined): string | undefined {
  return text?.replace(/^@/, '').toLowerCase()
}

/** @throws UsageError */
function seconds(text: string, flag: string): number {
  const value = /^\d{1,6}(?:\.\d{1,3})?$/.test(text.trim()) ? Number(text) : Number.NaN
  if (value >= 0 && value <= 604_800) return value
  throw new UsageError(`${flag} must be a number of seconds, such as 180`)
}

/** @throws UsageError */
function oneChannel(channel: string): string {
  if (channel !== '*' && !channel.includes(',')) return channel
  throw new UsageError('--post needs one --channel')
}

/** The head of the log, as far as the account may know it. */
async function positionNow({ synapse }: Client, channel: string): Promise<string> {
  const page = await synapse.request('GET /v1/messages', { query: { channel, since: 'now', limit: 1 } })
  return page.position
}

async function firstMatch(
  client: Client,
  wanted: Wanted,
  start: string,
  pace: Pace,
): Promise<Message | undefined> {
  const { channel, from, mention, contains, thread } = wanted
  let since = start
  let pause = pace.first
  for (;;) {
    const left = Math.max(0, pace.end - Date.now())
    const hold = Math.min(HOLD_S, Math.ceil(left / 1000))
    const asked = Date.now()
    const read = () =>
      client.synapse.request('GET /v1/messages', {
        query: {
          ...{ channel, since, wait: hold, order: 'asc' as const },
          exclude_self: from === undefined,
          ...(from === undefined ? {} : { from }),
          ...(mention === undefined ? {} : { mention }),
          ...(contains === undefined ? {} : { contains }),
          ...(thread === undefined ? {} : { thread }),
        },
      })
    const page = await untilAnswered(read, pace.end)
    // Earlier servers ignore filters that they do not know.
    const found = page.messages.find((message) => matches(message, wanted))
    if (found !== undefined) return found
    // They have no `position`, either, and answer at once.
    since = page.position ?? page.head_cursor ?? since
    pace.reached = since
    if (page.has_more) continue
    if (Date.now() >= pace.end) return undefined
    const hasHeld = page.timed_out === true || page.messages.length > 0 || Date.now() - asked >= hold * 1000
    if (hasHeld) continue
    await Bun.sleep(Math.min(pause * 1000, Math.max(0, pace.end - Date.now())))
    pause = Math.min(pause * 1.5, pace.most)
  }
}

function matches(message: Message, { from, mention, contains }: Wanted): boolean {
  return (
    (from === undefined || message.sender_handle === from) &&
    (mention === undefined || message.mentioned_handles.includes(mention)) &&
    (contains === undefined || message.body.includes(contains))
  )
}

async function show({ me }: Client, message: Message, isFull: boolean): Promise<void> {
  const screen = stdoutScreen()
  const row = messageRow(message, await me(), screen.style.yellow)
  const lines = new Sheet(screen, [message.channel]).render(row)
  const isCut = isShown() && !isFull && lines.length > MOST_SHOWN
  print((isCut ? lines.slice(0, MOST_SHOWN) : lines).join('\n'))
  if (isCut) note(`${lines.length - MOST_SHOWN} more lines: --full`)
}

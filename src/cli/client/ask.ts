import type { Approval } from '@synapse/client'
import { CliError, UsageError } from '../lib/cli-error'
import { parseDuration } from '../lib/duration'
import { EXIT } from '../lib/exit-codes'
import { note, print } from '../lib/terminal'
import { visible } from '../lib/visible'
import { wholeNumber } from './check'
import { type Client, clientCommand, printWire } from './index'
import { readInput } from './input'
import { untilAnswered } from './patience'
import { momentOf } from './sheet'

/** The longest that one request is held, in seconds. */
const HOLD_S = 25
const MOST_WAIT_S = 2_592_000

export const ask = clientCommand({
  args: {
    words: {
      type: 'positional',
      required: false,
      several: true,
      valueHint: '[CHANNEL] QUESTION…',
      description: 'The channel and the question, instead of --channel and --question',
    },
    channel: {
      type: 'string',
      valueHint: 'slug',
      description: 'Channel; default: the only one of synapse.toml',
    },
    question: { type: 'string', valueHint: 'text', description: 'The question; - or a pipe: what stdin has' },
    option: {
      type: 'string',
      valueHint: 'text',
      several: true,
      description: 'An answer to choose from, 2 to 10; default: yes and no',
    },
    approver: {
      type: 'string',
      valueHint: 'handle',
      several: true,
      description: 'A person who may decide; default: every person who may post there',
    },
    ttl: {
      type: 'string',
      valueHint: '1h',
      description: 'When the question expires, 1m to 30d; default: 1d',
    },
    'reply-to': { type: 'string', valueHint: 'id', description: 'Ask in the thread of this message' },
    wait: {
      type: 'string',
      valueHint: 's',
      description: 'Wait so many seconds; 0: only ask; default: until it is decided or expires',
    },
    resume: { type: 'string', valueHint: 'id', description: 'Ask nothing, and wait for this approval' },
    key: { type: 'string', valueHint: 'text', description: 'Retry key: the same key asks once' },
  },
  notes: [
    'Prints the id of the option that a person chose, alone on stdout; without ids, that is its text. Exit status 6 when it',
    'was not decided in time or has expired, 1 when it was cancelled. The question stays open when the command ends before.',
  ],
  examples: [
    'synapse ask release "Deploy ws-ping to staging?" --option Deploy --option "Not now"',
    'synapse ask --channel release --question "Go on?" --approver ada --ttl 1h --wait 600',
    'synapse ask --resume 0190b2f4-6c1d-7a54-9d3e-2f4a5b6c7d8e',
  ],
  async act(client, args) {
    const wait =
      args.wait === undefined || args.wait === '0' ? args.wait : wholeNumber(args.wait, '--wait', MOST_WAIT_S)
    const asked =
      args.resume === undefined ? await askNow(client, args) : await approvalOf(client, args.resume)
    const seconds = wait === undefined ? undefined : Number(wait)
    if (seconds === 0) {
      if (args.json === true) printWire(asked)
      else print(asked.id)
      return undefined
    }
    if (asked.state === 'pending' && args.json !== true)
      note(`asked in #${asked.channel}, open until ${momentOf(asked.expires_at)}, approval ${asked.id}`)
    const approval = await decided(client, asked, seconds)
    if (args.json === true) printWire(approval)
    const { state, decision } = approval
    if (decision !== null && args.json !== true) {
      print(visible(decision.option))
      const why = decision.note === null ? '' : `: ${visible(decision.note)}`
      note(`decided by @${decision.by}${why}`)
    }
    if (state === 'decided') return undefined
    if (state === 'pending')
      throw new CliError(EXIT.timedOut, `it was not decided in ${seconds} s`, [
        `the question stays open: synapse ask --resume ${asked.id}`,
      ])
    if (state === 'expired') throw new CliError(EXIT.timedOut, 'the question has expired without a decision')
    throw new CliError(EXIT.failure, 'the question was cancelled')
  },
})

interface Given {
  readonly words: readonly string[]
  readonly channel: string | undefined
  readonly question: string | undefined
  readonly option: readonly string[]
  readonly approver: readonly string[]
  readonly ttl: string | undefined
  readonly 'reply-to': string | undefined
  readonly key: string | undefined
}

async function askNow(client: Client, given: Given): Promise<Approval> {
  const { config, synapse } = client
  const words = [...given.words]
  const only = config.channels.length === 1 ? config.channels[0] : undefined
  const isChannelFirst =
    given.channel === undefined &&
    (given.question === undefined ? words.length > 1 || only === undefined : words.length > 0)
  const channel = given.channel ?? (isChannelFirst ? words.shift() : undefined) ?? only
  if (channel === undefined) throw new UsageError('--channel is missing')
  if (given.question !== undefined && words.length > 0)
    throw new UsageError('the question is given twice: by --question and as words')
  const text = given.question ?? (words.length > 0 ? words.join(' ') : '-')
  const { approval } = await synapse.request('POST /v1/approvals', {
    body: {
      channel: channel.replace(/^#/, ''),
      question: text === '-' ? await readInput('--question') : text,
      options: given.option.length === 0 ? ['yes', 'no'] : [...given.option],
      ...(given.approver.length === 0
        ? {}
        : { approvers: given.approver.map((handle) => handle.replace(/^@/, '')) }),
      ...(given.ttl === undefined ? {} : { ttl_s: parseDuration(given.ttl, '--ttl') / 1000 }),
      ...(given['reply-to'] === undefined ? {} : { reply_to: given['reply-to'] }),
    },
    ...(given.key === undefined ? {} : { key: given.key }),
  })
  return approval
}

async function approvalOf({ synapse }: Client, id: string, wait = 0): Promise<Approval> {
  return await synapse.request('GET /v1/approvals/{id}', { path: { id }, query: { wait } })
}

/** Waits until it is not pending, or so many seconds. Goes on while the server is away. */
async function decided(client: Client, asked: Approval, seconds: number | undefined): Promise<Approval> {
  const end = seconds === undefined ? Number.POSITIVE_INFINITY : Date.now() + seconds * 1000
  let approval = asked
  while (approval.state === 'pending' && Date.now() < end) {
    const hold = Math.min(HOLD_S, Math.max(1, Math.ceil((end - Date.now()) / 1000)))
    approval = await untilAnswered(() => approvalOf(client, asked.id, hold), end)
  }
  return approval
}

import { CliError, UsageError } from '../lib/cli-error'
import { EXIT } from '../lib/exit-codes'
import { print } from '../lib/terminal'
import { counted } from '../lib/text'
import { printedLast } from './files'
import { consumerArg, DEFAULT_CONSUMER } from './inbox'
import { clientCommand, printWire } from './index'

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
/** The most messages that one request marks. */
const AT_MOST = 200

export const ack = clientCommand({
  args: {
    what: {
      type: 'positional',
      required: false,
      several: true,
      valueHint: 'CURSOR|MESSAGE_ID…',
      description: 'A cursor: everything up to it; ids: these messages; default: what inbox showed last',
    },
    state: {
      type: 'enum',
      options: ['acked', 'failed'],
      default: 'acked',
      description: 'failed tells the senders that it did not work',
    },
    note: { type: 'string', valueHint: 'text', description: 'Why, for the senders; at most 500 characters' },
    consumer: consumerArg,
  },
  notes: [
    'A cursor moves the position of the consumer, and acknowledges every item up to it. Message ids mark these items and move',
    'nothing. With --state failed or --note and without a position, the messages that inbox showed last are marked so, then',
    'the position moves.',
  ],
  examples: [
    'synapse ack',
    'synapse ack --state failed --note "no access to staging"',
    'synapse ack 0190b2f4-6c1d-7a54-9d3e-2f4a5b6c7d8e',
    'synapse ack MnwwMUpYOE02WjNRNVQ3VjlXMVkyQjRENkY4SHwxMDQy --consumer worker-1',
  ],
  async act({ synapse, handle }, { what, state, note, consumer, json }) {
    const isMarked = state === 'failed' || note !== undefined
    const { cursor, messageIds } = positionOf(what, isMarked) ?? (await shownLast(await handle(), consumer))
    const send = (body: object) => synapse.request('POST /v1/inbox/ack', { body: { consumer, ...body } })
    let acked = 0
    let answer: Awaited<ReturnType<typeof send>> | undefined
    const marked = cursor === undefined || isMarked ? messageIds : []
    for (let at = 0; at < marked.length; at += AT_MOST) {
      const message_ids = marked.slice(at, at + AT_MOST)
      answer = await send({ message_ids, state, ...(note === undefined ? {} : { note }) })
      acked += answer.acked
    }
    if (cursor !== undefined) {
      answer = await send({ cursor })
      acked += answer.acked
    }
    if (answer === undefined) return undefined
    if (json === true) printWire({ ...answer, acked })
    else print(`${counted(acked, 'item')} ${state}, ${answer.pending} still open`)
    return undefined
  },
})

interface Position {
  readonly cursor: string | undefined
  readonly messageIds: readonly string[]
}

/** Reads the words; undefined if there are none. @throws UsageError */
function positionOf(what: readonly string[], isMarked: boolean): Position | undefined {
  if (what.length === 0) return undefined
  if (what.every((word) => UUID.test(word))) return { cursor: undefined, messageIds: what }
  const [cursor] = what
  if (cursor === undefined || what.length > 1)
    throw new UsageError('ack takes one cursor, or the ids of messages')
  if (isMarked)
    throw new UsageError('--state failed and --note go with the ids of messages, not with a cursor')
  return { cursor, messageIds: [] }
}

/** @throws CliError */
async function shownLast(handle: string, consumer: string): Promise<Position> {
  const printed = printedLast(handle, consumer)
  if (printed !== undefined) return printed
  const flag = consumer === DEFAULT_CONSUMER ? '' : ` --consumer ${consumer}`
  throw new CliError(EXIT.notFound, 'synapse inbox has shown nothing yet', [
    `synapse inbox${flag}  # shows what there is to acknowledge`,
  ])
}

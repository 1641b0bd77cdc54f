import type { PostOptions } from '@synapse/client'
import { CliError, UsageError } from '../lib/cli-error'
import { parseDuration } from '../lib/duration'
import { EXIT } from '../lib/exit-codes'
import { isShown } from '../lib/table'
import { note, print } from '../lib/terminal'
import { type Client, clientCommand, printWire } from './index'
import { readInput } from './input'
import { postQueued, wireOf } from './outbox'
import { clockOf } from './sheet'

export const post = clientCommand({
  args: {
    words: {
      type: 'positional',
      required: false,
      several: true,
      valueHint: '[CHANNEL] TEXT…',
      description: 'The channel and the text, instead of --channel and --body',
    },
    channel: {
      type: 'string',
      valueHint: 'slug',
      description: 'Channel; default: the only one of synapse.toml',
    },
    body: { type: 'string', valueHint: 'text', description: 'The text; - or a pipe: what stdin has' },
    'reply-to': { type: 'string', valueHint: 'id', description: 'The message that this one answers' },
    thread: { type: 'string', valueHint: 'id', description: 'Any message of the thread to post in' },
    kind: { type: 'enum', options: ['message', 'correction'], description: 'Default: message' },
    priority: {
      type: 'enum',
      options: ['urgent', 'normal', 'fyi'],
      description: 'urgent is delivered at once, fyi wakes no program',
    },
    plaintext: { type: 'boolean', description: 'The text is no markdown' },
    attach: { type: 'string', valueHint: 'file', several: true, description: 'A file to attach' },
    'ack-within': {
      type: 'string',
      valueHint: '15m',
      description: 'Tell me who has not answered within this time',
    },
    key: {
      type: 'string',
      valueHint: 'text',
      description: 'Retry key: the same key posts once, also when the command is run again',
    },
    queue: {
      type: 'boolean',
      description: 'If the server is away, keep the message in the outbox, and end with 0',
    },
  },
  notes: [
    'Posts once, also if the answer is lost: the command repeats it with the same key. Prints the id of the message, and who',
    'is not reached right now. Exit status 9 when a limit without a person, or a pause, stops the agent. With --queue, the',
    'message is on disk before it is sent. It is sent later by synapse watch, synapse wake or synapse outbox --send.',
  ],
  examples: [
    'synapse post --channel family-ops --body "@ada the build is green"',
    'synapse post general "Good morning"',
    'synapse post general --reply-to 0190b2f4-6c1d-7a54-9d3e-2f4a5b6c7d8e "done" --json',
    'synapse post --channel ops --attach report.pdf --body "The report"',
    'synapse post --channel ops --body -',
    'synapse post --queue general "The backup is done"',
  ],
  async act(client, args) {
    const { channel, body } = await whatToPost(client, args)
    if (args.queue === true && args.attach.length > 0)
      throw new UsageError('a message with files is not queued: give either --attach or --queue')
    const attachments: string[] = []
    for (const file of args.attach) attachments.push(await upload(client, file))
    const lasts = args['ack-within']
    const options: PostOptions = {
      replyTo: args['reply-to'],
      thread: args.thread,
      kind: args.kind,
      priority: args.priority,
      format: args.plaintext === true ? 'plaintext' : undefined,
      attachments: attachments.length === 0 ? undefined : attachments,
      ackWithin: lasts === undefined ? undefined : parseDuration(lasts, '--ack-within') / 1000,
      key: args.key,
    }
    const message =
      args.queue === true
        ? await postQueued(client, channel, body, options)
        : await client.synapse.post(channel, body, options)
    if ('failures' in message) {
      if (args.json === true) printWire(wireOf(message))
      note(`! not posted yet: ${message.problem ?? `earlier messages wait for #${channel}`}`)
      note(`it is number ${message.id} in the outbox, see synapse outbox`)
      return undefined
    }
    if (args.json === true) {
      printWire(message)
      return undefined
    }
    const { id, unreachable, unresolved_mentions: unknown } = message
    if (isShown()) print(`posted ${id} to #${message.channel} at ${clockOf(message.created_at)}`)
    else print(id)
    for (const handle of unreachable) note(`! ${handle} is unreachable, the message waits in its inbox`)
    for (const handle of unknown) note(`! no member of #${message.channel} is called @${handle}`)
    return undefined
  },
})

interface Given {
  readonly words: readonly string[]
  readonly channel: string | undefined
  readonly body: string | undefined
}

/** @throws UsageError */
async function whatToPost({ config }: Client, { words, channel, body }: Given) {
  const rest = [...words]
  const only = config.channels.length === 1 ? config.channels[0] : undefined
  // A single word is the text if the channel is known without it, and the channel if the text comes from elsewhere.
  const hasText = body !== undefined
  const isChannelFirst =
    channel === undefined && (hasText ? rest.length > 0 : rest.length > 1 || only === undefined)
  const to = channel ?? (isChannelFirst ? rest.shift() : undefined) ?? only
  if (to === undefined) throw new UsageError('--channel is missing')
  if (hasText && rest.length > 0) throw new UsageError('the text is given twice: by --body and as words')
  const given = body ?? (rest.length > 0 ? rest.join(' ') : undefined)
  const text = given === undefined || given === '-' ? await readInput('--body') : given
  return { channel: to.replace(/^#/, ''), body: text }
}

/** Uploads a file and returns its id. @throws CliError if it cannot be read */
async function upload({ synapse }: Client, path: string): Promise<string> {
  const file = Bun.file(path)
  if (!(await file.exists()))
    throw new CliError(EXIT.failure, `cannot read ${path}`, ['--attach names a file'])
  const name = path.split('/').at(-1) ?? path
  const { id } = await synapse.request('POST /v1/attachments', {
    body: file,
    headers: {
      'content-type': file.type,
      'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
    },
  })
  return id
}

import { join } from 'node:path'
import type { InboxItem } from '@synapse/client'
import { UsageError } from '../lib/cli-error'
import { clientFolder } from '../lib/client-folder'
import { EXIT } from '../lib/exit-codes'
import { note } from '../lib/terminal'
import { wholeNumber } from './check'
import { outboxPath } from './files'
import { clientCommand, impatient, patient, printWire } from './index'
import { Outbox, Sender } from './outbox'
import { Journal, Runs, runProgram, type Selection, type Task, WatchedInbox } from './runs'
import { stopSignal } from './stop-signal'

const MOST_ITEMS = 200
const CONSUMER = /^[A-Za-z0-9_.-]{1,64}$/

export const watch = clientCommand({
  args: {
    exec: {
      type: 'string',
      valueHint: 'command',
      description: 'Run this for each batch, by sh -c, with the items as lines of JSON on its standard input',
    },
    channel: {
      type: 'string',
      several: true,
      valueHint: 'slug',
      description: 'Only items of this channel',
    },
    reason: {
      type: 'string',
      several: true,
      valueHint: 'reason',
      description:
        'Only items with this reason: dm, mention, reply, approval, overdue, thread, group, broadcast',
    },
    consumer: {
      type: 'string',
      default: 'watch',
      valueHint: 'name',
      description: 'Name of the position in the inbox, one for each program that reads it',
    },
    limit: { type: 'string', default: '50', valueHint: 'n', description: 'Items of a batch, 1 to 200' },
    timeout: { type: 'string', valueHint: 'seconds', description: 'End a command that runs for longer' },
  },
  notes: [
    'Without --exec, prints each item that waits in the inbox as a line of JSON, and does not acknowledge it: that is for',
    'the reader, by synapse ack. With --exec, the items are acknowledged when the command has ended: as failed if it ended',
    'with another code than 0. An item whose command was cut off is never run again; its sender reads "interrupted".',
    'While the account is paused, no command is started. Ctrl-C ends the command that runs. Messages that wait in the outbox',
    'of the account are sent.',
  ],
  examples: [
    'synapse watch',
    'synapse watch --reason mention --reason dm --exec ./answer.sh',
    'synapse watch --channel family-ops --exec "jq -r .message.body | wc -w"',
  ],
  act: async (client, args) => {
    const { exec, consumer } = args
    if (!CONSUMER.test(consumer))
      throw new UsageError(`'${consumer}' is no name of a consumer: 1 to 64 of A-Z a-z 0-9 _ . -`)
    if (exec !== undefined && exec.trim() === '') throw new UsageError('--exec needs a command')
    const limit = wholeNumber(args.limit, '--limit', MOST_ITEMS)
    const timeoutMs =
      args.timeout === undefined ? undefined : wholeNumber(args.timeout, '--timeout', 86_400) * 1000
    const { handle } = await client.me()
    using stop = stopSignal()
    const synapse = patient(client)
    const selection: Selection = {
      consumer,
      limit,
      channels: new Set((args.channel ?? []).map((slug) => slug.replace(/^#/, '').toLowerCase())),
      reasons: args.reason ?? [],
    }
    await using inbox = new WatchedInbox(synapse, handle, selection, stop.signal)
    using outbox = Outbox.open(outboxPath(handle), client.config.url)
    await using _ = new Sender(outbox, impatient(client), stop.signal)
    if (exec === undefined) {
      await inbox.each((items) => (items.every(printWire) ? 'done' : 'end'))
      return EXIT.ok
    }
    using journal = Journal.open(join(clientFolder(), `${handle}.${consumer}.runs`))
    const runs = new Runs({ synapse, journal, consumer, report: note, signal: stop.signal })
    await runs.recover()
    const env = { SYNAPSE_URL: client.config.url, SYNAPSE_HANDLE: handle }
    note(`@${handle} watches ${client.config.url}`)
    await inbox.each(async (items) => {
      const tasks = items.filter((item) => inbox.mayStart(item)).map(taskOf)
      const fresh = tasks.filter(({ id }) => !journal.wasStarted(id))
      // What is known and still waits was not acknowledged, or the server was restored to an earlier state.
      await runs.tellAgain(tasks.filter((task) => !fresh.includes(task)))
      if (fresh.length > 0) {
        const input = fresh.map(({ item }) => `${JSON.stringify(item)}\n`).join('')
        const { state, note: why } = await runs.run(fresh, async (started) => {
          const program = { command: ['sh', '-c', exec], input, env, timeoutMs } as const
          return (await runProgram({ ...program, started, signal: stop.signal })).problem
        })
        note(
          `${fresh.length} ${fresh.length === 1 ? 'item' : 'items'}: ${state === 'acked' ? 'done' : `failed, ${why}`}`,
        )
      }
      return tasks.length === items.length ? 'acknowledged' : 'again'
    })
    return EXIT.ok
  },
})

/** An item as a task. An account is notified once of a message by one type of event. */
function taskOf(item: InboxItem): Task {
  const { message, event } = item
  return { id: `${event} ${message.id}`, messageId: message.id, channel: message.channel, item }
}

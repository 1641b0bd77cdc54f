import { CliError, UsageError } from '../../lib/cli-error'
import { EXIT } from '../../lib/exit-codes'
import { printTable, tableOf } from '../../lib/table'
import { note } from '../../lib/terminal'
import { counted } from '../../lib/text'
import { outboxPath } from '../files'
import { clientCommand, impatient, printWire } from '../index'
import { spanOf } from '../sheet'
import { type Letter, Outbox } from './outbox'
import { ownHandle } from './post-queued'
import { attempt } from './sender'

/** Keys are kept for at least a day: an attempt that was cut off before that may be posted again. */
const KEYS_KEPT_MS = 23 * 3_600_000

export const outbox = clientCommand({
  args: {
    send: { type: 'boolean', description: 'Send what waits, now' },
    retry: {
      type: 'string',
      several: true,
      valueHint: 'n',
      description: 'Send this message again that has failed; all: each of them',
    },
    discard: {
      type: 'string',
      several: true,
      valueHint: 'n',
      description: 'Forget this message; all: each of them',
    },
  },
  notes: [
    'Shows the messages that the server does not have yet: answers of synapse wake, and synapse post --queue. synapse watch and',
    'synapse wake send them, again after 2 s, 4 s, 8 s and so on. After eight failures, and when the server refuses it, a',
    'message has failed, and is only sent by --retry. Exit status 8 if the server was away.',
  ],
  examples: [
    'synapse outbox',
    'synapse outbox --send',
    'synapse outbox --retry all',
    'synapse outbox --discard all',
  ],
  async act(client, args) {
    using box = Outbox.openIfAny(outboxPath(await ownHandle(client)), client.config.url)
    const letters = box?.unsent() ?? []
    const retried = chosen(letters, args.retry, '--retry')
    for (const letter of chosen(letters, args.discard, '--discard')) box?.remove(letter)
    for (const letter of retried) {
      if (Date.now() - letter.addedAt > KEYS_KEPT_MS)
        note(
          `! ${letter.id} is older than a day: if an early attempt reached the server, it may be posted twice`,
        )
      box?.retry(letter)
    }
    const isAway =
      box !== undefined &&
      (args.send === true || retried.length > 0) &&
      (await sendAll(box, impatient(client)))
    show(box?.unsent() ?? [], args.json === true)
    return isAway ? EXIT.unreachable : undefined
  },
})

/** @throws UsageError, CliError not found */
function chosen(letters: readonly Letter[], words: readonly string[], flag: string): readonly Letter[] {
  if (words.includes('all')) return flag === '--retry' ? letters.filter(hasFailed) : letters
  return words.map((word) => {
    if (!/^\d{1,15}$/.test(word)) throw new UsageError(`${flag} takes a number of synapse outbox, or all`)
    const letter = letters.find(({ id }) => id === Number(word))
    if (letter === undefined) throw new CliError(EXIT.notFound, `there is no message ${word} in the outbox`)
    return letter
  })
}

function hasFailed({ state }: Letter): boolean {
  return state === 'failed'
}

/** Sends each message that waits once. Returns whether some still wait. */
async function sendAll(box: Outbox, synapse: Parameters<typeof attempt>[1]): Promise<boolean> {
  for (const letter of box.unsent()) box.hurry(letter)
  for (let letter = box.take(); letter !== undefined; letter = box.take()) await attempt(box, synapse, letter)
  return box.count().waiting > 0
}

function show(letters: readonly Letter[], isJson: boolean): void {
  if (isJson) {
    for (const letter of letters) printWire(wireOf(letter))
    return
  }
  const next = ({ state, nextAt }: Letter) =>
    state === 'failed' ? 'failed' : nextAt <= Date.now() ? 'now' : `in ${spanOf(nextAt - Date.now())}`
  const columns = {
    N: ({ id }: Letter) => id,
    NEXT: next,
    TRIES: ({ failures }: Letter) => failures,
    CHANNEL: ({ post }: Letter) => `#${post.channel}`,
    TEXT: ({ post }: Letter) => post.body.split('\n')[0] ?? '',
    PROBLEM: ({ problem }: Letter) => problem ?? '',
  }
  const failed = letters.filter(hasFailed).length
  printTable(
    tableOf(
      letters,
      columns,
      failed === 0
        ? undefined
        : `${counted(failed, 'message')} failed: synapse outbox --retry all, or --discard all`,
    ),
  )
}

/** A message of the outbox as `--json` shows it. */
export function wireOf({ id, key, post, addedAt, state, failures, nextAt, problem }: Letter): object {
  return {
    ...{ id, client_msg_id: key, ...post, state, failures, problem },
    added_at: new Date(addedAt).toISOString(),
    next_at: state === 'waiting' ? new Date(nextAt).toISOString() : null,
  }
}

import { type Message, type Synapse, SynapseError } from '@synapse/client'
import type { Draft } from './outbox'
import type { Task } from './runs'

/** What a program prints to say nothing. */
const SILENCE = '<no-reply>'
/** The longest body of a message, in characters. */
const BODY_CHARACTERS = 16_000
/** Earlier messages of the thread that a model is shown. */
const EARLIER = 10

/** Returns what a model reads: the message, what was said before it in the thread, and how to answer. */
export async function promptOf(synapse: Synapse, handle: string, message: Message): Promise<string> {
  const { channel, sender_handle: sender } = message
  const earlier = await earlierIn(synapse, message)
  return [
    `You are @${handle}, an agent in the channel #${channel} of a Synapse server.`,
    ...(earlier.length === 0
      ? []
      : ['', 'Said before in this thread, oldest first:', ...earlier.map(quoted)]),
    '',
    `@${sender} wrote to you:`,
    quoted(message),
    '',
    'What you print is posted as your answer, in markdown. Print the answer alone.',
    `Print ${SILENCE} if no answer is needed.`,
    '',
  ].join('\n')
}

async function earlierIn(synapse: Synapse, { id, channel, thread_id }: Message): Promise<Message[]> {
  if (!thread_id) return []
  const found: Message[] = []
  try {
    for await (const one of synapse.history(channel, { thread: thread_id })) {
      if (one.id !== id && Date.parse(one.created_at) > 0) found.push(one)
      if (found.length === EARLIER) break
    }
  } catch (error) {
    // An earlier server has no threads. The message itself is what counts.
    if (!(error instanceof SynapseError)) throw error
  }
  return found.reverse()
}

function quoted({ sender_handle, body }: Pick<Message, 'sender_handle' | 'body'>): string {
  return `<message from="@${sender_handle}">\n${body}\n</message>`
}

/** Returns the key of the answer that a task gets. */
export function answerKey({ id }: Task): string {
  return `wake-${id.replaceAll(' ', '-')}`
}

/** Returns the answer that a program printed. Undefined where there is nothing to say. */
export function answerIn(printed: string, task: Task): Draft | undefined {
  const text = printed.trim()
  if (text === '' || text === SILENCE) return undefined
  const characters = [...text]
  const body =
    characters.length <= BODY_CHARACTERS ? text : `${characters.slice(0, BODY_CHARACTERS - 1).join('')}…`
  return { key: answerKey(task), post: { channel: task.channel, body, reply_to: task.messageId } }
}

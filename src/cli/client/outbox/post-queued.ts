import { type PostedMessage, type PostOptions, SynapseError } from '@synapse/client'
import { outboxPath } from '../files'
import { type Client, impatient } from '../index'
import { mayPass } from '../patience'
import { type Draft, type Letter, Outbox } from './outbox'
import { attempt, send } from './sender'

/**
 * Puts a message into the outbox and tries to send it. Returns the message if it is posted, and what waits in the outbox if
 * the server is away, or earlier messages of the channel wait. One that the server refuses is not kept.
 * @throws SynapseError if it is refused; CliError
 */
export async function postQueued(
  client: Client,
  channel: string,
  body: string,
  options: PostOptions,
): Promise<PostedMessage | Letter> {
  using outbox = Outbox.open(outboxPath(await ownHandle(client)), client.config.url)
  const draft = draftOf(channel, body, options)
  const added = outbox.add(draft)
  // The server answers with the message that it has.
  if (added.state === 'sent') return await send(client.synapse, draft)
  outbox.retry(added)
  const synapse = impatient(client)
  for (let letter = outbox.take(); letter !== undefined; letter = outbox.take()) {
    const result = await attempt(outbox, synapse, letter)
    if (letter.id !== added.id) continue
    if ('posted' in result) return result.posted
    if (!mayPass(result.error)) {
      outbox.remove(letter)
      throw result.error
    }
  }
  return outbox.find(draft.key) ?? added
}

/** The handle that the outbox is named by, also while the server is away. @throws SynapseError */
export async function ownHandle({ config, handle }: Client): Promise<string> {
  try {
    return await handle()
  } catch (error) {
    const isAway = error instanceof SynapseError && (error.status === 0 || error.status >= 500)
    if (isAway && config.handle !== undefined) return config.handle
    throw error
  }
}

function draftOf(channel: string, body: string, options: PostOptions): Draft {
  const { replyTo, thread, ackWithin, priority, kind, format, key } = options
  return {
    key: key ?? crypto.randomUUID(),
    post: {
      ...{ channel, body },
      ...(replyTo === undefined ? {} : { reply_to: replyTo }),
      ...(thread === undefined ? {} : { thread_id: thread }),
      ...(ackWithin === undefined ? {} : { ack_within_s: ackWithin }),
      ...(priority === undefined ? {} : { priority }),
      ...(kind === undefined ? {} : { kind }),
      ...(format === undefined ? {} : { body_format: format }),
    },
  }
}

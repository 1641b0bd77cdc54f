import type { Message } from '../kernel/entities'
import type { Uuid } from '../kernel/ids'
import type { Reads } from '../kernel/ports'
import type { FoundMessage, PostLookups, PostPlan } from './post-plan'

/** Looks up in a transaction what a post refers to. */
export async function lookUpIn(
  tx: Reads,
  { replyTo, threadId, attachments }: Pick<PostPlan, 'replyTo' | 'threadId' | 'attachments'>,
): Promise<PostLookups> {
  const target = replyTo === null ? undefined : await find(tx, replyTo)
  const thread = threadId === null ? undefined : await find(tx, threadId)
  const named = thread ?? target
  const inThread = named && (await tx.foundThread((named.thread ?? named).seq))
  const found: PostLookups['attachments'][number][] = []
  for (const id of attachments) {
    const attachment = await tx.attachment(id)
    found.push(attachment && { ...attachment, isUsed: attachment.messageSeq !== null })
  }
  return { target, thread, inThread, attachments: found }
}

async function find(tx: Reads, uuid: Uuid): Promise<FoundMessage | undefined> {
  const message = await tx.message({ uuid })
  return message && foundMessage(message)
}

/** Returns a message as posts look it up. */
export function foundMessage(message: Message): FoundMessage {
  const { seq, uuid, channelId, senderId, kind, thread, deletedAt } = message
  return { seq, uuid, channelId, senderId, kind, thread, deleted: deletedAt !== null }
}

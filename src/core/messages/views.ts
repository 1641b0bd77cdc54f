import type { Directory } from '../access/directory'
import type { Approval } from '../kernel/approval-ports'
import type { ApprovalNames, Message, MessageView, ReactionView } from '../kernel/entities'

/** Adds the current names to messages. Synchronous over the directory: call it inside `Directory.retryUntilLoaded`. */
export function viewMessages(directory: Directory, messages: readonly Message[]): MessageView[] {
  directory.requireAccounts(
    messages.flatMap(({ senderId, mentions, reactions, approval }) => [
      senderId,
      ...mentions.listed,
      ...reactions.flatMap(({ first }) => first),
      ...(approval ? accountsIn(approval) : []),
    ]),
  )
  directory.requireChannels(messages.map((message) => message.channelId))
  return messages.map((message) => ({
    message,
    channel: directory.channel(message.channelId),
    sender: directory.account(message.senderId),
    mentioned: message.mentions.listed.map((id) => directory.account(id).handle),
    reactions: message.reactions.map(({ emoji, count, first }): ReactionView => {
      return { emoji, count, handles: first.map((id) => directory.account(id).handle) }
    }),
    ...(message.approval ? { approval: approvalNames(directory, message.approval) } : {}),
  }))
}

function accountsIn({ approvers, decision }: Approval): number[] {
  return [...(approvers ?? []), ...(decision ? [decision.by] : [])]
}

/** Returns the handles in an approval. Synchronous over the directory. */
export function approvalNames(directory: Directory, approval: Approval): ApprovalNames {
  const { approvers, decision } = approval
  directory.requireAccounts(accountsIn(approval))
  const handleOf = (id: number) => directory.account(id).handle
  return { approvers: approvers?.map(handleOf) ?? null, decidedBy: decision && handleOf(decision.by) }
}

/** Returns the message as it reads after its deletion. */
export function asTombstone(view: MessageView): MessageView {
  const { message } = view
  return {
    ...view,
    message: { ...message, deletedAt: message.deletedAt ?? message.createdAt },
    reactions: [],
  }
}

import type { Directory } from '../access/directory'
import type { Message, MessageView } from '../kernel/entities'

/** Adds the current names to messages. Synchronous over the directory: call it inside `Directory.retryUntilLoaded`. */
export function viewMessages(directory: Directory, messages: readonly Message[]): MessageView[] {
  directory.requireAccounts(messages.flatMap((message) => [message.senderId, ...message.mentions.listed]))
  directory.requireChannels(messages.map((message) => message.channelId))
  return messages.map((message) => ({
    message,
    channel: directory.channel(message.channelId),
    sender: directory.account(message.senderId),
    mentioned: message.mentions.listed.map((id) => directory.account(id).handle),
  }))
}

import type { Message } from '@synapse/client'

/** The markdown of messages that were selected together: names and times, then the text of each. */
export function markdownOf(messages: readonly Message[]): string {
  return messages
    .map(({ sender_display_name, sender_handle, created_at, body }) => {
      const time = created_at.slice(0, 16).replace('T', ' ')
      return `**${sender_display_name || sender_handle}** ${time} UTC\n\n${body}`
    })
    .join('\n\n')
}

/** Copies messages as markdown, if the selection goes over more than one of them. */
export function copyRows(event: ClipboardEvent, messages: readonly Message[]): void {
  if (messages.length < 2 || !event.clipboardData) return
  event.clipboardData.setData('text/plain', markdownOf(messages))
  event.preventDefault()
}

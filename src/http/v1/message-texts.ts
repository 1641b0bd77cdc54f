import type { Core } from '../../core'
import type { MessageView } from '../../core/kernel/entities'
import type { Wire } from './wire'

/** Renders a message for the reader of an answer. `more`: additional members. */
export type MessageText = (view: MessageView, more?: string) => string

/** Returns how the messages of an answer are rendered for their reader. The author also gets what concerns it alone. */
export async function messageTexts(
  core: Pick<Core, 'deliverySummaries'>,
  wire: Wire,
  readerId: number,
  views: readonly MessageView[],
): Promise<MessageText> {
  const summaries = await core.deliverySummaries.ofOwn(readerId, views)
  return (view, more) => wire.messageFor(view, readerId, summaries.get(view.message.seq), more)
}

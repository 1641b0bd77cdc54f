import type { Message } from '@synapse/client'
import { Component, type ComponentChildren } from 'preact'
import { Attachments, renderMarkdown } from '../text'
import { cutOf } from './fold'
import { Folded } from './folded'
import { useHost } from './host'

interface BodyProps {
  readonly message: Message
  /** Whether it is shown whole, however long: it is the newest that is for me. */
  readonly isWhole: boolean
  readonly onFold: () => void
}

/** The text of a message and its files. It is read anew only when the text changes. */
export function Body({ message, isWhole, onFold }: BodyProps) {
  const { app, aliases } = useHost()
  return (
    <ReadOnce
      message={message}
      isWhole={isWhole}
      onFold={onFold}
      me={app.store.me.peek()?.handle}
      aliases={aliases.value}
    />
  )
}

interface ReadOnceProps extends BodyProps {
  readonly me: string | undefined
  readonly aliases: Readonly<Record<string, readonly string[]>>
}

/**
 * Draws again only when the text is another one. A node that is kept with `useMemo` would do the same, but would keep the list
 * that it was first drawn in, with all rows that have gone since.
 */
class ReadOnce extends Component<ReadOnceProps> {
  override shouldComponentUpdate({ message, isWhole, me, aliases }: ReadOnceProps): boolean {
    const { message: before, ...rest } = this.props
    return (
      message.body !== before.body ||
      message.attachments.length !== before.attachments.length ||
      message.mentioned_handles.join(' ') !== before.mentioned_handles.join(' ') ||
      message.broadcast !== before.broadcast ||
      isWhole !== rest.isWhole ||
      me !== rest.me ||
      aliases !== rest.aliases
    )
  }

  override render({ message, isWhole, onFold, me, aliases }: ReadOnceProps): ComponentChildren {
    const { body, body_format, attachments, mentioned_handles, broadcast, sender_kind } = message
    const options = {
      ...{ format: body_format, attachments, me, mentioned: mentioned_handles, isBroadcast: broadcast },
      aliases,
    }
    const render = (text: string) => renderMarkdown(text, options)
    const cut = isWhole ? undefined : cutOf({ body, sender_kind })
    return (
      <>
        {body !== '' &&
          (cut ? <Folded body={body} cut={cut} render={render} onFold={onFold} /> : render(body))}
        <Attachments attachments={attachments} body={body} />
      </>
    )
  }
}

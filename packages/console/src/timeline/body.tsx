import type { Message } from '@synapse/client'
import { useMemo } from 'preact/hooks'
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
  const { body, body_format, attachments, mentioned_handles, broadcast, sender_kind } = message
  const me = app.store.me.peek()?.handle
  const named = aliases.value
  return useMemo(() => {
    const options = {
      ...{ format: body_format, attachments, me, mentioned: mentioned_handles, isBroadcast: broadcast },
      aliases: named,
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
  }, [body, body_format, attachments.length, mentioned_handles.join(' '), broadcast, isWhole, named])
}

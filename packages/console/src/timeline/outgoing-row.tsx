import { CircleAlert } from 'lucide'
import type { Outgoing } from '../state'
import { Attachments, renderMarkdown } from '../text'
import { Avatar, Button, Icon, Time } from '../ui'
import { DeliveryMarkLine } from './delivery'
import { useHost } from './host'

interface OutgoingRowProps {
  readonly rowKey: string
  readonly isHead: boolean
}

/** A message of mine that is not on the server yet, or was refused. Its text is not lost. */
export function OutgoingRow({ rowKey, isHead }: OutgoingRowProps) {
  const { app, place } = useHost()
  const post = app.outbox.at(place).value.find(({ key }) => key === rowKey)
  const me = app.store.me.value
  if (!post || !me) return <li class="row" data-key={rowKey} />
  const { text, attachments, at } = post
  return (
    <li
      class={`row outgoing ${post.state} ${isHead ? 'head' : 'more'}`}
      data-key={rowKey}
      data-focusable
      tabIndex={-1}
      aria-label={`${me.display_name}, ${post.state === 'refused' ? 'not sent' : 'sending'}: ${text}`}
    >
      {isHead && <Avatar handle={me.handle} name={me.display_name} kind={me.kind} />}
      <div class="row-main">
        {isHead && (
          <header class="row-head">
            <b>{me.display_name || me.handle}</b>
            <Time at={at} />
          </header>
        )}
        {text !== '' && renderMarkdown(text, { me: me.handle })}
        <Attachments attachments={attachments} body={text} />
        <Fate post={post} />
      </div>
    </li>
  )
}

function Fate({ post }: { readonly post: Outgoing }) {
  const { app, onTakeBack } = useHost()
  const { key, state, refusal, tries } = post
  switch (state) {
    case 'waiting':
    case 'sending': {
      const words = tries > 0 ? 'sending; no answer yet, trying again' : 'sending'
      return (
        <div class="delivery-line">
          <DeliveryMarkLine mark="sending" words={words} />
        </div>
      )
    }
    case 'asking':
      return (
        <div class="not-sent">
          <p>
            <Icon of={CircleAlert} size={16} />
            <span>No answer for 23 hours. It may be there already. Send it again?</span>
          </p>
          <Button small onPress={() => app.outbox.again(key)}>
            Send again
          </Button>
          <Button small look="plain" onPress={() => app.outbox.discard(key)}>
            Discard
          </Button>
        </div>
      )
    case 'refused':
      return (
        <div class="not-sent">
          <p role="alert">
            <Icon of={CircleAlert} size={16} />
            <span>
              Not sent: {refusal?.detail} {refusal?.fix}
            </span>
          </p>
          <Button small onPress={() => onTakeBack(key)}>
            Edit
          </Button>
          <Button small onPress={() => app.outbox.again(key)}>
            Send again
          </Button>
          <Button small look="plain" onPress={() => app.outbox.discard(key)}>
            Discard
          </Button>
        </div>
      )
  }
}

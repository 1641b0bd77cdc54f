import { CircleAlert, CornerDownRight, File as FileIcon, Info, Timer, X, Zap } from 'lucide'
import type { ComponentChildren } from 'preact'
import { useConsole } from '../app/console'
import type { Draft, Place } from '../state'
import { plainSnippet, visibleName } from '../text'
import { sizeInWords } from '../text/attachments'
import { Button, Icon, IconButton, type IconShape } from '../ui'
import { withinInWords } from './add-menu'
import type { Upload } from './uploads'

interface EnclosedProps {
  readonly place: Place
  readonly draft: Draft
  readonly uploads: readonly Upload[]
}

/** What goes with the text: the message that it answers, how urgent it is, files. Each can be taken out. */
export function Enclosed({ place, draft, uploads }: EnclosedProps) {
  const app = useConsole()
  const change = (values: Partial<Draft>) => app.drafts.change(place, values)
  const { replyTo, priority, ackWithin, attachments } = draft
  return (
    <ul class="enclosed">
      {replyTo !== null && (
        <Part icon={CornerDownRight} out="Do not answer this message" onOut={() => change({ replyTo: null })}>
          <Answered id={replyTo} />
        </Part>
      )}
      {priority === 'urgent' && (
        <Part icon={Zap} tone="bad" out="Not urgent" onOut={() => change({ priority: 'normal' })}>
          Urgent
        </Part>
      )}
      {priority === 'fyi' && (
        <Part icon={Info} out="Not for information only" onOut={() => change({ priority: 'normal' })}>
          For information, wakes nobody
        </Part>
      )}
      {ackWithin !== null && (
        <Part icon={Timer} tone="wait" out="No time to answer" onOut={() => change({ ackWithin: null })}>
          Answer within {withinInWords(ackWithin)}
        </Part>
      )}
      {attachments.map((one) => (
        <Part
          key={one.id}
          icon={FileIcon}
          out={`Remove ${visibleName(one.filename)}`}
          onOut={() => change({ attachments: attachments.filter(({ id }) => id !== one.id) })}
        >
          <span class="file-name">{visibleName(one.filename)}</span>
          <span class="file-size">{sizeInWords(one.size)}</span>
        </Part>
      ))}
      {uploads.map((one) => (
        <UploadPart key={one.id} upload={one} />
      ))}
    </ul>
  )
}

interface PartProps {
  readonly icon: IconShape
  readonly tone?: 'plain' | 'wait' | 'bad'
  readonly out: string
  readonly onOut: () => void
  readonly children: ComponentChildren
}

function Part({ icon, tone = 'plain', out, onOut, children }: PartProps) {
  return (
    <li class={`part ${tone}`}>
      <Icon of={icon} size={14} />
      <span class="part-words">{children}</span>
      <IconButton icon={X} label={out} small onPress={onOut} />
    </li>
  )
}

function Answered({ id }: { readonly id: string }) {
  const { store } = useConsole()
  const message = store.messages.get(id)
  if (!message) return <>Answers a message</>
  const name = visibleName(message.sender_display_name || message.sender_handle)
  return (
    <>
      Answers {name}: <span class="quoted">{plainSnippet(message.body, 80)}</span>
    </>
  )
}

function UploadPart({ upload }: { readonly upload: Upload }) {
  const { name, size, sent, problem, cancel, again } = upload
  const shown = visibleName(name)
  if (problem !== undefined)
    return (
      <li class="part bad">
        <Icon of={CircleAlert} size={14} />
        <span class="part-words" role="alert">
          {shown} was not uploaded: {problem}
        </span>
        <Button small look="plain" onPress={again}>
          Try again
        </Button>
        <IconButton icon={X} label={`Remove ${shown}`} small onPress={cancel} />
      </li>
    )
  const percent = Math.round(sent * 100)
  return (
    <li class="part">
      <Icon of={FileIcon} size={14} />
      <span class="part-words">
        <span class="file-name">{shown}</span>
        <span class="file-size">{sizeInWords(size)}</span>
      </span>
      <progress max={100} value={percent} aria-label={`Upload of ${shown}`} />
      <IconButton icon={X} label={`Cancel ${shown}`} small onPress={cancel} />
    </li>
  )
}

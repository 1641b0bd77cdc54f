import { useState } from 'preact/hooks'
import { Button, CopyButton, Dialog } from '../../ui'

export interface SecretProps {
  readonly title: string
  readonly text: string
  /** What to do with it. */
  readonly use: string
  readonly onClose: () => void
}

/** Shows a secret that the server does not show again. Escape and a press beside it close it at the second time only. */
export function Secret({ title, text, use, onClose }: SecretProps) {
  const [isWarned, setWarned] = useState(false)
  return (
    <Dialog
      title={title}
      onClose={() => (isWarned ? onClose() : setWarned(true))}
      wide
      acts={
        <Button look="primary" onPress={onClose}>
          I have it
        </Button>
      }
    >
      <p>{use}</p>
      <div class="me-secret">
        <code>{text}</code>
        <CopyButton text={text} label="Copy the secret" />
      </div>
      <p class="notice" role={isWarned ? 'alert' : undefined}>
        {isWarned
          ? 'It cannot be shown again. Close once more to leave it.'
          : 'It is shown only now. Keep it where others cannot read it.'}
      </p>
    </Dialog>
  )
}

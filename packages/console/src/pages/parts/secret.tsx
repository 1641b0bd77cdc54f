import { useState } from 'preact/hooks'
import { Button, CopyButton, Dialog } from '../../ui'

export interface Secret {
  readonly title: string
  /** What it is for. */
  readonly words: string
  /** What is shown, each with a name and a button that copies it. */
  readonly texts: readonly { readonly label: string; readonly text: string }[]
}

/** Shows something that the server does not show again. Asks before it closes, unless a text was copied. */
export function SecretDialog({ secret, onClose }: { readonly secret: Secret; readonly onClose: () => void }) {
  const [isCopied, setCopied] = useState(false)
  const [asks, setAsks] = useState(false)
  const close = () => {
    if (isCopied || asks) onClose()
    else setAsks(true)
  }
  return (
    <Dialog
      title={secret.title}
      onClose={close}
      wide
      acts={
        <>
          {asks && (
            <p class="asks" role="alert">
              Nothing was copied yet, and it cannot be shown again.
            </p>
          )}
          <Button look={asks ? 'danger' : 'primary'} onPress={close}>
            {asks ? 'Close all the same' : 'Done'}
          </Button>
        </>
      }
    >
      <p>{secret.words}</p>
      {secret.texts.map(({ label, text }) => (
        <section class="secret" key={label} aria-label={label}>
          <h3>{label}</h3>
          {/* biome-ignore lint/a11y/useKeyWithClickEvents: only notes that the button inside was pressed */}
          {/* biome-ignore lint/a11y/noStaticElementInteractions: as above */}
          <div
            class="copied"
            onClick={({ target }) => {
              if (target instanceof Element && target.closest('button')) setCopied(true)
            }}
          >
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must reach it */}
            <pre tabIndex={0}>{text}</pre>
            <CopyButton text={text} label={`Copy: ${label}`} />
          </div>
        </section>
      ))}
      <p class="notice">It is shown only now. Keep it where others cannot read it.</p>
    </Dialog>
  )
}

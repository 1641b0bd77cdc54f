import type { ComponentChildren } from 'preact'
import { useId, useRef, useState } from 'preact/hooks'
import { background } from '../../background'
import { Button, Dialog } from '../../ui'
import { Problem } from './problem'

export interface FormDialogProps {
  readonly title: string
  /** What the button at its foot says. */
  readonly act: string
  readonly danger?: boolean
  readonly wide?: boolean
  /** Sends it. A failure is shown in the form, which keeps what was typed. */
  readonly onSubmit: (fields: FormData) => Promise<unknown>
  readonly onClose: () => void
  /** After it was sent; closes it by default. */
  readonly onDone?: () => void
  readonly children?: ComponentChildren
}

/** A form in a dialog. One that was changed asks before it closes. */
export function FormDialog(props: FormDialogProps) {
  const { title, act, danger = false, wide = false, onSubmit, onClose, onDone = onClose, children } = props
  const id = useId()
  const isChanged = useRef(false)
  const [isBusy, setBusy] = useState(false)
  const [asks, setAsks] = useState(false)
  const [error, setError] = useState<unknown>()
  const send = async (fields: FormData) => {
    setBusy(true)
    setError(undefined)
    try {
      await onSubmit(fields)
      onDone()
    } catch (failure) {
      setError(failure)
    } finally {
      setBusy(false)
    }
  }
  const close = () => {
    if (isChanged.current && !asks) setAsks(true)
    else onClose()
  }
  const acts = asks ? (
    <>
      <p class="asks" role="alert">
        Close it and lose what you typed?
      </p>
      <Button onPress={() => setAsks(false)}>Keep editing</Button>
      <Button look="danger" onPress={onClose}>
        Discard
      </Button>
    </>
  ) : (
    <>
      <Button onPress={close}>Cancel</Button>
      <Button type="submit" form={id} look={danger ? 'danger' : 'primary'} aria-disabled={isBusy}>
        {act}
      </Button>
    </>
  )
  return (
    <Dialog title={title} onClose={close} wide={wide} acts={acts}>
      <form
        id={id}
        class="form"
        onInput={() => {
          isChanged.current = true
        }}
        onSubmit={(event) => {
          event.preventDefault()
          if (!isBusy) background(send(new FormData(event.currentTarget)))
        }}
      >
        {children}
        <Problem error={error} />
      </form>
    </Dialog>
  )
}

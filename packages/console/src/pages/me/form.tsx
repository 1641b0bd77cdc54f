import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { background } from '../../background'
import { Button } from '../../ui'
import { Problem } from '../parts/problem'

export interface FormProps {
  /** What its button says. */
  readonly act: string
  /** Sends it. A refusal is shown in the form, which keeps what was typed. */
  readonly onSend: (fields: FormData) => Promise<unknown>
  /** Whether it is empty again once it was sent. */
  readonly isCleared?: boolean
  readonly children: ComponentChildren
}

/** Fields and the button that sends them. */
export function Form({ act, onSend, isCleared = false, children }: FormProps) {
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const send = async (form: HTMLFormElement) => {
    setBusy(true)
    setError(undefined)
    try {
      await onSend(new FormData(form))
      if (isCleared) form.reset()
    } catch (failure) {
      setError(failure)
    } finally {
      setBusy(false)
    }
  }
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault()
        if (!isBusy) background(send(event.currentTarget))
      }}
    >
      {children}
      <Problem error={error} />
      <p>
        <Button type="submit" look="primary" aria-disabled={isBusy}>
          {act}
        </Button>
      </p>
    </form>
  )
}

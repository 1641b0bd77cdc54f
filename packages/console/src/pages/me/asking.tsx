import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Button, Dialog } from '../../ui'
import { Refusal } from './form'

export interface AskingProps {
  /** What the button says, here and in the question. */
  readonly act: string
  /** What it is done to, for readers: `Revoke phone-ada`. */
  readonly label: string
  /** Whether what it ends cannot be had again. */
  readonly danger?: boolean
  /** What will happen. */
  readonly children: ComponentChildren
  readonly onYes: () => Promise<unknown>
}

/** A button that asks once before it does something. */
export function Asking({ act, label, danger = true, children, onYes }: AskingProps) {
  const [isAsking, setAsking] = useState(false)
  const [error, setError] = useState<unknown>()
  const look = danger ? 'danger' : 'outline'
  const close = () => {
    setAsking(false)
    setError(undefined)
  }
  const go = async () => {
    try {
      await onYes()
      close()
    } catch (failure) {
      setError(failure)
    }
  }
  return (
    <>
      <Button small look={look} aria-label={label} onPress={() => setAsking(true)}>
        {act}
      </Button>
      {isAsking && (
        <Dialog
          title={`${label}?`}
          onClose={close}
          acts={
            <>
              <Button onPress={close}>Cancel</Button>
              <Button look={danger ? 'danger' : 'primary'} onPress={go}>
                {act}
              </Button>
            </>
          }
        >
          <p>{children}</p>
          <Refusal error={error} />
        </Dialog>
      )}
    </>
  )
}

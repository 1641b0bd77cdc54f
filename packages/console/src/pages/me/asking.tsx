import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Button } from '../../ui'
import { Confirm } from '../parts/confirm'

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
  return (
    <>
      <Button small look={danger ? 'danger' : 'outline'} aria-label={label} onPress={() => setAsking(true)}>
        {act}
      </Button>
      {isAsking && (
        <Confirm
          title={`${label}?`}
          act={act}
          danger={danger}
          onConfirm={onYes}
          onClose={() => setAsking(false)}
        >
          <p>{children}</p>
        </Confirm>
      )}
    </>
  )
}

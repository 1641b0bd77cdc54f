import type { ComponentChildren } from 'preact'
import { FormDialog } from './form-dialog'

export interface ConfirmProps {
  readonly title: string
  /** What will happen, in plain words. */
  readonly children: ComponentChildren
  readonly act: string
  readonly danger?: boolean
  readonly onConfirm: () => Promise<unknown>
  readonly onClose: () => void
}

/** Asks once before something is done. */
export function Confirm({ title, children, act, danger = true, onConfirm, onClose }: ConfirmProps) {
  return (
    <FormDialog title={title} act={act} danger={danger} onSubmit={onConfirm} onClose={onClose}>
      <div class="words">{children}</div>
    </FormDialog>
  )
}

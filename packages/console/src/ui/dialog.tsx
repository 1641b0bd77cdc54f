import { X } from 'lucide'
import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { IconButton } from './button'

export interface DialogProps {
  readonly title: string
  /** Called when it is closed by Escape, by its button or by a press beside it. The caller then stops showing it. */
  readonly onClose: () => void
  readonly children: ComponentChildren
  /** The acts at its foot. */
  readonly acts?: ComponentChildren
  readonly wide?: boolean
}

/** A modal dialog, open while it is rendered. It returns the focus to where it was. */
export function Dialog({ title, onClose, children, acts, wide = false }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null)
  const name = useId()
  useEffect(() => {
    const before = document.activeElement
    const dialog = element.current
    dialog?.showModal()
    return () => {
      // A page that was opened from here has it already.
      const { activeElement } = document
      const isFree =
        activeElement === null || activeElement === document.body || dialog?.contains(activeElement)
      if (isFree && before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it as well
    <dialog
      ref={element}
      class={wide ? 'dialog wide' : 'dialog'}
      aria-labelledby={name}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClick={(event) => {
        if (event.target === element.current) onClose()
      }}
    >
      <div class="content">
        <header>
          <h2 id={name}>{title}</h2>
          <IconButton icon={X} label="Close" onPress={onClose} />
        </header>
        {children}
        {acts && <footer>{acts}</footer>}
      </div>
    </dialog>
  )
}

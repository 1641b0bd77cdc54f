import { useEffect, useRef } from 'preact/hooks'
import { isComposing } from '../../composer/keys'

/**
 * Escape in a conversation, unless something in front of it takes it: a dialog, a menu, a list of names, an edit. Without an
 * act it is left to another pane.
 */
export function useEscape(act: (() => void) | undefined): void {
  const latest = useRef(act)
  latest.current = act
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const { current } = latest
      if (!current || event.key !== 'Escape' || event.defaultPrevented || isComposing(event)) return
      if (document.querySelector('dialog[open], :popover-open')) return
      event.preventDefault()
      current()
    }
    addEventListener('keydown', pressed)
    return () => removeEventListener('keydown', pressed)
  }, [])
}

// Printable keys outside of a field are written into the message field of the pane that one is in.

const fields = new Set<HTMLTextAreaElement>()
let last: HTMLTextAreaElement | undefined

/** Makes a field one that takes what is typed beside fields. Returns what ends that. */
export function takeTyping(field: HTMLTextAreaElement): () => void {
  if (fields.size === 0) document.addEventListener('keydown', typed)
  fields.add(field)
  const focused = () => {
    last = field
  }
  field.addEventListener('focus', focused)
  return () => {
    field.removeEventListener('focus', focused)
    fields.delete(field)
    if (last === field) last = undefined
    if (fields.size === 0) document.removeEventListener('keydown', typed)
  }
}

/** The field that typing goes to: that of the pane with the focus, else the one that was written in last. */
export function fieldForTyping(): HTMLTextAreaElement | undefined {
  const shown = [...fields].filter((field) => field.checkVisibility())
  const here = document.activeElement?.closest('[data-region]')
  return shown.find((field) => here?.contains(field)) ?? shown.find((field) => field === last) ?? shown[0]
}

function typed(event: KeyboardEvent): void {
  if (event.defaultPrevented || !writes(event)) return
  // The key goes on to what has the focus then.
  fieldForTyping()?.focus({ preventScroll: true })
}

/** What has keys of its own. */
const OWN_KEYS =
  'input, textarea, select, [contenteditable], [role="listbox"], [role="menu"], [role="tablist"], [role="radiogroup"]'

function writes({ key, ctrlKey, metaKey, altKey, isComposing, target }: KeyboardEvent): boolean {
  if (isComposing || ctrlKey || metaKey || altKey || [...key].length !== 1) return false
  if (!(target instanceof Element) || target.closest(OWN_KEYS)) return false
  if (document.querySelector('dialog[open], :popover-open')) return false
  // Space presses what has the focus, and scrolls the page.
  return key !== ' '
}

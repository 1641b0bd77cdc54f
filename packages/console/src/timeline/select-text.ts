/** Marks a row whose text fingers can select; see timeline.css. */
export const SELECTING = 'data-selecting'

/** Selects the text of a row, so that a part of it can be chosen with fingers. It ends when nothing is selected any more. */
export function selectText(row: Element): void {
  const text = row.querySelector('.prose') ?? row
  row.setAttribute(SELECTING, '')
  // The menu closes first, and gives the focus back.
  setTimeout(() => {
    const selection = getSelection()
    selection?.selectAllChildren(text)
    const look = () => {
      if (selection && !selection.isCollapsed && selection.containsNode(text, true)) return
      row.removeAttribute(SELECTING)
      document.removeEventListener('selectionchange', look)
    }
    document.addEventListener('selectionchange', look)
  })
}

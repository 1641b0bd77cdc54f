import { route } from './navigation'

const first = route.peek()

/** Whether a page that begins now was gone to, so that it takes the focus. The one that the tab was opened with does not. */
export function takesFocus(): boolean {
  return route.peek() !== first && document.querySelector('dialog[open]') === null
}

/** Moves the focus to the next region of the page, or the one before it: side, main pane, the pane beside it. */
export function moveRegion(step: 1 | -1): void {
  const regions = [...document.querySelectorAll<HTMLElement>('[data-region]')].filter((one) =>
    one.checkVisibility(),
  )
  const at = regions.findIndex((one) => one.contains(document.activeElement))
  regions.at((at < 0 && step < 0 ? 0 : at + step) % regions.length)?.focus()
}

const GAP = 4
const EDGE = 8

/**
 * Puts a popover below what opened it, or above where there is more room, within the window. The popover must be open.
 * Positions are set by script, because the page allows no style in its markup.
 */
export function placeBeside(popover: HTMLElement, opener: Element): void {
  const at = opener.getBoundingClientRect()
  const { innerWidth, innerHeight } = window
  const below = innerHeight - at.bottom - GAP - EDGE
  const above = at.top - GAP - EDGE
  popover.style.maxHeight = `${Math.max(below, above)}px`
  const { offsetWidth, offsetHeight } = popover
  const isBelow = offsetHeight <= below || below >= above
  const top = isBelow ? at.bottom + GAP : at.top - GAP - offsetHeight
  const rightmost = innerWidth - EDGE - offsetWidth
  // Opens towards the middle of the window.
  const left = at.left > innerWidth / 2 ? at.right - offsetWidth : at.left
  popover.style.top = `${Math.max(EDGE, top)}px`
  popover.style.left = `${Math.min(Math.max(EDGE, left), rightmost)}px`
}

/**
 * When changes are drawn: in the next frame while somebody uses the page. After a minute without input, changes are collected
 * for a second, so that a page that is left open costs little. The first input draws what waits.
 */

/** A page counts as unattended after this time without input. */
const UNATTENDED_MS = 60_000
/** How long an unattended page collects changes. */
const COLLECTED_MS = 1000
/** A page that is hidden has no frames. */
const HIDDEN_MS = 16

let lastInput = performance.now()
const waiting = new Set<() => void>()

for (const type of ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart', 'focus'])
  addEventListener(
    type,
    () => {
      lastInput = performance.now()
      for (const act of waiting) act()
    },
    { passive: true, capture: true },
  )

/** Calls back once, when the changes that were collected are to be drawn. */
export function whenDrawn(act: () => void): void {
  if (document.hidden) setTimeout(act, HIDDEN_MS)
  else if (performance.now() - lastInput < UNATTENDED_MS) requestAnimationFrame(act)
  else {
    const once = () => {
      if (waiting.delete(once)) act()
    }
    waiting.add(once)
    setTimeout(once, COLLECTED_MS)
  }
}

import { useEffect, useState } from 'preact/hooks'

const FRAMES = 3

/** Whether the first page of the tab has been drawn. */
let isFirstDrawn = false

/**
 * For the first page of a tab: becomes true some frames after `isDue`, and stays so. What one waits for has been drawn
 * then, and what comes after it may be fetched. Later pages need not wait. A hidden tab draws nothing, and fetches it when
 * it is seen.
 */
export function useSettled(isDue: boolean): boolean {
  const [isSettled, setSettled] = useState(isFirstDrawn)
  useEffect(() => {
    if (!isDue || isSettled) return
    let left = FRAMES
    let frame = requestAnimationFrame(function next() {
      left--
      if (left === 0) {
        isFirstDrawn = true
        setSettled(true)
      } else frame = requestAnimationFrame(next)
    })
    return () => cancelAnimationFrame(frame)
  }, [isDue, isSettled])
  return isSettled
}

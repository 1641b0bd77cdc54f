import type { RefObject } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

/** How long an element has to stand still before it takes a press, in milliseconds. */
const STILL_MS = 500
const LOOK_MS = 100

/**
 * Whether an element has been there, at the same place of the window, for half a second. What appears or moves under a finger or a
 * pointer is not what its owner meant to press.
 */
export function useSteady(element: RefObject<HTMLElement | null>): () => boolean {
  const place = useRef<{ top: number; left: number; since: number } | undefined>(undefined)
  const look = () => {
    const rect = element.current?.getBoundingClientRect()
    const now = performance.now()
    const known = place.current
    if (rect && known && Math.abs(known.top - rect.top) < 1 && Math.abs(known.left - rect.left) < 1)
      return now - known.since
    place.current = rect && { top: rect.top, left: rect.left, since: now }
    return 0
  }
  useEffect(() => {
    look()
    const timer = setInterval(look, LOOK_MS)
    return () => clearInterval(timer)
  }, [])
  return () => look() >= STILL_MS
}

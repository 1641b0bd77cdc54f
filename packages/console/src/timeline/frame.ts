import type { ReadonlySignal } from '@preact/signals'
import { effect } from '@preact/signals'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'

/** Without input for so long nobody seems to look, in milliseconds. */
const UNATTENDED_MS = 60_000
/** How long changes are collected then. */
const COLLECTED_MS = 1000

let lastInput = performance.now()

for (const type of ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart', 'focus'])
  addEventListener(
    type,
    () => {
      lastInput = performance.now()
    },
    { passive: true, capture: true },
  )

/** Calls back before the next frame; where nobody has touched the page for a minute, a second later. Returns how to cancel. */
function beforeFrame(act: () => void): () => void {
  let frame = 0
  const isAttended = performance.now() - lastInput < UNATTENDED_MS
  const timer = isAttended
    ? undefined
    : setTimeout(() => {
        frame = requestAnimationFrame(act)
      }, COLLECTED_MS)
  if (isAttended) frame = requestAnimationFrame(act)
  return () => {
    clearTimeout(timer)
    cancelAnimationFrame(frame)
  }
}

/**
 * The value of a signal, but a new one at most once a frame: what changes faster than the screen shows is rendered once. A
 * page that is not visible has no frames, and catches up when it is visible again.
 */
export function useOncePerFrame<Value>(source: ReadonlySignal<Value>): Value {
  const [, rerender] = useState<Value>()
  const from = useRef(source)
  const latest = useRef(source.peek())
  if (from.current !== source) {
    from.current = source
    latest.current = source.peek()
  }
  useLayoutEffect(() => {
    let cancel: (() => void) | undefined
    const stop = effect(() => {
      const { value } = source
      if (cancel || latest.current === value) return
      cancel = beforeFrame(() => {
        cancel = undefined
        latest.current = source.peek()
        rerender(() => latest.current)
      })
    })
    return () => {
      stop()
      cancel?.()
    }
  }, [source])
  return latest.current
}

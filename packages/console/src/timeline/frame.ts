import type { ReadonlySignal } from '@preact/signals'
import { effect } from '@preact/signals'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'

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
    let frame = 0
    const stop = effect(() => {
      const { value } = source
      if (frame !== 0 || latest.current === value) return
      frame = requestAnimationFrame(() => {
        frame = 0
        latest.current = source.peek()
        rerender(() => latest.current)
      })
    })
    return () => {
      stop()
      cancelAnimationFrame(frame)
    }
  }, [source])
  return latest.current
}

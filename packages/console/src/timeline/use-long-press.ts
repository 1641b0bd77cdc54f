import { useEffect, useRef } from 'preact/hooks'
import { SELECTING } from './select-text'

/** How long a finger rests, in milliseconds. */
const LONG_MS = 500

interface PressHandlers {
  readonly onPointerDown: (event: PointerEvent) => void
  readonly onPointerMove: (event: PointerEvent) => void
  readonly onPointerUp: () => void
  readonly onPointerCancel: () => void
  readonly onContextMenu: (event: MouseEvent) => void
}

/** How far a finger that rests may move, in pixels. */
const STILL_PX = 8

/** Calls back when a finger that has rested for half a second is lifted: a menu that opens earlier is closed by that. */
export function useLongPress(act: () => void): PressHandlers {
  const press = useRef<
    { x: number; y: number; isLong: boolean; timer: ReturnType<typeof setTimeout> } | undefined
  >(undefined)
  const end = () => {
    clearTimeout(press.current?.timer)
    press.current = undefined
  }
  useEffect(() => end, [])
  const lifted = () => {
    const wasLong = press.current?.isLong === true
    end()
    // After the browser has closed what was open.
    if (wasLong) setTimeout(act)
  }
  const rests = () => {
    if (press.current) press.current.isLong = true
  }
  return {
    onPointerDown: ({ pointerType, clientX, clientY, target }) => {
      end()
      // What can be pressed has a press of its own, and so has a text that is being selected.
      if (
        pointerType !== 'touch' ||
        (target instanceof Element && target.closest(`a, button, input, textarea, [${SELECTING}]`))
      )
        return
      press.current = { x: clientX, y: clientY, isLong: false, timer: setTimeout(rests, LONG_MS) }
    },
    onPointerMove: ({ clientX, clientY }) => {
      const { current } = press
      if (current && Math.hypot(clientX - current.x, clientY - current.y) > STILL_PX) end()
    },
    onPointerUp: lifted,
    onPointerCancel: lifted,
    onContextMenu: (event) => {
      if (!press.current) return
      event.preventDefault()
      rests()
    },
  }
}

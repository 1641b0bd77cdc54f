import { signal } from '@preact/signals'

const EACH_MS = 15_000

const time = signal(Date.now())
let timer: ReturnType<typeof setInterval> | undefined

/**
 * The present time in milliseconds, as far as ages in words need it: it moves every 15 s, and at once when the tab is seen
 * again. Reading it in a component draws the component again then.
 */
export function now(): number {
  if (timer === undefined) {
    timer = setInterval(tick, EACH_MS)
    document.addEventListener('visibilitychange', tick)
  }
  return time.value
}

function tick(): void {
  if (!document.hidden) time.value = Date.now()
}
